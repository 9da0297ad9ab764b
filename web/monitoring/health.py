"""Health for machines: /healthz says the process answers, /readyz that it can do its work."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from forbear.ops import doctor
from web.deps import NowDep
from workers.app import QUEUES

router = APIRouter()


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """This process answers: on no thread and with nothing that others could be using up."""
    return {"status": "alive"}


@router.get("/readyz")
def ready(request: Request, now: NowDep) -> Response:
    """Database reachable and migrated, broker reachable, every queue consumed, and what waits gets done; else 503."""
    state = request.app.state
    database = doctor.check_database(state.database_url)
    findings = [database, doctor.check_broker(state.redis_url)]
    if database.ok:
        findings += doctor.check_consumption(state.database_url, QUEUES, now)
    failed = [finding.what for finding in findings if not finding.ok]
    body = {
        "status": "not ready" if failed else "ready",
        "failed": failed,
        "checks": {finding.what: {"ok": finding.ok, "detail": finding.detail} for finding in findings},
    }
    return JSONResponse(body, status_code=503 if failed else 200)
