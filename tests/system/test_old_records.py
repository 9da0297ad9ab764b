"""Records of every past form are shown, explained, replayed, and what they left to do is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlmodel import col, select

from forbear.base import packs
from forbear.base.settings import child_environment
from forbear.base.vault import Vault
from forbear.batch.progress import progress_of, recent, taken_over
from forbear.batch.recorded_decision import decisions_of_batch, latest_decision
from forbear.ledger import audit
from forbear.ops import replay
from forbear.ops.embedded import Urls
from models.case import Case, CaseVersion
from models.database.migrate import current, head
from models.database.session import session, snapshot
from models.decision import Decision
from models.intake.batch import Chunk
from rules.pack.past.upcasting import FORM
from tests.forbear.cli.test_cli import forbear
from tests.support.desk.cases import VAULT, engine_of, triaged
from tests.support.desk.desk_clients import desk
from tests.support.desk.processes import KEY
from tests.support.old.old_records import FORMS, PAST, migrated

PENDING = 8  # cases that each record left undecided
VERSIONS = {"0.1": "0.1.0", "0.2": "0.2.0", "0.3": "0.3.0", "0.3-desk": "0.3.0", "0.4": "0.4.0", "0.5": "0.5.0"}
# What a replay finds mended since, and how often. The faults of a form are in forbear/ops/mended.py.
MENDED: dict[str, dict[str, int]] = {
    "0.1": {
        "plans took the whole capacity for one debt, whatever may not be offered": 17,
        "items stood by priority; those of rules that want the strategy come first": 8,
        "warnings of rules that are silent, because what they want is blocked, were told": 2,
        "a question was asked that could not change the strategy": 1,
    },
    "0.2": {
        "a pause did not say how many months it takes": 11,
        "plans were offered while a payment order could still be objected to": 1,
        "a figure carried on was told of where it had decided nothing": 1,
    },
    "0.3": {},
    "0.3-desk": {},
    "0.4": {},
    "0.5": {"what the notes say otherwise than a fact was not asked": 1},
}
# Changes to what decisions hold that no fault of any form explains, by the list they change the first entry of.
TAMPERED = {
    "plans": "jsonb_set(outcome, '{plans,0,total}', '1')",
    "rights": "jsonb_set(outcome, '{rights,0}', '\"other\"')",
    "steps": "jsonb_set(outcome, '{steps,0}', '\"other\"')",
    "documents": "jsonb_set(outcome, '{documents,0}', '\"other\"')",
    "deadlines": "jsonb_set(outcome, '{deadlines,0,date}', '\"2026-12-24\"')",
}


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def record(servers: Urls, form: str) -> Iterator[str]:
    with migrated(servers, form) as url:
        yield url


def test_it_is_brought_to_the_newest_revision(record: str) -> None:
    assert current(record) == head()


def test_every_decision_has_its_page(record: str, form: str, redis_url: str, vault: Vault) -> None:
    with engine_of(record) as engine, session(engine) as opened:
        made = opened.exec(
            select(CaseVersion.case_id, Decision.id).join(CaseVersion, col(CaseVersion.id) == Decision.case_version_id)
        ).all()
    assert len({case for case, _ in made}) > 30 and len(made) > 34
    with desk(record, redis_url, vault) as client:
        client.timeout = 60  # the first page reads the pack
        for case, decision in made:
            page = client.get(f"/cases/{case}/decisions/{decision}?lang=en")
            assert page.status_code == 200, page.text
            assert f"cn_consumer {VERSIONS[form]}" in page.text
        for case in {case for case, _ in made}:
            assert client.get(f"/cases/{case}?lang=zh").status_code == 200
        for case in {case for case, _ in made[:8]}:
            assert client.get(f"/cases/{case}/kit").status_code in (200, 404)


def test_every_decision_is_explained(record: str) -> None:
    with engine_of(record) as engine, session(engine) as opened:
        for submitter, ref in opened.exec(select(Case.submitter, Case.case_ref)).all():
            found = latest_decision(opened, submitter, ref, VAULT)
            if found is not None:
                for language in ("zh", "en"):
                    told = found.explained(language)
                    label = found.pack.strategies[found.outcome.strategy].title
                    assert getattr(label, language) in told


def test_every_decision_comes_out_the_same_but_for_what_was_mended(record: str, form: str) -> None:
    mended: Counter[str] = Counter()
    with engine_of(record) as engine, snapshot(engine) as opened:
        found = list(replay.replay(opened, None, None))
    assert len(found) > 30
    for each in found:
        assert (each.unreadable, each.differences) == (None, ()), each
        mended.update(each.mended)
    assert dict(mended) == MENDED[form]


def test_a_changed_decision_is_told_whatever_was_mended_since(record: str) -> None:
    changed: dict[int, set[str]] = {}
    with psycopg.connect(record) as connection:
        connection.execute("SET session_replication_role = replica")
        for name, expression in TAMPERED.items():
            told = f"outcome->'{name}'"
            statement = f"UPDATE decision SET outcome = {expression} WHERE jsonb_array_length({told}) > 0 RETURNING id"  # noqa: S608
            for (decision,) in connection.execute(statement.encode()).fetchall():
                changed.setdefault(decision, set()).add(name)
    with engine_of(record) as engine, snapshot(engine) as opened:
        found = list(replay.replay(opened, None, None))
    differing = {
        each.decision_id: {line.partition(":")[0].removeprefix("outcome.") for line in each.differences}
        for each in found
        if each.differences
    }
    assert set().union(*changed.values()) == set(TAMPERED)
    assert differing == changed


@pytest.mark.parametrize("form", PAST)
def test_what_was_pending_is_decided_by_the_active_policy_and_that_is_said(
    record: str, form: str, redis_url: str, vault: Vault
) -> None:
    with engine_of(record) as engine, session(engine) as opened:
        chunks = opened.exec(select(Chunk).where(Chunk.status == "pending")).all()
        (batch_id,) = {chunk.batch_id for chunk in chunks}
        ids = [chunk.id for chunk in chunks]
    assert sum(each or 0 for each in triaged(record, VAULT, ids)) == PENDING
    active = f"cn_consumer {packs.shipped().manifest.version}"
    with engine_of(record) as engine, session(engine) as opened:
        done = progress_of(opened, batch_id)
        assert done is not None
        assert (done.status, done.decided, done.failed, done.pending) == ("complete", PENDING, 0, 0)
        (moved,) = taken_over(opened, batch_id)
        assert (moved.cases, moved.retired, moved.by) == (PENDING, f"cn_consumer {VERSIONS[form]}", active)
        results = list(decisions_of_batch(opened, batch_id, VAULT))
        assert {each.pack.sha256 for each in results} == {packs.shipped().sha256}
        assert len(results) == PENDING
        assert audit.verify(opened, VAULT, 1, None, None).count == 0
        assert all(not each.differences and not each.unreadable for each in replay.replay(opened, None, None))
    with desk(record, redis_url, vault) as client:
        client.timeout = 60
        page = client.get(f"/batches/{batch_id}?lang=en").raise_for_status().text
        assert f"{PENDING} of them were decided by the policy {active}" in page
        assert f"其中 {PENDING} 件由 {active} 判定" in client.get(f"/batches/{batch_id}?lang=zh").text


@pytest.mark.parametrize("form", ["0.5"])
def test_what_was_pending_for_an_older_edition_of_todays_form_is_decided_by_that(record: str, form: str) -> None:
    with engine_of(record) as engine, session(engine) as opened:
        chunks = opened.exec(select(Chunk).where(Chunk.status == "pending")).all()
        batch_id, ids = chunks[0].batch_id, [chunk.id for chunk in chunks]
    assert sum(each or 0 for each in triaged(record, VAULT, ids)) == PENDING
    with engine_of(record) as engine, session(engine) as opened:
        assert list(taken_over(opened, batch_id)) == []
        decided = {each.pack.sha256 for each in decisions_of_batch(opened, batch_id, VAULT)}
        assert decided and packs.shipped().sha256 not in decided


def test_results_of_every_finished_batch_are_still_given_out(record: str) -> None:
    with engine_of(record) as engine, session(engine) as opened:
        for batch in recent(opened):
            progress = progress_of(opened, batch)
            assert progress is not None
            assert len(list(decisions_of_batch(opened, batch, VAULT))) == progress.decided


def test_the_commands_read_it(record: str, form: str, redis_url: str, tmp_path: Path) -> None:
    environment = child_environment(
        FORBEAR_DATABASE_URL=record, FORBEAR_REDIS_URL=redis_url, FORBEAR_HOME=str(tmp_path), FORBEAR_KEY=KEY
    )
    with engine_of(record) as engine, session(engine) as opened:
        chunks = opened.exec(select(Chunk.id, Chunk.batch_id).where(Chunk.status == "pending")).all()
    triaged(record, VAULT, [chunk for chunk, _ in chunks])
    status = forbear(environment, "status", str(chunks[0][1]), cwd=tmp_path)
    assert (f"because cn_consumer {VERSIONS[form]} is retired" in status.stdout) == (form in PAST)
    told = forbear(environment, "explain", "FB-0258", cwd=tmp_path)
    assert told.returncode == 0 and "S04" in told.stdout, told.stderr
    replayed = forbear(environment, "replay", "--all", cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stdout
    assert replayed.stdout.strip().endswith(" identical, 0 different, 0 could not be replayed")
    for fault, count in MENDED[form].items():
        assert f"{count} identical but for what has been mended since: {fault}" in replayed.stdout


def test_a_pack_of_today_says_its_form() -> None:
    assert packs.shipped().form == FORM
