"""Consent is recorded by scope, never assumed; a date to keep a case until is its own."""

import datetime as dt

import psycopg
import pytest

from forbear.base.vault import Vault
from forbear.case import consent
from forbear.ops import retention
from models.case import Case
from models.database.session import session
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import AS_OF, VAULT, accepted, decided, engine_of
from tests.support.desk.desk_clients import desk

GIVEN = {"asked": "known", "scope": ["triage", "contact_lender"], "way": "written", "retain_until": "", "revision": "1"}
TODAY = AS_OF.isoformat()


def kept(url: str) -> tuple[object, ...]:
    with psycopg.connect(url) as connection:
        row = connection.execute('SELECT consent, retain_until FROM "case"').fetchone()
    assert row is not None
    return row


def recorded(url: str) -> list[dict[str, object]]:
    with psycopg.connect(url) as connection:
        reviews = connection.execute("SELECT detail FROM review WHERE action = 'consent' ORDER BY id").fetchall()
        entries = connection.execute("SELECT detail FROM ledger WHERE kind = 'consent' ORDER BY seq").fetchall()
    assert reviews == entries
    return [detail for (detail,) in reviews]


def test_consent_is_recorded_and_shown(database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    with desk(database_url, redis_url, vault) as client:
        assert "还没有记录" in client.get("/cases/1").text
        done = client.submit("/cases/1/consent", {**GIVEN, "retain_until": "2027-03-01"})
        assert (done.status_code, done.headers["location"]) == (303, "/cases/1#privacy")
        page = client.get("/cases/1").text
    assert "代为联系贷款机构并转交材料：同意" in page
    assert "把材料提供给调解组织：没有同意" in page
    assert "2027-03-01" in page
    assert kept(database_url) == (["triage", "contact_lender"], dt.date(2027, 3, 1))
    assert recorded(database_url) == [
        {"scopes": ["triage", "contact_lender"], "way": "written", "retain_until": "2027-03-01"}
    ]
    assert faults(database_url) == []


def test_consent_is_as_easily_taken_back(database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    with desk(database_url, redis_url, vault) as client:
        client.submit("/cases/1/consent", GIVEN)
        client.submit("/cases/1/consent", {"asked": "known", "way": "withdrawn", "revision": "2"})
    assert kept(database_url) == ([], None)
    assert [detail["scopes"] for detail in recorded(database_url)] == [["triage", "contact_lender"], []]


def test_a_stale_form_is_refused_with_the_newer_state(database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    with desk(database_url, redis_url, vault) as client:
        client.submit("/cases/1/consent", GIVEN)
        stale = client.submit("/cases/1/consent", {**GIVEN, "scope": ["keep_statistics"]})
    assert stale.status_code == 409
    assert "代为联系贷款机构并转交材料：同意" in stale.text
    assert 'name="revision" value="2"' in stale.text
    assert kept(database_url)[0] == ["triage", "contact_lender"]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"scope": ["everything"]}, "consent-wrong"),
        ({"way": ""}, "consent-wrong"),
        ({"way": "x"}, "consent-wrong"),
        ({"retain_until": "2026-11-22"}, "retain-wrong"),
        ({"retain_until": "2036-11-25"}, "retain-wrong"),
        ({"retain_until": "soon"}, "retain-wrong"),
        ({"retain_until": "2026-02-30"}, "retain-wrong"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    database_url: str, redis_url: str, vault: Vault, changes: dict[str, str], wrong: str
) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    with desk(database_url, redis_url, vault) as client:
        refused = client.submit("/cases/1/consent", {**GIVEN, **changes})
    assert refused.status_code == 422
    assert f'id="{wrong}"' in refused.text
    assert f"{wrong}" in refused.text.split("aria-describedby", 1)[1]
    assert kept(database_url) == (None, None)


@pytest.mark.parametrize("date", [TODAY, "2036-11-23"])
def test_the_first_and_last_day_that_may_be_given(database_url: str, redis_url: str, vault: Vault, date: str) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    with desk(database_url, redis_url, vault) as client:
        assert client.submit("/cases/1/consent", {**GIVEN, "retain_until": date}).status_code == 303


@pytest.mark.parametrize("submitter", ["us", "them"])
def test_a_submitter_changes_nothing(database_url: str, redis_url: str, vault: Vault, submitter: str) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    with desk(database_url, redis_url, vault, "submitter", submitter) as client:
        assert client.submit("/cases/1/consent", GIVEN).status_code == 403
    assert kept(database_url) == (None, None)


def test_a_form_of_another_site_changes_nothing(database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    with desk(database_url, redis_url, vault) as client:
        assert client.post("/cases/1/consent", data=GIVEN).status_code == 403
        assert client.submit("/cases/9/consent", GIVEN).status_code == 404
    assert kept(database_url) == (None, None)


def test_unknown_is_not_no() -> None:
    case = Case(submitter="us", case_ref="A", ref_grams=[], borrower_ref=None, created_at=dt.datetime.now(dt.UTC))
    assert consent.status(case, "contact_lender") == "unknown"
    case.consent = []
    assert consent.status(case, "contact_lender") == "not_given"
    case.consent = ["contact_lender"]
    assert consent.status(case, "contact_lender") == "given"


def test_a_case_says_until_when_it_is_kept(database_url: str) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    with engine_of(database_url) as engine, session(engine) as opened:
        case = opened.get_one(Case, 1)
        assert retention.kept_until(opened, case, 30) == AS_OF + dt.timedelta(days=30)
        case.retain_until = AS_OF
        assert retention.kept_until(opened, case, 30) == AS_OF
