"""Texts name their figures and facts, and say what force their sources have."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache

import pytest

from rules.decision.evaluate import Evaluator
from rules.facts.case_facts import Parser
from rules.loading.loader import DEFAULT_PACK, Pack, load
from rules.pack.files.schema import Reference, Text
from rules.pack.marks import Filled
from rules.pack.parameters import in_force
from rules.pack.placeholders import placeholders
from rules.pack.references import sites
from rules.text.decision_view import decision_view
from rules.text.phrases import cited, filled
from tests.support.packs.tiny_pack import errors, tiny

TODAY = dt.date(2026, 11, 23)
SOURCE = "references: [{id: practice, status: design}]"
# The numbers that may stand in a text as they are, and why.
ALLOWED = (
    # help lines
    r"(?<!\d)(110|120|12315|12321|12329|12333|12338|12345|12348|12356|12363|12368|12110|12377|12378|96110)(?!\d)",
    r"20\d\d年(\d{1,2}月(\d{1,2}日)?)?|\d{1,2} [A-Z][a-z]+ 20\d\d|\b20\d\d\b",  # the year or day of a rule's text
    r"一年期|one-year",  # the name of the rate
    r"一年内|within a year",  # the title of a fact
    r"一次|第二次|最后一天|[这哪]一天",  # "once", "a second time", "the last day", "this day"
    r"逾期一期|这一期|一个月的收入",  # one that is missed, this one, what comes in each month
    r"下一期|下一个工作日",  # "the next instalment", "the next working day"
    r"Art\. 70",  # an article
    r":00",  # after a full hour that is a figure
    r"(?<![\d.,])0(?!\d)",  # nothing at all
    r"不足一(?:期|个月)按一(?:期|个月)|较晚的一天",  # a begun one counted whole; whichever is later
)
_NUMBER = r"零一二两三四五六七八九十百千万"
_COUNTED = r"个?(?:年|月|日|天|周|小时|次|倍|期|元|岁|周岁|工作日|%)"
_WORDS = r"two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|sixty|fourfold|twice"
_UNITS = r"years?|months?|days?|hours?|times|calls|yuan|per ?cent|instalments"
LITERAL = re.compile(
    rf"\d[\d.,]*|[{_NUMBER}]+{_COUNTED}|\b(?:{_WORDS})(?: (?:working )?(?:to [a-z]+ )?(?:{_UNITS}))\b|fourfold"
)


# Where lines speak of a plan that has been worked out.
NEGOTIATION = ("negotiation.yaml", "letters.yaml")


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


def texts() -> Iterator[tuple[str, Text]]:
    """Every text that a case may be told."""
    filled = (site for site in sites(pack()) if isinstance(site.mark, Filled))
    yield from ((f"{site.file}: {site.place}", site.value) for site in filled if site.file not in NEGOTIATION)


def literals(text: str) -> list[str]:
    """The numbers a text writes out instead of naming the figure."""
    text = re.sub(r"\{[a-z0-9_]+\}", "", text)
    for allowed in ALLOWED:
        text = re.sub(allowed, "", text)
    return LITERAL.findall(text)


def _layer(reference: Reference) -> str:
    return pack().references[reference.id].layer


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_writes_a_figure_out(language: str) -> None:
    found = {where: literals(getattr(text, language)) for where, text in texts()}
    assert {where: numbers for where, numbers in found.items() if numbers} == {}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("{answer_days}日内", []),
        ("15日内答复，打12378", ["15"]),
        ("保存五年", ["五年"]),
        ("within three months", ["three months"]),
        ("2025年的通知", []),
        ("三个月宽限期", ["三个月"]),
        ("a fine of 1,000", ["1,000"]),
    ],
)
def test_a_number_in_a_text_is_noticed(text: str, numbers: list[str]) -> None:
    assert literals(text) == numbers


def test_a_text_names_the_same_figures_in_both_languages() -> None:
    assert [where for where, text in texts() if {*placeholders(text.zh)} != {*placeholders(text.en)}] == []


def test_no_text_names_a_figure_that_is_not_in_force() -> None:
    figures = in_force(pack(), TODAY)
    named = {(where, name) for where, text in texts() for name in placeholders(text.zh) if name in pack().parameters}
    assert {(where, name) for where, name in named if name not in figures} == set()


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("rights", '{zh: "{nothing}日", en: S}', "dispute.text.zh: unknown fact or parameter 'nothing'"),
        ("rights", '{zh: 备, en: "{name}"}', "dispute.text.en: unknown fact or parameter 'name'"),
        ("rights", '{zh: "{", en: S}', "dispute.text.zh: "),
    ],
)
def test_a_text_that_names_nothing_known_is_refused(file: str, text: str, told: str) -> None:
    entry = f"dispute: {{for: client, when: week, rank: 10, text: {text}, {SOURCE}}}"
    (error,) = errors({f"{file}.yaml": entry})
    assert error.startswith(f"{file}.yaml: {told}")


def test_an_item_without_a_source_is_refused() -> None:
    assert errors({"rights.yaml": "dispute: {for: client, when: week, rank: 10, text: {zh: 备, en: S}}"}) == [
        "rights.yaml: dispute.references: is missing; add it"
    ]
    assert errors(
        {"rights.yaml": "dispute: {for: client, when: week, rank: 10, text: {zh: 备, en: S}, references: []}"}
    ) == ["rights.yaml: dispute.references: needs at least one entry"]


ITEM = """
dispute:
  for: client
  when: week
  rank: 10
  text: {zh: "{answer_days}日，逾期{days_overdue}天", en: "{answer_days} days; {npl_days}"}
  references: [{id: practice, status: design}]
"""


@pytest.mark.parametrize(("day", "npl"), [("2019-12-31", "80"), ("2020-01-01", "90")])
def test_an_item_is_filled_with_the_figures_of_the_day(day: str, npl: str) -> None:
    item = tiny({"rights.yaml": ITEM}).rights["dispute"]
    words = filled(tiny(), item.text, {"days_overdue": 40}, dt.date.fromisoformat(day))
    assert words == Text(zh="15日，逾期40天", en=f"15 days; {npl}")
    assert filled(tiny(), item.text, {}, dt.date.fromisoformat(day)).zh == "15日，逾期未知天"


def test_nothing_of_a_decision_has_braces_left_or_an_unknown_figure() -> None:
    facts, wrong = Parser(pack().vocabulary, rule_test=True).parse(
        {
            "product": "credit_card",
            "days_overdue": 100,
            "collection_violations": ["hours", "frequency", "third_party", "identity", "prohibited_means", "visit"],
            "legal_stage": "small_claims_judgment",
        }
    )
    assert wrong == []
    (evaluation,) = Evaluator(pack(), TODAY).evaluate([facts])
    written = decision_view(pack(), "A-1", evaluation.outcome, evaluation.facts, TODAY)
    said = [
        text
        for items in (written.rights, written.warnings, written.steps, written.documents)
        for item in items
        for text in (item.text.zh, item.text.en)
    ]
    assert len(said) > 20
    assert [text for text in said if re.search(r"[{}]|未知|unknown", text)] == []


@pytest.mark.parametrize(
    ("facts", "layers"),
    [
        ({"product": "huabei", "collection_violations": ["third_party"]}, {"law", "regulation", "standard"}),
        ({"product": "huabei", "lender_type": "bank", "collection_violations": ["third_party"]}, {"law", "standard"}),
        ({"product": "credit_card", "collection_violations": ["third_party"]}, {"law", "regulation", "standard"}),
        ({"product": "private", "collection_violations": ["third_party", "hours"]}, {"law"}),
        ({"product": "bank_consumer", "collection_violations": ["hours"]}, {"law", "standard"}),
    ],
)
def test_collection_misconduct_is_told_by_the_layers_that_bind_this_lender(
    facts: dict[str, object], layers: set[str]
) -> None:
    parsed, wrong = Parser(pack().vocabulary, rule_test=True).parse(facts)
    assert wrong == []
    (evaluation,) = Evaluator(pack(), TODAY).evaluate([parsed])
    fired = [r for r in evaluation.outcome.rules_fired if r.startswith("collection-") and "misconduct" not in r]
    prefixes = {"法律：": "law", "监管规定：": "regulation", "推荐标准：": "standard", "行业指引：": "standard"}
    rules = {rule.rule.id: rule.rule for rule in pack().rules}
    said = {rules[rule].because.zh.split("：")[0] + "：" for rule in fired}
    assert {prefixes[each] for each in said} == layers


@pytest.mark.parametrize("prefix", ["法律：", "监管规定：", "推荐标准：", "行业指引："])
def test_a_conduct_rule_names_the_layer_of_its_sources(prefix: str) -> None:
    layer = {"法律：": "law", "监管规定：": "regulation"}.get(prefix, "standard")
    rules = [
        rule.rule
        for rule in pack().rules
        if rule.path.startswith("conduct/") and rule.rule.because.zh.startswith(prefix)
    ]
    assert rules
    for rule in rules:
        assert _layer(rule.references[0]) == layer, rule.id
        assert "standard" in {_layer(each) for each in rule.references} or layer != "standard", rule.id


def test_a_citation_names_number_layer_and_how_sure_we_are() -> None:
    references = (
        Reference(id="gbt-45251-2025", status="official"),
        Reference(id="civil-code", article="1033", status="primary"),
    )
    assert cited(pack(), references, "zh") == (
        "互联网金融 个人网络消费信贷 贷后催收风控指引（GB/T 45251-2025）（推荐标准或行业指引，官方或主流来源）；"
        "中华人民共和国民法典第1033条（法律或司法解释，已核条文原文）"
    )
    assert "(GB/T 45251-2025) (recommended standard or industry guideline, official" in cited(pack(), references, "en")
    assert cited(pack(), (Reference(id="design-care", status="design"),), "en").endswith("(design of this service)")
