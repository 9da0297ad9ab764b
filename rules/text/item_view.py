"""Documents, rights, warnings and steps in words, each with what it rests on."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final, Literal, TypeAlias, get_args

from pydantic import ConfigDict, Field

from rules.decision.hit_policy import Ids
from rules.decision.outcome import StaleParameter
from rules.facts.case_facts import Facts
from rules.pack.files.items import Advice, Audience, Horizon, Item
from rules.pack.files.schema import Layer, Model, Reference, Status, Text
from rules.pack.pack import Pack
from rules.pack.placeholders import placeholders
from rules.text.phrases import filled, stale

_Kind: TypeAlias = Literal["rights", "warnings", "steps"]
_HORIZONS: Final = get_args(Horizon)


class Citation(Model):
    """What a claim rests on, and how sure we are of it."""

    id: str
    title: Text
    number: str | None
    article: str | None
    layer: Layer
    status: Status


class ItemView(Model):
    """A document, or what else a case is given."""

    id: str
    text: Text
    references: tuple[Citation, ...]


class AdviceView(ItemView):
    """A right, warning or step, with whom it is for, when it counts, and its rank: 1 comes before 2."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    audience: Audience = Field(alias="for")
    when: Horizon
    rank: int


@lru_cache(maxsize=8192)  # the same few thousand of a pack, over and over
def citations(pack: Pack, references: tuple[Reference, ...]) -> tuple[Citation, ...]:
    """References with title, number and layer of what they point to."""
    return tuple(
        Citation(
            id=reference.id,
            title=pack.references[reference.id].title,
            number=pack.references[reference.id].number,
            article=reference.article,
            layer=pack.references[reference.id].layer,
            status=reference.status,
        )
        for reference in references
    )


def advice_views(pack: Pack, kind: _Kind, ids: Ids, facts: Facts, as_of: dt.date) -> tuple[AdviceView, ...]:
    """In the order in which it counts: what is for today first, then by rank, then as the rules gave it."""
    found = (_fixed(pack, kind, name) or _filled(pack, kind, name, facts, as_of) for name in ids)
    return tuple(sorted(found, key=lambda each: (_HORIZONS.index(each.when), each.rank)))


def _filled(pack: Pack, kind: _Kind, name: str, facts: Facts, as_of: dt.date) -> AdviceView:
    entry: Advice = getattr(pack, kind)[name]
    item = item_view(pack, name, entry, facts, as_of)
    return AdviceView(**dict(item), audience=entry.audience, when=entry.when, rank=entry.rank)


@lru_cache(maxsize=4096)  # most of it: it need not be put together for every case anew
def _fixed(pack: Pack, kind: _Kind, name: str) -> AdviceView | None:
    """What reads the same in every case; None for what has something to fill in."""
    entry: Advice = getattr(pack, kind)[name]
    if placeholders(entry.text.zh) or placeholders(entry.text.en):
        return None
    return _filled(pack, kind, name, {}, dt.date.min)


def item_view(pack: Pack, name: str, item: Item, facts: Facts, as_of: dt.date) -> ItemView:
    return ItemView(id=name, text=filled(pack, item.text, facts, as_of), references=citations(pack, item.references))


def stale_view(pack: Pack, lapse: StaleParameter) -> AdviceView:
    """A warning about a figure: the counsellor's to check."""
    values = pack.parameters[lapse.parameter].values
    return AdviceView(
        id=f"figure:{lapse.parameter}",
        text=Text(zh=stale(pack, lapse, "zh"), en=stale(pack, lapse, "en")),
        references=citations(pack, max(values, key=lambda value: value.valid_from).references),
        audience="counsellor",
        when="later",
        rank=999,
    )
