"""The words of a negotiation pack: conditions asked of a case, names in braces filled in, unknown ones left blank."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from rules.engines.interpreter import is_true
from rules.facts.case_facts import Facts, display
from rules.facts.cells import Value
from rules.finance.repayment_plan import RepaymentPlan
from rules.locale import Language, said
from rules.pack.files.negotiation import PLAN_WORDS, ScriptLine
from rules.pack.files.schema import Text
from rules.pack.logic.condition_parser import parse, resolve
from rules.pack.pack import Pack
from rules.pack.parameters import in_force, value_on
from rules.pack.placeholders import pieces, placeholders
from rules.text.english import day
from rules.text.phrases import parameter

BLANK: Final = "________"  # to be filled in by hand


@dataclass(frozen=True)
class NegotiationWords:
    """What is known of a case when its texts are written."""

    pack: Pack
    facts: Facts
    as_of: dt.date
    withheld: bool  # nothing may acknowledge the debt, or the borrower does not want to pay
    extra: Mapping[str, Text]  # CASE_WORDS and PLAN_WORDS that have a value

    @cached_property
    def _figures(self) -> Mapping[str, int]:
        return in_force(self.pack, self.as_of)

    def lines(self, lines: tuple[ScriptLine, ...]) -> tuple[Text, ...]:
        """Those that are said in this case, filled in."""
        return tuple(self.fill(line) for line in lines if self.said(line))

    def said(self, line: ScriptLine) -> bool:
        """Whether a line is for this case."""
        if line.acknowledges and self.withheld:
            return False
        plan_words = set(placeholders(line.zh)).intersection(PLAN_WORDS)
        return plan_words <= set(self.extra) and self.true(line.when)

    def true(self, when: Mapping[str, Any] | None) -> bool:
        """Whether a condition is true of the case; where there is none it is."""
        if when is None:
            return True
        return is_true(resolve(parse(when, self.pack.vocabulary, self.pack.parameters), self._figures), self.facts)

    def fill(self, text: Text) -> Text:
        """A text with its braces filled in."""
        return Text(zh=self._filled(text.zh, "zh"), en=self._filled(text.en, "en"))

    def _filled(self, words: str, language: Language) -> str:
        return "".join(
            literal + (self._shown(name, language) if name is not None else "") for literal, name in pieces(words)
        )

    def _shown(self, name: str, language: Language) -> str:
        if name in self.extra:
            return self.extra[name].zh if language == "zh" else self.extra[name].en
        if name in self.facts:
            return spoken(self.pack, name, self.facts[name], language)
        return _figure(self.pack, name, self.as_of, language) or BLANK


def _figure(pack: Pack, name: str, on: dt.date, language: Language) -> str | None:
    """A policy number in force on a day, amounts as the rest of the text says them."""
    entry = pack.parameters.get(name)
    value = value_on(entry, on) if entry is not None and entry.unit == "yuan" else None
    if value is None:
        return parameter(pack, name, on)
    amount = money(int(value.value * 100))
    return amount.zh if language == "zh" else amount.en


def spoken(pack: Pack, name: str, value: Value, language: Language) -> str:
    """A fact as people say it: 1,200元 or ¥1,200, 2026年11月23日 or 23 November 2026; a blank for nothing of a list."""
    match pack.vocabulary.facts[name].type, value:
        case "list", ():
            return BLANK
        case "money", int():
            return money(value).zh if language == "zh" else money(value).en
        case "date", dt.date():
            return day(value).zh if language == "zh" else day(value).en
        case "rate", int():
            return f"{value / 100:.2f}".rstrip("0").rstrip(".") + "%"
    return display(pack.vocabulary, name, value, language)


def money(fen: int) -> Text:
    """An amount, without the fen where there are none."""
    sign, amount = "-" if fen < 0 else "", abs(fen)
    shown = f"{sign}{amount // 100:,}" + (f".{amount % 100:02}" if amount % 100 else "")
    return said("spoken.money", amount=shown)


def plan_words(plan: RepaymentPlan) -> dict[str, Text]:
    """PLAN_WORDS of a plan: those of a pause, or those of instalments."""
    if plan.until is not None:
        return {"plan_until": day(plan.until)}
    waived = {"plan_waived": money(plan.waived)} if plan.waived else {}
    return waived | {
        "plan_months": Text(zh=str(plan.months), en=str(plan.months)),
        "plan_monthly": money(plan.monthly),
        "plan_last": money(plan.last),
        "plan_total": money(plan.total),
    }
