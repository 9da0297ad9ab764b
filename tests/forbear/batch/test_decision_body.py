"""What was decided comes back from a body as it was, whatever was submitted, added and left out."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from forbear.base.packs import shipped, shipped_dictionary
from forbear.base.vault import Vault
from forbear.batch import decision_body
from forbear.batch.decision_body import BodyWriter, uncompressed
from models.database.session import session
from models.decision import Decision
from models.pack import StoredPack
from rules.decision.evaluate import Evaluator
from rules.decision.outcome import read_outcome
from rules.facts.case_facts import read_facts, stored_facts
from tests.support.desk.cases import AS_OF, accepted, decided, engine_of, many
from tests.support.old.old_decisions import recorded, without_bodies
from tests.support.packs.tiny_pack import tiny

OUTCOME = Evaluator(tiny(), AS_OF).evaluate([{"case_ref": "A", "product": "credit_card", "days_overdue": 9}])[0].outcome
VALUES = st.one_of(st.integers(-(2**53), 2**53), st.booleans(), st.text(max_size=8), st.dates())
FACTS = st.dictionaries(
    st.one_of(st.sampled_from("abcdefgh"), st.text(st.characters(codec="utf-8"), max_size=6)), VALUES, max_size=12
)


def again(submitted: dict[str, object], body: bytes) -> str:
    """The facts as JSON: to Python 1 is true."""
    told = json.loads(body)
    kept = {name: value for name, value in submitted.items() if name not in told["gone"]}
    return json.dumps(kept | told["added"], sort_keys=True)


@given(FACTS, FACTS)
def test_facts_come_back_whatever_was_submitted(submitted: dict[str, object], facts: dict[str, object]) -> None:
    stored = json.loads(stored_facts(submitted))  # type: ignore[arg-type]
    body = uncompressed(stored, submitted, facts, OUTCOME)  # type: ignore[arg-type]
    assert again(stored, body) == json.dumps(json.loads(stored_facts(facts)), sort_keys=True)  # type: ignore[arg-type]


def test_a_value_that_only_looks_the_same_is_kept() -> None:
    body = uncompressed(("a", "b"), {"a": 1, "b": True}, {"a": True, "b": 1}, OUTCOME)
    assert again({"a": 1, "b": True}, body) == '{"a": true, "b": 1}'


def test_what_was_submitted_as_it_is_takes_no_room() -> None:
    one, other = (int("9" * 9) for _ in range(2))
    assert one is not other
    assert json.loads(uncompressed(("a",), {"a": one}, {"a": other}, OUTCOME))["added"] == {}


@pytest.mark.parametrize("dictionary", [None, shipped_dictionary()])
def test_with_a_dictionary_or_none_the_same_is_said(
    database_url: str, vault: Vault, dictionary: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forbear.base.packs._dictionaries", {})
    decided(database_url, [accepted(1, "A", days_overdue=None)], vault, by=shipped())
    (made,) = recorded(database_url)
    with engine_of(database_url) as engine, session(engine) as opened:
        opened.connection().exec_driver_sql("SET session_replication_role = replica")
        kept = opened.get_one(StoredPack, shipped().sha256)
        assert kept.dictionary == shipped_dictionary()
        kept.dictionary = dictionary
        facts = read_facts(shipped().vocabulary, made.facts)
        decision = opened.get_one(Decision, 1)
        decision.body = BodyWriter(dictionary).body((), {}, facts, read_outcome(made.outcome))
        opened.flush()
        opened.commit()
    monkeypatch.setattr("forbear.base.packs._dictionaries", {})
    assert recorded(database_url) == [made]


def test_a_body_says_what_the_columns_of_before_said(database_url: str, vault: Vault) -> None:
    decided(database_url, many(3), vault, by=shipped())
    made = recorded(database_url)
    with engine_of(database_url) as engine, session(engine) as opened:
        outcomes = dict(decision_body.outcomes(opened, [1, 3]))
    assert outcomes == {1: made[0].outcome, 3: made[2].outcome}
    without_bodies(database_url)
    assert recorded(database_url) == made
    with engine_of(database_url) as engine, session(engine) as opened:
        assert dict(decision_body.outcomes(opened, [1, 3])) == outcomes


def test_a_decision_that_somebody_emptied_says_nothing() -> None:
    emptied: Any = SimpleNamespace(facts=None, outcome=None, body=None)
    assert decision_body.recorded(Session(), emptied, {"a": 1}) == ({}, {})


@pytest.mark.parametrize("spoiled", [b"", b"x", b"\x28\xb5\x2f\xfd", BodyWriter(None).body((), {}, {}, OUTCOME)[:-4]])
def test_what_nobody_wrote_is_said_to_be_so(database_url: str, vault: Vault, spoiled: bytes) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        decision = opened.get_one(Decision, 1)
        opened.expunge(decision)
        decision.body = spoiled
        with pytest.raises(ValueError, match="no body of a decision that Forbear wrote"):
            decision_body.recorded(opened, decision, {})
