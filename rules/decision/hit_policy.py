"""The hit policy: what a set of fired rules amounts to, and whether what is not known yet could change it.

In four steps, each on what the ones before it found; `hits` are the effects of the fired rules, most important first:

1. `blocks_of`: what the rules take away, strategies and whatever acknowledges the debt or turns to the lender.
2. `winner_of`: the strategy, an exclusive rule's before every other, then the first recommendation that is not blocked.
3. `contributors_of`: which rules count towards the case, and which of those are heard.
4. `items_of`: the documents, rights, warnings, steps, flags and deadlines that follow; what protects people is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf

from rules.pack.files.items import Item
from rules.pack.files.schema import ACKNOWLEDGEMENTS, LENDER_CONTACT, WITHHELD, Effect, Rule, Urgency
from rules.pack.pack import LoadedRule, Pack

Ids = tuple[str, ...]
DEFAULT = "default"
ITEMS = ("document", "right", "warning", "step")
_KEPT = 10_000  # selections
_DEADLINES, _FLAGS, _GIVEN = frozenset(("deadline",)), frozenset(("flag",)), frozenset(ITEMS)


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
    strategies = _strategies(recommend, then)
    kinds = (*ITEMS, "flag", "deadline")
    return Effects(
        rule=loaded.rule.id,
        recommend=recommend,
        serves=strategies[0] if strategies and any(effect.exclusive for effect in then) else None,
        strategies=strategies,
        block=tuple(name for block in blocks for name in _named(block, acknowledging)),
        withholds=frozenset(WITHHELD).intersection(blocks),
        urgency=next((effect.urgency for effect in then if effect.urgency), None),
        withheld_by=_marks(loaded.rule),
        items=tuple((effect.kind, getattr(effect, effect.kind)) for effect in then if effect.kind in kinds),
    )


def _strategies(recommend: str | None, then: Iterable[Effect]) -> Ids:
    """The strategies a rule recommends and adds, in this order, each once."""
    added = [effect.add for effect in then if effect.add]
    return tuple(dict.fromkeys([recommend, *added] if recommend else added))


def _named(block: Ids | str, acknowledging: Ids) -> Ids:
    """The strategies that a block takes away."""
    if isinstance(block, str):
        return acknowledging if block == ACKNOWLEDGEMENTS else ()
    return block


def _marks(entry: Rule | Item) -> frozenset[str]:
    """The blocks that silence a rule or withhold an item."""
    marks = {ACKNOWLEDGEMENTS: entry.acknowledges, LENDER_CONTACT: entry.contacts_lender}
    return frozenset(block for block, marked in marks.items() if marked)


def _items(pack: Pack) -> dict[tuple[str, str], Item]:
    """What a pack can give beside a strategy, by kind and id."""
    return {(kind, name): item for kind in ITEMS for name, item in getattr(pack, f"{kind}s").items()}


@dataclass(frozen=True)
class Blocks:
    """What the fired rules take away: strategies, in the order they are blocked, and kinds of rules and items."""

    strategies: Ids
    kinds: frozenset[str]  # of WITHHELD: whatever is so marked is silent


@dataclass(frozen=True)
class Winner:
    """What is recommended: nothing where all recommendations are blocked, or there is none."""

    strategy: str | None
    rule: str | None  # the first whose recommendation is not blocked
    alone: bool  # an exclusive rule decided: nothing that does not serve its strategy counts


@dataclass(frozen=True)
class Contributors:
    """The fired rules that count towards the case, and those of them that are heard."""

    counting: tuple[Effects, ...]  # by priority
    heard: tuple[Effects, ...]  # those that want the strategy first, then by priority


def blocks_of(hits: Sequence[Effects]) -> Blocks:
    """Step 1. A block protects: it holds even where the rule that asks for it is silenced."""
    strategies = dict.fromkeys(name for hit in hits for name in hit.block)
    return Blocks(tuple(strategies), frozenset[str]().union(*(hit.withholds for hit in hits)))


def winner_of(hits: Sequence[Effects], blocks: Blocks) -> Winner:
    """Step 2. The first exclusive rule wins, whatever the priorities; else the first recommendation."""
    barred = blocks.strategies
    served = next((hit.serves for hit in hits if hit.serves and hit.serves not in barred), None)
    first = next((hit for hit in hits if hit.recommend and hit.recommend not in barred), None)
    recommended = first.recommend if first else None
    return Winner(served or recommended, first.rule if first else None, served is not None)


def contributors_of(hits: Sequence[Effects], blocks: Blocks, winner: Winner) -> Contributors:
    """Step 3. An exclusive rule leaves only what serves its strategy; who wants only what is blocked is not heard."""
    counting = [hit for hit in hits if not winner.alone or winner.strategy in hit.strategies]
    heard = [hit for hit in counting if not _silenced(hit, blocks)]
    # What speaks for the strategy itself comes before what is said beside it.
    heard.sort(key=lambda hit: winner.strategy is None or winner.strategy not in (hit.recommend, hit.serves))
    return Contributors(tuple(counting), tuple(heard))


def _silenced(hit: Effects, blocks: Blocks) -> bool:
    """Whether all that a rule wants is blocked, or its words speak of what is."""
    wants_blocked = bool(hit.strategies) and all(name in blocks.strategies for name in hit.strategies)
    return wants_blocked or not blocks.kinds.isdisjoint(hit.withheld_by)


def items_of(
    hits: Sequence[Effects],
    contributors: Contributors,
    withheld: Collection[tuple[str, str]],
    protecting: frozenset[tuple[str, str]] = frozenset(),
) -> dict[str, Ids]:
    """Step 4. The ids of each kind of item, each once, without the `withheld` ones.

    A rule that is not heard still gives what protects people: only its way is closed.
    """
    found: dict[str, dict[str, None]] = {kind: {} for kind in ("deadline", "flag", *ITEMS)}

    def give(rules: Iterable[Effects], kinds: frozenset[str], only: Collection[tuple[str, str]] | None = None) -> None:
        for hit in rules:
            for item in hit.items:
                if item[0] in kinds and item not in withheld and (only is None or item in only):
                    found[item[0]][item[1]] = None

    give(hits, _DEADLINES)  # a legal clock runs even where the rule that noticed it is silenced
    give(contributors.counting, _FLAGS)
    give(contributors.heard, _GIVEN)  # nothing that helps to do what is blocked
    if protecting and len(contributors.heard) < len(contributors.counting):
        heard = {hit.rule for hit in contributors.heard}
        give((hit for hit in contributors.counting if hit.rule not in heard), _GIVEN, protecting)
    return {kind: tuple(names) for kind, names in found.items()}


class HitPolicy:
    """A pack's rules as effects, in order of priority."""

    def __init__(self, pack: Pack) -> None:
        self._default = pack.manifest.default
        self._selected: dict[frozenset[str], Selection] = {}
        acknowledging = tuple(name for name, entry in pack.strategies.items() if entry.acknowledges)
        self._strategies = pack.strategies
        self._effects = {loaded.rule.id: effects(loaded, acknowledging) for loaded in pack.rules}
        items = _items(pack)
        self._marked = {named: marks for named, item in items.items() if (marks := _marks(item))}
        self._protecting = frozenset(named for named, item in items.items() if item.protects)
        self._ranks = {rule: rank for rank, rule in enumerate(self._effects)}
        self._withheld_by: dict[frozenset[str], frozenset[tuple[str, str]]] = {}
        self._outlooks: dict[tuple[str, Ids, Ids], tuple[bool, Ids]] = {}
        # An exclusive rule comes before every other, whatever their priorities.
        exclusive = [(rule.rule, rule.serves) for rule in self._effects.values() if rule.serves]
        recommending = [(rule.rule, rule.recommend) for rule in self._effects.values() if rule.recommend]
        self._places: dict[str, list[tuple[int, str]]] = {}  # of each rule among the contenders, and what it wants
        for place, (rule, wanted) in enumerate([*exclusive, *recommending]):
            self._places.setdefault(rule, []).append((place, wanted))
        self.telling = _telling(self._effects.values())

    def select(self, fired: Collection[str]) -> Selection:
        """What these fired rules amount to. Many cases fire the same ones, so what was worked out once is kept."""
        key = frozenset(fired)
        selection = self._selected.get(key)
        if selection is None:
            if len(self._selected) >= _KEPT:
                self._selected.clear()
            selection = self._selected[key] = self._select(key)
        return selection

    def strategy_of(self, fired: Collection[str]) -> str:
        """The strategy alone that these fired rules amount to."""
        hits = self._hits(fired)
        return winner_of(hits, blocks_of(hits)).strategy or self._default.strategy

    def _hits(self, fired: Collection[str]) -> tuple[Effects, ...]:
        """The effects of fired rules, most important first; what is no rule, as the default is none, has no effects."""
        ranks = self._ranks
        return tuple(self._effects[rule] for rule in sorted(ranks.keys() & fired, key=ranks.__getitem__))

    def _select(self, fired: Collection[str]) -> Selection:
        hits = self._hits(fired)
        blocks = blocks_of(hits)
        winner = winner_of(hits, blocks)
        contributors = contributors_of(hits, blocks, winner)
        strategy = winner.strategy or self._default.strategy
        default = () if winner.strategy else (DEFAULT,)
        return Selection(
            strategy=strategy,
            winner=winner.rule,
            alone=winner.alone,
            urgency=self._urgency(winner, contributors),
            secondary=() if winner.alone else _secondary(hits, blocks, strategy),
            blocked=blocks.strategies,
            rules_fired=(*(hit.rule for hit in hits), *default),
            speaking=(*(hit.rule for hit in contributors.heard), *default),
            withheld=ACKNOWLEDGEMENTS in blocks.kinds,
            items=items_of(hits, contributors, self._withheld(blocks), self._protecting),
        )

    def chosen(self, strategy: str, fired: Collection[str]) -> Selection:
        """What these fired rules amount to where a person chose a strategy in the place of the recommended one.

        A rule that speaks for the rejected strategy only is not heard. What blocks the chosen one gives way to the
        person; what is blocked beside it stays so, and nothing becomes less urgent.
        """
        recommended = self.select(fired)
        if strategy == recommended.strategy:
            return recommended
        hits = self._hits(fired)
        blocks = _lifted(blocks_of(hits), strategy, acknowledges=self._strategies[strategy].acknowledges)
        counting = tuple(
            hit for hit in hits if recommended.strategy not in (hit.recommend, hit.serves) or strategy in hit.strategies
        )
        winner = Winner(strategy, None, alone=False)
        contributors = contributors_of(counting, blocks, winner)
        withheld = self._withheld(blocks)
        items = items_of(counting, contributors, withheld, self._protecting)
        if not any(
            strategy in hit.strategies for hit in contributors.heard
        ):  # no rule says what to do: it says so itself
            steps = (step for step in self._strategies[strategy].next_steps if ("step", step) not in withheld)
            items["step"] = tuple(dict.fromkeys((*steps, *items["step"])))
        others = _secondary(counting, blocks, strategy)
        return replace(
            recommended,
            strategy=strategy,
            winner=None,
            alone=False,
            secondary=tuple(name for name in others if name != recommended.strategy),
            blocked=blocks.strategies,
            withheld=ACKNOWLEDGEMENTS in blocks.kinds,
            items={**items, "deadline": recommended.of("deadline"), "flag": recommended.of("flag")},
        )

    def _urgency(self, winner: Winner, contributors: Contributors) -> Urgency:
        """The most urgent of all that count; the default's too where nothing is recommended or nobody says."""
        urgencies = [hit.urgency for hit in contributors.counting if hit.urgency]
        return min(urgencies if winner.strategy and urgencies else [*urgencies, self._default.urgency])

    def _withheld(self, blocks: Blocks) -> frozenset[tuple[str, str]]:
        """The items that may not be given, by kind and id."""
        if blocks.kinds not in self._withheld_by:
            found = (item for item, marks in self._marked.items() if marks & blocks.kinds)
            self._withheld_by[blocks.kinds] = frozenset(found)
        return self._withheld_by[blocks.kinds]

    def speaking_for(self, selection: Selection) -> frozenset[str]:
        """The fired rules that recommend the strategy, or serve nothing else."""
        wanted = selection.strategy
        fired = (self._effects[rule] for rule in selection.rules_fired if rule in self._effects)
        return frozenset(hit.rule for hit in fired if wanted in (hit.recommend, hit.serves))

    def better(self, rule: str, present: Selection) -> str | None:
        """The strategy a rule recommends, if it is another and comes before the one that fired rules amount to.

        Where an exclusive rule won, nothing is better: it is there so that nothing else is talked about.
        """
        wanted = self._effects[rule].recommend
        if wanted is None or wanted == present.strategy or present.alone:
            return None
        return wanted if present.winner is None or self._ranks[rule] < self._ranks[present.winner] else None

    def outlook(self, strategy: str, sure: Collection[str], undecided: Collection[str]) -> tuple[bool, Ids]:
        """Whether the strategy is certain, and the undecided rules that could change it, most important first.

        Walks the recommendations as `select` does, down to the first that nothing can take away. Whatever set of rules
        comes true in the end, it holds all the sure ones and otherwise only undecided ones: if every
        recommendation on the way says the same, so will every end. Undecided rules are taken to be independent of each
        other, so a strategy can be called uncertain that is not; never the other way round.

        Only the telling rules count; what was worked out for the same ones is kept.
        """
        key = (strategy, tuple(sure), tuple(undecided))
        known = self._outlooks.get(key)
        if known is None:
            if len(self._outlooks) >= _KEPT:
                self._outlooks.clear()
            known = self._outlooks[key] = self._outlook(*key)
        return known

    def _outlook(self, strategy: str, sure: Ids, undecided: Ids) -> tuple[bool, Ids]:
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


def _telling(rules: Iterable[Effects]) -> frozenset[str]:
    """The rules that can change the strategy: without the others, which neither recommend nor block, it is the same."""
    return frozenset(each.rule for each in rules if each.block or each.recommend or each.serves)


@lru_cache(maxsize=16)
def hit_policy(pack: Pack) -> HitPolicy:
    """The hit policy of a pack, made once: who asks the same of it is answered from what it keeps."""
    return HitPolicy(pack)


def _lifted(blocks: Blocks, strategy: str, *, acknowledges: bool) -> Blocks:
    """The blocks without what bars a strategy that a person chose all the same."""
    if strategy not in blocks.strategies:
        return blocks
    kinds = frozenset[str]() if acknowledges else blocks.kinds
    return Blocks(tuple(name for name in blocks.strategies if name != strategy), kinds)


def _secondary(hits: Iterable[Effects], blocks: Blocks, strategy: str) -> Ids:
    """What else the rules recommend and add, by priority, without what is blocked."""
    names = dict.fromkeys(name for hit in hits for name in hit.strategies)
    return tuple(name for name in names if name != strategy and name not in blocks.strategies)
