"""The command that tells what another policy would change: rules compare."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from sqlmodel import Session

from forbear.base.errors import ForbearError
from forbear.cli import report
from forbear.cli.context import load_pack, opened, today
from forbear.intake import Accepted, Rejected, rows
from forbear.ops import portfolio
from models.database.session import snapshot
from rules.decision.whatif.comparison import Block, Comparison, Flip, Judge, Pair, Verdict, beside, compared
from rules.decision.whatif.comparison import compare as compare_pairs
from rules.decision.whatif.given import Given
from rules.decision.whatif.lens import SLICE
from rules.facts import red_flags
from rules.facts.texts import texts_of
from rules.pack.pack import Pack

_SHOWN = 20  # cases and rules that are listed for people; --json has all


def compare(
    pack_a: Annotated[Path, typer.Argument(metavar="PACK_A", help="folder of the policy as it is")],
    pack_b: Annotated[Path, typer.Argument(metavar="PACK_B", help="folder of the policy as it would be")],
    cases: Annotated[Path | None, typer.Option("--cases", metavar="FILE", help="a file of cases")] = None,
    stored: Annotated[bool, typer.Option("--stored", help="every case on the desk, as decided last")] = False,
    as_of: Annotated[
        dt.datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="the day to judge on (today)")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one object, with every rule and case")] = False,
) -> None:
    """Which cases another policy would decide otherwise, and by which rules. Nothing is written anywhere."""
    if (cases is None) != stored:
        raise ForbearError("Give --cases FILE, or --stored for the cases on the desk.")
    one, other = load_pack(pack_a), load_pack(pack_b)
    day = today(other) if as_of is None else as_of.date()
    unread: Counter[str] = Counter()
    if cases is not None:
        found = compare_pairs(one, other, _of_file(cases, one, other, unread), day)
    else:
        first, second = Judge(one, day), Judge(other, day)
        with opened() as context, snapshot(context.engine) as session:
            slices = portfolio.read(session, SLICE)
            found = compared(one, other, (_block(session, first, second, each) for each in slices))
    if as_json:
        typer.echo(json.dumps(_data(found, one, other, day, unread), ensure_ascii=False))
    else:
        _tell(found, one, other, day, unread)


def _block(session: Session, first: Judge, second: Judge, given: Given) -> Block:
    cases = given.cases
    return Block(
        *beside(first, second, given),
        lambda listed: portfolio.references(session, [cases[row] for row in listed]),
    )


def _of_file(file: Path, one: Pack, other: Pack, unread: Counter[str]) -> Iterator[Pair]:
    """The rows that both policies take for a case; how many only one of them takes, or none, is counted."""
    for row, again in zip_longest(rows(file, one.vocabulary), rows(file, other.vocabulary)):
        if row is None or again is None or row.row != again.row:
            raise ForbearError(f"{file}: the two policies find different rows in it, so they cannot be compared on it.")
        if isinstance(row, Accepted) and isinstance(again, Accepted):
            yield Pair(row.case_ref, _facts(one, row), _facts(other, again))
        else:
            unread[_taken_by(row, again)] += 1


def _taken_by(row: Accepted | Rejected, again: Accepted | Rejected) -> str:
    if isinstance(row, Accepted):
        return "a"
    return "b" if isinstance(again, Accepted) else "neither"


def _facts(pack: Pack, row: Accepted) -> dict[str, Any]:
    texts = texts_of(pack, row.facts, row.private, row.extra)
    return {**row.facts, "note_flags": red_flags.scan_case(pack, row.facts, texts)}


def _data(found: Comparison, one: Pack, other: Pack, day: dt.date, unread: Mapping[str, int]) -> dict[str, Any]:
    return {
        "a": _edition(one),
        "b": _edition(other),
        "as_of": day.isoformat(),
        "cases": found.cases,
        "rows_only_a_takes": unread.get("a", 0),
        "rows_only_b_takes": unread.get("b", 0),
        "rows_neither_takes": unread.get("neither", 0),
        "strategies": _matrix(found.strategies),
        "urgencies": _matrix(found.urgencies),
        "rules": {
            rule: [{"a": was, "b": now, "cases": count} for (was, now), count in sorted(counts.items())]
            for rule, counts in found.rules.items()
        },
        "flipped": [
            {
                "case_ref": flip.case_ref,
                "strategy": {"a": flip.strategies[0], "b": flip.strategies[1]},
                "urgency": {"a": flip.urgencies[0], "b": flip.urgencies[1]},
                "rules": {"fire_in_b_only": flip.came, "fire_in_a_only": flip.went, "changed": flip.changed},
            }
            for flip in found.flips
        ],
    }


def _edition(pack: Pack) -> dict[str, str]:
    return {"id": pack.manifest.id, "version": pack.manifest.version, "sha256": pack.sha256}


def _matrix(counts: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [{"a": was, "b": now, "cases": count} for (was, now), count in sorted(counts.items())]


def _tell(found: Comparison, one: Pack, other: Pack, day: dt.date, unread: Counter[str]) -> None:
    editions = [f"{pack.manifest.id} {pack.manifest.version}" for pack in (one, other)]
    report.console.print(
        f"{found.cases} cases by {editions[0]} (A) and {editions[1]} (B) as of {day}: {len(found.flips)} differ"
    )
    if unread:
        report.console.print(
            f"Rows that are no case: {unread['a']} by B only, {unread['b']} by A only, {unread['neither']} by both"
        )
    for title, counts in (("Strategy", found.strategies), ("Urgency", found.urgencies)):
        moved = {pair: count for pair, count in counts.items() if pair[0] != pair[1]}
        _table(title, ("by A", "by B", "cases"), ((*pair, count) for pair, count in _ranked(moved)))
    _table("Rules", ("rule", "by A", "by B", "cases"), _moved_rules(found.rules))
    _table("Cases", ("case", "strategy", "urgency", "because"), map(_line, found.flips))


def _table(title: str, heads: tuple[str, ...], lines: Any) -> None:
    lines = list(lines)
    if not lines:
        return
    table = Table(*heads, title=title, title_justify="left")
    for line in lines[:_SHOWN]:
        table.add_row(*map(str, line))
    report.console.print(table)
    if len(lines) > _SHOWN:
        report.console.print(f"… and {len(lines) - _SHOWN} more; --json has all")


def _ranked(counts: Mapping[Any, int]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _moved_rules(
    rules: Mapping[str, Counter[tuple[Verdict, Verdict]]],
) -> Iterator[tuple[str, Verdict, Verdict, int]]:
    moved = {
        (rule, *pair): count for rule, counts in rules.items() for pair, count in counts.items() if pair[0] != pair[1]
    }
    yield from ((*key, count) for key, count in _ranked(moved))


def _line(flip: Flip) -> tuple[str, str, str, str]:
    rules = [*(f"+{name}" for name in flip.came), *(f"-{name}" for name in flip.went)]
    rules += [f"~{name}" for name in flip.changed]
    return flip.case_ref, _arrow(flip.strategies), _arrow(flip.urgencies), " ".join(rules)


def _arrow(pair: tuple[str, str]) -> str:
    return pair[0] if pair[0] == pair[1] else f"{pair[0]} → {pair[1]}"
