"""One person's cases: told by keyed hashes however a number is written, adopted, reconciled, and gone with the case."""

from typing import Any

import psycopg
import pytest

from forbear.base.vault import Vault
from forbear.desk import maintenance, siblings
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import VAULT, accepted, decided, submitted, working

PHONE = "13800138000"
CRISIS = {"notes": "想自杀，不想活了"}


def read(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def key(name: str, value: str, submitter: str = "us") -> bytes | None:
    return siblings.keys(VAULT, submitter, {name: value})[("phone", "id_number").index(name)]


@pytest.mark.parametrize(
    "written", ["138 0013 8000", "138-0013-8000", "+86 13800138000", "008613800138000", "１３８００１３８０００"]
)
def test_a_phone_number_is_the_same_however_it_is_written(written: str) -> None:
    assert key("phone", written) == key("phone", PHONE)


@pytest.mark.parametrize("written", ["1234567", "13131313131"])
def test_what_has_seven_digits_and_two_of_them_is_a_phone_number(written: str) -> None:
    assert key("phone", written) is not None


@pytest.mark.parametrize("written", ["", "无", "000000000", "123456", "电话停机"])
def test_what_is_no_phone_number_ties_nobody(written: str) -> None:
    assert key("phone", written) is None


def test_an_id_number_of_fifteen_digits_is_that_of_eighteen() -> None:
    assert key("id_number", "330106900101123") == key("id_number", "33010619900101123x")
    assert key("id_number", "33010619900101123X") != key("id_number", "33010619900101124X")
    for blank in ("护照E1234567", "1" * 15, "1" * 18):
        assert key("id_number", blank) is None
    assert key("id_number", f"{'1' * 17}2") is not None


def test_a_number_ties_within_one_submitter_and_by_kind_only() -> None:
    assert key("phone", PHONE) not in (key("phone", PHONE, "them"), key("phone", "13800138001"))
    other = Vault(bytes(range(1, 33)))
    assert siblings.keys(other, "us", {"phone": PHONE})[0] != key("phone", PHONE)


def test_no_number_stands_in_the_open(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "A", {"phone": PHONE, "id_number": "33010619900101123X"})], vault)
    ((row, phone, number),) = read(database_url, 'SELECT to_jsonb(c)::text, phone_key, id_key FROM "case" c')
    assert PHONE not in row and "19900101" not in row and len(phone) == len(number) == 32


def test_a_correction_ties_anew(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "A", {"phone": PHONE}), accepted(2, "B", {"phone": PHONE})], vault)
    submitted(database_url, [accepted(1, "A", {"phone": "13900139000"}), accepted(2, "B")], vault)
    a, b = read(database_url, 'SELECT phone_key FROM "case" ORDER BY case_ref')
    assert (a[0], b[0]) == (key("phone", "13900139000"), None)


def test_cases_from_before_are_adopted(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "A", {"phone": PHONE}), accepted(2, "B")], vault)
    with psycopg.connect(database_url) as connection:
        connection.execute('UPDATE "case" SET phone_key = NULL, keyed = false')
    with working(database_url, vault) as work:
        assert maintenance.key_people(work) == 2
        assert maintenance.key_people(work) == 0
    assert read(database_url, 'SELECT phone_key, keyed FROM "case" ORDER BY id') == [
        (key("phone", PHONE), True),
        (None, True),
    ]


def test_some_are_adopted_at_once_and_the_rest_afterwards(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(database_url, [accepted(n, f"C{n}", {"phone": PHONE}) for n in range(1, 4)], vault)
    monkeypatch.setattr(maintenance, "KEYED_AT_ONCE", 2)
    with psycopg.connect(database_url) as connection:
        connection.execute('UPDATE "case" SET phone_key = NULL, keyed = false')
    with working(database_url, vault) as work:
        assert [maintenance.key_people(work) for _ in range(3)] == [2, 1, 0]
    assert read(database_url, 'SELECT DISTINCT phone_key, keyed FROM "case"') == [(key("phone", PHONE), True)]


def test_what_two_transactions_could_not_see_of_each_other_is_reconciled(database_url: str, vault: Vault) -> None:
    rows = [accepted(1, "A", {"phone": PHONE, **CRISIS}), accepted(2, "B", {"phone": PHONE}), accepted(3, "C")]
    decided(database_url, rows, vault, by=load(DEFAULT_PACK))
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET crisis_beside = NOT crisis_beside")
    with working(database_url, vault) as work:
        assert siblings.reconcile(work) == 3
    assert read(database_url, "SELECT crisis_beside FROM desk_case ORDER BY case_ref") == [(False,), (True,), (False,)]


@pytest.mark.parametrize(("cases", "tied"), [(50, 49), (51, 0)])
def test_a_number_that_too_many_have_is_nobodys(database_url: str, vault: Vault, cases: int, tied: int) -> None:
    rows = [accepted(n, f"C{n}", {"phone": PHONE, **(CRISIS if n == 1 else {})}) for n in range(1, cases + 1)]
    decided(database_url, rows, vault, by=load(DEFAULT_PACK))
    assert read(database_url, "SELECT count(*) FROM desk_case WHERE crisis_beside") == [(tied,)]
