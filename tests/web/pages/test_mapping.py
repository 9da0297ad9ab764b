"""The preview as a mapping: what is asked, what is kept, and that nothing is submitted that nobody has seen or said."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import openpyxl
import psycopg
import pytest
from starlette.datastructures import FormData

from forbear.base.vault import Vault
from forbear.intake import ColumnUse, Mapping
from tests.support.desk.desk_clients import Desk, account, cookie_of, desk, holding
from tests.support.desk.page import Element, read_page
from web.views.mapping_form import Shown

HEADER = ["个案序列号", "贷款品种", "逾期天数", "欠款余额（万元）", "备注1", "栏目甲", "跟进人"]
ROWS = [
    ["A-1", "蚂蚁花呗", 100, 12, "打不通", "说不想活了，家里人都还不知道。", "小王"],
    ["A-2", "月月分期", 45, 3.5, "", "承诺月底还，工资要到二十五号。", "小李"],
]


def book(*, sheets: int = 1, header: list[str] | None = None) -> bytes:
    """A workbook as people have them: instructions first, a title, a unit in a header, words of their own."""
    made = openpyxl.Workbook()
    about = made.active
    about.title = "填写说明"
    about.append(["请按模板填写"])
    for number in range(sheets):
        sheet = made.create_sheet(f"数据{number + 1}")
        sheet.append(["委案明细表"])
        for row in (header or HEADER, *ROWS):
            sheet.append(row)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def _uploaded(client: Desk, content: bytes | None = None, name: str = "委案.xlsx") -> str:
    fields = {"as_of": "2026-11-23", "submitter": "us"}
    answer = client.submit("/uploads", fields, files={"file": (name, content or book())})
    assert answer.status_code == 303, re.findall(r'class="fault".*', answer.text)
    return str(answer.headers["location"])


def _page(client: Desk, address: str) -> Element:
    return read_page(client.get(address).raise_for_status().text)


def _fields(page: Element) -> dict[str, object]:
    """What a browser would send of the form as it stands."""
    form = page.one("form#mapping")
    fields: dict[str, object] = {
        each.attributes["name"]: each.attributes.get("value", "") for each in form.select("input")
    }
    del fields["csrf"]
    fields.pop("sure", None)
    for each in form.select("select"):
        chosen = [option for option in each.select("option") if "selected" in option.attributes]
        fields[each.attributes["name"]] = (chosen or each.select("option"))[0].attributes["value"]
    return fields


def _at(page: Element, header: str) -> str:
    """The place of a column."""
    (found,) = [
        each for each in page.select("form#mapping th[scope=row]") if each.text == header and "id" in each.attributes
    ]
    return found.attributes["id"].removeprefix("column-")


def _asked(page: Element) -> list[str]:
    """The columns that have to be confirmed."""
    places = page.values("input[name=sure]", "value")
    return [page.one(f"#column-{place}").text for place in places]


def _send(client: Desk, preview: str, what: str, page: Element, **changes: object) -> httpx.Response:
    named = {key.replace("__", "."): value for key, value in changes.items()}
    fields: Any = {**_fields(page), **named}  # a field may have several values
    return client.submit(f"{preview}/{what}", fields)


def _settled(client: Desk, preview: str) -> Element:
    """Everything chosen that the file leaves open but the columns to be confirmed."""
    page = _page(client, preview)
    changes = {
        f"fact__{_at(page, '个案序列号')}": "case_ref",
        f"fact__{_at(page, '贷款品种')}": "product",
        "constant__hardship": "none_stated",
    }
    assert _send(client, preview, "mapping", page, **changes).headers["location"] == preview
    return _page(client, preview)


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[Desk]:
    with desk(database_url, redis_url, vault) as opened:
        yield opened


def test_what_a_file_leaves_open_is_asked_and_what_was_recognised_is_shown_as_it_will_be_stored(client: Desk) -> None:
    page = _page(client, _uploaded(client))
    assert page.one("#sheet").text.split() == ["填写说明", "数据1"] or "数据1" in page.text
    assert page.one("#header_row").attributes["value"] == "2"
    balance = _at(page, "欠款余额（万元）")
    (row,) = [row for row in page.select("tr") if row.select(f"#column-{balance}")]
    assert "¥120,000.00" in row.text and "¥35,000.00" in row.text
    days = _at(page, "逾期天数")
    (row,) = [row for row in page.select("tr") if row.select(f"#column-{days}")]
    assert "100 天" in row.text and "45 天" in row.text
    assert page.one("#constant-hardship").attributes["name"] == "constant.hardship"
    assert page.select("form#mapping button[formaction]") == [], "what is missing has to be said first"
    assert "填写说明" in page.one("#notices").text or "填写说明" in page.text
    assert "不想活了" not in page.text and "小王" not in page.text


def test_persons_and_debts_in_two_sheets_are_read_together_where_that_is_said(client: Desk, database_url: str) -> None:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in (
        ("客户", [["客户号", "姓名", "困难原因"], ["1", "甲", "失业"], ["2", "乙", "疾病"]]),
        (
            "债务",
            [
                ["客户号", "案件编号", "产品", "逾期天数"],
                ["1", "D1", "花呗", 9],
                ["1", "D2", "借呗", 5],
                ["2", "D3", "花呗", 1],
            ],
        ),
    ):
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    held = io.BytesIO()
    made.save(held)
    preview = _uploaded(client, held.getvalue())
    page = _page(client, preview)
    assert "“债务”里的每笔欠款，都能按“客户号”在“客户”里找到人" in page.text
    offered = {name: page.one(f"input[name={name}][type=hidden]").attributes["value"] for name in ("persons", "key")}
    assert client.submit(f"{preview}/mapping", {"sheet": "债务", **offered}).headers["location"] == preview
    page = _page(client, preview)
    assert "人员取自“客户”，按“客户号”对应" in page.text
    asked = {"sure": page.values("input[name=sure]", "value")}
    answer = _send(client, preview, "submit", page, **asked)
    assert answer.headers["location"].startswith("/batches/"), answer.text
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT rows_read, accepted FROM batch").fetchall() == [(3, 3)]


def test_a_choice_is_read_again_kept_and_undone(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    page = _settled(client, preview)
    assert page.select("#constants") and "花呗" in page.text
    assert page.one(f"#fact-{_at(page, '贷款品种')} option[selected]").attributes["value"] == "product"
    words = page.select("ul.words li")
    assert [word.one("b").text for word in words] == ["月月分期"]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM batch").fetchone() == (0,)
        (sealed,) = connection.execute("SELECT mapping FROM upload").fetchone() or (b"",)
    assert "case_ref" not in bytes(sealed).decode("latin-1")
    assert client.submit(f"{preview}/anew").headers["location"] == preview
    assert _page(client, preview).select("#constant-hardship")


def test_nothing_is_submitted_while_a_guess_is_not_confirmed(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    page = _settled(client, preview)
    asked = _asked(page)
    assert asked, "the file was made with a column whose header is no name of a fact"
    refused = _send(client, preview, "submit", page)
    assert refused.status_code == 422
    marked = read_page(refused.text)
    assert len(marked.select("input[aria-invalid=true]")) == len(asked)
    assert client.submit(f"{preview}/submit").status_code == 422, "nor without the form"
    places = [_at(page, header) for header in asked]
    done = _send(client, preview, "submit", page, sure=places)
    assert done.headers["location"] == preview.replace("uploads", "batches")
    batch = _page(client, done.headers["location"])
    assert batch.texts(".sum b") == ["2", "1", "1", "0"]
    assert "未说明" in batch.one("#read-as").text or "未说明" in batch.text, "what all rows say is told"


def test_what_was_changed_is_shown_before_it_is_submitted(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    page = _settled(client, preview)
    places = [_at(page, header) for header in _asked(page)]
    key = page.values("ul.words select", "name")[0]
    answer = _send(client, preview, "submit", page, sure=places, **{key.replace(".", "__"): "pay_later"})
    assert answer.headers["location"] == f"{preview}?changed=1"
    seen = _page(client, answer.headers["location"])
    assert "已按您的选择重新读取" in seen.text
    assert seen.texts(".verdicts .sum b") == ["2", "0"]
    assert _asked(seen) == []
    done = _send(client, preview, "submit", seen)
    assert _page(client, done.headers["location"]).texts(".sum b") == ["2", "2", "0", "0"]


def test_two_columns_of_one_fact_are_refused_and_the_choice_stands(client: Desk) -> None:
    preview = _uploaded(client)
    page = _page(client, preview)
    twice = {f"fact__{_at(page, header)}": "case_ref" for header in ("个案序列号", "跟进人")}
    refused = _send(client, preview, "mapping", page, **twice)
    assert refused.status_code == 422
    again = read_page(refused.text)
    for header in ("个案序列号", "跟进人"):
        assert again.one(f"#fact-{_at(again, header)} option[selected]").attributes["value"] == "case_ref"
    assert any("case_ref" in each.text or "案件编号" in each.text for each in again.select(".alarm"))


def test_the_same_headers_are_read_as_confirmed_until_that_is_undone(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    page = _settled(client, preview)
    _send(client, preview, "submit", page, sure=[_at(page, header) for header in _asked(page)])
    second = _uploaded(client)
    page = _page(client, second)
    assert _asked(page) == [] and "委案.xlsx" in page.one(".kept").text and "2026-11-23" in page.one(".kept").text
    assert page.one("#constant-hardship").select("option[selected]")[0].attributes["value"] == "none_stated"
    # What is taken out of a remembered mapping stays out.
    taken_out = _send(client, second, "mapping", page, constant__hardship="")
    assert taken_out.status_code == 303
    assert client.submit(f"{second}/submit").status_code == 422
    client.submit(f"{second}/anew")
    undo = page.one(".kept form").attributes["action"]
    assert client.submit(undo, {"upload": second.removeprefix("/uploads/")}).headers["location"] == second
    assert _page(client, second).select(".kept") == []
    with psycopg.connect(database_url) as connection:
        kinds = [kind for (kind,) in connection.execute("SELECT kind FROM ledger ORDER BY seq")]
    assert "mapping_confirmed" in kinds and "mapping_forgotten" in kinds


def test_a_submitter_undoes_its_own_memory_only(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    page = _settled(client, preview)
    _send(client, preview, "submit", page, sure=[_at(page, header) for header in _asked(page)])
    (undo,) = _page(client, "/batches").values(".remembered form", "action")
    secret = cookie_of(database_url, account(database_url, "anxin", "submitter", "them"))
    with holding(str(client.base_url), secret) as other:
        assert _page(other, "/batches").select(".remembered") == []
        assert other.submit(undo).status_code == 404
    assert client.submit("/mappings/0/forget").status_code == 404
    assert client.submit(undo).headers["location"] == "/batches"
    assert _page(client, "/batches").select(".remembered") == []


def test_of_several_tables_one_is_chosen_first(client: Desk) -> None:
    preview = _uploaded(client, book(sheets=2))
    page = _page(client, preview)
    assert page.values("input[name=sheet]", "value") == ["数据1", "数据2"]
    told = page.one(".banner.alarm").text  # before anybody has said which sheet is meant
    assert "【先联系本人】" in told and "工作表“数据1”第 3 行" in told and "说不想活了" not in told
    assert client.submit(f"{preview}/submit").status_code == 422
    assert client.submit(f"{preview}/mapping", {"sheet": "没有这张"}).status_code == 422
    assert client.submit(f"{preview}/mapping", {"sheet": "数据2"}).headers["location"] == preview
    page = _page(client, preview)
    assert page.one("#sheet option[selected]").attributes["value"] == "数据2"
    other = _send(client, preview, "mapping", page, sheet="数据1")
    assert _page(client, other.headers["location"]).one("#sheet option[selected]").attributes["value"] == "数据1"


def test_a_form_of_as_many_columns_as_a_file_may_have_is_taken(client: Desk) -> None:
    preview = _uploaded(client)
    given: Any = _fields(_page(client, preview))
    shown = Shown.of(FormData(given)).written()
    fields = {f"fact.{at}": "" for at in range(1_000)} | {f"unit.{at}": "" for at in range(1_000)}
    assert client.submit(f"{preview}/mapping", {"shown": shown, **fields}).status_code == 303


@pytest.mark.parametrize(
    "shown", ["", "{", "[]", '{"mapping": []}', '{"unsure": ["x"]}', json.dumps({"mapping": {"a": 1}})]
)
def test_a_form_that_was_tampered_with_is_no_failure(client: Desk, shown: str) -> None:
    preview = _uploaded(client)
    answer = client.submit(f"{preview}/submit", {"shown": shown, "fact.0": "no_such_fact", "debt.0": "x", "sure": "y"})
    assert answer.status_code == 422


def test_what_a_form_shows_is_read_back_as_it_was_written() -> None:
    columns = {"余额\n（万元）": ColumnUse(fact="balance", unit="万元")}
    shown = Shown(Mapping(sheet="数据", header_row=3, columns=columns), frozenset((2, 0)))
    assert Shown.of(FormData({"shown": shown.written()})) == shown


def test_danger_beside_the_rows_stands_above_everything(client: Desk) -> None:
    made = openpyxl.load_workbook(io.BytesIO(book()))
    made.create_sheet("沟通记录").append(["王五说今晚要跳楼"])
    held = io.BytesIO()
    made.save(held)
    page = _page(client, _uploaded(client, held.getvalue()))
    told = page.one(".banner.alarm").text
    assert "没有读取的工作表“沟通记录”" in told and "马上联系本人" in told
    assert "马上联系本人" not in page.one("section[aria-labelledby=notices]").text
