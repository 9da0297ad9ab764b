"""Settings: read once from the environment, and what is not usable told in one sentence."""

import pytest

from forbear.base.errors import ForbearError
from forbear.base.settings import Settings, settings
from forbear.ops.processes import web_command


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORBEAR_DATABASE_URL", "")
    monkeypatch.setenv("FORBEAR_CHUNK_SIZE", "")
    assert Settings().database_url is None
    assert Settings().chunk_size == 2000


@pytest.mark.parametrize(
    ("value", "usable"), [("0", False), ("1", True), ("5000", True), ("5001", False), ("x", False)]
)
def test_an_unusable_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, value: str, usable: bool) -> None:
    monkeypatch.setenv("FORBEAR_CHUNK_SIZE", value)
    settings.cache_clear()
    try:
        if usable:
            assert settings().chunk_size == int(value)
        else:
            with pytest.raises(ForbearError, match="FORBEAR_CHUNK_SIZE"):
                settings()
    finally:
        settings.cache_clear()


def test_names_of_hosts_are_given_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().web_hosts == frozenset()
    monkeypatch.setenv("FORBEAR_WEB_HOSTS", "Desk.example.org, desk,")
    assert Settings().web_hosts == {"desk.example.org", "desk"}


@pytest.mark.parametrize("value", ["https://desk.example", "desk.example:443", "*", "a b", "desk.example/"])
def test_what_is_no_name_of_a_host_is_told(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FORBEAR_WEB_HOSTS", value)
    settings.cache_clear()
    try:
        with pytest.raises(ForbearError, match=r"^FORBEAR_WEB_HOSTS is not usable: '"):
            settings()
    finally:
        settings.cache_clear()


def test_no_proxy_is_believed_unless_it_is_named() -> None:
    assert "--no-proxy-headers" in web_command(Settings(web_proxy=None))
    named = web_command(Settings(web_proxy="10.0.0.2"))
    assert named[named.index("--forwarded-allow-ips") + 1] == "10.0.0.2"
    assert "--no-proxy-headers" not in named
