"""Lists as workbooks: what is on the screen and no more, for whom it is, told to the ledger."""

import io

import openpyxl
import psycopg
import pytest

from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.conversation import tasks
from rules.loading.loader import DEFAULT_PACK, load
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import AS_OF, accepted, decided, working_as
from tests.support.desk.desk_clients import Desk, account, cookie_of, desk, holding
from tests.support.desk.page import read_page


def saved(client: Desk, what: str, terms: str = "") -> list[tuple[object, ...]]:
    answer = client.submit(f"/export/{what}", {"terms": terms}).raise_for_status()
    assert f"forbear-{what}.xlsx" in answer.headers["Content-Disposition"]
    return list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)


def test_lists_go_out_as_they_are_filtered_and_the_ledger_is_told(
    database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.exports._BLOCK", 2)
    rows = [accepted(n, f"C{n}", lender="=Bank & Co", balance=123456) for n in range(1, 6)]
    decided(database_url, [*rows, accepted(6, "J", product="jiebei")], vault, by=load(DEFAULT_PACK))
    with psycopg.connect(database_url) as connection:
        (was,) = connection.execute("SELECT strategy FROM desk_case WHERE case_ref = 'C2'").fetchone() or ("",)
        connection.execute("UPDATE desk_case SET strategy = 'other' WHERE case_ref = 'C2'")
        connection.execute("UPDATE desk_case SET city = 'Wuhan'")
    with desk(database_url, redis_url, vault, "supervisor", name="li") as li:
        whole = saved(li, "queue")
        assert sorted(str(row[2]) for row in whole[1:]) == [*(f"C{n}" for n in range(1, 6)), "J"]
        assert len({len(row) for row in whole}) == 1
        first = next(row for row in whole if row[2] == "C1")
        assert first[6] == "=Bank & Co" and "1,234.56" in str(first[7]) and first[8] == "Wuhan"
        assert [row[2] for row in saved(li, "queue", "product=jiebei")[1:]] == ["J"]
        strategy = li.get("/?strategy=other&strategy=nothing").raise_for_status()
        assert read_page(strategy.text).texts("table.queue th a[translate=no]") == ["C2"]
        assert [row[2] for row in saved(li, "queue", "strategy=other,nothing")[1:]] == ["C2"]
        assert li.submit("/export/queue", {"terms": "urgency=U9"}).status_code == 400
        assert li.submit("/queue/columns", {"column": ["lender", "amount", "city"], "terms": ""}).status_code == 303
        page = read_page(li.get("/").text)
        assert "=Bank & Co" in page.texts(".in-lender") and first[7] in page.texts(".in-amount")
        assert "Wuhan" in page.texts(".in-city")
        with working_as(Viewer(1, "li", "supervisor", None), database_url) as work:
            tasks.add(work, 1, "f", "打电话", None, AS_OF)
        assert saved(li, "tasks")[1:] == [(AS_OF.isoformat(), "C1", "打电话")]
        told = saved(li, "ledger", f"kind=export&since={AS_OF}&until={AS_OF}")
        assert len(told) == 5 and "6" in str(told[-1][5])
        assert saved(li, "ledger", "kind=export&until=2000-01-01")[1:] == []
        assert li.submit("/export/ledger", {"terms": "since=2026-13-01"}).status_code == 400
        assert len(saved(li, "overview", "days=7")) > 12
        assert read_page(li.get(f"/ledger?kind=export&since={AS_OF}").text).select("table tbody tr")
        assert not read_page(li.get("/ledger?kind=export&until=2000-01-01").text).select("table tbody tr")
        assert li.get("/ledger?since=soon").status_code == 400
        with holding(str(li.base_url), cookie_of(database_url, account(database_url, "wang"))) as wang:
            assert [wang.submit(f"/export/{what}").status_code for what in ("overview", "ledger", "tasks")] == [
                403,
                403,
                200,
            ]
        bank = account(database_url, "bank", "submitter", "them")
        with holding(str(li.base_url), cookie_of(database_url, bank)) as theirs:
            assert saved(theirs, "queue")[1:] == [], "nothing of anybody else"
            assert theirs.submit("/export/tasks").status_code == 403
    with psycopg.connect(database_url) as connection:
        noted = connection.execute(
            "SELECT detail->>'what', detail->'rows' FROM ledger WHERE kind = 'export'"
        ).fetchall()
    assert noted[:2] == [("queue", 6), ("queue", 1)]
    with psycopg.connect(
        database_url
    ) as connection:  # as it was decided: what was put there for this test is a forgery
        connection.execute("UPDATE desk_case SET city = NULL")
        connection.execute("UPDATE desk_case SET strategy = %s WHERE case_ref = 'C2'", [was])
    assert faults(database_url) == []
