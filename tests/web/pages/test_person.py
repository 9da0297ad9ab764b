"""The page of a person and the search, in the order a counsellor uses them, on one record."""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from forbear.base.vault import Vault
from forbear.intake import Accepted
from rules.loading.loader import DEFAULT_PACK, load
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.case_on_desk import CaseOnDesk
from tests.support.desk.cases import accepted, facts_of
from tests.support.desk.desk_clients import Desk, account, cookie_of, desk

NAME, PHONE, NUMBER = "欧阳测试", "138 0013 8000", "330106199001011237"
PERSONAL = {"name": NAME, "phone": PHONE, "id_number": NUMBER}
KNOWN = {
    "client_role": "borrower",
    "willing_to_pay": True,
    "debt_disputed": False,
    "hardship": "illness_injury",
    "income_monthly": 800_000,
    "essential_outgoings": 300_000,
    "priority_payments": 150_000,
    "household_size": 2,
    "days_overdue": 60,
}


def debt(row: int, ref: str, private: dict[str, str] | None = None, **facts: Any) -> Accepted:
    """A debt of somebody who wants to pay and disputes nothing."""
    return accepted(row, ref, private, **{**KNOWN, "balance": 2_000_000, "monthly_due": 80_000, **facts})


DEBTS = (
    debt(1, "CARD-1", PERSONAL, borrower_ref="P-1", lender="甲银行"),
    debt(2, "LOAN-2", borrower_ref="P-1", product="online_platform", balance=1_000_000, lender="乙平台", age=41),
    debt(3, "HOME-3", borrower_ref="P-1", product="mortgage", balance=50_000_000, monthly_due=100_000, lender="丙银行",
         own_instalment_in_budget=True),
    debt(4, "BAD-4", borrower_ref="P-1", not_my_loan=True),
    debt(5, "ALIKE-5", {"phone": "+86 13800138000"}, borrower_ref="P-2", age=40),
    debt(6, "OTHER-6", {"name": "欧阳 测试"}, borrower_ref="P-3"),
)  # fmt: skip


@pytest.fixture
def work(database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaseOnDesk]:
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 0)
    with desk(database_url, redis_url, vault) as client:
        found = CaseOnDesk(client, database_url, vault)
        found.decide(*DEBTS, by=load(DEFAULT_PACK))
        yield found
    assert faults(database_url) == []


def page(client: Desk, lang: str = "en", case_id: int = 1) -> str:
    """The page of whoever a case is of."""
    return client.get(f"/people/{case_id}?lang={lang}").raise_for_status().text


def plain(html: str) -> str:
    """What it says."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def found_by(client: Desk, words: str) -> set[str]:
    """The references that a search shows."""
    answer = client.submit("/search", {"words": words})
    assert answer.status_code == 200 and words not in str(answer.url) and answer.headers["Cache-Control"] == "no-store"
    return set(re.findall(r'href="/cases/\d+" translate="no">([^<]+)<', answer.text))


def ledger(work: CaseOnDesk, kind: str) -> list[dict[str, Any]]:
    """The entries of a kind, oldest first."""
    return work.many("SELECT to_jsonb(l) FROM ledger l WHERE kind = %s ORDER BY seq", kind)


def test_whoever_is_searched_for_is_found_exactly_and_nothing_of_it_is_kept(work: CaseOnDesk) -> None:
    ours = {"CARD-1", "LOAN-2", "HOME-3", "BAD-4"}
    assert found_by(work.client, NAME) == {"CARD-1", "OTHER-6"}
    assert found_by(work.client, "13800138000") == {"CARD-1", "ALIKE-5"}
    assert found_by(work.client, "330106 19900101 1237") == {"CARD-1"}
    assert found_by(work.client, "p-1") == ours and found_by(work.client, "loan-2") == {"LOAN-2"}
    assert (
        found_by(work.client, "欧阳") == found_by(work.client, "1380013800") == found_by(work.client, "CARD") == set()
    )
    told = plain(work.client.submit("/search?lang=en", {"words": PHONE}).text)
    assert re.search("Searched as: case reference ?, borrower reference ?, phone ?. Only exact matches", told), told
    entries = ledger(work, "search")
    assert len(entries) == 9 and entries[0]["detail"] == {
        "by": ["reference", "borrower", "name"],
        "found": {"name": 2},
    }
    assert not {NAME, "13800138000", "19900101"} & {*re.findall(r"\w+", str(entries))}
    for wrong in ("", "x" * 65, "a\0b"):
        assert work.client.submit("/search", {"words": wrong}).status_code == 422
    assert work.client.post("/search", data={"words": "x"}).status_code == 403
    own = account(work.url, "anxin", "submitter", "us")
    work.client.become(cookie_of(work.url, own))
    assert work.client.get("/people/1").status_code == work.client.get("/search").status_code == 403


def test_one_person_one_plan_one_budget(work: CaseOnDesk) -> None:
    client = work.client
    first = page(client)
    said = plain(first)
    assert "欧**" in first and NAME not in first and "138" in first, first.split(NAME)[0][-200:]
    assert "HOME-3 is paid first, each month ¥1,000.00" in said and "BAD-4 was not borrowed by the person" in said
    assert "Pro rata" in said and "Smallest first" in said and "Equal shares" in said
    assert 'href="/people/1"' in client.get("/cases/1").text and 'href="/search"' in client.get("/").text

    # The same phone only asks; merged, a fact that the debts say differently is told, and put right in all.
    assert "The same person?" in said and "ALIKE-5" in said
    assert client.submit("/people/1/merge", {"other": "5"}).status_code == 303
    merged = plain(page(client))
    assert "5 debts" in merged and "Merged into one person" in merged
    assert re.search(r"Age: (ALIKE-5 40\D+LOAN-2 41|LOAN-2 41\D+ALIKE-5 40)", merged), merged
    bad = client.submit("/people/1/facts?lang=en", {"asked": "age", "fact.age": "four hundred"})
    assert bad.status_code == 422 and "CARD-1" in bad.text
    assert client.submit("/people/1/facts", {"asked": "age", "fact.age": "42"}).status_code == 303
    work.work_off()
    assert {facts_of(work.url, ref)["age"] for ref in ("CARD-1", "LOAN-2", "HOME-3", "BAD-4", "ALIKE-5")} == {42}
    assert "age" not in facts_of(work.url, "OTHER-6")
    again = client.submit("/people/1/facts?lang=en", {"asked": "age", "fact.age": "42"})
    assert again.status_code == 422, "nothing is other than before"

    # A budget is made of what the debts say, given out, read in, corrected and kept, and decides all debts anew.
    out = client.submit("/people/1/budget-out", {"ending": ".csv"})
    rows = list(csv.reader(io.StringIO(out.content.decode("utf-8-sig"))))
    amounts = {row[1]: row[3] for row in rows[1:]}
    assert sum(Decimal(amount) for amount in amounts.values() if amount) == Decimal("12500")
    assert (amounts["home_loan"], amounts["other_priority"], amounts["wages"]) == ("1000.00", "500.00", "")
    for row in rows:
        if row[1] == "other_income":
            row[3] = "4500"
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    for name, content in (("budget.csv", text.getvalue().encode()), ("budget.xlsx", None)):
        if content is None:
            content = client.submit("/people/1/budget-out", {"ending": ".xlsx"}).content
        read = client.submit("/people/1/budget-file?lang=en", files={"file": (name, content)})
        assert read.status_code == 200 and "not kept yet" in read.text, plain(read.text)
        assert 'name="other_income" inputmode="decimal" autocomplete="off" value="' in read.text
    assert client.submit("/people/1/budget-file", files={"file": ("x.csv", b"a,b\n1,2\n")}).status_code == 422
    lines = {**{name: amount for name, amount in amounts.items() if name != "other_income"}, "wages": "4500"}
    wrong = client.submit("/people/1/budget?lang=en", {**lines, "food": "many"})
    assert wrong.status_code == 422 and 'id="line-food-error"' in wrong.text
    assert client.submit("/people/1/budget", lines).status_code == 303
    work.work_off()
    assert {facts_of(work.url, ref)["income_monthly"] for ref in ("CARD-1", "HOME-3", "ALIKE-5")} == {450_000}
    assert facts_of(work.url, "OTHER-6")["income_monthly"] == 800_000
    assert [entry["subject"] for entry in ledger(work, "budget")] == ["household_budget:1"]
    tight = plain(page(client))
    assert "After living costs and what has to be paid first there is nothing left" in tight
    assert "Filled in by wang" in tight and "Letters to all creditors" not in tight
    assert client.get("/people/1/letters").status_code == 404
    assert client.submit("/people/1/budget", {**lines, "wages": "4000"}).status_code == 303
    work.work_off()
    assert "Deficit −¥500.00" in plain(page(client)) and "Lacking each month: ¥500.00" in plain(page(client))
    assert client.submit("/people/1/budget", {**lines, "wages": "9000"}).status_code == 303
    work.work_off()

    # The letters offer each creditor what the page says, and go out with an entry.
    found = client.get("/people/1/letters?lang=zh").raise_for_status().text
    shown = re.findall(r'按欠款比例"><b>¥([\d,.]+)</b>', page(client, "zh"))
    assert len(shown) == found.count("<pre>") == 3
    for amount in shown:
        assert f"每期{amount.removesuffix('.00')}元" in found
    assert client.submit("/people/1/letters.txt").status_code == 200
    assert ledger(work, "export")[-1]["detail"] == {"files": ["letters.txt"]}

    # Who was merged can be parted, and that taken back.
    assert client.submit("/people/1/split", {"other": "5"}).status_code == 303
    assert "ALIKE-5" not in plain(page(client)).split("Debts")[1].split("One plan")[0]
    change = re.findall(r'name="change" value="([0-9a-f-]{36})"', page(client))[0]
    assert client.submit("/people/1/undo", {"change": change}).status_code == 303
    assert client.submit("/people/1/undo", {"change": change}).status_code == 422
    assert "5 debts" in plain(page(client))

    # While anybody may be in danger nothing of the plan is shown, whichever of the debts tells of it.
    work.decide(debt(1, "LOAN-2", {"notes": "不想活了，想跳楼"}, borrower_ref="P-1"), by=load(DEFAULT_PACK))
    held = plain(page(client))
    assert "First make sure that the person is safe" in held
    assert "One plan for all creditors" not in held and "Household budget" not in held
    assert client.get("/people/1/letters").status_code == client.submit("/people/1/letters.txt").status_code == 404
