"""The states that pages can be in, each reached as somebody reaches it: for the pictures, and for axe."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import psycopg
from playwright.sync_api import Page

from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.desk.review import Act, perform, take_case
from forbear.ops import whatif
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import accepted, decided, working_as
from tests.support.desk.desk_clients import account
from tests.support.desk.failed_cases import fails, put
from tests.support.desk.populated_desk import Busy


@dataclass(frozen=True)
class Stage:
    """A desk at work with more on it: who and what the states are about."""

    url: str
    vault: Vault
    now: dt.datetime
    ids: Busy
    newcomer: int  # an account of somebody who handed in nothing
    cases: dict[str, int]  # by their references, and some by what they are

    def acts(self, case_id: int, act: Act) -> None:
        """A supervisor does something on a case meanwhile."""
        who = Viewer(self.ids.supervisor, "li", "supervisor", None)
        with working_as(who, self.url, self.vault, self.now) as work:
            perform(work, take_case(work.session, who, case_id, None), act)


@dataclass(frozen=True)
class State:
    """One state: who sees it, how it is pictured, what it shows, and how somebody gets there."""

    name: str
    role: str
    look: tuple[Literal["zh", "en"], Literal["desk", "phone"], Literal["light", "dark"]]
    shows: str
    reach: Callable[[Page, Stage], object]


def staged(url: str, vault: Vault, now: dt.datetime, ids: Busy) -> Stage:
    """Put on a busy desk what it does not have: somebody's second debt beside a crisis, and a case that failed."""
    pack, day = load(DEFAULT_PACK), now.date()
    rows = [
        accepted(1, "SIB-1", {"notes": "不想活了"}, borrower_ref="SIB", lender="测试甲银行"),
        accepted(2, "SIB-2", borrower_ref="SIB", lender="测试乙银行", days_overdue=40),
    ]
    decided(url, rows, vault, by=pack, as_of=day, now=now, submitter="local")
    fails(url, vault, accepted(1, "FAIL-1"), now=now)
    put(url, vault, now)
    newcomer = account(url, "xinlai", "submitter", "new")
    with psycopg.connect(url) as connection:
        cases: dict[str, int] = dict(connection.execute("SELECT case_ref, case_id FROM desk_case").fetchall())
        plain = connection.execute(
            "SELECT case_id FROM desk_case WHERE status = 'open' AND assignee_id IS NULL AND certain "
            "AND danger IS NULL AND calm AND decision_id IS NOT NULL AND strategy = 'short_deferral' "
            "ORDER BY case_id LIMIT 4"
        ).fetchall()
        unsure = connection.execute(
            "SELECT case_id FROM desk_case WHERE NOT certain AND danger IS NULL AND calm AND decision_id IS NOT NULL "
            "ORDER BY case_id LIMIT 1"
        ).fetchone()
        crisis = connection.execute(
            "SELECT case_id FROM desk_case WHERE danger = 'explicit' ORDER BY 1 LIMIT 1"
        ).fetchone()
    assert unsure and crisis
    cases |= {name: row[0] for name, row in zip(("undone", "other", "taken", "ended"), plain, strict=True)}
    return Stage(url, vault, now, ids, newcomer, cases | {"unsure": unsure[0], "crisis": crisis[0]})


def _opens(address: str) -> Callable[[Page, Stage], object]:
    return lambda page, _: page.goto(address)


def _case(name: str) -> Callable[[Page, Stage], object]:
    return lambda page, stage: page.goto(f"/cases/{stage.cases[name]}")


def _ticked(page: Page, _stage: Stage) -> None:
    page.goto("/")
    for choice in page.locator("tbody .in-choice input").all()[:3]:
        choice.check()


def _keys(page: Page, _stage: Stage) -> None:
    page.goto("/")
    page.keyboard.press("?")


def _dense(page: Page, _stage: Stage) -> None:
    page.goto("/")
    page.locator(".look > summary").click()
    for name in ("lender", "amount", "city"):
        page.locator(f".look input[value={name}]").check()
    page.locator(".look input[name=dense]").check()
    page.locator(".look button").click()


def _menu(page: Page, _stage: Stage) -> None:
    page.goto("/")
    page.locator(".menu > summary").click()


def _filled(page: Page, case_id: int, words: str) -> None:
    page.goto(f"/cases/{case_id}")
    page.locator("#override > summary").click()
    page.locator("#override-strategy").select_option("mediation")
    page.locator("#override-words").fill(words)


def _send(page: Page, panel: str) -> None:
    with page.expect_navigation():
        page.locator(f"#{panel} .panel button[type=submit]").click()


def _refused(page: Page, stage: Stage) -> None:
    _filled(page, stage.cases["taken"], "太贵")
    _send(page, "override")


def _conflict(page: Page, stage: Stage) -> None:
    _filled(page, stage.cases["taken"], "她说银行已经在电话里答应停息，先走调解更稳妥。")
    stage.acts(stage.cases["taken"], Act("assign", {"assignee_id": stage.ids.supervisor}))
    _send(page, "override")


def _undo(page: Page, stage: Stage) -> None:
    page.goto(f"/cases/{stage.cases['undone']}")
    page.locator("#accept > summary").click()
    _send(page, "accept")


def _overridden(page: Page, stage: Stage) -> None:
    _filled(page, stage.cases["other"], "她和银行已经在谈调解，按调解走。")
    page.locator("#override-reason").select_option(index=1)
    _send(page, "override")


def _ended(page: Page, stage: Stage) -> None:
    stage.acts(stage.cases["ended"], Act("outcome", {"status": "closed"}, reason="closed", detail={"why": "repaid"}))
    page.goto(f"/cases/{stage.cases['ended']}")


def _whole_rejects(page: Page, stage: Stage) -> None:
    page.goto(f"/batches/{stage.ids.batch}")
    page.locator("#downloads details > summary").click()


def _busy_what_if(page: Page, _stage: Stage) -> None:
    with asking():
        page.goto("/what-if?parameter=several_creditors&value=4")


def _found_nobody(page: Page, _stage: Stage) -> None:
    page.goto("/search")
    page.locator("#words").fill("13900000000")
    with page.expect_navigation():
        page.locator(".find button").click()


def _new_case(page: Page, _stage: Stage) -> None:
    page.goto("/cases/new")
    page.locator("input[name='fact.days_overdue']").fill("很久")
    with page.expect_navigation():
        page.locator("main form button[type=submit]").last.click()


@contextmanager
def asking() -> Iterator[None]:
    """While somebody else asks what-if."""
    with whatif._turn:
        yield


STATES = (
    State("queue-empty", "newcomer", ("en", "desk", "light"), "nothing was ever handed in", _opens("/")),
    State(
        "queue-nothing-found", "counsellor", ("zh", "phone", "dark"), "no case fits the filter", _opens("/?ref=nobody")
    ),
    State("queue-ticked", "counsellor", ("zh", "desk", "light"), "three cases ticked, and what can be done", _ticked),
    State("queue-keys", "counsellor", ("en", "desk", "dark"), "the keys of the page, on `?`", _keys),
    State("queue-dense", "counsellor", ("zh", "desk", "dark"), "rows close together, and more columns", _dense),
    State("menu", "counsellor", ("zh", "phone", "light"), "the menu of a phone", _menu),
    State(
        "case-crisis",
        "counsellor",
        ("zh", "desk", "light"),
        "danger first: whom to call, what came of it",
        _case("crisis"),
    ),
    State(
        "case-sibling",
        "counsellor",
        ("zh", "phone", "light"),
        "a crisis in another case of the borrower",
        _case("SIB-2"),
    ),
    State(
        "case-undecided",
        "counsellor",
        ("en", "desk", "light"),
        "facts are missing that could change it",
        _case("unsure"),
    ),
    State("case-failed", "supervisor", ("en", "desk", "dark"), "what could not be evaluated", _case("FAIL-1")),
    State("case-refused", "counsellor", ("zh", "desk", "dark"), "a form refused, with what to do", _refused),
    State(
        "case-conflict", "counsellor", ("zh", "desk", "light"), "somebody else acted; what was typed is kept", _conflict
    ),
    State("case-undo", "counsellor", ("en", "phone", "dark"), "done, and undone for a minute", _undo),
    State("case-override", "counsellor", ("en", "desk", "light"), "another strategy was chosen", _overridden),
    State("case-closed", "counsellor", ("zh", "phone", "light"), "a case that has ended", _ended),
    State(
        "batch-whole-rejects",
        "supervisor",
        ("en", "desk", "dark"),
        "others' rejected rows whole, for a reason",
        _whole_rejects,
    ),
    State("what-if-start", "supervisor", ("zh", "desk", "dark"), "nothing asked yet", _opens("/what-if")),
    State("what-if-busy", "supervisor", ("en", "phone", "light"), "somebody else is asking", _busy_what_if),
    State(
        "overview-refused",
        "supervisor",
        ("en", "phone", "light"),
        "days that make no period",
        _opens("/overview?from=2026-11-20&to=2026-11-01"),
    ),
    State(
        "overview-chosen",
        "supervisor",
        ("zh", "desk", "light"),
        "two periods that were chosen",
        _opens("/overview?from=2026-11-09&to=2026-11-22&against_from=2026-10-12&against_to=2026-10-25"),
    ),
    State("search-nothing-found", "counsellor", ("en", "desk", "dark"), "nobody of that number", _found_nobody),
    State("new-case-refused", "counsellor", ("zh", "desk", "light"), "a case by hand, with what is missing", _new_case),
    State("no-permission", "counsellor", ("en", "phone", "light"), "a page of supervisors", _opens("/overview")),
    State("not-found", "counsellor", ("zh", "desk", "dark"), "nothing at this address", _opens("/nothing")),
)
