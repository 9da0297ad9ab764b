"""HTTP: one POST to an address that somebody else gave us, signed, never to a machine of our own network.

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
from urllib.parse import urlsplit

from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.pack.files.schema import Text

SECONDS = 10.0  # for all of it: connecting, sending, and the first line of an answer
MAX_URL = 2000
_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")


class DeliveryError(Exception):
    """What went wrong, as a code: `status_503`, `timeout`, `connection`, `tls`, `unknown_host`, `private_address`."""


class AddressError(ValueError):
    """An address that nothing is sent to, told in both languages."""

    def __init__(self, told: Text) -> None:
        super().__init__(told.en)
        self.told = told

    def about(self, field: str) -> FieldError:
        """As the fault of a form's field."""
        return FieldError(field, self.told.zh, self.told.en)


@dataclass(frozen=True)
class Target:
    """An address, taken apart."""

    host: str
    port: int
    path: str
    tls: bool

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def target_of(url: str, *, private: bool = False) -> Target:
    """Take an address apart. Raises AddressError where we would not send there: only https to public machines.

    `private` (a setting, for receivers in one's own network) allows any machine, and http to our own.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except ValueError:
        raise _NO_ADDRESS from None
    printable = url.isascii() and url.isprintable() and " " not in url
    if not printable or not host or len(url) > MAX_URL or parts.username is not None or parts.fragment:
        raise _NO_ADDRESS
    own = host == "localhost" or _is_loopback(host)
    if parts.scheme != "https" and not (private and own and parts.scheme == "http"):
        raise _NOT_HTTPS
    if not private and (own or (_is_literal(host) and not _is_public(host))):
        raise _NOT_PUBLIC
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, port or (443 if tls else 80), path, tls)


def deliver(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    private: bool = False,
    seconds: float = SECONDS,
    trusted: ssl.SSLContext | None = None,
) -> None:
    """Send a body; returns when it was taken (2xx). Raises DeliveryError."""
    end = time.monotonic() + seconds
    try:
        target = target_of(url, private=private)
    except AddressError:
        raise DeliveryError("private_address") from None
    try:
        opened = _connect(target, _addresses(target, private), end, trusted or _public_authorities())
        with opened:
            timer = threading.Timer(max(0.0, end - time.monotonic()), _cut, (opened,))
            timer.daemon = True
            timer.start()
            try:
                if isinstance(opened, ssl.SSLSocket):
                    opened.do_handshake()
                status = _exchange(opened, target, body, headers)
            finally:
                timer.cancel()
    except (OSError, HTTPException) as error:
        raise DeliveryError(_code(error, late=time.monotonic() >= end)) from None
    if not 200 <= status < 300:
        raise DeliveryError(f"status_{status}")


def _addresses(target: Target, private: bool) -> list[str]:
    """The numbers behind a name; one that is not public spoils them all."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DeliveryError("unknown_host") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not private and not all(_is_public(address) for address in addresses):
        raise DeliveryError("private_address")
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


def _exchange(opened: socket.socket, target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send, and read no more of the answer than its head."""
    connection = HTTPConnection(target.host, target.port)
    connection.sock = opened
    sent = {"Host": target.authority, "User-Agent": "Forbear", "Connection": "close", **headers}
    connection.request("POST", target.path, body, sent)
    return connection.getresponse().status


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


_NO_ADDRESS = AddressError(said("webhook.no_address", most=MAX_URL))
_NOT_HTTPS = AddressError(said("webhook.not_https"))
_NOT_PUBLIC = AddressError(said("webhook.not_public"))
