"""The web application that uvicorn serves as `web.app:app`."""

import datetime as dt
import gc
import sys
import threading
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from forbear.accounts.oidc import provider
from forbear.base import log, packs
from forbear.base.errors import ForbearError
from forbear.base.settings import settings
from forbear.base.vault import Vault, load_vault
from forbear.batch.triage import prepare
from forbear.case.negotiation import pdf
from forbear.desk import rule_usage
from models.database.session import Waits, make_engine
from rules.pack.pack import Pack
from web import api, auth, language, pages
from web.middleware.compression import Compressed
from web.middleware.cookies import HostCookies
from web.middleware.limits import Turns
from web.middleware.methods import Methods
from web.middleware.rates import Rates
from web.middleware.security import BodyLimit, SecureAnswers
from web.middleware.tracing import Traced
from web.monitoring import health, metrics
from web.pages.accounts import signed_out
from web.views import render

STATIC = Path(__file__).parent / "static"
_LOOKED_THROUGH = (10_000, 3, 30)  # after so many new objects: everybody waits meanwhile, so often and not long


def create_app(
    database_url: str,
    redis_url: str,
    vault: Vault,
    pack: Pack | None = None,
    hosts: Set[str] = frozenset(),
    waits: Waits | None = None,
) -> FastAPI:
    """The application on this record and broker, with the key of the record, for new cases by this pack.

    It answers at local addresses and under the names `hosts`, and within what `waits` allow, by default the settings.
    """
    app = FastAPI(title="Forbear", openapi_url=None, lifespan=_lifespan)
    app.state.database_url = database_url
    app.state.redis_url = redis_url
    app.state.vault = vault
    app.state.pack = pack or packs.shipped()
    app.state.ahead = False
    app.state.oidc = provider.configured(settings())
    app.state.engine = make_engine(database_url, "forbear web", waits or _waits())
    app.include_router(health.router)
    app.include_router(metrics.router)
    for router in (*pages.ROUTERS, *api.ROUTERS):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC))
    render.answer_failures(app)
    app.add_exception_handler(auth.SignInNeededError, signed_out.answer)
    app.add_middleware(Compressed)
    app.add_middleware(Methods)
    app.add_middleware(Turns, turns=settings().web_turns, wait=settings().turn_seconds)
    app.add_middleware(Rates, most=settings().token_requests)
    # Twice what a page takes, so that a file a little too large gets its sentence beside the form.
    app.add_middleware(BodyLimit, limit=2 * settings().upload_megabytes * 1024 * 1024)
    app.add_middleware(HostCookies)
    app.add_middleware(SecureAnswers, hosts=hosts)
    app.add_middleware(Traced)
    return app


def _waits() -> Waits:
    """Somebody sits in front of a page: it gives up, and says so, rather than hang."""
    chosen = settings()
    return Waits(chosen.lock_seconds, chosen.idle_seconds, chosen.statement_seconds, turn=2.0)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    threading.Thread(target=pdf.unavailable, daemon=True).start()  # asks a process of its own
    # FastAPI makes them when they are first looked through, and all clients wait a quarter of a second.
    for route in app.routes:
        route.matches({"type": "http", "method": "GET", "path": "", "headers": []})
    if app.state.ahead:
        _make_ahead(app.state.pack)
    gc.set_threshold(*_LOOKED_THROUGH)
    yield
    app.state.engine.dispose()


def _make_ahead(pack: Pack) -> None:
    """What takes seconds and is made once a process: no counsellor waits for it. Of the pack only where one will.

    It is made before anybody is answered: beside that it would keep the thread that speaks to clients from its work.
    All of it stays, and to look through it for garbage would hold everybody up for a tenth of a second.
    """
    today = render.day(dt.datetime.now(dt.UTC), pack.manifest.timezone)
    render.compile_templates()
    prepare(pack, today)
    for each in language.LANGUAGES:
        rule_usage.handbook(pack, today, each)
    gc.freeze()


@cache
def _configured() -> FastAPI:
    try:
        chosen = settings()
        log.configure(chosen.log_level)
        if not (chosen.database_url and chosen.redis_url):
            raise ForbearError(
                "FORBEAR_DATABASE_URL and FORBEAR_REDIS_URL are not set: start the pages with `forbear web`, "
                "which finds or starts the servers."
            )
        # A turn of a thread, of ten that reckon: by default the one that speaks to all clients waits for 50 ms.
        sys.setswitchinterval(0.0005)
        pack = packs.configured(chosen.pack)
        app = create_app(chosen.database_url, chosen.redis_url, load_vault(chosen), pack, chosen.web_hosts)
        app.state.ahead = True
        return app
    except ForbearError as error:
        raise SystemExit(error.message) from None


def __getattr__(name: str) -> FastAPI:
    """`app`, built when a server asks for it: importing this module must not need a database."""
    if name == "app":
        return _configured()
    raise AttributeError(name)
