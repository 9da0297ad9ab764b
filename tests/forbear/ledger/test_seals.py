"""Whatever is changed in the worklist or in what came of a batch behind Forbear's back, an audit names it."""

import psycopg
import pytest

from forbear.accounts.accounts import Viewer
from forbear.desk.review import Act, perform, take_case
from forbear.intake import Rejected
from forbear.ledger import audit, ledger, seals
from models.desk import WorklistItem
from tests.forbear.ledger.test_audit import faults, tamper, tampering, unwritten, verified
from tests.support.desk.cases import NOW, VAULT, accepted, decided, working, working_as
from tests.support.desk.desk_clients import account

LATER = "'2027-01-01T00:00:00Z'"
# By column, what somebody would put there. What the database computes it computes anew.
FORGED = {
    "submitter": "'them'",
    "case_ref": "'Z'",
    "batch_id": "'00000000-0000-0000-0000-000000000001'",
    "received_at": LATER,
    "decision_id": "2",
    "version_number": "7",
    "as_of": "'2026-01-01'",
    "pack_sha256": "'x'",
    "strategy": "'other'",
    "decided_urgency": "'U9'",
    "certain": "NOT certain",
    "engines_agree": "NOT engines_agree",
    "deadline": "'2031-01-01'",
    "valid_until": "'2031-01-01'",
    "respond_by": LATER,
    "due_at": LATER,
    "product": "'other'",
    "days_overdue": "1",
    "overdue_bucket": "'other'",
    "city": "'other'",
    "failed_at": LATER,
    "danger": "'possible'",
    "danger_kinds": "'{violence}'",
    "danger_mac": "'x'",
    "raised_urgency": "'U1'",
    "crisis_beside": "NOT crisis_beside",
    "contacted_at": LATER,
    "call_at": LATER,
    "status": "'closed'",
    "changed": "NOT changed",
    "aged": "'{urgency}'",
    "chosen_strategy": "'other'",
    "assignee_id": "7",
    "follow_up_at": LATER,
    "revision": "revision + 1",
}
COMPUTED = {"case_id", "urgency", "calm"}
REFUSED = [Rejected(n, "product", "不认识", "Unknown", ("R", "x")) for n in (3, 4)]


@pytest.fixture(scope="module")
def told(shared_database_url: str) -> str:
    """A record of two decided cases, one of them reviewed, and two rejected rows."""
    return filled(shared_database_url)


def filled(url: str) -> str:
    account(url)
    with working(url) as work:
        ledger.start(work.session, VAULT, NOW)
    decided(url, [accepted(1, "A"), accepted(2, "B"), *REFUSED], VAULT)
    review(url)
    return url


def review(url: str, status: str = "reviewed") -> None:
    who = Viewer(1, "wang", "counsellor", None)
    with working_as(who, url) as work:
        case = take_case(work.session, who, 1, None)
        perform(work, case, Act("accept", {"status": status}))


def test_the_worklist_is_as_forbear_left_it(told: str) -> None:
    assert faults(told) == []


def test_a_row_that_is_changed_last_and_written_with_the_commit_is_sealed_too(database_url: str) -> None:
    filled(database_url)
    with working(database_url) as work:
        work.session.get_one(WorklistItem, 2).status = "snoozed"
    assert faults(database_url) == []


def test_every_column_is_covered_but_what_is_computed() -> None:
    assert FORGED.keys() | COMPUTED == set(WorklistItem.model_fields)


@pytest.mark.parametrize("column", FORGED)
def test_a_row_that_somebody_changed_is_named(told: str, column: str) -> None:
    with unwritten(told) as (opened, raw):
        raw.execute(f"UPDATE desk_case SET {column} = {FORGED[column]} WHERE case_id = 1".encode())  # noqa: S608
        assert next(seals.faults(opened, VAULT)) == (1, "not as Forbear left it")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM desk_case WHERE case_id = 2", (2, "missing, though the case is decided and not purged")),
        (
            "DELETE FROM desk_seal WHERE case_id = 2; DELETE FROM desk_case WHERE case_id = 2",
            (2, "missing, though the case is decided and not purged"),
        ),
        ("DELETE FROM desk_seal WHERE case_id = 2", (2, "there, though Forbear did not put it there")),
        ("UPDATE desk_seal SET mac = 'x' WHERE case_id = 2", (2, "not as Forbear left it")),
        (
            "UPDATE desk_seal s SET mac = o.mac FROM desk_seal o WHERE s.case_id = 1 AND o.case_id = 2",
            (1, "not as Forbear left it"),
        ),
        ("DELETE FROM review", (1, "not as Forbear left it")),
    ],
)
def test_rows_and_seals_that_are_gone_or_another_s_are_named(told: str, statement: str, found: tuple[int, str]) -> None:
    with unwritten(told) as (opened, raw):
        for each in statement.split(";"):
            raw.execute(each.encode())
        assert list(seals.faults(opened, VAULT)) == [found]


def test_a_row_that_is_put_back_with_its_seal_is_behind_its_review(database_url: str) -> None:
    url = filled(database_url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE old_row AS SELECT * FROM desk_case WHERE case_id = 1")
        connection.execute("CREATE TABLE old_seal AS SELECT * FROM desk_seal WHERE case_id = 1")
    review(url, "snoozed")
    assert faults(url) == []
    tamper(
        url,
        "UPDATE desk_case d SET status = o.status, revision = o.revision FROM old_row o WHERE o.case_id = d.case_id",
        "UPDATE desk_seal s SET mac = o.mac FROM old_seal o WHERE o.case_id = s.case_id",
    )
    assert faults(url) == ["desk_case:1: not as Forbear left it"]


def test_a_row_that_is_put_back_with_its_seal_is_behind_its_decision(database_url: str) -> None:
    url = filled(database_url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE old_row AS SELECT * FROM desk_case WHERE case_id = 2")
        connection.execute("CREATE TABLE old_seal AS SELECT * FROM desk_seal WHERE case_id = 2")
    decided(url, [accepted(1, "B", days_overdue=3)], VAULT)
    assert faults(url) == []
    columns = ", ".join(f"{each} = o.{each}" for each in FORGED)
    tamper(
        url,
        f"UPDATE desk_case d SET {columns} FROM old_row o WHERE o.case_id = d.case_id",  # noqa: S608
        "UPDATE desk_seal s SET mac = o.mac FROM old_seal o WHERE o.case_id = s.case_id",
    )
    assert faults(url) == ["desk_case:2: of an earlier decision than the newest"]


def test_a_worklist_of_before_is_sealed_once_and_never_again(database_url: str) -> None:
    decided(database_url, [accepted(n, f"C{n}") for n in range(1, 6)], VAULT)
    with working(database_url) as work:
        work.note("start", "ledger:1", {"adopted": {"state": 0}})  # as it was written then
    tamper(database_url, "DELETE FROM desk_seal", "UPDATE desk_case SET status = 'closed' WHERE case_id = 5")
    assert faults(database_url) == [], "nothing told how it was"
    for _ in range(2):
        with working(database_url) as work:
            ledger.start(work.session, VAULT, NOW)
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT detail FROM ledger WHERE kind = 'state'").fetchall()
    assert rows == [({"adopted": {"seals": 5}},)]
    assert faults(database_url) == []
    tamper(database_url, "DELETE FROM desk_seal WHERE case_id = 5")
    with working(database_url) as work:
        ledger.start(work.session, VAULT, NOW)
    assert faults(database_url) == ["desk_case:5: there, though Forbear did not put it there"]


def test_large_records_are_sealed_and_looked_at_in_blocks(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = filled(database_url)
    decided(url, [accepted(n, f"C{n}") for n in range(1, 6)], VAULT)
    tamper(url, "DELETE FROM desk_seal", "DELETE FROM desk_case WHERE case_id = 4")
    monkeypatch.setattr(seals, "_BLOCK", 5)  # the last block is one row
    with working(url) as work:
        assert seals.adopt(work.session, VAULT) == 6
    monkeypatch.setattr(seals, "_BLOCK", 2)
    tamper(url, "UPDATE desk_case SET changed = true WHERE case_id IN (3, 7)")
    assert faults(url) == [
        "desk_case:3: not as Forbear left it",
        "desk_case:7: not as Forbear left it",
        "desk_case:4: missing, though the case is decided and not purged",
    ]


@pytest.mark.parametrize(
    ("statement", "where", "what"),
    [
        ("UPDATE rejection SET content = 'x' WHERE row = 3", "batch:", "its rejected rows changed since"),
        ("UPDATE rejection SET field = NULL WHERE row = 4", "batch:", "its rejected rows changed since"),
        ("UPDATE rejection SET row = 7 WHERE row = 4", "batch:", "its rejected rows changed since"),
        ("DELETE FROM rejection WHERE row = 3", "batch:", "its rejected rows changed since"),
        ("INSERT INTO rejection (batch_id, row, content) SELECT id, 9, 'x' FROM batch", "batch:", "its rejected rows"),
        ("UPDATE batch_case SET case_version_id = 3 - case_version_id", "batch_case:", "did not come to"),
        ("UPDATE batch_case SET outcome = 'unchanged' WHERE row = 1", "batch_case:", "did not come to"),
        ("UPDATE batch_case SET row = row + 10 WHERE row = 1", "batch_case:", "did not come to"),
    ],
)
def test_what_came_of_a_batch_s_rows_is_answered_for(told: str, statement: str, where: str, what: str) -> None:
    with unwritten(told) as (opened, raw):
        raw.execute(statement.encode())
        found = audit.verify(opened, VAULT).faults
        assert len(found) == 1 and found[0].where.startswith(where) and what in found[0].what


def test_rows_that_were_rejected_out_of_nothing_are_named(database_url: str) -> None:
    with working(database_url) as work:
        ledger.start(work.session, VAULT, NOW)
    decided(database_url, [accepted(1, "A")], VAULT)
    assert verified(database_url).faults == ()
    with tampering(database_url) as connection:
        connection.execute("INSERT INTO rejection (batch_id, row, content) SELECT id, 9, 'x' FROM batch")
    assert len(faults(database_url)) == 1
