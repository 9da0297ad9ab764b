"""A case on a desk: short ways to decide one, to act on it over HTTP, and to read what the record holds afterwards."""

from dataclasses import dataclass
from typing import Any

import psycopg

from forbear.base.vault import Vault
from forbear.case.actions import ACTIONS
from forbear.intake import Accepted
from models.database.session import session
from models.review import ACTIONS as RECORDED
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.pack import Pack
from tests.support.desk.cases import accepted, decided, engine_of, facts_told, triaged
from tests.support.desk.desk_clients import Desk
from tests.support.desk.page import Element, read_page
from web.language import message

# Another strategy is recommended by the tiny pack once the income is known.
PLAN: dict[str, Any] = {
    "income_monthly": 500000,
    "essential_outgoings": 300000,
    "priority_payments": 50000,
    "monthly_due": 250000,
    "annual_rate_percent": 1800,
}
WORDS = "当事人说工资已经恢复，逐项核对过了"


@dataclass(frozen=True)
class CaseOnDesk:
    """A signed-in client and the record behind it."""

    client: Desk
    url: str
    vault: Vault

    def decide(self, *rows: Accepted, by: Pack | None = None, submitter: str = "us") -> None:
        """Hand in rows as one batch and decide them."""
        decided(self.url, rows or [accepted(1, "A")], self.vault, by=by, submitter=submitter)

    def shipped(self, **facts: Any) -> None:
        """Decide a case by the pack that ships."""
        self.decide(accepted(1, "A", **facts), by=load(DEFAULT_PACK))

    def page(self, case_id: int = 1) -> Element:
        """The page of a case."""
        return read_page(self.client.get(f"/cases/{case_id}").raise_for_status().text)

    def can(self, case_id: int = 1) -> set[str]:
        """The actions that its page has a form for."""
        address = f"/cases/{case_id}/"
        forms = {action.removeprefix(address) for action in self.page(case_id).values("form[method=post]", "action")}
        return forms & ACTIONS.keys()

    def done(self, case_id: int = 1) -> list[str]:
        """What people did to it, as its page tells, newest first."""
        told = {message("zh", f"event.{action}"): action for action in RECORDED} | {
            message("zh", "event.assign_to"): "assign"
        }
        return [told[text] for text in self.page(case_id).texts(".timeline li p b") if text in told]

    def ticked(self, case_id: int = 1) -> list[str]:
        """The papers that its page says are there."""
        return self.page(case_id).values(".checklist input[checked]", "value")

    def is_outdated(self, case_id: int = 1) -> bool:
        """Whether its page says that newer facts are being triaged."""
        return bool(self.page(case_id).select("[data-poll]"))

    def act(
        self, action: str, fields: dict[str, Any] | None = None, case_id: int = 1, revision: int | None = None
    ) -> int:
        """Send a form made for this revision, by default the current one; answers the status."""
        made_for = self.desk(case_id)["revision"] if revision is None else revision
        return self.client.submit(
            f"/cases/{case_id}/{action}", {"revision": str(made_for), **(fields or {})}
        ).status_code

    def desk(self, case_id: int = 1) -> dict[str, Any]:
        """The case's row of the queue."""
        found: dict[str, Any] = self.one("SELECT to_jsonb(d) FROM desk_case d WHERE case_id = %s", case_id)
        return found

    def reviews(self) -> list[dict[str, Any]]:
        """Every action, in its order."""
        return self.many("SELECT to_jsonb(r) FROM review r ORDER BY id")

    def tallies(self, measure: str) -> list[tuple[str, str]]:
        """What was counted under a measure."""
        rows = self.many("SELECT to_jsonb(t) FROM daily_tally t WHERE measure = %s ORDER BY id", measure)
        return [(row["subject"], row["detail"]) for row in rows]

    def work_off(self) -> None:
        """What a worker does with the chunks that wait."""
        chunks = self.many("SELECT to_jsonb(id) FROM chunk WHERE status = 'pending' ORDER BY id")
        triaged(self.url, self.vault, chunks)

    def many(self, query: str, *values: Any) -> list[Any]:
        """The first column of a query."""
        with psycopg.connect(self.url) as connection:
            return [row[0] for row in connection.execute(query, values).fetchall()]

    def one(self, query: str, *values: Any) -> Any:
        """The first column of a query's only row."""
        (found,) = self.many(query, *values)
        return found

    def submitted(self, number: int) -> dict[str, Any]:
        """The facts of the only version of this number."""
        return facts_told(self.one("SELECT facts FROM case_version WHERE number = %s", number), self.url)


def words_of(work: CaseOnDesk, review: dict[str, Any]) -> str | None:
    """What a person wrote, opened."""
    sealed, at = review["words"], f"review.words:{review['id']}"
    return None if sealed is None else str(work.vault.open(bytes.fromhex(sealed.removeprefix("\\x")), at))


def held_by(work: CaseOnDesk, account_id: int | None, case_id: int = 1) -> None:
    """Put a case on somebody's desk."""
    with engine_of(work.url) as engine, session(engine) as opened:
        opened.connection().exec_driver_sql(
            "UPDATE desk_case SET assignee_id = %s WHERE case_id = %s", (account_id, case_id)
        )
