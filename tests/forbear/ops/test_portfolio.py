"""The portfolio is what the desk's last decisions were given, packed or not, and keeps nothing of what is purged."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from sqlmodel import Session
from typer.testing import CliRunner

from forbear.base.vault import Vault
from forbear.cli.commands import compare as command
from forbear.cli.commands.policy import app
from forbear.ops import portfolio
from models.database.session import session
from rules.decision.whatif.comparison import Judge
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import AS_OF, accepted, decided, engine_of, pack, working

PACK = load(DEFAULT_PACK)


@pytest.fixture
def opened(database_url: str) -> Iterator[Session]:
    with engine_of(database_url) as engine, session(engine) as found:
        yield found


@contextmanager
def opening(url: str) -> Iterator[SimpleNamespace]:
    """What the command opens, on this record."""
    with engine_of(url) as engine:
        yield SimpleNamespace(engine=engine)


def told(opened: Session) -> list[tuple[str, str | None, int | None]]:
    """The cases on the desk as the portfolio has them: reference, hardship, days overdue."""
    found = []
    for given in portfolio.read(opened, 100):
        table = given.read(PACK.vocabulary, ["hardship", "days_overdue"])
        rows = zip(portfolio.references(opened, given.cases), table.rows(), strict=True)
        found += [(case_ref, row[1], row[2]) for case_ref, row in rows]
    opened.rollback()
    return sorted(found)


def blocks(opened: Session) -> list[tuple[int, int]]:
    """The blocks by cases, and how many chunks each has."""
    query = (
        "SELECT cases, (SELECT count(*) FROM portfolio_chunk WHERE block_id = b.id) FROM portfolio_block b ORDER BY id"
    )
    found = opened.connection().exec_driver_sql(query).all()
    opened.rollback()
    return [(cases, chunks) for cases, chunks in found]


def test_packed_or_not_it_is_what_was_decided_last(
    database_url: str, vault: Vault, opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portfolio, "LEAST", 3)
    decided(database_url, [accepted(n, f"C{n}", days_overdue=n) for n in range(1, 5)], vault, by=PACK)
    cases = [(f"C{n}", "unemployment", n) for n in range(1, 5)]
    assert (told(opened), portfolio.count(opened)) == (cases, 4)
    with working(database_url) as work:
        assert (portfolio.pack(work), portfolio.pack(work)) == (4, 0)
    assert (told(opened), blocks(opened)) == (cases, [(4, 1)])
    # Two decisions wait for more.
    decided(database_url, [accepted(n, f"C{n}", days_overdue=n, hardship="illness") for n in (1, 2)], vault, by=PACK)
    cases[:2] = [(f"C{n}", "illness", n) for n in (1, 2)]
    with working(database_url) as work:
        assert (portfolio.look_through(work), portfolio.pack(work)) == (0, 0)
    assert (told(opened), blocks(opened)) == (cases, [(4, 1)])
    decided(database_url, [accepted(3, "C3", days_overdue=30)], vault, by=pack())
    cases[2] = ("C3", "unemployment", 30)
    with working(database_url) as work:
        assert portfolio.look_through(work) == 1, "one of four is current: its chunk is packed anew"
    assert (told(opened), blocks(opened)) == (cases, [])
    with working(database_url) as work:
        assert portfolio.pack(work) == 7
    assert (told(opened), blocks(opened)) == (cases, [(4, 3)])
    assert [given.height for given in portfolio.read(opened, 100, most=3)] == [3]


def test_of_a_purged_case_nothing_is_kept(
    database_url: str, vault: Vault, opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portfolio, "LEAST", 1)
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], vault, by=PACK)
    with working(database_url) as work:
        portfolio.pack(work)
    with working(database_url) as work:
        portfolio.forget(work.session, [1])
    assert (blocks(opened), len(told(opened))) == ([], 2)


def test_the_command_judges_what_is_stored(database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [accepted(1, "A"), accepted(2, "B", self_harm_signal=True), accepted(3, "C", days_overdue=2)]
    decided(database_url, rows, vault, by=PACK)
    monkeypatch.setattr(command, "opened", lambda: opening(database_url))
    arguments = ["compare", str(DEFAULT_PACK), str(DEFAULT_PACK), "--stored", "--as-of", str(AS_OF), "--json"]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    with engine_of(database_url) as engine, session(engine) as opened:
        counted = opened.connection().exec_driver_sql("SELECT strategy, count(*) AS cases FROM desk_case GROUP BY 1")
        held = {row.strategy: row.cases for row in counted}
    assert {each["a"]: each["cases"] for each in found["strategies"]} == held
    assert (found["cases"], found["flipped"]) == (3, [])


def test_policies_that_derive_alike_share_what_they_derive() -> None:
    assert Judge(PACK, AS_OF).derived_otherwise(Judge(PACK, AS_OF)) == frozenset()
    assert Judge(PACK, AS_OF).derived_otherwise(Judge(PACK, AS_OF + dt.timedelta(days=1))) is None
    assert Judge(PACK, AS_OF).derived_otherwise(Judge(pack(), AS_OF)) is None
