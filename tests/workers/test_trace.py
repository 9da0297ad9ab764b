"""One id leads from a request to what workers log of its cases, whatever became of the messages."""

import psycopg
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from forbear.base.vault import Vault
from models.database.session import make_engine
from tests.support.desk.api import CASE, caller, token
from tests.support.desk.cases import pack
from tests.support.desk.desk_clients import account
from tests.support.desk.failed_cases import active
from tests.support.desk.processes import until
from tests.support.desk.serving import serving
from web.app import create_app
from workers import tasks

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_trace_leads_from_the_request_to_the_chunk(
    database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(database_url)
    process = tasks._Process(engine, vault)
    monkeypatch.setattr(tasks, "_process", lambda: process)
    monkeypatch.setattr(tasks, "wake", lambda _: None)
    monkeypatch.setattr(tasks, "_active", active)
    secret = token(database_url, account(database_url, "program", "submitter", "us"))
    with (
        serving(create_app(database_url, redis_url, vault, pack())) as address,
        caller(address, secret) as client,
        capture_logs(processors=[merge_contextvars]) as lines,
    ):
        traced = client.post("/cases?wait=0", json=CASE, headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
        # The line follows the last byte of the answer: whoever reads fast is there before it.
        until(lambda: any(line["event"] == "request.answered" for line in lines), "the line of the answer")
        other = client.post(
            "/cases?wait=0", json=CASE | {"case_ref": "C2"}, headers={"traceparent": f"00-{'0' * 32}-1-01"}
        )
        assert traced.headers["X-Trace-Id"] == TRACE
        assert len(other.headers["X-Trace-Id"]) == 32
        with psycopg.connect(database_url) as connection:
            batches: dict[str, str] = dict(connection.execute("SELECT trace, id::text FROM batch").fetchall())
            chunks: dict[str, int] = dict(
                connection.execute("SELECT b.trace, c.id FROM chunk c JOIN batch b ON b.id = c.batch_id")
            )
        assert set(batches) == {TRACE, other.headers["X-Trace-Id"]}
        # A message wakes for what is next, not for what it names: the second one does the first one's work.
        tasks.triage(chunks[other.headers["X-Trace-Id"]])
    engine.dispose()
    of_trace = [line for line in lines if line.get("trace") == TRACE]
    assert [line["event"] for line in of_trace] == ["batch.received", "request.answered", "chunk.triaged"]
    received, answered, done = of_trace
    assert (answered["route"], answered["status"]) == ("/api/v1/cases", 202)
    assert received["batch"] == done["batch"] == batches[TRACE]
    assert done["chunk"] == chunks[TRACE]
    assert all("C1" not in str(line) for line in of_trace), "references are nobody's business"
