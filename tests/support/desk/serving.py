"""A real web server on a free port, in a thread, for tests that talk HTTP."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from tests.support.desk.processes import DEADLINE


@contextmanager
def serving(app: ASGIApp, **terms: Any) -> Iterator[str]:
    """Serve an application until the block ends; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, ws="none", log_config=None, **terms))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server ended before it served"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


# Trusts nobody, for nothing here is spoken to by TLS: to read whom the world trusts takes longer than a request.
TRUSTING_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client_of(address: str | httpx.URL, **terms: Any) -> httpx.Client:
    """A client that nobody is signed in with. It waits for an answer as long as nothing but a failure ever takes."""
    return httpx.Client(base_url=address, trust_env=False, timeout=DEADLINE, verify=TRUSTING_NOBODY, **terms)
