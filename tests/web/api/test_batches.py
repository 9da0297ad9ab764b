"""Batches over the API: any format, once however often it is sent, only one's own, results in any format."""

import datetime as dt
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from forbear.accounts import idempotency
from forbear.accounts.accounts import Scope
from forbear.base.settings import settings
from forbear.base.vault import Vault
from forbear.batch import whole_rejects
from forbear.batch.export import write_rejects
from forbear.intake import FORMATS, Rejected
from forbear.ops.embedded import redis_client
from models.database.session import session
from tests.support.desk.api import CASE, api, caller, token
from tests.support.desk.cases import NOW, accepted, decided, engine_of, triaged
from tests.support.desk.desk_clients import account
from web.middleware.security import WITHOUT_FILE

CSV = "case_ref,product,days_overdue,hardship\nC1,credit_card,100,unemployment\nC2,credit_card,-5,unemployment\n"


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with api(database_url, redis_url, vault) as opened:
        yield opened


def sent(client: httpx.Client, **terms: Any) -> httpx.Response:
    given = {"content": CSV, "headers": {"Content-Type": "text/csv"}} | terms
    return client.post("/batches", **given)


def batches(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM batch").fetchone()
    assert row is not None
    return int(row[0])


def decide_all(url: str, vault: Vault) -> None:
    with psycopg.connect(url) as connection:
        ids = [chunk for (chunk,) in connection.execute("SELECT id FROM chunk WHERE status = 'pending' ORDER BY id")]
    triaged(url, vault, ids)


def test_a_batch_is_answered_at_once_with_its_numbers_and_address(client: httpx.Client, redis_url: str) -> None:
    response = sent(client)
    batch = response.json()
    assert response.status_code == 202
    assert response.headers["Location"] == f"/api/v1/batches/{batch['id']}"
    assert (batch["rows_read"], batch["accepted"], batch["rejected"], batch["unchanged"]) == (2, 1, 1, 0)
    assert (batch["status"], batch["pending"], batch["submitter"], batch["as_of"]) == ("running", 1, "us", "2026-11-23")
    assert client.get(f"/batches/{batch['id']}").json() == batch
    with redis_client(redis_url) as broker:
        assert broker.llen("bulk") == 1


def test_the_day_to_decide_for_may_be_given(client: httpx.Client) -> None:
    assert sent(client, params={"as_of": "2026-10-01"}).json()["as_of"] == "2026-10-01"
    form = {"files": {"file": ("cases.csv", CSV)}, "data": {"as_of": "2026-10-02"}}
    assert client.post("/batches", **form).json()["as_of"] == "2026-10-02"  # type: ignore[arg-type]


@pytest.mark.parametrize("as_of", ["1999-12-31", "2026-11-24", "2099-01-01"])  # the clock stands at 2026-11-23
def test_a_day_out_of_range_is_refused(client: httpx.Client, database_url: str, as_of: str) -> None:
    """A decision for a day to come would stay a case's current one until then."""
    answers = [
        sent(client, params={"as_of": as_of}),
        client.post("/batches", files={"file": ("cases.csv", CSV)}, data={"as_of": as_of}),
        client.post("/cases", json=CASE, params={"as_of": as_of}),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert answer.json()["detail"] == "as_of is at least 2000-01-01 and not after today (2026-11-23)."
    assert batches(database_url) == 0


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_is_taken_as_a_file_of_a_form(client: httpx.Client, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"案件{ending}"
    write_rejects(path, list(CASE), [Rejected(1, "", "", "", tuple(map(str, CASE.values())))])
    response = client.post("/batches", files={"file": (path.name, path.read_bytes())})
    assert response.json().get("accepted") == 1, response.text


def test_a_list_of_cases_is_taken(client: httpx.Client) -> None:
    response = client.post("/batches", json=[CASE, CASE | {"case_ref": "C2"}])
    assert (response.status_code, response.json()["accepted"]) == (202, 2)


def test_a_file_may_be_the_body_with_its_name_in_the_address(client: httpx.Client) -> None:
    response = sent(client, params={"name": "案件.csv"}, headers={"Content-Type": "application/octet-stream"})
    assert response.status_code == 202


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/pdf"}])
def test_what_no_reader_is_known_for_is_refused(client: httpx.Client, headers: dict[str, str]) -> None:
    response = sent(client, headers=headers)
    assert (response.status_code, response.json()["type"]) == (415, "urn:forbear:problem:media_type")


def test_a_file_that_cannot_be_read_is_told_in_the_language_asked_for(client: httpx.Client) -> None:
    english = sent(client, content="")
    assert (english.status_code, english.json()["detail"]) == (
        422,
        "cases.csv is empty: it needs a header row and one row per case.",
    )
    headers = {"Content-Type": "text/csv", "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
    chinese = sent(client, content="", headers=headers)
    assert chinese.json()["detail"] == "cases.csv 是空的：需要一行表头，每件案件一行。"
    assert chinese.headers["Content-Language"] == "zh"
    assert "danger" not in chinese.json()


def test_danger_in_what_is_refused_whole_is_told_first_and_without_its_words(client: httpx.Client) -> None:
    cry = "我不想活了"
    table = f"case_ref,product,days_overdue,hardship,色\nC1,credit_card,9,unemployment,{cry}\n"
    twice = {"case_ref": "C1", "案件编号": "C1", "notes": cry}
    case = {"case_ref": "C1", "product": "credit_card", "days_overdue": 9, "hardship": "unemployment", "色": cry}
    answers = [
        sent(client, content=table.replace("hardship", "颜色", 1)),
        sent(client, content=table, params={"strict": True}),
        sent(client, content=table, params={"mapping": "{"}),
        client.post("/cases", json=twice),
        client.post("/cases?strict=true", json=case),
        client.post("/trials", json={"cases": [twice]}),
    ]
    for answer in answers:
        told = answer.json()
        assert (answer.status_code, told["danger"], cry in answer.text) == (422, True, False)
        assert told["detail"].startswith("[Call the person first]")
    assert ["(row 2)" in answer.json()["detail"] for answer in answers] == [True] * 3 + [False] * 3


def test_a_form_without_a_file_is_told(client: httpx.Client) -> None:
    response = client.post("/batches", files={"other": ("cases.csv", CSV)})
    assert (response.status_code, response.json()["type"]) == (422, "urn:forbear:problem:no_file")


def test_a_form_field_that_nobody_knows_is_refused(client: httpx.Client) -> None:
    response = client.post("/batches", files={"file": ("cases.csv", CSV)}, data={"as_off": "2026-10-01"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "as_off")


def test_a_body_beyond_the_limit_is_refused(client: httpx.Client, database_url: str) -> None:
    most = settings().upload_megabytes * 1024 * 1024
    big = "x" * (most + 1)
    assert sent(client, content=big).status_code == 413
    assert client.post("/batches", files={"file": ("cases.csv", big)}).status_code == 413
    json = {"Content-Type": "application/json", "Accept-Language": "en"}
    least = client.post("/cases", content="x" * (WITHOUT_FILE + 1), headers=json)
    assert (least.status_code, "at most 1 MB" in least.json()["detail"]) == (413, WITHOUT_FILE == 2**20)
    assert client.post("/cases", content="x" * WITHOUT_FILE, headers=json).status_code == 400
    assert batches(database_url) == 0


def test_the_same_key_and_content_is_the_same_batch(client: httpx.Client, database_url: str) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "night-7"}
    first, second = sent(client, headers=headers), sent(client, headers=headers)
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (202, first.json())
    assert first.headers["Location"] == second.headers["Location"]
    assert batches(database_url) == 1


def test_the_boundary_of_a_form_is_no_other_content(client: httpx.Client, database_url: str) -> None:
    for _ in range(2):
        files = {"file": ("cases.csv", CSV)}
        assert client.post("/batches", files=files, headers={"Idempotency-Key": "a"}).status_code == 202
    assert batches(database_url) == 1


@pytest.mark.parametrize(
    "change",
    [{"content": CSV.replace("100", "101")}, {"params": {"as_of": "2026-10-01"}}, {"params": {"submitter": "us"}}],
)
def test_the_same_key_with_other_content_is_refused(
    client: httpx.Client, database_url: str, change: dict[str, Any]
) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "night-7"}
    sent(client, headers=headers)
    response = sent(client, headers=headers, **change)
    assert (response.status_code, response.json()["type"]) == (422, "urn:forbear:problem:key_reused")
    assert batches(database_url) == 1


def test_of_the_same_request_many_times_at_once_one_makes_the_batch(client: httpx.Client, database_url: str) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "night-7"}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: sent(client, headers=headers), range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert batches(database_url) == 1


def test_a_request_that_failed_leaves_its_key_free(client: httpx.Client) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "night-7"}
    assert sent(client, headers=headers, content="").status_code == 422
    assert sent(client, headers=headers).status_code == 202


def test_keys_of_two_accounts_have_nothing_to_do_with_each_other(client: httpx.Client, database_url: str) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "night-7"}
    sent(client, headers=headers)
    with caller(str(client.base_url).removesuffix("/api/v1/"), token(database_url, account(database_url))) as other:
        assert sent(other, headers=headers, content=CSV.replace("100", "101")).status_code == 202
    assert batches(database_url) == 2


@pytest.mark.parametrize("key", ["", "with space", "号", "x" * 256])
def test_a_key_that_is_none_is_refused(client: httpx.Client, key: str) -> None:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": key.encode()}
    assert sent(client, headers=headers).status_code == 422


def test_a_key_is_kept_for_more_than_a_day(client: httpx.Client, database_url: str) -> None:
    sent(client, headers={"Content-Type": "text/csv", "Idempotency-Key": "night-7"})

    def kept(now: dt.datetime) -> int:
        with engine_of(database_url) as engine, session(engine) as opened:
            idempotency.forget(opened, now)
        with psycopg.connect(database_url) as connection:
            return len(connection.execute("SELECT FROM idempotency_key").fetchall())

    assert kept(NOW + dt.timedelta(hours=48)) == 1
    assert kept(NOW + dt.timedelta(hours=48, seconds=1)) == 0


def test_results_come_in_every_format(client: httpx.Client, database_url: str, vault: Vault) -> None:
    batch = sent(client).json()["id"]
    assert client.get(f"/batches/{batch}/results").text == ""
    decide_all(database_url, vault)
    lines = client.get(f"/batches/{batch}/results").text.splitlines()
    assert [json.loads(line)["case_ref"] for line in lines] == ["C1"]
    for ending, start in (("csv", "﻿case_ref"), ("tsv", "﻿case_ref"), ("json", "["), ("xlsx", "PK"), ("parquet", "PAR1")):
        response = client.get(f"/batches/{batch}/results", params={"format": ending})
        assert response.status_code == 200
        assert response.content.startswith(start.encode())
        assert response.headers["Content-Disposition"].endswith(f'.{ending}"')


def test_rejects_can_be_corrected_and_sent_again(client: httpx.Client) -> None:
    batch = sent(client).json()["id"]
    [rejected] = [json.loads(line) for line in client.get(f"/batches/{batch}/rejects").text.splitlines()]
    assert (rejected["row"], rejected["field"], rejected["days_overdue"]) == (2, "days_overdue", "-5")
    again = client.post("/batches", json=[rejected | {"days_overdue": "5"}]).json()
    assert (again["accepted"], again["rejected"]) == (1, 0)


PERSONAL = (
    "case_ref,product,days_overdue,hardship,lender,name,phone,notes,家住\n"
    "C2,credit_card,5,unemployment,王 13912345678,张三丰,13812345678,昨天在派出所,钱塘路\n"
)


def test_whole_rows_are_for_who_handed_them_in_and_for_others_by_scope_reason_and_count(
    client: httpx.Client, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_rejects, "settings", lambda: SimpleNamespace(whole_rejects=2))
    batch = sent(client, content=PERSONAL).json()["id"]
    theirs = f"/batches/{batch}/rejects"
    (whole,) = (json.loads(line) for line in client.get(theirs).text.splitlines())
    assert (whole["name"], whole["phone"], whole["家住"]) == ("张三丰", "13812345678", "钱塘路"), "who has them already"
    li, address = account(database_url, "li", "supervisor"), str(client.base_url).removesuffix("/api/v1/")
    others: tuple[Scope, ...] = ("cases:read", "cases:write")
    with (
        caller(address, token(database_url, li, others)) as narrow,
        caller(address, token(database_url, li, ["cases:read", "rejects:read"])) as wide,
        caller(address, token(database_url, account(database_url, "zhang"))) as another,
    ):
        for response in (narrow.get(theirs), wide.get(theirs)):
            (masked,) = (json.loads(line) for line in response.text.splitlines())
            assert masked["case_ref"] == "C2" and masked["field"] == whole["field"] == "lender"
            assert (masked["name [masked]"], masked["phone [masked]"]) == ("张**", "138****5678")
            assert (masked["notes [masked]"], masked["家住 [masked]"], masked["lender"]) == ("****",) * 3
            assert not any(
                secret in response.text for secret in ("13912345678", "13812345678", "张三丰", "派出所", "钱塘路")
            )
        again = sent(narrow, content=response.text, headers={"Content-Type": "application/jsonl"})
        assert again.status_code == 422 and "name [masked]" in again.json()["detail"], "stars are no values"
        refused = narrow.get(theirs, params={"reason": "correct"})
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:forbear:problem:scope")
        assert 'scope="rejects:read"' in refused.headers["WWW-Authenticate"]
        assert wide.get(theirs, params={"reason": "curious"}).status_code == 422
        for _ in range(2):
            assert [json.loads(wide.get(theirs, params={"reason": "correct"}).text)] == [whole]
        over = wide.get(theirs, params={"reason": "correct"})
        assert (over.status_code, over.json()["type"]) == (429, "urn:forbear:problem:rejects_limit")
        assert "2 whole rows in 24 hours, and 0 are left" in over.json()["detail"]
        assert another.get(theirs, params={"reason": "safety"}).status_code == 200, "each account has its own count"
        own = sent(narrow, content=PERSONAL.replace("C2", "C3")).json()["id"]
        assert "张三丰" in wide.get(f"/batches/{own}/rejects").text, "another token of the account that handed in"
        assert "张三丰" not in another.get(f"/batches/{own}/rejects").text
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT actor, subject, detail FROM ledger WHERE kind = 'whole_rejects' ORDER BY seq")
        told = [{"reason": reason, "format": "jsonl", "rows": 1} for reason in ("correct", "correct", "safety")]
        assert rows.fetchall() == [
            (f"token:{who}", f"batch:{batch}", detail) for who, detail in zip((3, 3, 4), told, strict=True)
        ]
        masks = "SELECT count(*) FROM ledger WHERE kind = 'export' AND detail @> '{\"masked\": true}'"
        assert connection.execute(masks).fetchone() == (3,)


def test_what_is_given_out_is_in_the_ledger(client: httpx.Client, database_url: str) -> None:
    batch = sent(client).json()["id"]
    client.get(f"/batches/{batch}/results", params={"format": "csv"})
    client.get(f"/batches/{batch}/rejects")
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT actor, subject, detail FROM ledger WHERE kind = 'export' ORDER BY seq")
        assert rows.fetchall() == [
            ("token:1", f"batch:{batch}", {"what": "results", "format": "csv"}),
            ("token:1", f"batch:{batch}", {"what": "rejects", "format": "jsonl"}),
        ]


def test_who_handed_in_is_in_the_ledger(client: httpx.Client, database_url: str) -> None:
    batch = sent(client).json()["id"]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT actor FROM ledger WHERE subject = %s", (f"batch:{batch}",))
        assert rows.fetchall() == [("token:1",)]


def test_batches_are_listed_newest_first_in_pages(client: httpx.Client, database_url: str, vault: Vault) -> None:
    for hour in range(3):
        decided(database_url, [accepted(1, f"C{hour}")], vault, now=NOW + dt.timedelta(hours=hour))
    decided(database_url, [accepted(1, "X")], vault, submitter="them")
    seen, after = [], None
    while True:
        page = client.get("/batches", params={"limit": 2} | ({"after": after} if after else {})).json()
        seen += [batch["created_at"] for batch in page["batches"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == 3
    assert seen == sorted(seen, reverse=True)


def test_a_page_that_is_none_is_refused(client: httpx.Client) -> None:
    response = client.get("/batches", params={"after": "nowhere"})
    assert (response.status_code, response.json()["type"]) == (400, "urn:forbear:problem:cursor")


@pytest.mark.parametrize("what", ["", "/results", "/rejects"])
def test_a_batch_of_another_submitter_is_no_batch(
    client: httpx.Client, database_url: str, vault: Vault, what: str
) -> None:
    theirs = decided(database_url, [accepted(1, "X")], vault, submitter="them").batch_id
    other, none = client.get(f"/batches/{theirs}{what}"), client.get(f"/batches/{uuid4()}{what}")
    assert (other.status_code, other.json()) == (404, none.json())
    assert client.get(f"/batches/nonsense{what}").status_code == 404


def test_a_submitter_hands_in_for_itself_only(client: httpx.Client) -> None:
    assert sent(client, params={"submitter": "us"}).status_code == 202
    assert sent(client, params={"submitter": "them"}).status_code == 403
    assert client.get("/batches", params={"submitter": "them"}).status_code == 403


def test_a_counsellor_hands_in_for_whom_it_says(database_url: str, redis_url: str, vault: Vault) -> None:
    with api(database_url, redis_url, vault, "counsellor", "the house") as client:
        assert sent(client, params={"submitter": "them"}).json()["submitter"] == "them"
        assert sent(client).json()["submitter"] == "the house"
        assert len(client.get("/batches").json()["batches"]) == 2
        assert len(client.get("/batches", params={"submitter": "them"}).json()["batches"]) == 1


def test_an_account_of_no_submitter_hands_in_as_the_settings_say(
    database_url: str, redis_url: str, vault: Vault
) -> None:
    with api(database_url, redis_url, vault, "counsellor", None) as client:
        assert sent(client).json()["submitter"] == settings().submitter


UGLY = "编号,贷款种类,逾期天数,欠款,网点\nC1,信用卡,100,1.2,东\n"
MAPPING = {
    "columns": {"编号": {"fact": "case_ref"}, "欠款": {"fact": "balance", "unit": "万元"}},
    "constants": {"hardship": "none_stated"},
}


def test_a_mapping_says_how_the_columns_are_read_and_is_remembered(client: httpx.Client) -> None:
    refused = client.post("/batches", files={"file": ("cases.csv", UGLY)})
    assert refused.status_code == 422
    assert "'编号' for Case reference" in refused.json()["detail"]
    first = client.post("/batches", files={"file": ("cases.csv", UGLY)}, data={"mapping": json.dumps(MAPPING)}).json()
    assert (first["accepted"], first["rejected"]) == (1, 0)
    assert first["mapping"]["columns"]["欠款"] == {"fact": "balance", "unit": "万元"}
    assert first["mapping"]["columns"]["网点"] == {"fact": None}
    told = [notice["en"] for notice in first["notices"]]
    assert "Kept but not used, because no fact has such a name: 网点." in told
    assert any("is remembered for files with the same headers" in each for each in told)
    assert client.get(f"/batches/{first['id']}").json()["notices"] == first["notices"]
    again = sent(client, content=UGLY.replace("C1", "C2").encode()).json()
    assert (again["accepted"], again["mapping"]) == (1, first["mapping"])
    assert any("as it was confirmed before" in notice["en"] for notice in again["notices"])


def test_a_mapping_that_cannot_be_followed_is_refused_by_its_key(client: httpx.Client, database_url: str) -> None:
    for mapping in ("{", '{"columns": {"Amount": {"fact": "balance"}}}', '{"constants": {"hardship": "tired"}}'):
        answer = sent(client, params={"mapping": mapping})
        assert answer.status_code == 422, mapping
    assert "hardship" in answer.json()["detail"]
    assert batches(database_url) == 0


def test_a_file_is_read_by_its_own_name_which_may_say_a_unit(client: httpx.Client) -> None:
    table = "case_ref,product,days_overdue,hardship,balance\nC1,credit_card,100,unemployment,12\n"
    batch = client.post("/batches", files={"file": ("逾期清单（万元）.csv", table)}).json()
    assert batch["mapping"]["columns"]["balance"]["unit"] == "万元"
    assert "as '逾期清单（万元）' says" in " ".join(notice["en"] for notice in batch["notices"])
    named = {"name": "逾期清单（单位：千元）"}
    body = sent(client, content=table, params=named, headers={"Content-Type": "text/csv"}).json()
    assert body["mapping"]["columns"]["balance"]["unit"] == "千元"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cases.xls", "cases.xls is a workbook of another kind (.xls): open it in Excel or WPS and save it as .xlsx."),
        ("cases.numbers", "cases.numbers is a Numbers spreadsheet"),
        ("cases.zip", "cases.zip is an archive"),
    ],
)
def test_a_file_that_is_not_read_says_how_to_save_it(client: httpx.Client, name: str, told: str) -> None:
    response = client.post("/batches", files={"file": (name, b"anything", "application/octet-stream")})
    assert (response.status_code, response.json()["detail"].startswith(told)) == (422, True), response.json()
