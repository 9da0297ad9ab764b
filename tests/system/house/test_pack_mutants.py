"""The mutants of the pack: faults of every kind, each of one place; what is said of them is still about one."""

from __future__ import annotations

import json
from functools import cache

import pytest
import yaml

from bench.pack_mutants.__main__ import ENOUGH, REASONS, SCORE, SEED, sampled
from bench.pack_mutants.entry_faults import entry_faults
from bench.pack_mutants.fault import Fault, written
from bench.pack_mutants.rule_faults import formula_faults, rule_faults
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.pack import Pack
from rules.pack.strict_yaml import read

SAMPLE = 500


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


@cache
def faults() -> dict[str, Fault]:
    data = {path: read(content) for path, content in pack().files.items()}
    every = [*rule_faults(pack(), data), *formula_faults(pack(), data), *entry_faults(pack(), data)]
    return {fault.name: fault for fault in every}


@pytest.mark.parametrize(
    "name",
    [
        "item dropped: safety/crisis.then.3: {step: crisis_call_now} -> nothing",
        "effect dropped: safety/crisis.then.1: {exclusive: true} -> nothing",
        "urgency: safety/crisis.then.2.urgency: U0 -> U1",
        "mark: documents.repayment_proposal.acknowledges: true -> false",
        "operator: strategy/cure.when.all.1.any.1.all.0.known: false -> true",
        "text's for / when / rank: warnings.lender_decides.rank: 60 -> 61",
        "deadline: deadlines.answer.days: answer_days -> payment_order_days",
        "parameter value: parameters.answer_days.values.0.value: 15 -> 16",
        "danger: red_flags.self_harm.danger.grade: explicit -> possible",
    ],
)
def test_a_fault_of_each_kind_is_made(name: str) -> None:
    assert name in faults()


def test_a_fault_changes_its_places_and_nothing_else() -> None:
    data = {path: read(content) for path, content in pack().files.items()}
    fault = faults()["item dropped: safety/crisis.then.3: {step: crisis_call_now} -> nothing"]
    (changed,) = (read(content) for content in fault.files(data).values())
    was = read(pack().files["safety/crisis.yaml"])
    assert isinstance(changed, dict)
    assert isinstance(was, dict)
    assert [key for key in was if changed[key] != was[key]] == ["then"]
    assert data["safety/crisis.yaml"] == was  # a copy was changed


def test_a_file_is_written_as_it_was_read() -> None:
    assert [path for path, content in pack().files.items() if read(written(read(content))) != read(content)] == []


def test_the_sample_is_of_every_kind_and_the_same_each_time() -> None:
    every = list(faults().values())
    chosen = sampled(every, SAMPLE, SEED)
    assert list(chosen) == list(sampled(every, SAMPLE, SEED))
    assert len(chosen) == SAMPLE
    assert {fault.kind for fault in chosen.values()} == {fault.kind for fault in every}


def test_every_reason_is_about_a_mutant_that_there_is() -> None:
    reasons = yaml.safe_load(REASONS.read_text(encoding="utf-8")) or {}
    assert set(reasons) <= set(faults())
    assert all(reasons.values())


def test_the_score_that_is_kept_is_enough_and_adds_up() -> None:
    score = json.loads(SCORE.read_text(encoding="utf-8"))
    assert score["tried"] == len(score["mutants"]) == SAMPLE
    assert score["noticed"] + len(score["survivors"]) + score["equivalent"] == SAMPLE
    assert score["percent"] >= ENOUGH
