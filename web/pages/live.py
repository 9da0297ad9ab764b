"""What pages ask for while they are open: what came to the queue, and who looks at a case. Pieces, and cheap ones."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from forbear.conversation import presence
from forbear.desk import changes
from web.auth import POLLED, CounsellorWork, OurForm, SignedInWork
from web.views import render
from web.views.queue_query import QueueQueryDep

router = APIRouter()


@router.get("/queue/live", tags=[POLLED])
def show_arrived(
    request: Request, work: SignedInWork, terms: QueueQueryDep, after: Annotated[int, Query(ge=0, lt=2**63)]
) -> Response:
    """What came to this filter of the queue after an entry of the ledger; 304 while nothing at all has happened."""
    unread = getattr(request.state, "unread", 0)
    tag = f'"{changes.head(work.session)}.{unread}"'
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    chosen = terms.filter(work.viewer, work.now, work.pack.manifest.timezone)
    came = changes.arrived(work.session, chosen, after)
    response = render.page(request, "queue/queue_live.html", {"came": came, "terms": terms})
    response.headers["ETag"] = tag
    return response


@router.post("/cases/{case_id}/presence", dependencies=[OurForm], tags=[POLLED])
def look(request: Request, work: CounsellorWork, case_id: Annotated[int, Path(ge=1, lt=2**63)]) -> Response:
    """Somebody looks at a case: who else does."""
    return render.page(request, "case/case_presence.html", {"others": presence.look(work, case_id)})
