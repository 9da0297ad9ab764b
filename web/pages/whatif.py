"""The what-if page: what another policy, or this one with a figure moved, would recommend. It never writes anything."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request, Response

from forbear.accounts.accounts import ViewerWork
from forbear.base.packs import UnreadablePackError
from forbear.ops import portfolio, whatif
from forbear.ops.whatif import BusyError, WhatIf
from rules.decision.hit_policy import DEFAULT
from rules.decision.whatif.comparison import Comparison, Flip, Verdict, Wanted
from rules.decision.whatif.moved import Movable, movable
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from rules.pack.parameters import DECIMALS
from web.auth import SupervisorWork
from web.views import render

router = APIRouter(prefix="/what-if")
_PAGE: Final = 20  # flipped cases on a page
_RULES: Final = 30  # rules listed
_RULES_A_CASE: Final = 6  # of each kind
URGENCIES: Final = ("U0", "U1", "U2", "U3", "U4", "U5")
Name = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True)
class Slider:
    """The values that a figure is moved over."""

    least: Decimal
    most: Decimal
    step: Decimal
    value: Decimal


@dataclass(frozen=True)
class RuleMove:
    """A rule by both policies: true, false and unknown of how many cases; None where one does not have it."""

    rule: str
    before: tuple[int, int, int] | None
    after: tuple[int, int, int] | None
    moved: int


@router.get("")
def show_whatif(
    request: Request,
    work: SupervisorWork,
    parameter: Name = "",
    value: Annotated[str, Query(max_length=30)] = "",
    policy: Name = "",
    was: Name = "",
    now: Name = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """The question, and what comes of it."""
    pack, day = work.pack, render.day(work.now, work.pack.manifest.timezone)
    parameters, others = movable(pack, day), whatif.policies(work.session, pack)
    if (parameter and parameter not in parameters) or (policy and policy not in {each.sha256 for each in others}):
        raise HTTPException(404)
    chosen = parameters.get(parameter)
    wanted = Wanted(_PAGE * (page - 1), _PAGE, (was, now) if was and now else None)
    answer, fault = None, ""
    number = _number(value) if value else chosen.value if chosen else None
    try:
        if chosen and number is None:
            fault = "what_if.no_number"
        elif chosen and number is not None:
            answer = whatif.with_parameter(work, day, chosen, number, wanted)
        elif policy:
            answer = whatif.with_policy(work, day, policy, wanted)
    except ValueError:
        fault = "what_if.no_value"
    except UnreadablePackError:
        fault = "what_if.unreadable"
    except BusyError:
        fault = "what_if.busy"
    question = {"parameter": parameter, "value": value} if parameter else {"policy": policy}
    values = {
        "pack": pack,
        "parameters": parameters,
        "chosen": chosen,
        "slider": _slider(chosen, number) if chosen else None,
        "typed": value or (f"{chosen.value:f}" if chosen else ""),
        "others": others,
        "policy": policy,
        "day": day,
        "zone": pack.manifest.timezone,
        "fault": fault,
        "answer": answer,
        "address": partial(_address, question),
        "page": page,
        "most": _PAGE,
        **(_shown(work, answer, (was, now)) if answer else {}),
    }
    return render.page(request, "policy/whatif.html", values, status=503 if fault == "what_if.busy" else 200)


def _shown(work: ViewerWork, answer: WhatIf, transition: tuple[str, str]) -> Mapping[str, object]:
    found, packs = answer.found, (work.pack, answer.other)
    moves = sorted(_moves(found.strategies), key=lambda move: (-move[1], move[0]))
    rules, totals = _rules(found), _totals(found.strategies)
    return {
        "found": found,
        "strategies": _in_order({name for pair, _ in moves for name in pair}, packs),
        "totals": totals,
        "steady": len(totals) - len({name for pair, _ in moves for name in pair}),
        "moves": moves,
        "moved": sum(count for _, count in moves),
        "urgencies": [each for each in URGENCIES if any(each in pair for pair in found.urgencies)],
        "urgency_moved": sum(count for _, count in _moves(found.urgencies)),
        "rules": rules[:_RULES],
        "more_rules": max(0, len(rules) - _RULES),
        "steady_rules": len(found.rules) - len(rules),
        "transition": transition if all(transition) else None,
        "flips": _named(work, found.flips),
        "title": partial(_title, packs),
        "rule_title": _rule_titles(packs),
        "own_rules": {each.rule.id for each in work.pack.rules},
        "default": DEFAULT,
        "rules_a_case": _RULES_A_CASE,
    }


def _number(typed: str) -> Decimal | None:
    try:
        number = Decimal(typed.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _slider(moving: Movable, value: Decimal | None) -> Slider:
    """From nothing to twice as much, in steps that lead to the figure in force."""
    finest = Decimal(1).scaleb(-DECIMALS.get(moving.parameter.unit, 0))
    step = max(finest, Decimal(1).scaleb((moving.value / 20).adjusted() if moving.value else 0))
    while moving.value % step:
        step /= 10
    most = max(2 * moving.value, moving.value + 10 * step, value or Decimal(0))
    return Slider(
        min(Decimal(0), moving.value, value or Decimal(0)), most, step, moving.value if value is None else value
    )


def _address(question: Mapping[str, str], **more: object) -> str:
    return f"/what-if?{urlencode({**question, **more})}"


def _moves(counts: Mapping[tuple[str, str], int]) -> list[tuple[tuple[str, str], int]]:
    return [(pair, count) for pair, count in counts.items() if pair[0] != pair[1]]


def _totals(counts: Mapping[tuple[str, str], int]) -> dict[str, tuple[int, int]]:
    """Of each strategy that occurs, how many cases have it before and after."""
    names = {name for pair in counts for name in pair}
    return {
        name: tuple(sum(count for pair, count in counts.items() if pair[side] == name) for side in (0, 1))  # type: ignore[misc]
        for name in names
    }


def _in_order(names: Iterable[str], packs: Iterable[Pack]) -> list[str]:
    """Strategies in the order of their codes."""
    codes = {name: entry.code for pack in packs for name, entry in pack.strategies.items()}
    return sorted(names, key=lambda name: (codes.get(name, name), name))


def _rule_titles(packs: Iterable[Pack]) -> dict[str, Text]:
    return {each.rule.id: each.rule.title for pack in packs for each in pack.rules}


def _title(packs: Sequence[Pack], strategy: str) -> Text:
    known = next((pack.strategies[strategy] for pack in packs if strategy in pack.strategies), None)
    return Text(zh=strategy, en=strategy) if known is None else known.title


def _rules(found: Comparison) -> list[RuleMove]:
    """The rules that say something else of some cases, those of most cases first."""
    moves = [
        RuleMove(rule, _verdicts(counts, 0), _verdicts(counts, 1), changed)
        for rule, counts in found.rules.items()
        if (changed := sum(count for (was, now), count in counts.items() if was != now))
    ]
    return sorted(moves, key=lambda move: (-move.moved, move.rule))


def _verdicts(counts: Mapping[tuple[Verdict, Verdict], int], side: int) -> tuple[int, int, int] | None:
    by = Counter[Verdict]()
    for pair, count in counts.items():
        by[pair[side]] += count
    return None if by["absent"] else (by["true"], by["false"], by["unknown"])


def _named(work: ViewerWork, flips: Sequence[Flip]) -> list[tuple[int, str, Flip]]:
    """Flipped cases by id and reference; one that was deleted since is left out."""
    known = portfolio.known(work.session, [int(flip.case_ref) for flip in flips])
    return [(case, known[case], flip) for flip in flips if (case := int(flip.case_ref)) in known]
