"""The hit policy: what a set of fired rules amounts to, and whether what is not known yet could change it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from rules.pack import LoadedRule, Pack
from rules.schema import Urgency

Ids = tuple[str, ...]
DEFAULT = "default"
_KEPT = 10_000  # selections


@dataclass(frozen=True)
class Effects:
    """What a rule does when it fires."""

    rule: str
    recommend: str | None
    serves: str | None  # the strategy an exclusive rule leaves
    strategies: Ids  # recommended and added, in this order
    block: Ids
    urgency: Urgency | None
    items: tuple[tuple[str, str], ...]  # document, right, warning, step, flag, deadline, each with its id


@dataclass(frozen=True)
class Selection:
    """What a set of fired rules amounts to."""

    strategy: str
    urgency: Urgency
    secondary: Ids
    blocked: Ids
    rules_fired: Ids
    speaking: (
        Ids  # of the fired rules those that are not silenced: by an exclusive one, or because all they want is blocked
    )
    items: dict[str, Ids]

    def of(self, kind: str) -> Ids:
        """The ids of one kind of item."""
        return self.items.get(kind, ())


def effects(loaded: LoadedRule) -> Effects:
    """A rule's effects, sorted by what they do."""
    then = loaded.rule.then
    recommend = next((effect.recommend for effect in then if effect.recommend), None)
    adds = [effect.add for effect in then if effect.add]
    strategies = tuple(dict.fromkeys([recommend, *adds] if recommend else adds))
    kinds = ("document", "right", "warning", "step", "flag", "deadline")
    return Effects(
        loaded.rule.id,
        recommend,
        strategies[0] if strategies and any(effect.exclusive for effect in then) else None,
        strategies,
        tuple(name for effect in then if effect.block for name in effect.block),
        next((effect.urgency for effect in then if effect.urgency), None),
        tuple((effect.kind, getattr(effect, effect.kind)) for effect in then if effect.kind in kinds),
    )


class Policy:
    """A pack's rules as effects, in order of priority."""

    def __init__(self, pack: Pack) -> None:
        self._default = pack.manifest.default
        self._selected: dict[frozenset[str], Selection] = {}
        self._effects = {loaded.rule.id: effects(loaded) for loaded in pack.rules}
        # An exclusive rule comes before every other, whatever their priorities.
        exclusive = [(each.rule, each.serves) for each in self._effects.values() if each.serves]
        recommending = [(each.rule, each.recommend) for each in self._effects.values() if each.recommend]
        self._contenders = [*exclusive, *recommending]
        self._blockers = [each for each in self._effects.values() if each.block]

    def select(self, fired: Collection[str]) -> Selection:
        """What these fired rules amount to. Many cases fire the same ones, so what was worked out once is kept."""
        key = frozenset(fired)
        found = self._selected.get(key)
        if found is None:
            if len(self._selected) >= _KEPT:
                self._selected.clear()
            found = self._selected[key] = self._select(key)
        return found

    def _select(self, fired: Collection[str]) -> Selection:
        hits = [each for rule, each in self._effects.items() if rule in fired]
        blocked = tuple(dict.fromkeys(name for each in hits for name in each.block))
        alone = next((each.serves for each in hits if each.serves and each.serves not in blocked), None)
        winner = alone or next(
            (each.recommend for each in hits if each.recommend and each.recommend not in blocked), None
        )
        active = [each for each in hits if alone is None or alone in each.strategies]
        speaking = [each for each in active if not each.strategies or not set(each.strategies).issubset(blocked)]
        others = () if alone else dict.fromkeys(name for each in hits for name in each.strategies)
        strategy = winner or self._default.strategy
        urgencies = [each.urgency for each in active if each.urgency]
        names = tuple(each.rule for each in hits)
        return Selection(
            strategy=strategy,
            urgency=min(urgencies if winner and urgencies else [*urgencies, self._default.urgency]),
            secondary=tuple(name for name in others if name != strategy and name not in blocked),
            blocked=blocked,
            rules_fired=names if winner else (*names, DEFAULT),
            speaking=(*(each.rule for each in speaking), *(() if winner else (DEFAULT,))),
            items={
                kind: tuple(dict.fromkeys(name for each in each_of for what, name in each.items if what == kind))
                for kind, each_of in (
                    ("deadline", hits),  # a legal clock runs even where the rule that noticed it is silenced
                    *((kind, active) for kind in ("right", "warning", "flag")),
                    *((kind, speaking) for kind in ("document", "step")),  # none that help to do what is blocked
                )
            },
        )

    def better(self, rule: str, strategy: str, fired: Collection[str]) -> str | None:
        """The strategy a rule recommends, if it is another and comes before the rule that won.

        Where an exclusive rule fired, nothing is better: it is there so that nothing else is talked about.
        """
        wanted = self._effects[rule].recommend
        if (
            wanted is None
            or wanted == strategy
            or any(self._effects[each].serves for each in fired if each in self._effects)
        ):
            return None
        for other, each in self._effects.items():
            if other == rule:
                return wanted
            if each.recommend == strategy and other in fired:
                return None
        return None

    def outlook(self, strategy: str, sure: Collection[str], undecided: Collection[str]) -> tuple[bool, Ids]:
        """Whether the strategy is certain, and the undecided rules that could change it, most important first.

        Walks the recommendations as `select` does, down to the first that nothing can take away. Whatever set of rules
        comes true in the end, it holds all the sure ones and otherwise only undecided ones: if every
        recommendation on the way says the same, so will every end. Undecided rules are taken to be independent of each
        other, so a strategy can be called uncertain that is not; never the other way round.
        """
        sure, undecided = frozenset(sure), frozenset(undecided)
        blocked = {name for each in self._blockers if each.rule in sure for name in each.block}
        threats = [each for each in self._blockers if each.rule in undecided]
        threatened = {name for each in threats for name in each.block}
        decisive: set[str] = set()
        exposed = {strategy}  # what a threat would take away
        certain, ends = True, False
        for rule, wanted in self._contenders:
            if wanted in blocked or (rule not in sure and rule not in undecided):
                continue
            certain = certain and wanted == strategy
            if rule in undecided:
                decisive.add(rule)
            else:
                exposed.add(wanted)
                ends = wanted not in threatened
            if ends:
                break
        if certain and (ends or strategy == self._default.strategy):
            return True, ()
        decisive.update(each.rule for each in threats if exposed.intersection(each.block))
        return False, tuple(rule for rule in self._effects if rule in decisive)
