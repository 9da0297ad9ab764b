"""deploy/nginx.conf in a real nginx in front of us: what it passes on, what it keeps inside, how much it takes."""

import datetime as dt
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from forbear.base.settings import Settings
from tests.support.desk.processes import free_port, until
from tests.support.desk.serving import serving
from web.middleware.security import SecureAnswers

ROOT = Path(__file__).parents[3]
NAME = "desk.example.org"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MEGABYTE = 1024 * 1024


async def seen(request: Request) -> Response:
    """What arrives of a request."""
    assert request.client is not None
    told = {"client": request.client.host, "scheme": request.url.scheme, "host": request.headers["host"]}
    return JSONResponse({**told, "bytes": len(await request.body())})


def certificate(folder: Path) -> Path:
    """A certificate of our own, and its key beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + dt.timedelta(days=9))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    (folder / "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    whole = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*whole))
    return folder / "cert.pem"


@contextmanager
def nginx(folder: Path, behind: str) -> Iterator[tuple[str, str]]:
    """The file as it is but for ports, certificate and who is behind; gives the addresses for https and http."""
    assert NGINX is not None
    secure, plain = free_port(), free_port()
    ours = {
        "listen 443 ssl": f"listen 127.0.0.1:{secure} ssl",
        "listen 80": f"listen 127.0.0.1:{plain}",
        "/etc/ssl/private/desk.example.org.pem": str(certificate(folder)),
        "/etc/ssl/private/desk.example.org.key": str(folder / "key.pem"),
        "http://127.0.0.1:8600": behind,
    }
    block = (ROOT / "deploy/nginx.conf").read_text()
    for there, here in ours.items():
        assert there in block
        block = block.replace(there, here)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root;\n" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\npid {folder}/pid;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{block}}}\n"
    )
    log = folder / "error.log"
    process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", log])
    try:
        until(lambda: process.poll() is None and (folder / "pid").exists(), "an nginx")
        yield f"https://127.0.0.1:{secure}", f"http://127.0.0.1:{plain}"
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.skipif(NGINX is None, reason="there is no nginx here: apt-get install nginx-light")
def test_the_proxy_of_the_docs_passes_on_what_is_true_and_keeps_inside_what_is_ours(tmp_path: Path) -> None:
    paths = ("/", "/metrics", "/readyz", "/api/v1/batches")
    app = SecureAnswers(Starlette(routes=[Route(path, seen, methods=["GET", "POST"]) for path in paths]), {NAME})
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    with (
        serving(app, proxy_headers=True, forwarded_allow_ips="127.0.0.1") as behind,
        nginx(tmp_path, behind) as (https, http),
    ):
        trusting.load_verify_locations(tmp_path / "cert.pem")
        with httpx.Client(verify=trusting, trust_env=False, timeout=60, headers={"Host": NAME}) as client:
            lies = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
            answer = client.get(f"{https}/", headers=lies)
            assert answer.json() == {"client": "127.0.0.1", "scheme": "https", "host": NAME, "bytes": 0}
            assert "Strict-Transport-Security" in answer.headers
            assert client.get(f"{https}/", headers={"Host": "evil.example"}).status_code == 421
            for inside in ("/metrics", "/readyz", "//metrics", "/%6detrics", "/x/../readyz"):
                assert client.get(https + inside).status_code == 404, inside
                assert client.get(f"{behind}/metrics").status_code == 200
            most = Settings.model_fields["upload_megabytes"].default * MEGABYTE
            form = {"file": ("cases.csv", b"x" * most)}
            assert client.post(f"{https}/api/v1/batches", files=form).json()["bytes"] > most
            too_large = client.post(f"{https}/api/v1/batches", content=b"x" * (most + 2 * MEGABYTE))
            assert too_large.status_code == 413
            elsewhere = client.get(f"{http}/case?x=1")
            assert (elsewhere.status_code, elsewhere.headers["Location"]) == (301, f"https://{NAME}/case?x=1")
    assert not [path for kind in ("client_body", "proxy") for path in (tmp_path / kind).rglob("*") if path.is_file()]


def test_the_docs_name_the_proxy_that_is_tried() -> None:
    block = (ROOT / "deploy/nginx.conf").read_text()
    page = (ROOT / "docs/operations.md").read_text()
    assert "deploy/nginx.conf" in page
    megabytes = Settings.model_fields["upload_megabytes"].default
    assert f"client_max_body_size {megabytes + 1}m;" in block
