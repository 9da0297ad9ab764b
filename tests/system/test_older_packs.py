"""Decisions by a pack that cannot be read any more are listed and told; nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlmodel import col, select

from forbear.base import packs
from forbear.base.settings import child_environment
from forbear.base.vault import Vault
from forbear.batch.progress import TakenOver, failures, taken_over
from models.database.session import session
from models.decision import Decision
from rules.loading.loader import DEFAULT_PACK, load, load_files
from rules.pack.pack import Pack
from rules.pack.past.upcasting import FORM
from tests.forbear.cli.test_cli import forbear
from tests.support.desk.cases import CHANGES, accepted, decided, engine_of, submitted
from tests.support.desk.cases import pack as tiny_pack
from tests.support.desk.desk_clients import desk
from tests.support.desk.page import read_page
from tests.support.desk.processes import KEY
from tests.support.packs.tiny_pack import edited, tiny
from workers import tasks


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with desk(database_url, redis_url, vault) as opened:
        yield opened


def grown_old(url: str, monkeypatch: pytest.MonkeyPatch, strategy: str = "gone_strategy", only: str = "%") -> None:
    """Every pack, or only one, gets a key that nobody knows now; decisions get a fact and a strategy that are gone."""
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE decision DISABLE TRIGGER append_only")
        connection.execute(
            "UPDATE pack SET files = files || jsonb_build_object('red_flags.yaml', 'urgent: true') "
            "WHERE pack_id LIKE %s",
            [only],
        )
        connection.execute("UPDATE decision SET facts = facts || '{\"gone\": 1}', strategy = %s", [strategy])
        connection.execute("UPDATE desk_case SET strategy = %s", [strategy])
    monkeypatch.setattr(packs, "_packs", {})


def test_the_queue_lists_them_with_what_is_still_known(
    client: httpx.Client, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(database_url, [accepted(1, "A")], vault, by=load(DEFAULT_PACK))
    grown_old(database_url, monkeypatch)
    listed = read_page(client.get("/").raise_for_status().text)
    assert listed.values("#strategy option", "value") == ["", "gone_strategy"]
    for lang, product in (("zh", "信用卡"), ("en", "Credit card")):
        page = client.get(f"/?lang={lang}").raise_for_status().text
        assert product in page and "gone_strategy" in page


def test_a_case_says_in_one_sentence_to_triage_it_again_and_is_whole_afterwards(
    client: httpx.Client, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(database_url, [accepted(1, "A")], vault, by=load(DEFAULT_PACK))
    grown_old(database_url, monkeypatch)
    for lang, sentence in (("zh", "请把这个案件重新提交分诊"), ("en", "Please triage the case again")):
        answer = client.get(f"/cases/1?lang={lang}")
        assert answer.status_code == 410
        assert sentence in answer.text
    decided(database_url, [accepted(1, "A")], vault)
    _, first = read_page(client.get("/cases/1").raise_for_status().text).select(".history tbody tr")
    assert "gone_strategy" in first.text
    assert client.get(first.values("a", "href")[0]).status_code == 410


def test_a_strategy_that_is_still_known_keeps_its_name(
    client: httpx.Client, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(database_url, [accepted(1, "A")], vault, by=load(DEFAULT_PACK))
    grown_old(database_url, monkeypatch, strategy="mediation")
    title = load(DEFAULT_PACK).strategies["mediation"].title
    for lang, words in (("zh", title.zh), ("en", title.en)):
        assert read_page(client.get(f"/?lang={lang}").text).texts("td.in-strategy") == [words]


def test_a_pack_that_cannot_be_read_is_tried_once_however_many_cases_it_decided(
    client: httpx.Client, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(database_url, [accepted(n, f"A{n}") for n in range(1, 6)], vault, by=load(DEFAULT_PACK))
    grown_old(database_url, monkeypatch)
    tried: list[str] = []

    def counted(files: dict[str, bytes], name: str, *, stored: bool) -> Pack:
        tried.append(name)
        return load_files(files, name, stored=stored)

    monkeypatch.setattr(packs, "load_files", counted)
    client.get("/").raise_for_status()
    assert client.get("/cases/1").status_code == 410
    assert tried == ["cn_consumer"]


def test_commands_say_in_one_sentence_to_triage_the_case_again(
    database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done = decided(database_url, [accepted(1, "A")], vault, by=load(DEFAULT_PACK), submitter="local")
    grown_old(database_url, monkeypatch)
    environment = child_environment(
        FORBEAR_DATABASE_URL=database_url, FORBEAR_REDIS_URL=redis_url, FORBEAR_HOME=str(tmp_path), FORBEAR_KEY=KEY
    )
    for command in (
        ("explain", "A"),
        ("prepare", "A", "--out", "kit"),
        ("results", str(done.batch_id), "--out", "out.jsonl"),
    ):
        failed = forbear(environment, *command, cwd=tmp_path)
        assert failed.returncode == 2, failed.stderr
        assert failed.stderr.strip().endswith("cannot be read any more: triage the case again.")
        assert failed.stderr.count("\n") == 1
    assert not (tmp_path / "out.jsonl").exists() and not (tmp_path / "kit").exists()


def test_a_chunk_that_waited_for_such_a_pack_is_decided_by_the_active_one(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = tiny({**CHANGES, **edited("pack.yaml", "id: tiny", "id: lost")})
    done = submitted(database_url, [accepted(1, "A"), accepted(2, "B")], vault, by=lost, chunk_size=1)
    other = submitted(database_url, [accepted(3, "C")], vault)
    grown_old(database_url, monkeypatch, only="lost")
    with engine_of(database_url) as engine:
        monkeypatch.setattr(tasks, "_process", lambda: tasks._Process(engine, vault))
        for wake in (*done.wakes, *other.wakes):
            assert tasks._work(wake.chunk_id) == ()
        with session(engine) as opened:
            assert [failures(opened, each.batch_id) for each in (done, other)] == [[], []]
            decided_by = opened.exec(select(Decision.pack_sha256).order_by(col(Decision.id))).all()
            (moved,) = taken_over(opened, done.batch_id)
            assert taken_over(opened, other.batch_id) == []
    shipped = packs.shipped()
    # What was handed in for a pack of today's form is decided by it, though it is not the active one.
    assert decided_by == [shipped.sha256, shipped.sha256, tiny_pack().sha256]
    assert moved == TakenOver(2, "lost 1.0.0", f"cn_consumer {shipped.manifest.version}")


def test_a_chunk_for_a_pack_of_a_newer_forbear_is_left_to_another_worker(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = submitted(database_url, [accepted(1, "A")], vault, by=load(DEFAULT_PACK))
    newer = {**load(DEFAULT_PACK).files}["pack.yaml"].decode().replace(f"form: {FORM}", f"form: {FORM + 1}")
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE pack DISABLE TRIGGER ALL")
        connection.execute("UPDATE pack SET files = files || jsonb_build_object('pack.yaml', %s::text)", [newer])
    monkeypatch.setattr(packs, "_packs", {})
    with engine_of(database_url) as engine:
        monkeypatch.setattr(tasks, "_process", lambda: tasks._Process(engine, vault))
        while tasks._work(done.wakes[0].chunk_id):
            pass
        with session(engine) as opened:
            (failure,) = failures(opened, done.batch_id)
    assert failure.error.endswith("is of a newer Forbear: update this worker, then try again.")
