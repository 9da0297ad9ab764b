"""Addresses of servers: each that cannot be one is told in a sentence that does not repeat it."""

from collections.abc import Callable

import pytest

from forbear.base import settings
from forbear.base.errors import ForbearError
from forbear.base.network.addresses import check_database, check_redis

SECRET = "s3cret"  # noqa: S105 - of nobody


@pytest.mark.parametrize(
    ("check", "url", "sentence"),
    [
        (check_database, f"postgres//u:{SECRET}@h/db", "does not begin with"),
        (check_database, "localhost:5432/forbear", "does not begin with"),
        (check_database, f"mysql://u:{SECRET}@h/db", "begins with mysql://"),
        (check_database, f"postgresq://u:{SECRET}@h/db", "begins with postgresq://"),
        (check_database, f"postgresql://u:{SECRET}@h:port/db", "host or port cannot be read"),
        (check_database, f"postgresql://u:{SECRET}/x@h/db", "%2F"),
        (check_database, f"postgresql://u:{SECRET}#x@h/db", "%23"),
        (check_database, "postgresql://u@h:99999/db", "host or port cannot be read"),
        (check_database, " postgresql://u@h/db", "blanks"),
        (check_redis, "localhost:6379", "does not begin with"),
        (check_redis, f"redi://:{SECRET}@h", "begins with redi://"),
        (check_redis, "unix:///run/redis.sock", r"redis\+socket:///PATH"),
        (check_redis, "redis+socket://", "names no socket"),
        (check_redis, "redis-cluster://h:6379", "one Redis"),
        (check_redis, f"amqp://u:{SECRET}@h//", "begins with amqp://"),
        (check_redis, "redis://h:6379/abc", "number of a Redis database"),
        (check_redis, "redis://h:a", "host or port cannot be read"),
        (check_redis, "redis://:6379", "names no host"),
    ],
)
def test_what_cannot_be_an_address_is_told_without_its_password(
    check: Callable[[str], str], url: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        check(url)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("check", "url"),
    [
        (check_database, "postgresql://u:p%23@h:5432/db?sslmode=require"),
        (check_database, "postgres://h/db"),
        (check_database, "postgresql+psycopg:///db?host=/run/pg"),
        (check_redis, "redis://:p@h:6379/2"),
        (check_redis, "rediss://h"),
        (check_redis, "redis+socket:///run/redis.sock"),
    ],
)
def test_addresses_are_left_as_they_are(check: Callable[[str], str], url: str) -> None:
    assert check(url) == url


def test_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORBEAR_REDIS_URL", f"unix://:{SECRET}@/x")
    settings.settings.cache_clear()
    try:
        with pytest.raises(ForbearError, match=r"^FORBEAR_REDIS_URL is not usable: a unix socket is written") as caught:
            settings.settings()
    finally:
        settings.settings.cache_clear()
    assert SECRET not in caught.value.message
