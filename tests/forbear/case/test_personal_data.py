"""Personal fields are masked on every page, and shown whole only to a counsellor who says why; that is on record."""

import logging

import httpx
import psycopg
import pytest

from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import VAULT, accepted, decided
from tests.support.desk.desk_clients import desk

SEALED = {"phone": "13812345678", "id_number": "330102199003071234", "notes": "昨天在派出所"}
WHY = {"reason": "contact", "words": "约明天下午通话"}


def case_of(url: str) -> None:
    decided(url, [accepted(1, "A", SEALED, {"紧急联系人": "李四"})], VAULT)


def reviews(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT action, reason, words IS NOT NULL FROM review").fetchall()


def kinds(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [kind for (kind,) in connection.execute("SELECT kind FROM ledger ORDER BY seq")]


def shown_in(response: httpx.Response) -> set[str]:
    return {value for value in (*SEALED.values(), "李四", "紧急联系人") if value in response.text}


def test_the_page_of_a_case_shows_masks_only(database_url: str, redis_url: str, vault: Vault) -> None:
    case_of(database_url)
    with desk(database_url, redis_url, vault) as client:
        page = client.get("/cases/1")
    assert "138****5678" in page.text
    assert "3301**********1234" in page.text
    assert shown_in(page) == set()


def test_a_reason_shows_it_once_and_is_recorded(database_url: str, redis_url: str, vault: Vault) -> None:
    case_of(database_url)
    with desk(database_url, redis_url, vault) as client:
        seen = client.submit("/cases/1/reveal", WHY)
        assert seen.status_code == 200
        assert shown_in(seen) == {*SEALED.values(), "李四", "紧急联系人"}
        assert seen.headers["cache-control"] == "no-store"
        assert not any(value in str(seen.url) for value in SEALED.values())
        assert shown_in(client.get("/cases/1")) == set()
    assert reviews(database_url) == [("reveal", "contact", True)]
    assert kinds(database_url)[-2:] == ["review", "reveal"]
    with psycopg.connect(database_url) as connection:
        entry = connection.execute("SELECT actor, subject, detail FROM ledger WHERE kind = 'reveal'").fetchone()
        assert entry == ("account:1", "case:1", {"reason": "contact", "review": 1})
        assert connection.execute("SELECT revision FROM desk_case").fetchone() == (1,), "open forms stay good"
    assert faults(database_url) == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"reason": "contact"},
        {"words": "约明天下午通话"},
        {**WHY, "reason": "curious"},
        {**WHY, "words": "四个字啊"},
        {**WHY, "words": "  四个字啊   "},
        {**WHY, "words": "长" * 501},
    ],
)
def test_without_a_good_reason_nothing_is_shown_nor_recorded(
    database_url: str, redis_url: str, vault: Vault, form: dict[str, str]
) -> None:
    case_of(database_url)
    with desk(database_url, redis_url, vault) as client:
        refused = client.submit("/cases/1/reveal", form)
    assert refused.status_code == 422
    assert 'id="reveal-wrong"' in refused.text
    assert shown_in(refused) == set()
    assert reviews(database_url) == []


def test_five_characters_are_enough(database_url: str, redis_url: str, vault: Vault) -> None:
    case_of(database_url)
    with desk(database_url, redis_url, vault) as client:
        assert client.submit("/cases/1/reveal", {**WHY, "words": "五个字可以"}).status_code == 200


@pytest.mark.parametrize("submitter", ["us", "them"])
def test_a_submitter_is_never_shown_it(database_url: str, redis_url: str, vault: Vault, submitter: str) -> None:
    case_of(database_url)
    with desk(database_url, redis_url, vault, "submitter", submitter) as client:
        refused = client.submit("/cases/1/reveal", WHY)
    assert refused.status_code == 403
    assert shown_in(refused) == set()
    assert reviews(database_url) == []


@pytest.mark.parametrize("role", ["counsellor", "supervisor", "admin"])
def test_those_who_work_cases_may_look(database_url: str, redis_url: str, vault: Vault, role: Role) -> None:
    case_of(database_url)
    with desk(database_url, redis_url, vault, role) as client:
        assert shown_in(client.submit("/cases/1/reveal", WHY)) != set()


def test_a_form_of_another_site_shows_nothing(database_url: str, redis_url: str, vault: Vault) -> None:
    case_of(database_url)
    with desk(database_url, redis_url, vault) as client:
        for token in ({}, {"csrf": "0" * 64}):
            refused = client.post("/cases/1/reveal", data={**WHY, **token})
            assert refused.status_code == 403
            assert shown_in(refused) == set()
    assert reviews(database_url) == []


def test_nobody_is_shown_it_without_signing_in(database_url: str, redis_url: str, vault: Vault) -> None:
    case_of(database_url)
    with desk(database_url, redis_url, vault) as client:
        client.cookies.clear()
        refused = client.post("/cases/1/reveal", data=WHY)
    assert refused.status_code in (303, 403)
    assert shown_in(refused) == set()
    assert reviews(database_url) == []


def test_programs_are_never_shown_it(database_url: str, redis_url: str, vault: Vault) -> None:
    case_of(database_url)
    with desk(database_url, redis_url, vault) as client:
        refused = client.submit("/cases/1/reveal", WHY, headers={"accept": "application/json"})
    assert refused.status_code == 403
    assert shown_in(refused) == set()
    assert reviews(database_url) == []


def test_looking_at_a_case_that_is_none_is_not_found(database_url: str, redis_url: str, vault: Vault) -> None:
    with desk(database_url, redis_url, vault) as client:
        assert client.submit("/cases/7/reveal", WHY).status_code == 404
        assert client.submit("/cases/7/reveal", {}).status_code == 404


def test_what_was_shown_is_in_no_log(
    database_url: str,
    redis_url: str,
    vault: Vault,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    case_of(database_url)
    with caplog.at_level(logging.DEBUG), desk(database_url, redis_url, vault) as client:
        client.submit("/cases/1/reveal", WHY)
    said = "".join(capsys.readouterr()) + caplog.text
    assert not any(value in said for value in (*SEALED.values(), WHY["words"]))


def test_what_is_handed_in_without_personal_data_says_so(database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    with desk(database_url, redis_url, vault) as client:
        assert "没有填写姓名" in client.get("/cases/1").text
