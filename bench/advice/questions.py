"""How many answers until the strategy is certain, by the order of the questions: `python -m bench.advice.questions`.

Every golden case with every fact hidden; one answer at a time, taken from the case. Counted are cases that both orders
bring to an end. The order of the form is that of facts.yaml.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from rules.decision.evaluate import Evaluator
from rules.decision.hit_policy import Ids
from rules.decision.outcome import Outcome
from rules.decision.outlook.questions import ranked
from rules.facts.case_facts import Facts, Parser
from rules.facts.red_flags import scan
from rules.pack.pack import Pack
from tests.policy.cases.test_golden import AS_OF, cases, pack

_Order = Callable[[Outcome, Facts], Ids]


@dataclass
class _Hidden:
    """A case of which nothing is told yet but what its notes say."""

    facts: Facts
    as_of: dt.date
    told: Facts
    asked: list[str] = field(default_factory=list)


def mean_answers(every: int = 1) -> tuple[float, float, int]:
    """The mean number of answers in our order and in that of the form, over how many of each `every` golden cases."""
    policy = pack()
    form = tuple(name for name, fact in policy.vocabulary.facts.items() if fact.question and not fact.derived)
    ours, by_form = _answers(policy, (partial(ranked, policy), lambda outcome, facts: form), every)
    both = [name for name in ours if name in by_form]
    return _mean(ours, both), _mean(by_form, both), len(both)


def _mean(answers: dict[str, int], names: list[str]) -> float:
    return sum(answers[name] for name in names) / len(names)


def _answers(policy: Pack, orders: Sequence[_Order], every: int) -> list[dict[str, int]]:
    """How many answers each case took, by each order; a case that no answer makes certain is left out.

    The cases of all orders that wait are evaluated together: one takes hardly less than all of them.
    """
    waiting = {(by, name): case for by in range(len(orders)) for name, case in _hidden(policy, every).items()}
    taken: list[dict[str, int]] = [{} for _ in orders]
    evaluator = cache(partial(Evaluator, policy))
    while waiting:
        days = defaultdict(list)
        for key, case in waiting.items():
            days[case.as_of].append(key)
        for day, keys in days.items():
            for key, found in zip(keys, evaluator(day).evaluate([waiting[key].told for key in keys]), strict=True):
                case, (by, name) = waiting[key], key
                order = orders[by](found.outcome, found.facts)
                following = next((each for each in order if each not in case.asked), None)
                if found.outcome.certain:
                    taken[by][name] = len(case.asked)
                if found.outcome.certain or following is None:
                    del waiting[key]
                    continue
                case.asked.append(following)
                if following in case.facts:
                    case.told[following] = case.facts[following]
    return taken


def _hidden(policy: Pack, every: int) -> dict[str, _Hidden]:
    known = policy.vocabulary.facts
    found = {}
    for param in cases()[::every]:
        case = param.values[0]
        facts, errors = Parser(policy.vocabulary).parse({"case_ref": "golden", **case["facts"]})
        if errors:
            raise ValueError(f"{param.id}: {errors}")
        flags = scan(policy, str(facts.get("notes", "")))
        public = {name: value for name, value in facts.items() if not known[name].private}
        told = {name: value for name, value in public.items() if not known[name].question}
        found[str(param.id)] = _Hidden(public, case.get("as_of", AS_OF), {**told, "note_flags": flags})
    return found


if __name__ == "__main__":
    ours, by_form, number = mean_answers()
    fewer = f"{100 * (1 - ours / by_form):.0f} % fewer"
    print(f"{number} golden cases: {ours:.1f} answers in our order, {by_form:.1f} in that of the form, {fewer}")
