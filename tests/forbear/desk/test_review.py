"""What people do on cases is appended, chained and refused when stale."""

import psycopg
import pytest

from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.desk.review import Act, NoCaseError, StaleError, perform, take_case
from models.session import session
from tests.support.cases import accepted, decided, engine_of, working_as
from tests.support.desk_clients import account


def viewer(url: str, submitter: str | None = None) -> Viewer:
    return Viewer(account(url), "wang", "counsellor", submitter)


def test_an_action_is_kept_chained_and_moves_the_case_on(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    who = viewer(database_url)
    with working_as(who, database_url, vault) as work:
        case = take_case(work.session, who, 1, 1)
        perform(work, case, Act("accept", {"status": "reviewed"}, strategy="card_plan"))
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT status, revision FROM desk_case").fetchall() == [("reviewed", 2)]
        assert connection.execute("SELECT kind FROM ledger ORDER BY seq").fetchall() == [
            ("batch",),
            ("publication",),
            ("decision",),
            ("review",),
        ]


def test_a_stale_form_is_refused(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    who = viewer(database_url)
    with engine_of(database_url) as engine, session(engine) as opened:
        with pytest.raises(StaleError, match="newer state"):
            take_case(opened, who, 1, 2)


def test_a_case_of_another_submitter_is_no_case(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        with pytest.raises(NoCaseError):
            take_case(opened, viewer(database_url, "them"), 1, 1)
