"""HTTP: one request to one address, never to a machine that the address must not be of, within one time and size.

By the standard library: the connection is made to the very address that was checked, so that a name cannot point
elsewhere a moment later (DNS rebinding); no redirect is followed, no proxy is known, and one deadline covers it all.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from typing import Literal
from urllib.parse import urlsplit

MAX_URL = 2000
_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")


class NetworkError(Exception):
    """What went wrong, as a code: `timeout`, `connection`, `tls`, `unknown_host`, `private_address`, `too_large`."""


class UnfitTargetError(ValueError):
    """An address that nothing is sent to, and why: `no_address`, `not_https` or `not_public`."""

    def __init__(self, why: Literal["no_address", "not_https", "not_public"]) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Target:
    """An address, taken apart. `private`: it may be of our own network."""

    host: str
    port: int
    path: str
    tls: bool
    private: bool

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def target_of(url: str, *, private: bool = False) -> Target:
    """Take an address apart. Raises UnfitTargetError where we would not send there: only https to public machines.

    `private` (for those in one's own network) allows any machine, and http to our own.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except ValueError:
        raise UnfitTargetError("no_address") from None
    printable = url.isascii() and url.isprintable() and " " not in url
    if not printable or not host or len(url) > MAX_URL or parts.username is not None or parts.fragment:
        raise UnfitTargetError("no_address")
    own = host == "localhost" or _is_loopback(host)
    if parts.scheme != "https" and not (private and own and parts.scheme == "http"):
        raise UnfitTargetError("not_https")
    if not private and (own or (_is_literal(host) and not _is_public(host))):
        raise UnfitTargetError("not_public")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, port or (443 if tls else 80), path, tls, private)


def exchange(
    target: Target,
    method: Literal["GET", "POST"],
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    seconds: float,
    most: int = 0,
    trusted: ssl.SSLContext | None = None,
) -> tuple[int, bytes]:
    """Send a request; answers the status and the body, of at most so many bytes (0: it is not read).

    Raises NetworkError.
    """
    end = time.monotonic() + seconds
    try:
        opened = _connect(target, _addresses(target), end, trusted or _public_authorities())
        with opened:
            timer = threading.Timer(max(0.0, end - time.monotonic()), _cut, (opened,))
            timer.daemon = True
            timer.start()
            try:
                if isinstance(opened, ssl.SSLSocket):
                    opened.do_handshake()
                answer = _answer(opened, target, method, body, headers, most)
            finally:
                timer.cancel()
    except (OSError, HTTPException) as error:
        raise NetworkError(_code(error, late=time.monotonic() >= end)) from None
    if len(answer[1]) > most:
        raise NetworkError("too_large")
    if most and time.monotonic() >= end:
        raise NetworkError("timeout")  # cut off, an answer of no stated length looks like a whole one
    return answer


def _addresses(target: Target) -> list[str]:
    """The numbers behind a name; one that is not public spoils them all."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NetworkError("unknown_host") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not target.private and not all(_is_public(address) for address in addresses):
        raise NetworkError("private_address")
    return addresses


def _connect(target: Target, addresses: list[str], end: float, trusted: ssl.SSLContext) -> socket.socket:
    """A connection to the first address that answers; over TLS one that will ask for the name's certificate."""
    refused: OSError = TimeoutError()
    for address in addresses:
        left = end - time.monotonic()
        if left <= 0:
            break
        try:
            plain = socket.create_connection((address, target.port), timeout=left)
        except OSError as error:
            refused = error
            continue
        if not target.tls:
            return plain
        return trusted.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)
    raise refused


def _answer(
    opened: socket.socket, target: Target, method: str, body: bytes | None, headers: Mapping[str, str], most: int
) -> tuple[int, bytes]:
    """Send, and read no more of the answer than its head and so many bytes, and one that is too many."""
    connection = HTTPConnection(target.host, target.port)
    connection.sock = opened
    sent = {"Host": target.authority, "User-Agent": "Forbear", "Connection": "close", **headers}
    connection.request(method, target.path, body, sent)
    response = connection.getresponse()
    return response.status, response.read(most + 1) if most else b""


def _cut(opened: socket.socket) -> None:
    """End whatever goes on: a receiver that sends a byte now and then would hold us for ever."""
    try:
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself


def _code(error: Exception, *, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return "timeout"
    return "tls" if isinstance(error, ssl.SSLError) else "connection"


@cache
def _public_authorities() -> ssl.SSLContext:
    return ssl.create_default_context()


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_literal(host) and ipaddress.ip_address(host).is_loopback


def _is_public(address: str) -> bool:
    """Whether a number is a machine of the open internet, not by way of an IPv6 wrapping of something else."""
    number = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(number, ipaddress.IPv6Address):
        wrapped = number.sixtofour is not None or number.teredo is not None
        return number in _GLOBAL_IPV6 and number.is_global and not wrapped
    return number.is_global and not number.is_multicast
