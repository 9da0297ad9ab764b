"""A chunk is decided whole, in one transaction and once, with what the record adds to its facts."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlmodel import col, select

from forbear.accounts.accounts import Viewer
from forbear.base.packs import shipped, stored_pack
from forbear.base.settings import Settings
from forbear.base.vault import Vault
from forbear.batch.recorded_decision import decisions_of_batch, latest_decision
from forbear.batch.triage import danger_found, drawn, triage_chunk
from forbear.intake import Accepted, rows
from forbear.ledger.unit_of_work import begin
from forbear.ops.doctor import check_asked_once
from forbear.ops.metrics import measure
from forbear.webhooks import webhooks
from models.database.session import session
from models.webhook import Delivery
from rules.decision.danger import Danger
from rules.decision.evaluate import Evaluation, Evaluator
from rules.engines.asked_once import AskedOnce
from rules.facts.case_facts import Facts
from rules.formulas.ends import Bounds
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import (
    AS_OF,
    CHANGES,
    NOW,
    accepted,
    decided,
    engine_of,
    facts_of,
    many,
    pack,
    progress,
    results_of,
    submitted,
    triaged,
    working_as,
)
from tests.support.desk.desk_clients import account
from tests.support.packs.tiny_pack import tiny

SUMS = """
  balance: {type: money, title: {zh: 余额, en: Balance}, question: {zh: 多少？, en: How much?}}
  debts_before: {type: money, title: {zh: 在前, en: Before}, given: true}
  debts_total: {type: money, title: {zh: 合计, en: In all}, given: true}
  phone:"""


def test_every_case_of_a_chunk_gets_its_decision(database_url: str, vault: Vault) -> None:
    done = decided(database_url, many(12), vault, chunk_size=5)
    results = results_of(database_url, done.batch_id)
    assert [result["case_ref"] for result in results] == [f"C{number}" for number in range(1, 13)]
    assert {result["pack"]["sha256"] for result in results} == {pack().sha256}
    assert all(result["engines_agree"] for result in results)


def test_whatever_is_urgent_is_read_both_ways(database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, asked = Evaluator.evaluate, []

    def evaluate(self: Evaluator, cases: Sequence[Facts], *, closely: bool) -> list[Evaluation]:
        asked.append((len(cases), closely))
        return sound(self, cases, closely=closely)

    monkeypatch.setattr(Evaluator, "evaluate", evaluate)
    decided(database_url, [*many(3), accepted(9, "urgent", violence=True)], vault)
    assert sorted(asked) == [(1, True), (3, False)]


def test_progress_counts_what_the_rows_say(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(12), vault, chunk_size=5)
    first, *_ = done.wakes
    triaged(database_url, vault, [first.chunk_id])
    found = progress(database_url, done.batch_id)
    assert (found.status, found.rows_read, found.accepted) == ("running", 12, 12)
    assert (found.decided, found.failed, found.pending, found.pending_chunks) == (5, 0, 7, 2)
    assert sum(found.strategies.values()) == sum(found.urgencies.values()) == 5
    assert found.disagreements == 0


def test_a_batch_is_complete_with_its_last_chunk(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(10), vault, chunk_size=5)
    for wake, status in zip(done.wakes, ("running", "complete"), strict=True):
        triaged(database_url, vault, [wake.chunk_id])
        assert progress(database_url, done.batch_id).status == status


def test_a_chunk_delivered_again_is_a_no_op(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(3), vault)
    chunk_id = done.wakes[0].chunk_id
    assert triaged(database_url, vault, [chunk_id, chunk_id]) == [3, None]
    assert progress(database_url, done.batch_id).decided == 3


def test_a_chunk_that_does_not_exist_is_a_no_op(database_url: str, vault: Vault) -> None:
    assert triaged(database_url, vault, [4711]) == [None]


def test_results_hold_what_was_decided_before(database_url: str, vault: Vault) -> None:
    decided(database_url, many(3), vault)
    again = decided(database_url, [accepted(9, "C9"), *many(3)], vault)
    assert (again.accepted, again.unchanged) == (1, 3)
    assert sorted(result["case_ref"] for result in results_of(database_url, again.batch_id)) == ["C1", "C2", "C3", "C9"]
    found = progress(database_url, again.batch_id)
    assert (found.status, found.decided, found.unchanged) == ("complete", 4, 3)


def test_a_changed_case_gets_a_decision_of_its_own_and_keeps_the_old_one(database_url: str, vault: Vault) -> None:
    first = decided(database_url, [accepted(1, "C1", days_overdue=90)], vault)
    second = decided(database_url, [accepted(1, "C1", days_overdue=91)], vault)
    assert len(results_of(database_url, first.batch_id)) == len(results_of(database_url, second.batch_id)) == 1
    assert facts_of(database_url, "C1")["days_overdue"] == 91


def test_the_latest_decision_of_a_case_is_its_own(database_url: str, vault: Vault) -> None:
    notes = {"notes": "我不想活了"}
    before = AS_OF - dt.timedelta(days=1)
    rows = [accepted(1, "A", notes), accepted(2, "B", {"notes": "还好"}), accepted(3, "C")]
    decided(database_url, rows, vault, as_of=before)
    decided(database_url, [accepted(1, "A", notes)], vault, submitter="them", as_of=before)
    decided(database_url, [accepted(1, "B", days_overdue=7)], vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        found = {name: latest_decision(opened, "us", name, vault) for name in "ABC"}
        assert latest_decision(opened, "them", "B", vault) is None
    told = {name: each and (each.case_ref, each.as_of, each.facts["days_overdue"]) for name, each in found.items()}
    assert told == {"A": ("A", before, 100), "B": ("B", AS_OF, 7), "C": ("C", before, 100)}
    alarms = {name: each and [(alarm.flag, alarm.words) for alarm in each.alarms] for name, each in found.items()}
    assert alarms == {"A": [("self_harm", ("不想活",))], "B": [], "C": []}


def test_only_the_cases_of_its_own_batch_are_decided_by_a_chunk(database_url: str, vault: Vault) -> None:
    first = submitted(database_url, many(4), vault, chunk_size=2)
    second = submitted(database_url, many(3, "D"), vault, chunk_size=2)
    triaged(database_url, vault, [first.wakes[1].chunk_id, second.wakes[0].chunk_id])
    refs = [
        [each["case_ref"] for each in results_of(database_url, batch)] for batch in (first.batch_id, second.batch_id)
    ]
    assert refs == [["C3", "C4"], ["D1", "D2"]]
    with psycopg.connect(database_url) as connection:
        found = connection.execute("SELECT case_version_id, chunk_id, created_at FROM decision ORDER BY 1").fetchall()
        tally = "SELECT sum(count) FROM daily_tally WHERE measure = 'decided'"
        assert connection.execute(tally).fetchone() == (4,)
    mine, theirs = first.wakes[1].chunk_id, second.wakes[0].chunk_id
    assert found == [(3, mine, NOW), (4, mine, NOW), (5, theirs, NOW), (6, theirs, NOW)]


def chained(url: str) -> list[str]:
    """The decisions that the ledger tells of, in its order."""
    query = """
        SELECT 'decision:' || unnest(t.ids)
        FROM ledger l JOIN decision_tree t ON l.subject = 'decision_tree:' || chunk_id
        WHERE l.kind = 'decisions' ORDER BY l.seq
    """
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute(query)]


def test_every_decision_is_chained_once_by_the_chunk_that_made_it(database_url: str, vault: Vault) -> None:
    before = AS_OF - dt.timedelta(days=1)
    decided(database_url, many(3), vault, as_of=before)
    decided(database_url, many(2), vault)  # the same versions on another day
    assert chained(database_url) == [f"decision:{number}" for number in range(1, 6)]
    decided(database_url, many(1, "D"), vault)
    assert chained(database_url) == [f"decision:{number}" for number in range(1, 7)]


def test_whoever_wants_it_is_told_of_what_changed_and_of_nothing_else(database_url: str, vault: Vault) -> None:
    who = Viewer(account(database_url, role="submitter", submitter="us"), "wang", "submitter", "us")
    with working_as(who, database_url) as work:
        webhooks.add(work, "us", "https://example.com/hook", ("decision.changed",), private=True)
    danger = {"notes": "我不想活了"}
    decided(database_url, [accepted(1, "A"), accepted(2, "B"), accepted(3, "C")], vault)
    later = [accepted(1, "A", danger), accepted(2, "B", days_overdue=101), accepted(3, "C", danger), accepted(4, "D")]
    decided(database_url, later, vault)
    decided(database_url, [accepted(1, "A")], vault, submitter="them")
    with engine_of(database_url) as engine, session(engine) as opened:
        told = [each.payload["data"] for each in opened.exec(select(Delivery).order_by(col(Delivery.id)))]
    with psycopg.connect(database_url) as connection:
        query = "SELECT case_ref, decision_id FROM desk_case WHERE submitter = 'us' AND case_ref IN ('A', 'C')"
        current = connection.execute(query).fetchall()
    assert sorted((each["case_ref"], each["decision_id"]) for each in told) == sorted(current)
    assert len(told) == 2


@pytest.mark.parametrize("known", [True, False], ids=["a pack with the sums", "a pack of before"])
def test_what_else_a_borrower_owes_is_filled_in_from_the_other_cases(
    database_url: str, vault: Vault, known: bool
) -> None:
    """The sums only where the pack knows them, and nothing for a case that names no borrower."""
    with_sums = tiny({"facts.yaml": str(CHANGES["facts.yaml"]).replace("\n  phone:", SUMS)})
    owed: dict[str, dict[str, object]] = {
        "A": {"borrower_ref": "B1", "lender": "甲", "monthly_due": 100},
        "B": {"borrower_ref": "B1", "lender": "乙", "monthly_due": 200},
        "C": {"borrower_ref": "B2", "lender": "丙", "monthly_due": 400},
        "D": {"lender": "丁", "monthly_due": 800},
    }
    balances = {"A": 10, "B": 20, "C": 40, "D": 80} if known else {}
    cases = [
        accepted(row, ref, None, None, **facts, **({"balance": balances[ref]} if known else {}))
        for row, (ref, facts) in enumerate(owed.items(), 1)
    ]
    decided(database_url, cases, vault, by=with_sums if known else pack())
    names = ("creditors_overdue", "other_debt_payments", "debts_before", "debts_total")
    found = {ref: tuple(facts_of(database_url, ref).get(name) for name in names) for ref in owed}
    sums = {"A": (0, 30), "B": (10, 30)} if known else dict.fromkeys("AB", (None, None))
    nothing = (None, None, None, None)
    assert found == {"A": (2, 200, *sums["A"]), "B": (2, 100, *sums["B"]), "C": nothing, "D": nothing}


def test_the_same_facts_give_the_same_decision_byte_for_byte(database_url: str, vault: Vault) -> None:
    for submitter in ("us", "them"):
        decided(database_url, many(5), vault, submitter=submitter)
    with psycopg.connect(database_url) as connection:
        different = connection.execute(
            "SELECT count(DISTINCT (d.body)), count(*) FROM decision d "
            'JOIN case_version v ON v.id = d.case_version_id JOIN "case" c ON c.id = v.case_id GROUP BY c.case_ref'
        ).fetchall()
    assert different == [(1, 2)] * 5


def test_the_record_keeps_the_pack_that_decided(database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        kept = stored_pack(opened, pack().sha256)
    assert (kept.sha256, kept.files) == (pack().sha256, pack().files)


def test_alarming_notes_decide_and_are_not_stored_in_the_open(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "C1", {"notes": "我不想活了"}), accepted(2, "C2", {"notes": "还好"})], vault)
    assert facts_of(database_url, "C1")["note_flags"] == ("self_harm",)
    assert facts_of(database_url, "C2")["note_flags"] == ()
    assert "notes" not in facts_of(database_url, "C1")
    with engine_of(database_url) as engine, session(engine) as opened:
        latest = latest_decision(opened, "us", "C1", vault)
    assert latest is not None
    assert latest.view().strategy == "crisis_support"


def test_a_danger_is_another_one_for_other_words_and_for_what_the_facts_say_of_it_alone(vault: Vault) -> None:
    """Who answered it answered what was there then; whatever else is learnt of the case asks nobody again."""
    booleans = [name for name, fact in shipped().vocabulary.facts.items() if fact.type == "bool"]
    of_danger = [name for name in booleans if True in shipped().vocabulary.facts[name].urgent]
    others = [name for name in booleans if name not in of_danger]
    words = ("I want to die.",)

    def met(*told: str, facts: Mapping[str, object] | None = None) -> tuple[bytes, ...]:
        return danger_found(shipped(), facts or {}, Danger("explicit", ("suicide",), ()), told, vault).met

    assert len(of_danger) > 1 and others
    assert met(*words, facts=dict.fromkeys(others, True)) == met(*words)
    assert met(*words, facts=dict.fromkeys(of_danger, False)) == met(*words)
    assert met(*words, "Called on Monday.") == met(*words)
    found = [met(*words), met(), *(met(*words, facts={name: True}) for name in of_danger)]
    assert len(set(found)) == len(found)


def test_blank_notes_raise_no_flag(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "C1")], vault)
    assert facts_of(database_url, "C1")["note_flags"] == ()


def test_a_case_without_a_decision_has_none(database_url: str, vault: Vault) -> None:
    submitted(database_url, many(1), vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        assert latest_decision(opened, "us", "C1", vault) is None
        assert latest_decision(opened, "us", "no such case", vault) is None


def test_a_decision_comes_back_from_the_record_as_it_was_made(database_url: str, vault: Vault) -> None:
    sample = Path(__file__).parents[3] / "samples" / "cases.csv"
    policy = load(DEFAULT_PACK)
    cases = [
        replace(row, private={}, borrower_ref=None, facts={k: v for k, v in row.facts.items() if k != "borrower_ref"})
        for row in rows(sample, policy.vocabulary)
        if isinstance(row, Accepted)
    ][:60]
    batch = decided(database_url, cases, vault, by=policy).batch_id
    made = Evaluator(policy, AS_OF).evaluate([{**row.facts, "note_flags": ()} for row in cases])
    with engine_of(database_url) as engine, session(engine) as opened:
        read = list(decisions_of_batch(opened, batch, vault))
    assert [each.outcome for each in read] == [each.outcome for each in made]
    assert [each.facts for each in read] == [each.facts for each in made]


def _asked_once(
    url: str, vault: Vault, submitter: str, *, ask_once: bool, count: int = 150
) -> list[tuple[object, ...]]:
    """What is stored of some cases of a submitter, decided with or without asking each question once."""
    done = submitted(url, many(count), vault, submitter=submitter)
    with engine_of(url) as engine:
        for wake in done.wakes:
            with begin(engine, vault, NOW) as work:
                assert triage_chunk(work, wake.chunk_id, lambda: NOW, ask_once=ask_once) == count
    stored = """
        SELECT strategy, urgency, certain, engines_agree, body, valid_until, last_deadline
        FROM decision WHERE chunk_id = %s ORDER BY case_version_id
    """
    with psycopg.connect(url) as connection:
        return connection.execute(stored, [done.wakes[0].chunk_id]).fetchall()


def _details(url: str, kind: str) -> list[dict[str, object]]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT detail FROM ledger WHERE kind = %s ORDER BY seq", [kind]).fetchall()
    return [detail for (detail,) in found]


def test_asking_each_question_once_stores_the_same_until_an_answer_is_found_wrong(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = Settings(asked_once=True)
    assert check_asked_once(database_url, Settings()) == []
    in_full = _asked_once(database_url, vault, "full", ask_once=False)
    assert _asked_once(database_url, vault, "once", ask_once=True) == in_full
    _asked_once(database_url, vault, "small", ask_once=True, count=100)
    told = [{"decisions": 150}, {"decisions": 150, "asked_in_full": 2}, {"decisions": 100}]
    assert _details(database_url, "decisions") == told
    assert check_asked_once(database_url, on)[0].ok

    sound, looked_up = AskedOnce.hits, []

    def wrong(self: AskedOnce, facts: Facts, bounds: Bounds) -> frozenset[str]:
        looked_up.append(facts)
        turned = {pack().rules[0].rule.id} if len(looked_up) == 100 else set()
        return sound(self, facts, bounds) ^ turned

    monkeypatch.setattr(AskedOnce, "hits", wrong)
    assert _asked_once(database_url, vault, "wrong", ask_once=True) == in_full
    assert len(looked_up) == 150
    assert _asked_once(database_url, vault, "after", ask_once=True) == in_full
    assert len(looked_up) == 150  # by this pack nobody asks once any more
    assert _details(database_url, "decisions")[3:] == [{"decisions": 150}] * 2
    (stopped,) = _details(database_url, "asked_once_stopped")
    assert "rules_fired" in str(stopped["fields"])
    finding, told_off = check_asked_once(database_url, on)[0], check_asked_once(database_url, Settings())[0]
    assert not finding.ok
    assert "unset FORBEAR_ASKED_ONCE" in finding.detail
    assert told_off.ok
    with engine_of(database_url) as engine, session(engine) as opened:
        assert measure(opened, NOW).asked_once_stopped == {"bulk": 1}
        assert measure(opened, NOW + dt.timedelta(days=8)).asked_once_stopped == {"bulk": 0}


def test_one_case_in_a_hundred_is_drawn_by_the_key(vault: Vault) -> None:
    versions = range(1_000, 1_301)
    drawn_first = drawn(vault, versions)
    assert len(drawn_first) == 4
    assert drawn(vault, versions) == drawn_first
    assert drawn(Vault(bytes(31) + b"1"), versions) != drawn_first
    assert [len(drawn(vault, versions[:count])) for count in (1, 100, 101)] == [1, 1, 2]


def test_urgent_chunks_are_never_asked_once(database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forbear.batch.triage.BOTH_WAYS", 0)
    looked_up: list[Facts] = []
    sound = AskedOnce.hits

    def noted(self: AskedOnce, facts: Facts, bounds: Bounds) -> frozenset[str]:
        looked_up.append(facts)
        return sound(self, facts, bounds)

    monkeypatch.setattr(AskedOnce, "hits", noted)
    done = submitted(database_url, [*many(2), accepted(9, "urgent", violence=True)], vault)
    with engine_of(database_url) as engine:
        for wake in done.wakes:
            with begin(engine, vault, NOW) as work:
                triage_chunk(work, wake.chunk_id, lambda: NOW, ask_once=True)
    assert len(looked_up) == 2
    assert not any("violence" in facts for facts in looked_up)
