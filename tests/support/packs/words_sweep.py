"""Decided cases whose words are read: every golden one on its own day, and seeded random ones of both kinds."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import NamedTuple

from rules.decision.evaluate import Evaluation
from rules.facts.case_facts import Facts
from rules.text.client_plan import ClientPlan, client_plan
from rules.text.negotiation_pack import NegotiationPack, negotiation_pack
from tests.policy.cases import test_golden
from tests.support.packs.negotiation_packs import AS_OF, evaluator, kit_of, pack, swept
from tests.support.packs.random_cases import cases

SEED = 5


class Read(NamedTuple):
    """A decided case with its client's page and its negotiation pack."""

    name: str
    decided: Evaluation
    as_of: dt.date
    plan: ClientPlan
    kit: NegotiationPack

    @property
    def facts(self) -> Facts:
        """The facts it was decided on."""
        return self.decided.facts

    @property
    def steps(self) -> set[str]:
        """The Chinese lines of what to do on the page."""
        return {line.zh for line in (*self.plan.today, *self.plan.this_week)}


@cache
def read() -> tuple[Read, ...]:
    """All of them."""
    golden = [
        (param.id, test_golden.evaluated()[param.values[0]["id"]], param.values[0].get("as_of", test_golden.AS_OF))
        for param in test_golden.cases()
    ]
    drawn = [{**case, "note_flags": case.get("note_flags", ())} for case in cases(SEED, 1_200)]
    random = [(f"random {n}", found, AS_OF) for n, found in enumerate(evaluator().evaluate(drawn))]
    anything = [(f"anything {n}", found, AS_OF) for n, (found, _) in enumerate(swept(800, 10))]
    return tuple(_read(*each) for each in (*golden, *random, *anything))


def _read(name: str, decided: Evaluation, as_of: dt.date) -> Read:
    plan = client_plan(pack(), decided.outcome, decided.facts, as_of)
    kit = kit_of(decided) if as_of == AS_OF else negotiation_pack(pack(), decided.outcome, decided.facts, as_of)
    assert plan is not None and kit is not None, name
    return Read(name, decided, as_of, plan, kit)
