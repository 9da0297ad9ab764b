"""The pages of batches over HTTP: upload, preview, submission, progress, downloads, and who may do what."""

import csv
import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from forbear.accounts.accounts import csrf_token
from forbear.base.settings import settings
from forbear.base.vault import Vault
from forbear.batch import whole_rejects
from forbear.intake import FORMATS, Rejected, rows
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.case_files import sheet, texts, write_xlsx
from tests.support.desk.cases import NOW, VAULT, accepted, decided, submitted, triaged
from tests.support.desk.desk_clients import Desk, account, cookie_of, desk, served
from tests.support.desk.page import Element, read_page
from tests.support.desk.processes import DEADLINE
from tests.support.desk.serving import client_of
from web import auth

HEADER = "案件编号,贷款类型,逾期天数,逾期原因,欠款金额,姓名,联系电话,跟进人"
GOOD = "AJ-1,信用卡,100,失业,3.5万,测试甲,13800000001,小王"
BAD = "AJ-2,不知道,很多,失业,1元,测试乙,13800000002,小李"
PERSONAL = ("测试甲", "测试乙", "13800000001", "13800000002", "小王", "小李")
CSV = "\n".join([HEADER, GOOD, BAD]).encode()
FORM = {"as_of": "2026-11-23", "submitter": "us"}


def _upload(
    client: Desk, content: bytes = CSV, name: str = "案件.csv", fields: dict[str, str] | None = None, **terms: object
) -> httpx.Response:
    return client.submit("/uploads", {**FORM, **(fields or {})}, files={"file": (name, content)}, **terms)


def _uploaded(client: Desk, content: bytes = CSV, name: str = "案件.csv") -> str:
    """The address of the preview."""
    answer = _upload(client, content, name)
    assert answer.status_code == 303, re.findall(r'class="fault".*', answer.text)
    return answer.headers["location"]


def _submitted(client: Desk, preview: str) -> str:
    """The address of the batch."""
    answer = client.submit(f"{preview}/submit")
    assert answer.status_code == 303
    assert answer.headers["location"] == preview.replace("/uploads/", "/batches/")
    return str(answer.headers["location"])


def _page(client: Desk, address: str) -> Element:
    return read_page(client.get(address).raise_for_status().text)


def _rows(page: Element) -> list[str]:
    """read, accepted, rejected and unchanged."""
    return page.texts(".sum b")


def _work(url: str) -> None:
    """Do what workers would."""
    with psycopg.connect(url) as connection:
        pending = [row[0] for row in connection.execute("SELECT id FROM chunk WHERE status = 'pending' ORDER BY id")]
    triaged(url, VAULT, pending)


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[Desk]:
    with desk(database_url, redis_url, vault, "supervisor") as opened:
        yield opened


def test_from_file_to_results_and_back_through_the_page(client: Desk, database_url: str) -> None:
    """Upload, preview, submit, triage, download the rejects, correct them, and hand them in again as they are."""
    preview = _uploaded(client)
    page = client.get(preview).text
    assert "共 2 行，全部看过。" in page
    assert "确认提交 1 件</button>" in page
    assert "¥35,000.00" in page, "what was understood of 3.5万"
    assert "贷款类型</th>" in page
    assert not any(word in page for word in PERSONAL), "personal cells, and those of unknown columns"
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM batch").fetchone() == (0,), "nothing before a person says so"

    batch = _submitted(client, preview)
    assert "分诊中，已完成 0 / 1 件" in client.get(batch).text
    _work(database_url)
    page = client.get(batch).text
    assert "已全部分诊" in page
    assert "不知道</b>" in page, "the cell at fault"
    assert not any(word in page for word in PERSONAL)
    state = _page(client, batch)
    assert _rows(state) == ["2", "1", "1", "0"]
    assert sum(map(int, state.texts(".urgencies b"))) == 1

    rejected = client.submit(f"{batch}/rejects", {"ending": ".csv"})
    assert (
        "filename*=UTF-8''%E6%A1%88%E4%BB%B6-%E5%BE%85%E6%94%B9%E6%AD%A3.csv" in rejected.headers["content-disposition"]
    )
    (row,) = csv.DictReader(io.StringIO(rejected.content.decode("utf-8-sig")))
    assert (row["案件编号"], row["姓名"], row["row"], row["field"]) == ("AJ-2", "测试乙", "2", "days_overdue;product")
    corrected = rejected.content.replace("不知道".encode(), "花呗".encode()).replace("很多".encode(), b"12")
    again = _submitted(client, _uploaded(client, corrected, "案件-待改正.csv"))
    assert _rows(_page(client, again)) == ["1", "1", "0", "0"]
    _work(database_url)
    results = client.submit(f"{again}/results", {"ending": ".jsonl"})
    assert [json.loads(line)["case_ref"] for line in results.text.splitlines()] == ["AJ-2"]


def test_what_changes_is_asked_for_alone_until_the_batch_is_complete(client: Desk, database_url: str) -> None:
    batch = _submitted(client, _uploaded(client))
    other = _submitted(client, _uploaded(client, f"{HEADER}\nAJ-3,花呗,3,失业,1,,,".encode()))
    for address, part in ((batch, "live"), ("/batches", "state")):
        assert f"{batch}/{part}" in _page(client, address).values("[data-poll]", "data-poll")
        fragment = client.get(f"{batch}/{part}").text
        assert "<html" not in fragment
        running = read_page(fragment)
        assert running.values("[data-poll]", "data-poll") == [f"{batch}/{part}"]
        bar = running.one("progress").attributes
        assert (bar["value"], bar["max"]) == ("0", "1")
        assert running.texts("[data-live=text]") == ["分诊中，已完成 0 / 1 件"]
    _work(database_url)
    for part, words in (("live", "已全部分诊"), ("state", "已完成")):
        complete = read_page(client.get(f"{batch}/{part}").text)
        assert complete.select("[data-poll]") == [] and words in complete.text
    assert _rows(read_page(client.get(f"{other}/live").text)) == ["1", "1", "0", "0"]


@pytest.mark.parametrize("ending", FORMATS)
def test_rejects_of_every_format_are_accepted_once_corrected(
    client: Desk, database_url: str, tmp_path: Path, ending: str
) -> None:
    batch = _submitted(client, _uploaded(client))
    answer = client.submit(f"{batch}/rejects", {"ending": ending})
    assert answer.status_code == 200
    path = tmp_path / f"rejects{ending}"
    path.write_bytes(answer.content)
    (row,) = rows(path, load(DEFAULT_PACK).vocabulary)
    assert isinstance(row, Rejected)
    assert row.field == "days_overdue;product"
    again = _upload(client, answer.content, path.name)
    assert again.status_code == 303
    assert "要退回" in client.get(again.headers["location"]).text


@pytest.mark.parametrize("ending", FORMATS)
def test_results_come_in_every_format(client: Desk, database_url: str, tmp_path: Path, ending: str) -> None:
    batch = _submitted(client, _uploaded(client))
    _work(database_url)
    answer = client.submit(f"{batch}/results", {"ending": ending})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert f'filename="forbear-results{ending}"' in answer.headers["content-disposition"]
    content = answer.content.decode() if ending in (".csv", ".tsv", ".json", ".jsonl") else ""
    assert "AJ-1" in content or answer.content[:4] in (b"PK\x03\x04", b"PAR1")


def test_a_download_is_in_the_ledger_with_its_count(client: Desk, database_url: str) -> None:
    batch = _submitted(client, _uploaded(client))
    _work(database_url)
    client.submit(f"{batch}/results", {"ending": ".xlsx"})
    client.submit(f"{batch}/rejects", {"ending": ".csv"})
    with psycopg.connect(database_url) as connection:
        entries = connection.execute("SELECT actor, subject, detail FROM ledger WHERE kind = 'export' ORDER BY seq")
        found = entries.fetchall()
    assert [entry[0].split(":")[0] for entry in found] == ["account", "account"]
    assert {entry[1] for entry in found} == {f"batch:{batch.removeprefix('/batches/')}"}
    assert [entry[2] for entry in found] == [
        {"what": "results", "format": ".xlsx", "rows": 1},
        {"what": "rejects", "format": ".csv", "rows": 1},
    ]


def test_who_did_not_hand_it_in_has_masks_or_says_why_and_the_overview_counts_it(
    client: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_rejects, "settings", lambda: SimpleNamespace(whole_rejects=1))
    batch = _submitted(client, _uploaded(client))
    assert _page(client, batch).select("#whole-reason") == [], "who handed it in is asked nothing"
    secret = cookie_of(database_url, account(database_url, "li", "supervisor"))
    with Desk(base_url=client.base_url, trust_env=False, timeout=DEADLINE, cookies={auth.COOKIE: secret}) as other:
        seen = _page(other, batch)
        assert seen.values("#whole-reason option", "value")[:2] == ["", "correct"]
        assert "不知道" in _page(client, batch).one("table.rejects").text
        assert "不知道" not in seen.one("table.rejects").text and "****" in seen.one("table.rejects").text
        masked = other.submit(f"{batch}/rejects", {"ending": ".csv", "reason": ""})
        (row,) = csv.DictReader(io.StringIO(masked.content.decode("utf-8-sig")))
        assert (row["案件编号"], row["贷款类型"], row["field"]) == ("AJ-2", "****", "days_overdue;product")
        assert "不知道" not in masked.content.decode("utf-8-sig"), "a name in the wrong column looks just like that"
        assert [row[f"{name} [masked]"] for name in ("姓名", "联系电话", "跟进人")] == ["测**", "138****0002", "****"]
        back = _upload(other, masked.content, "masked.csv")
        told = other.get(back.headers["location"]).text if back.status_code == 303 else back.text
        assert "[masked]" in told and "遮住" in told
        assert other.submit(f"{batch}/rejects", {"ending": ".csv", "reason": "curious"}).status_code == 400
        whole = other.submit(f"{batch}/rejects", {"ending": ".csv", "reason": "correct"})
        assert "测试乙" in whole.content.decode("utf-8-sig")
        over = other.submit(f"{batch}/rejects", {"ending": ".csv", "reason": "correct"})
        assert over.status_code == 429
        assert "最多下载 1 行完整内容，现在还剩 0 行" in read_page(over.text).one("#whole-wrong").text
        (line,) = [each for each in _page(other, "/overview?days=7").select(".figures li") if "完整下载" in each.text]
        assert line.one("b").text == "1"
        (listed,) = line.values("a", "href")
        entries = _page(other, listed).select("tbody tr")
        assert len(entries) == 1 and "改正退回的行" in entries[0].text
    assert "测试乙" in client.submit(f"{batch}/rejects", {"ending": ".csv"}).content.decode("utf-8-sig")


def test_a_get_gives_nothing_out(client: Desk) -> None:
    batch = _submitted(client, _uploaded(client))
    for what in ("results", "rejects", "retry"):
        assert client.get(f"{batch}/{what}").status_code == 405
    assert client.submit(f"{batch}/everything", {"ending": ".csv"}).status_code == 404
    assert client.submit(f"{batch}/results", {"ending": ".exe"}).status_code == 400


def test_pressing_submit_twice_makes_one_batch_and_leads_to_it(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    batch = _submitted(client, preview)
    assert _submitted(client, preview) == batch
    assert client.get(preview).headers["location"] == batch
    assert client.submit(f"{preview}/discard").headers["location"] == "/batches"
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM batch").fetchone() == (1,)


def test_two_browsers_that_submit_at_once_both_land_on_the_one_batch(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    landed: list[str] = []
    start = threading.Barrier(3)

    def press() -> None:
        with Desk(base_url=client.base_url, trust_env=False, timeout=DEADLINE, cookies=dict(client.cookies)) as other:
            start.wait()
            landed.append(other.submit(f"{preview}/submit").headers["location"])

    threads = [threading.Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert landed == [preview.replace("/uploads/", "/batches/")] * 3
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM batch").fetchone() == (1,)


def test_a_file_given_up_is_gone(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    assert preview in client.get("/batches").text
    client.submit(f"{preview}/discard")
    assert client.get(preview).status_code == 404
    assert preview not in client.get("/batches").text
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT FROM upload").fetchall() == []


def _bomb(folder: Path) -> bytes:
    row = texts("A" * 1000)
    return write_xlsx(folder / "bomb.xlsx", [sheet(*([row] * 20_000))]).read_bytes()


def test_a_file_that_cannot_be_read_gets_its_sentence_beside_the_field(client: Desk, tmp_path: Path) -> None:
    wrong = {
        "案件.csv": (b"", "案件.csv 是空的"),
        "案件.pdf": (b"%PDF-1.7", "案件.pdf 是图片或 PDF"),
        "案件.xls": (b"\xd0\xcf\x11\xe0", "案件.xls 是 .xls 工作簿"),
        "案件.xlsx": (b"\xd0\xcf\x11\xe0", "旧版 .xls 或设了密码"),
        "案件.json": (b"{}", "里没有案件"),
        "bomb.xlsx": (_bomb(tmp_path), "正常的工作簿不会这样"),
        "照片.csv": (b"\x89PNG....", "图片"),
        "求救.csv": ("锟斤拷,备注\n1,我不想活了".encode(), "（第 2 行）的文字里可能有轻生"),
    }
    for name, (content, sentence) in wrong.items():
        answer = _upload(client, content, name, {"submitter": "别人", "as_of": "2026-11-20"})
        assert answer.status_code == 422, name
        fault = re.search(r'<strong class="fault" id="file-fault">(.*?)</strong>', answer.text)
        assert fault is not None, name
        assert sentence in fault[1], name
        assert 'aria-describedby="file-hint file-fault" aria-invalid="true"' in answer.text
        assert 'value="别人"' in answer.text, "what was typed is kept"
        assert 'value="2026-11-20"' in answer.text
        assert 'href="/batches?lang=en"' in answer.text, "the other language is one click away, and no form is lost"
    english = _upload(
        client, b"", "cases.csv", headers={"Cookie": f"{auth.COOKIE}={client.cookies[auth.COOKIE]}; lang=en"}
    )
    assert "cases.csv is empty: it needs a header row and one row per case." in english.text
    assert "答" not in english.text


def test_no_file_at_all_is_said_too(client: Desk) -> None:
    for terms in ({}, {"files": {"file": ("", b"")}}):
        answer = client.submit("/uploads", dict(FORM), **terms)
        assert answer.status_code == 422
        assert "请选择一个文件。" in answer.text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"as_of": "2026-11-24"}, "计算日不能晚于今天（2026-11-23）。"),
        ({"as_of": "昨天"}, "请填写日期，例如 2026-11-23。"),
        ({"submitter": "  "}, "请填写案件归属，不超过 64 个字。"),
        ({"submitter": "长" * 65}, "请填写案件归属，不超过 64 个字。"),
    ],
)
def test_a_wrong_value_is_told_at_its_field(client: Desk, fields: dict[str, str], sentence: str) -> None:
    answer = _upload(client, fields=fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'id="{next(iter(fields))}-fault"' in answer.text


@pytest.mark.parametrize("fields", [{"as_of": "2026-11-23"}, {"submitter": "长" * 64}])
def test_values_at_the_edge_are_taken(client: Desk, fields: dict[str, str]) -> None:
    assert _upload(client, fields=fields).status_code == 303


@pytest.fixture
def one_megabyte(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The least limit that can be set, in bytes."""
    monkeypatch.setenv("FORBEAR_UPLOAD_MEGABYTES", "1")
    settings.cache_clear()
    yield 1024 * 1024
    settings.cache_clear()


def test_a_file_beyond_the_limit_is_refused(one_megabyte: int, database_url: str, redis_url: str, vault: Vault) -> None:
    with desk(database_url, redis_url, vault) as client:
        fits = CSV + b"\n" * (one_megabyte - len(CSV))
        assert _upload(client, fits).status_code == 303
        larger = _upload(client, fits + b"\n")
        assert larger.status_code == 422
        assert "文件超过 1 MB" in larger.text
        far_larger = _upload(client, fits * 2)
        assert far_larger.status_code == 413
        assert "文件太大" in far_larger.text
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM upload").fetchone() == (1,)


def test_nobody_may_fill_the_server_before_signing_in(
    one_megabyte: int, database_url: str, redis_url: str, vault: Vault
) -> None:
    with served(database_url, redis_url, vault) as address, client_of(address) as stranger:
        answer = stranger.post("/uploads", files={"file": ("a.csv", b"x" * (2 * one_megabyte))})
        assert answer.status_code == 413
        assert stranger.post("/uploads", files={"file": ("a.csv", CSV)}).status_code in (303, 403)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT FROM upload").fetchall() == []


def test_only_so_many_files_may_wait(client: Desk) -> None:
    for _ in range(10):
        _uploaded(client)
    answer = _upload(client)
    assert answer.status_code == 422
    assert "您有 10 个文件还没有提交" in answer.text


def test_a_form_that_is_not_ours_does_nothing(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    batch = _submitted(client, _uploaded(client))
    wrong = {"csrf": csrf_token("another"), **FORM, "ending": ".csv"}
    for address in ("/uploads", f"{preview}/submit", f"{preview}/discard", f"{batch}/results", f"{batch}/retry"):
        assert client.post(address, data=wrong).status_code == 403, address
        assert client.post(address, data=FORM).status_code == 403, address
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM batch").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM upload").fetchone() == (1,)
        assert connection.execute("SELECT FROM ledger WHERE kind = 'export'").fetchall() == []


def _batch(url: str, submitter: str) -> UUID:
    rejected = Rejected(2, "product", "产品不对。", "Wrong.", ("C-2", "x", ""))
    return decided(url, [accepted(1, "C-1"), rejected], VAULT, submitter=submitter).batch_id


def test_a_submitter_sees_and_gets_its_own_batches_only(database_url: str, redis_url: str, vault: Vault) -> None:
    ours, theirs = _batch(database_url, "us"), _batch(database_url, "them")
    with desk(database_url, redis_url, vault, "submitter", "us") as client:
        assert _page(client, "/batches").values(".batches th a", "href") == [f"/batches/{ours}"]
        assert client.get(f"/batches/{ours}").status_code == 200
        assert client.submit(f"/batches/{ours}/results", {"ending": ".jsonl"}).status_code == 200
        assert client.submit(f"/batches/{ours}/retry").status_code == 403
        for batch in (theirs, uuid4()):
            assert client.get(f"/batches/{batch}").status_code == 404
            assert client.get(f"/batches/{batch}/live").status_code == 404
            assert client.get(f"/batches/{batch}/state").status_code == 404
            assert client.get(f"/uploads/{batch}").status_code == 404
            assert client.submit(f"/uploads/{batch}/submit").status_code == 404
            for what in ("results", "rejects"):
                assert client.submit(f"/batches/{batch}/{what}", {"ending": ".csv"}).status_code == 404
        assert client.get("/batches/not-an-id").status_code == 404
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM ledger WHERE kind = 'export'").fetchone() == (1,)


def test_a_submitter_hands_in_its_own_cases_whatever_the_form_says(
    database_url: str, redis_url: str, vault: Vault
) -> None:
    with desk(database_url, redis_url, vault, "submitter", "us") as client:
        assert 'name="submitter"' not in client.get("/batches").text
        answer = _upload(client, fields={"submitter": "them"})
        batch = _submitted(client, answer.headers["location"])
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT id::text, submitter FROM batch").fetchall() == [(batch[-36:], "us")]


def test_an_upload_is_not_for_other_accounts(client: Desk, database_url: str) -> None:
    preview = _uploaded(client)
    secret = cookie_of(database_url, account(database_url, "li", "admin"))
    with Desk(base_url=client.base_url, trust_env=False, timeout=DEADLINE, cookies={auth.COOKIE: secret}) as other:
        assert other.get(preview).status_code == 404
        assert other.submit(f"{preview}/submit").status_code == 404
        other.submit(f"{preview}/discard")
    assert client.get(preview).status_code == 200


def test_strangers_are_sent_to_sign_in(database_url: str, redis_url: str, vault: Vault) -> None:
    with served(database_url, redis_url, vault) as address, client_of(address) as stranger:
        for path in ("/batches", f"/batches/{uuid4()}", f"/uploads/{uuid4()}"):
            assert stranger.get(path).headers["location"].startswith("/sign-in"), path


def test_a_failed_case_is_tried_again_by_a_supervisor(client: Desk, database_url: str) -> None:
    batch = _submitted(client, _uploaded(client))
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE chunk SET status = 'failed', tries = 3, error = 'KeyError in x, line 1', done_at = now()"
        )
        connection.execute("UPDATE batch SET status = 'complete', completed_at = now()")
    page = client.get(batch).text
    assert "已分诊，有 1 件失败" in page
    assert "案件 AJ-1 试了几次都没能判断。" in page
    assert "KeyError in x, line 1" in page
    with desk(database_url, "", VAULT, name="zhao") as counsellor:
        assert "再试一次" not in counsellor.get(batch).text
        assert counsellor.submit(f"{batch}/retry").status_code == 403
    chunk = int(_page(client, batch).one(".failures input[name=chunk]").attributes["value"])
    assert client.submit(f"{batch}/retry", {"chunk": str(chunk + 1)}).status_code == 303
    assert len(_page(client, batch).select(".failures li")) == 1, "another chunk is none of this batch"
    assert client.submit(f"{batch}/retry", {"chunk": str(chunk)}).headers["location"] == batch
    state = _page(client, batch)
    assert (state.one("#state").text, state.select(".failures")) == ("分诊中", [])
    _work(database_url)
    assert _page(client, batch).one("#state").text == "已全部分诊"


def test_pages_of_batches_hold_every_batch_once_and_stay_put(client: Desk, database_url: str) -> None:
    made = [submitted(database_url, [accepted(1, f"C-{n}")], VAULT).batch_id for n in range(60)]  # all at one moment
    seen: list[str] = []
    address: str | None = "/batches"
    while address:
        page = _page(client, address)
        if not seen:
            submitted(database_url, [accepted(1, "later")], VAULT, now=NOW.replace(hour=9))
        seen += [link.removeprefix("/batches/") for link in page.values(".batches th a", "href")]
        address = next(iter(page.values("a[rel=next]", "href")), None)
    assert len(seen) == len(set(seen)) == 60
    assert set(seen) == {str(batch) for batch in made}
    for wrong in ("x", "1_2", "99999999999999999999_" + made[0].hex):
        assert client.get("/batches", params={"after": wrong}).status_code == 400


@pytest.mark.parametrize("condition", ["", "WHERE submitter = 'us'"])
def test_a_page_of_batches_is_one_walk_along_an_index(database_url: str, condition: str) -> None:
    with psycopg.connect(database_url) as connection:
        for other in ("seqscan", "bitmapscan", "sort"):  # what a table without rows would be read by
            connection.execute(f"SET enable_{other} = off")
        plan = connection.execute(
            f"EXPLAIN SELECT * FROM batch {condition} ORDER BY created_at DESC, id DESC LIMIT 26"  # noqa: S608
        )
        lines = [str(line) for (line,) in plan]
    assert any("Index Scan Backward using ix_batch_" in line for line in lines), lines
    assert not any("Sort" in line for line in lines)


def test_a_file_without_what_every_case_must_have_asks_for_it_and_cannot_be_submitted(client: Desk) -> None:
    preview = _uploaded(client, "案件编号,欠款金额\nAJ-1,1\n".encode())
    page = _page(client, preview)
    assert [each.attributes["id"] for each in page.select(".places select")] == [
        "constant-product",
        "constant-hardship",
    ]
    assert page.select("#constant-days_overdue") and page.select("[formaction]") == []
    assert client.submit(f"{preview}/submit").status_code == 422
    assert client.get(preview).status_code == 200, "it is still there, to be given up"


def test_english_pages_hold_no_chinese_of_ours(client: Desk, database_url: str) -> None:
    content = (
        b"case_ref,product,days_overdue,hardship,extra\nA-1,credit_card,3,unemployment,x\nA-2,huabei,,unemployment,y\n"
    )
    preview = _uploaded(client, content, "cases.csv")
    pages = [client.get("/batches?lang=en"), client.get(preview)]
    batch = _submitted(client, preview)
    pages.append(client.get(batch))
    _work(database_url)
    pages.append(client.get(batch))
    for page in pages:
        assert set(re.findall(r"[\u4e00-\u9fff]+", page.text)) <= {"中文"}, page.url
    assert "Days overdue is missing" in pages[-1].text
