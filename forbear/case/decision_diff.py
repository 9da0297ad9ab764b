"""The difference between two decisions on a case: facts, strategy, urgency, rules, questions and plans."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forbear.batch.recorded_decision import RecordedDecision
from rules.decision.reasons import source
from rules.facts.case_facts import display
from rules.locale import Language, said
from rules.pack.files.schema import Rule, Text

_UNKNOWN = said("unknown")


@dataclass(frozen=True)
class FactDiff:
    """One fact before and after, as people read it."""

    fact: str
    title: Text
    before: Text
    after: Text
    derived: bool
    written: bool  # in somebody's own words, the same in every language


@dataclass(frozen=True)
class ListDiff:
    """What came into a list and what left it."""

    came: tuple[Text, ...]
    went: tuple[Text, ...]

    def __bool__(self) -> bool:
        return bool(self.came or self.went)


@dataclass(frozen=True)
class DecisionDiff:
    """What is other in the later decision; None or empty where nothing is."""

    facts: tuple[FactDiff, ...]
    strategy: tuple[Text, Text] | None
    urgency: tuple[str, str] | None
    certain: tuple[bool, bool] | None
    rules: ListDiff
    questions: ListDiff
    plans: ListDiff
    packs: tuple[str, str] | None

    @property
    def same(self) -> bool:
        """Whether the same is recommended, as urgently."""
        return self.strategy is None and self.urgency is None


def decision_diff(before: RecordedDecision, after: RecordedDecision) -> DecisionDiff:
    """What changed from one decision to another on the same case; each may be by a pack of its own."""
    old, new = before.outcome, after.outcome
    titles = [each.pack.strategies[each.outcome.strategy].title for each in (before, after)]
    editions = [f"{each.pack.manifest.id} {each.pack.manifest.version}" for each in (before, after)]
    return DecisionDiff(
        facts=tuple(_facts(before, after)),
        strategy=(titles[0], titles[1]) if old.strategy != new.strategy else None,
        urgency=(old.urgency, new.urgency) if old.urgency != new.urgency else None,
        certain=(old.certain, new.certain) if old.certain != new.certain else None,
        rules=_moved(_rules(before), _rules(after)),
        questions=_moved(_questions(before), _questions(after)),
        plans=_moved(_plans(before), _plans(after)),
        packs=(editions[0], editions[1]) if before.pack.sha256 != after.pack.sha256 else None,
    )


def _facts(before: RecordedDecision, after: RecordedDecision) -> Iterator[FactDiff]:
    """Facts of either decision that differ, in the order of the later vocabulary; nothing private."""
    known = {**before.pack.vocabulary.facts, **after.pack.vocabulary.facts}
    names = dict.fromkeys([*after.pack.vocabulary.facts, *before.pack.vocabulary.facts])
    for name in names:
        fact = known[name]
        if fact.private or before.facts.get(name) == after.facts.get(name):
            continue
        yield FactDiff(name, fact.title, _shown(before, name), _shown(after, name), fact.derived, fact.type == "text")


def _shown(decided: RecordedDecision, name: str) -> Text:
    if name not in decided.facts:
        return _UNKNOWN
    value, vocabulary = decided.facts[name], decided.pack.vocabulary

    def said(language: Language) -> str:
        return display(vocabulary, name, value, language)

    return Text(zh=said("zh"), en=said("en"))


def _moved(before: Mapping[str, Text], after: Mapping[str, Text]) -> ListDiff:
    return ListDiff(
        tuple(text for key, text in after.items() if key not in before),
        tuple(text for key, text in before.items() if key not in after),
    )


def _rules(decided: RecordedDecision) -> dict[str, Text]:
    fired = {rule: source(decided.pack, rule) for rule in decided.outcome.rules_fired}
    return {rule: found.title if isinstance(found, Rule) else found.because for rule, found in fired.items()}


def _questions(decided: RecordedDecision) -> dict[str, Text]:
    known = decided.pack.vocabulary.facts
    return {name: known[name].question or known[name].title for name in decided.outcome.questions}


def _plans(decided: RecordedDecision) -> dict[str, Text]:
    return {plan.text.zh: plan.text for plan in decided.view().plan_options}
