"""Addresses of servers as they are set. What cannot be one is told without repeating it: it may have a password."""

from urllib.parse import SplitResult, urlsplit

from forbear.base.network.http import UnfitTargetError, target_of

_DATABASE = "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
_REDIS = "redis://:PASSWORD@HOST:6379/0"
_SOCKET = "redis+socket:///PATH/redis.sock"
_ISSUER = "https://HOST/PATH, exactly as the provider writes it"
_DATABASE_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_ESCAPES = "in a user or password / : @ # ? % are written %2F %3A %40 %23 %3F %25"
_MOST_PORT = 65_535


def check_database(url: str) -> str:
    """The address of a PostgreSQL. Raises ValueError with what is wrong."""
    parts = _split(url, _DATABASE)
    if parts.scheme not in _DATABASE_SCHEMES:
        raise ValueError(f"{_named(parts)}, and the record is kept in PostgreSQL: write {_DATABASE}")
    return url


def check_redis(url: str) -> str:
    """The address of a Redis. Raises ValueError with what is wrong."""
    parts = _split(url, _REDIS)
    if parts.scheme == "redis+socket":
        if len(parts.path) < 2:
            raise ValueError(f"it names no socket: write {_SOCKET}")
        return url
    if parts.scheme == "unix":
        raise ValueError(f"a unix socket is written {_SOCKET}")
    if parts.scheme not in ("redis", "rediss"):
        raise ValueError(f"{_named(parts)}, and the broker is one Redis: write {_REDIS}, rediss:// or {_SOCKET}")
    if not parts.hostname:
        raise ValueError(f"it names no host: write {_REDIS}")
    number = parts.path.strip("/")
    if number and not (number.isascii() and number.isdigit()):
        raise ValueError(f"what stands after the host is the number of a Redis database: write {_REDIS}")
    return url


def check_issuer(url: str) -> str:
    """The address of an identity provider. Raises ValueError with what is wrong."""
    parts = _split(url, _ISSUER)
    try:
        target_of(url, private=True)
    except UnfitTargetError as error:
        https = error.why == "not_https"
        why = "it has to begin with https:// unless it is on this machine" if https else "it names no host"
        raise ValueError(f"{why}: write {_ISSUER}") from None
    if parts.query:
        raise ValueError(f"it has a ? in it: write {_ISSUER}")
    return url


def _split(url: str, form: str) -> SplitResult:
    if url != url.strip() or any(not sign.isprintable() for sign in url):
        raise ValueError(f"it has blanks or line breaks around or in it: write {form}")
    if "://" not in url:
        raise ValueError(f"it does not begin with what it is an address of: write {form}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"its host or port cannot be read: write {form} ({_ESCAPES})") from None
    if parts.fragment or "#" in url:
        raise ValueError(f"it has a # in it: write {form} ({_ESCAPES})")
    if port is not None and not 0 < port <= _MOST_PORT:
        raise ValueError(f"a port is a number from 1 to {_MOST_PORT}: write {form}")
    return parts


def _named(parts: SplitResult) -> str:
    return f"it begins with {parts.scheme}://" if parts.scheme else "it does not begin with a name that we know"
