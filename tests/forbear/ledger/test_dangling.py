"""What foreign keys would refuse is found: each of the references, and nothing where all is well."""

import psycopg
import pytest

from forbear.accounts.accounts import Viewer
from forbear.ledger.dangling import REFERENCES, Dangling, RowReference, dangling
from forbear.ops import doctor
from forbear.person import identity
from models.database.session import session
from models.person import HouseholdBudget
from tests.support.desk.cases import NOW, VAULT, decided, engine_of, many, working_as
from tests.support.desk.desk_clients import account

NOWHERE = {"sha256": "f" * 64, "batch": "00000000-0000-0000-0000-000000000000"}


def found(url: str) -> list[Dangling]:
    with engine_of(url) as engine, session(engine) as opened:
        return list(dangling(opened))


@pytest.fixture(scope="module")
def url(shared_database_url: str) -> str:
    decided(shared_database_url, many(2), VAULT)
    who = Viewer(account(shared_database_url), "wang", "counsellor", None)
    with working_as(who, shared_database_url) as work:
        identity.merge(work, 1, 2)
        for case in (1, 2):
            work.session.add(HouseholdBudget(id=case, lines={}, account_id=who.account_id, at=NOW))
    return shared_database_url


def test_a_record_that_forbear_wrote_has_none(url: str) -> None:
    assert found(url) == []
    assert doctor.check_references(url).ok


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda each: f"{each.table}.{each.column}")
def test_each_reference_is_looked_at(url: str, reference: RowReference) -> None:
    missing = NOWHERE.get(reference.other_key) or NOWHERE.get(reference.other) or "99"
    last = "(SELECT max(case_id) FROM desk_case)" if reference.table == "desk_case" else "2"
    key = "row" if reference.table == "batch_case" else "case_id" if reference.table == "desk_case" else "id"
    with engine_of(url) as engine, session(engine) as opened:
        connection = opened.connection()
        connection.exec_driver_sql("SET session_replication_role = replica")
        change = f"UPDATE {reference.table} SET {reference.column} = '{missing}' WHERE {key} = {last}"  # noqa: S608
        connection.exec_driver_sql(change)
        (one,) = (each for each in dangling(opened) if each.missing == f"{reference.other}:{missing}")
        assert one.row.startswith(f"{reference.table}:")
        assert one.row.endswith("99" if reference.column == key else "2")
        opened.rollback()


def test_the_doctor_says_which_and_what_to_do(database_url: str) -> None:
    decided(database_url, many(1), VAULT)
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM batch_case")
        connection.execute("DELETE FROM chunk")
    assert doctor.check_references(database_url) == doctor.HealthFinding(
        "references",
        False,
        "decision:1 names chunk:1, which is not there: run `forbear audit verify` and restore what it names",
    )
