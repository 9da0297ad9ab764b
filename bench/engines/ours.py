"""Our two engines on the equal table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import polars as pl

from bench.engines.beside.timing import Hits, Took, Way, timed
from bench.engines.table import BLOCK, LISTS, NUMBERS, Case
from rules.engines.compiler import Rules
from rules.engines.durable import DurableEngine
from rules.engines.frame import frame
from rules.engines.polars_engine import PolarsEngine, Verdicts
from rules.pack.files.schema import Vocabulary

DURABLE: Final = "durable-rules"
SECOND: Final = "second engine"


class Scaled(NamedTuple):
    """What the second engine took for many cases, and the hits of each."""

    bits: Took
    listed: Took
    hits: Hits


def columns(vocabulary: Vocabulary, blocks: Iterable[Sequence[Case]]) -> pl.DataFrame:
    """Cases as columns, each fact of its type."""
    return pl.concat([frame(block, (*NUMBERS, *LISTS), vocabulary) for block in blocks], rechunk=True)


def durable(table: Rules, vocabulary: Vocabulary, cases: Sequence[Case]) -> dict[str, Way]:
    """The engine of decision, asked case by case and with messages that are written column by column."""
    engine, known = DurableEngine(table, vocabulary), columns(vocabulary, [cases])
    return {
        "case by case": Way(lambda: [engine.hits(case) for case in cases], _sorted),
        "messages by column": Way(lambda: list(_by_column(engine, known)), _sorted),
    }


def second(table: Rules, vocabulary: Vocabulary, cases: Sequence[Case]) -> dict[str, Way]:
    """The second engine, given columns and answering in rows of bits, or given cases and listing the hits of each."""
    engine, known = PolarsEngine(table, vocabulary), columns(vocabulary, [cases])
    return {
        "columns in, rows of bits out": Way(lambda: _judged(engine, known), lambda verdicts: _listed(verdicts)),
        "cases in, hits of each out": Way(lambda: _listed(engine.evaluate(cases)), lambda hits: hits),
    }


def durable_hits(table: Rules, vocabulary: Vocabulary, known: pl.DataFrame) -> Hits:
    """What durable-rules says of many cases."""
    engine = DurableEngine(table, vocabulary)
    return _sorted(hit for part in known.iter_slices(BLOCK) for hit in _by_column(engine, part))


def scaled(table: Rules, vocabulary: Vocabulary, known: pl.DataFrame, rounds: int) -> Scaled:
    """The second engine over many cases at once: rows of bits, and then, with those at hand, the hits of each."""
    engine = PolarsEngine(table, vocabulary)
    bits, verdicts = timed(lambda: _judged(engine, known), rounds)
    listed, hits = timed(lambda: _listed(_again(verdicts)), rounds)
    return Scaled(bits, listed, hits)


def _judged(engine: PolarsEngine, columns: pl.DataFrame) -> Verdicts:
    verdicts = engine.judge(columns)
    verdicts.of  # noqa: B018 - worked out when it is asked for
    return verdicts


def _again(verdicts: Verdicts) -> Verdicts:
    """The same with nothing listed yet."""
    vars(verdicts).pop("true", None)
    return verdicts


def _listed(verdicts: Verdicts) -> Hits:
    return verdicts.true


def _by_column(engine: DurableEngine, known: pl.DataFrame) -> Iterator[frozenset[str]]:
    for each in engine.hits_of(known) or ():
        if each is None:
            raise ValueError("durable-rules cannot tell of a case")
        yield each


def _sorted(found: Iterable[frozenset[str]]) -> Hits:
    return [tuple(sorted(each)) for each in found]
