"""What is sent to an address of somebody else's goes there, once, in time, and never to a machine of ours."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from forbear.webhooks.http import AddressError, DeliveryError, deliver, target_of
from tests.support.desk.api import Receiver, receiver


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def refused(url: str, body: bytes = b"{}", **terms: object) -> str:
    with pytest.raises(DeliveryError) as error:
        deliver(url, body, {}, private=True, **terms)  # type: ignore[arg-type]
    return str(error.value)


def test_a_body_arrives_with_its_headers(there: Receiver) -> None:
    deliver(there.address, b'{"a":1}', {"Forbear-Delivery": "7"}, private=True)
    [(headers, body)] = there.got
    assert body == b'{"a":1}'
    assert headers["Forbear-Delivery"] == "7"
    assert headers["Host"] == there.address.split("/")[2]


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_success_is_taken(there: Receiver, status: int) -> None:
    there.status = status
    deliver(there.address, b"{}", {}, private=True)


@pytest.mark.parametrize("status", [300, 400, 404, 410, 500, 503])
def test_any_other_status_is_told(there: Receiver, status: int) -> None:
    there.status = status
    assert refused(there.address) == f"status_{status}"


def test_a_redirect_is_not_followed(there: Receiver) -> None:
    there.status, there.headers = 307, {"Location": there.address + "/elsewhere"}
    assert refused(there.address) == "status_307"
    assert len(there.got) == 1


def test_nobody_there_is_told(there: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert refused(f"http://127.0.0.1:{port}/") == "connection"


def test_one_that_never_answers_is_left_in_time(there: Receiver) -> None:
    there.hold = threading.Event()
    assert refused(there.address, seconds=0.3) == "timeout"


def test_one_that_drips_is_left_in_time() -> None:
    """A byte now and then resets the timeout of a socket; the deadline it does not."""
    stop = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        assert refused(f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=0.4) == "timeout"
        stop.set()
        thread.join()


def test_what_is_no_http_is_told() -> None:
    def babble(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(10_000)
            connection.sendall(b"220 mail.example ESMTP\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=babble, args=(server,))
        thread.start()
        assert refused(f"http://127.0.0.1:{server.getsockname()[1]}/") == "connection"
        thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.0.0.8/",
        "https://192.168.1.1:8443/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://[::ffff:10.0.0.8]/",
        "https://[64:ff9b::a00:8]/",
        "https://[2002:a00:8::1]/",
        "https://[2001:0:a00:8::1]/",
    ],
)
def test_a_machine_of_an_internal_network_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        target_of(url)
    with pytest.raises(DeliveryError, match="private_address"):
        deliver(url, b"{}", {})


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "//example.com/",
        "example.com",
        "",
        "https://",
        "https:///x",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "javascript:alert(1)",
        "https://example.com/案",
        "https://" + "a" * 2000 + ".com/",
        "http://localhost/",
    ],
)
def test_what_is_no_https_address_is_refused(url: str) -> None:
    with pytest.raises(AddressError):
        target_of(url)


def test_http_goes_to_this_machine_only_and_only_where_it_is_allowed() -> None:
    assert target_of("http://127.0.0.1:8080/x", private=True).port == 8080
    with pytest.raises(AddressError):
        target_of("http://10.0.0.8/", private=True)
    assert target_of("https://10.0.0.8/", private=True).tls


def test_an_address_keeps_its_port_path_and_query() -> None:
    target = target_of("https://Example.com:8443/a/b?c=d")
    assert (target.authority, target.path) == ("example.com:8443", "/a/b?c=d")
    assert target_of("https://example.com").path == "/"


def named(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """A name server's answer."""

    def answer(_host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


def test_a_public_name_of_an_internal_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "127.0.0.1")
    with pytest.raises(DeliveryError, match="private_address"):
        deliver("https://example.com/", b"{}", {})


def test_one_internal_address_spoils_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "93.184.216.34", "10.0.0.8")
    with pytest.raises(DeliveryError, match="private_address"):
        deliver("https://example.com/", b"{}", {})


def test_a_name_that_nobody_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> object:
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert refused("https://example.com/") == "unknown_host"


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that gives a public address first and an internal one next gets nothing by it."""
    named(monkeypatch, "93.184.216.34")
    reached = []

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(DeliveryError, match="connection"):
        deliver("https://example.com/", b"{}", {})
    assert reached == [("93.184.216.34", 443)]


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of this name shows, and a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    alternative: x509.GeneralName = x509.DNSName(name)
    if name[0].isdigit():
        alternative = x509.IPAddress(ipaddress.ip_address(name))
    day = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day - dt.timedelta(days=1))
        .not_valid_after(day + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    shown, kept = folder / "shown.pem", folder / "kept.pem"
    shown.write_bytes(made.public_bytes(Encoding.PEM))
    kept.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(shown, kept)
    return server, ssl.create_default_context(cafile=str(shown))


def answering_tls(context: ssl.SSLContext, server: socket.socket) -> None:
    plain, _ = server.accept()
    try:
        with context.wrap_socket(plain, server_side=True) as connection:
            received = b""
            while not received.endswith(b"{}"):  # closing with something unread resets the connection
                received += connection.recv(10_000)
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    except OSError:
        plain.close()


@pytest.mark.parametrize(
    ("name", "trusts", "error"),
    [("localhost", True, None), ("localhost", False, "tls"), ("other.example", True, "tls")],
)
def test_the_certificate_must_be_trusted_and_of_the_name(
    tmp_path: Path, name: str, trusts: bool, error: str | None
) -> None:
    shown, trusting = certificate(tmp_path, name)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answering_tls, args=(shown, server))
        thread.start()
        url = f"https://localhost:{server.getsockname()[1]}/"
        trusted = trusting if trusts else ssl.create_default_context()
        if error is None:
            deliver(url, b"{}", {}, private=True, trusted=trusted)
        else:
            assert refused(url, trusted=trusted) == error
        thread.join()
