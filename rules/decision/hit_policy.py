"""The hit policy: what a set of fired rules amounts to, and whether what is not known yet could change it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import inf

from rules.pack.pack import LoadedRule, Pack
from rules.pack.schema import ACKNOWLEDGEMENTS, LENDER_CONTACT, WITHHELD, Item, Rule, Urgency

Ids = tuple[str, ...]
DEFAULT = "default"
ITEMS = ("document", "right", "warning", "step")
_KEPT = 10_000  # selections


@dataclass(frozen=True)
class Effects:
    """What a rule does when it fires."""

    rule: str
    recommend: str | None
    serves: str | None  # the strategy an exclusive rule leaves
    strategies: Ids  # recommended and added, in this order
    block: Ids
    withholds: frozenset[str]  # it blocks whatever acknowledges the debt, or turns to the lender, items included
    urgency: Urgency | None
    withheld_by: frozenset[str]  # the blocks that silence it
    items: tuple[tuple[str, str], ...]  # document, right, warning, step, flag, deadline, each with its id


@dataclass(frozen=True)
class Selection:
    """What a set of fired rules amounts to."""

    strategy: str
    winner: str | None  # the first rule whose recommendation is not blocked
    alone: bool  # an exclusive rule decided
    urgency: Urgency
    secondary: Ids
    blocked: Ids
    rules_fired: Ids
    # Of the fired rules those that are not silenced, by an exclusive one or because what they want is blocked; those
    # that want the strategy come first.
    speaking: Ids
    withheld: bool  # nothing that acknowledges the debt may be offered
    items: dict[str, Ids]

    def of(self, kind: str) -> Ids:
        """The ids of one kind of item."""
        return self.items.get(kind, ())


def effects(loaded: LoadedRule, acknowledging: Ids) -> Effects:
    """A rule's effects, sorted by what they do; `acknowledging` are the strategies that acknowledge the debt."""
    then = loaded.rule.then
    blocks = [effect.block for effect in then if effect.block]
    recommend = next((effect.recommend for effect in then if effect.recommend), None)
    adds = [effect.add for effect in then if effect.add]
    strategies = tuple(dict.fromkeys([recommend, *adds] if recommend else adds))
    kinds = (*ITEMS, "flag", "deadline")
    return Effects(
        loaded.rule.id,
        recommend,
        strategies[0] if strategies and any(effect.exclusive for effect in then) else None,
        strategies,
        tuple(name for block in blocks for name in _named(block, acknowledging)),
        frozenset(WITHHELD).intersection(blocks),
        next((effect.urgency for effect in then if effect.urgency), None),
        _marks(loaded.rule),
        tuple((effect.kind, getattr(effect, effect.kind)) for effect in then if effect.kind in kinds),
    )


def _named(block: Ids | str, acknowledging: Ids) -> Ids:
    """The strategies that a block takes away."""
    if isinstance(block, str):
        return acknowledging if block == ACKNOWLEDGEMENTS else ()
    return block


def _marks(entry: Rule | Item) -> frozenset[str]:
    """The blocks that silence a rule or withhold an item."""
    marks = {ACKNOWLEDGEMENTS: entry.acknowledges, LENDER_CONTACT: entry.contacts_lender}
    return frozenset(block for block, marked in marks.items() if marked)


class HitPolicy:
    """A pack's rules as effects, in order of priority."""

    def __init__(self, pack: Pack) -> None:
        self._default = pack.manifest.default
        self._selected: dict[frozenset[str], Selection] = {}
        acknowledging = tuple(name for name, entry in pack.strategies.items() if entry.acknowledges)
        self._effects = {loaded.rule.id: effects(loaded, acknowledging) for loaded in pack.rules}
        self._marked = {
            (kind, name): marks
            for kind in ITEMS
            for name, item in getattr(pack, f"{kind}s").items()
            if (marks := _marks(item))
        }
        self._ranks = {rule: rank for rank, rule in enumerate(self._effects)}
        # An exclusive rule comes before every other, whatever their priorities.
        exclusive = [(each.rule, each.serves) for each in self._effects.values() if each.serves]
        recommending = [(each.rule, each.recommend) for each in self._effects.values() if each.recommend]
        self._places: dict[str, list[tuple[int, str]]] = {}  # of each rule among the contenders, and what it wants
        for place, (rule, wanted) in enumerate([*exclusive, *recommending]):
            self._places.setdefault(rule, []).append((place, wanted))

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
        first = next((each for each in hits if each.recommend and each.recommend not in blocked), None)
        winner = alone or (first and first.recommend)
        active = [each for each in hits if alone is None or alone in each.strategies]
        barred = frozenset[str]().union(*(each.withholds for each in hits))
        heard = [each for each in active if not each.strategies or not set(each.strategies).issubset(blocked)]
        heard = [each for each in heard if barred.isdisjoint(each.withheld_by)]
        # What speaks for the strategy itself comes before what is said beside it.
        speaking = sorted(heard, key=lambda each: winner is None or winner not in (each.recommend, each.serves))
        others = () if alone else dict.fromkeys(name for each in hits for name in each.strategies)
        strategy = winner or self._default.strategy
        urgencies = [each.urgency for each in active if each.urgency]
        names = tuple(each.rule for each in hits)
        withheld = {item for item, marks in self._marked.items() if marks & barred}
        return Selection(
            strategy=strategy,
            winner=first.rule if first else None,
            alone=alone is not None,
            urgency=min(urgencies if winner and urgencies else [*urgencies, self._default.urgency]),
            secondary=tuple(name for name in others if name != strategy and name not in blocked),
            blocked=blocked,
            rules_fired=names if winner else (*names, DEFAULT),
            speaking=(*(each.rule for each in speaking), *(() if winner else (DEFAULT,))),
            withheld=ACKNOWLEDGEMENTS in barred,
            items={
                kind: tuple(
                    dict.fromkeys(
                        name
                        for each in each_of
                        for what, name in each.items
                        if what == kind and (what, name) not in withheld
                    )
                )
                for kind, each_of in (
                    ("deadline", hits),  # a legal clock runs even where the rule that noticed it is silenced
                    ("flag", active),
                    *((kind, speaking) for kind in ITEMS),  # none that helps to do what is blocked
                )
            },
        )

    def better(self, rule: str, fired: Collection[str]) -> str | None:
        """The strategy a rule recommends, if it is another and comes before the one that these fired rules give.

        Where an exclusive rule won, nothing is better: it is there so that nothing else is talked about.
        """
        wanted, present = self._effects[rule].recommend, self.select(fired)
        if wanted is None or wanted == present.strategy or present.alone:
            return None
        return wanted if present.winner is None or self._ranks[rule] < self._ranks[present.winner] else None

    def outlook(self, strategy: str, sure: Collection[str], undecided: Collection[str]) -> tuple[bool, Ids]:
        """Whether the strategy is certain, and the undecided rules that could change it, most important first.

        Walks the recommendations as `select` does, down to the first that nothing can take away. Whatever set of rules
        comes true in the end, it holds all the sure ones and otherwise only undecided ones: if every
        recommendation on the way says the same, so will every end. Undecided rules are taken to be independent of each
        other, so a strategy can be called uncertain that is not; never the other way round.
        """
        blocked = {name for rule in sure for name in self._effects[rule].block}
        threats = self._threats(undecided, blocked)
        decisive: set[str] = set()
        certain, ends = True, False
        for place, wanted, rule, known in sorted(self._contenders(sure, True) + self._contenders(undecided, False)):
            if wanted in blocked:
                continue
            certain = certain and wanted == strategy
            if known:
                takers = {threat for threat, (block, own) in threats.items() if wanted in block and own > place}
                ends = not takers
                decisive |= takers
            else:
                decisive.add(rule)
            if ends:
                break
        if certain and (ends or strategy == self._default.strategy):
            return True, ()
        return False, tuple(sorted(decisive, key=self._ranks.__getitem__))

    def _threats(self, undecided: Collection[str], blocked: Collection[str]) -> dict[str, tuple[Ids, float]]:
        """The undecided rules that block something, each with the place of a recommendation that nothing can take away.

        If such a rule comes true it wins itself, or a rule before it does: what it blocks after that is no question.
        """
        blocks = {rule: self._effects[rule].block for rule in undecided if self._effects[rule].block}
        unsafe = {*blocked, *(name for block in blocks.values() for name in block)}
        return {
            rule: (
                block,
                min((place for place, wanted in self._places.get(rule, ()) if wanted not in unsafe), default=inf),
            )
            for rule, block in blocks.items()
        }

    def _contenders(self, rules: Collection[str], known: bool) -> list[tuple[int, str, str, bool]]:
        """The places of rules in the order in which the hit policy looks at them."""
        return [(place, wanted, rule, known) for rule in rules for place, wanted in self._places.get(rule, ())]
