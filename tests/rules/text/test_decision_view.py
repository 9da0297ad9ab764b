"""Decisions in words: the public object, reasons, conditions as phrases, the explanation."""

import datetime as dt
import json
from pathlib import Path

import pytest

from forbear.intake import Accepted, rows
from rules.decision.evaluate import Engines, Evaluation, Evaluator
from rules.decision.outcome import DeadlineDue, read_outcome, stored_outcome
from rules.engines.polars_engine import PolarsEngine
from rules.facts.case_facts import Parser
from rules.facts.cells import Value
from rules.facts.red_flags import matches, red_flag_matches, scan
from rules.loading.loader import DEFAULT_PACK, load
from rules.locale import Language, in_language
from rules.pack.logic import conditions as c
from rules.pack.pack import Pack
from rules.text.decision_view import decision_view
from rules.text.explanation import explain
from rules.text.phrases import parameter, phrase, reason
from rules.text.plan_text import yuan
from tests.support.packs.pack_builder import pack_of, rule
from tests.support.packs.tiny_pack import FILES, tiny

TODAY = dt.date(2026, 11, 23)
TINY = tiny()
CASE: dict[str, Value] = {
    "product": "credit_card",
    "days_overdue": 120,
    "income_monthly": 500_000,
    "essential_outgoings": 400_000,
    "priority_payments": 0,
    "monthly_due": 200_000,
    "annual_rate_percent": 1800,
    "served_on": dt.date(2026, 11, 9),
    "note_flags": (),
}
PRACTICE: dict[str, object] = {
    "id": "practice",
    "title": {"zh": "惯例", "en": "Practice"},
    "number": None,
    "article": None,
    "layer": "practice",
}
# Everything the contract promises, in its order.
PROMISED = [
    "case_ref",
    "strategy",
    "strategy_label",
    "urgency",
    "certain",
    "secondary",
    "blocked",
    "rules_fired",
    "reasons",
    "questions",
    "documents",
    "rights",
    "warnings",
    "steps",
    "deadlines",
    "plan_options",
    "recourse",
    "pack",
    "as_of",
    "engines_agree",
]


def _evaluated(pack: Pack, facts: dict[str, Value]) -> Evaluation:
    return Evaluator(pack, TODAY).evaluate([facts])[0]


def _decision(pack: Pack, facts: dict[str, Value]) -> dict[str, object]:
    found = _evaluated(pack, facts)
    return decision_view(pack, "A-1", found.outcome, found.facts, TODAY).model_dump(mode="json")


def test_a_decision_is_the_object_of_the_contract() -> None:
    written = _decision(TINY, CASE)
    assert list(written)[: len(PROMISED)] == PROMISED
    assert json.loads(json.dumps(written)) == written
    assert written["case_ref"] == "A-1"
    assert written["strategy_label"] == {"zh": "个性化分期", "en": "Card plan"}
    assert written["reasons"] == [
        {
            "rule": "card-plan",
            "text": {"zh": "每月可还¥950.00，已逾期超过90天", "en": "¥950.00 a month; over 90 days"},
            "references": [
                {
                    "id": "card-measures-2011",
                    "title": {"zh": "信用卡办法", "en": "Card measures"},
                    "number": "银监会令2011年第2号",
                    "article": "70",
                    "layer": "regulation",
                    "status": "weak",
                }
            ],
        }
    ]
    assert written["documents"] == [
        {"id": "proof", "text": {"zh": "证明", "en": "Proof"}, "references": [PRACTICE | {"status": "design"}]}
    ]
    assert written["deadlines"] == [
        {
            "what": "answer",
            "title": {"zh": "答辩期限", "en": "Time to answer"},
            "date": "2026-11-24",
            "basis": [PRACTICE | {"status": "primary"}],
            "days_left": 1,
            "assumed": False,
            "note": None,
        }
    ]
    assert written["pack"] == {"id": "tiny", "version": "1.0.0", "sha256": TINY.sha256}
    assert (written["as_of"], written["engines_agree"], written["certain"]) == ("2026-11-23", True, True)


def test_a_decision_holds_the_facts_as_a_submitter_would_write_them() -> None:
    """Money in yuan, rates in percent, dates ISO; derived ones too; nothing personal and nothing unknown."""
    private: dict[str, Value] = {"case_ref": "A-1", "phone": "13800000000", "notes": "hidden"}
    pack = tiny({"facts.yaml": FILES["facts.yaml"].replace("\npairs:", _PRIVATE)})
    given: dict[str, Value] = {**CASE, **private, "collection_violations": ("visit",), "debt_disputed": False}
    found = _evaluated(pack, given)
    facts = decision_view(pack, "A-1", found.outcome, found.facts, TODAY).model_dump(mode="json")["facts"]
    assert facts.keys() == found.facts.keys() - private.keys()
    derived = {name for name, fact in pack.vocabulary.facts.items() if fact.derived}
    assert {name: value for name, value in facts.items() if name not in derived} == {
        "product": "credit_card",
        "days_overdue": 120,
        "income_monthly": "5000.00",
        "essential_outgoings": "4000.00",
        "priority_payments": "0.00",
        "monthly_due": "2000.00",
        "annual_rate_percent": "18.00",
        "served_on": "2026-11-09",
        "collection_violations": ["visit"],
        "debt_disputed": False,
    }
    assert (facts["capacity"], facts["note_flags"]) == ("950.00", [])


_PRIVATE = """
  phone: {type: text, title: {zh: 手机, en: Phone}, private: true}
  notes: {type: text, title: {zh: 备注, en: Notes}, private: true}
pairs:"""


def test_the_facts_of_a_decision_are_the_same_case_when_submitted_again() -> None:
    pack = load(DEFAULT_PACK)
    sample = Path(__file__).parents[3] / "samples" / "cases.csv"
    cases = [row for row in rows(sample, pack.vocabulary) if isinstance(row, Accepted)][:60]
    parser = Parser(pack.vocabulary)
    for row, found in zip(cases, Evaluator(pack, TODAY).evaluate([row.facts for row in cases]), strict=True):
        facts = decision_view(pack, row.case_ref, found.outcome, found.facts, TODAY).model_dump(mode="json")["facts"]
        again, errors = parser.parse({"case_ref": row.case_ref, **facts})
        assert ({name: again.get(name) for name in row.facts}, errors) == (row.facts, [])


@pytest.mark.parametrize(
    ("fen", "written"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (-150, "-1.50"), (-200, "-2.00")]
)
def test_money_below_nothing_is_written_as_it_is(fen: int, written: str) -> None:
    assert yuan(fen) == written


def test_questions_come_in_both_languages() -> None:
    questions = _decision(TINY, {**CASE, "note_flags": (), "annual_rate_percent": 1800} | {"product": "credit_card"})
    assert questions["questions"] == []
    facts = {name: value for name, value in CASE.items() if name != "monthly_due"}
    assert _decision(TINY, facts)["questions"] == [
        {
            "fact": "monthly_due",
            "text": {"zh": "月供多少？", "en": "How much a month?"},
            "why": {"zh": "答案决定要不要走：个性化分期", "en": "The answer decides whether it comes to: Card plan"},
        }
    ]


def test_the_default_gives_its_own_reason() -> None:
    written = _decision(TINY, {"product": "mortgage", "note_flags": ()})
    assert written["reasons"] == [
        {
            "rule": "default",
            "text": {"zh": "没有规则适用", "en": "No rule applies"},
            "references": [PRACTICE | {"status": "design"}],
        }
    ]


def test_silenced_rules_give_no_reasons_but_their_clocks_run() -> None:
    written = _decision(TINY, {**CASE, "note_flags": ("self_harm",)})
    reasons, deadlines = written["reasons"], written["deadlines"]
    assert isinstance(reasons, list)
    assert isinstance(deadlines, list)
    assert written["rules_fired"] == ["crisis", "card-plan"]
    assert [each["rule"] for each in reasons] == ["crisis"]
    assert [each["what"] for each in deadlines] == ["answer"]
    assert (written["secondary"], written["plan_options"]) == ([], [])


def test_a_rule_whose_strategy_is_blocked_gives_no_reason() -> None:
    always = c.All(())
    pack = pack_of(
        rule("plan", 9, always, {"recommend": "alpha"}, because="Pay {monthly_due} a month."),
        rule("stop", 5, always, {"block": ("alpha",)}, because="Do not pay."),
    )
    reasons = _decision(pack, {})["reasons"]
    assert isinstance(reasons, list)
    assert [each["rule"] for each in reasons] == ["stop", "default"]


def test_a_disagreement_says_so_and_gives_what_both_engines_saw() -> None:
    pack = pack_of(rule("one", 9, c.All(()), {"recommend": "alpha"}), rule("two", 5, c.All(()), {"recommend": "beta"}))
    twin = PolarsEngine([(each.rule.id, each.when) for each in pack.rules], pack.vocabulary)
    found = Evaluator(pack, TODAY, Engines(lambda *_: frozenset({"two"}), twin)).evaluate([{}])[0]
    written = decision_view(pack, "A-1", found.outcome, found.facts, TODAY).model_dump(mode="json")
    assert [each["rule"] for each in written["reasons"]] == ["disagreement", "two"]
    assert written["disagreement"] == [{"rule": "one", "engine": "no_hit", "twin": "hit"}]
    assert "两套计算的结果不一致" in _explained(pack, found, "zh")
    assert "The two engines came to different results" in _explained(pack, found, "en")


@pytest.mark.parametrize(
    ("facts", "language", "text"),
    [
        (CASE, "en", "¥950.00 a month; over 90 days"),
        ({}, "en", "unknown a month; over 90 days"),
        ({}, "zh", "每月可还未知，已逾期超过90天"),
    ],
)
def test_a_reason_is_filled_in_and_says_what_is_unknown(facts: dict[str, Value], language: Language, text: str) -> None:
    evaluated = {**facts, "capacity": 95_000} if facts else {}
    assert in_language(reason(TINY, "card-plan", evaluated, TODAY), language) == text


def test_a_figure_is_the_one_in_force_on_the_day() -> None:
    assert reason(TINY, "card-plan", {"capacity": 1}, dt.date(2019, 6, 1)).en == "¥0.01 a month; over 80 days"
    assert parameter(TINY, "high_rate", TODAY) == "24%"
    assert parameter(TINY, "high_rate", dt.date(2017, 1, 1)) is None
    assert parameter(TINY, "nothing", TODAY) is None


RED = c.Compare("product", "equals", "credit_card")
DAYS = c.Compare("days_overdue", "more_than", 90)


@pytest.mark.parametrize(
    ("condition", "zh", "en"),
    [
        (RED, "产品是信用卡", "Product is Credit card"),
        (c.Not(RED), "产品不是信用卡", "Product is not Credit card"),
        (c.Compare("product", "not_equals", "mortgage"), "产品不是房贷", "Product is not Mortgage"),
        (DAYS, "逾期天数大于90", "Days overdue is more than 90"),
        (c.Not(DAYS), "逾期天数不大于90", "Days overdue is at most 90"),
        (c.Compare("monthly_due", "at_least", 120_050), "月供不小于¥1,200.50", "Monthly due is at least ¥1,200.50"),
        (c.Compare("annual_rate_percent", "at_most", 2400), "年利率不大于24.00%", "Rate is at most 24.00%"),
        (
            c.Compare("days_overdue", "less_than", c.ParameterReference("npl_days")),
            "逾期天数小于不良天数",
            "Days overdue is less than Days to non-performing",
        ),
        (
            c.Compare("served_on", "more_than", dt.date(2026, 2, 3)),
            "送达日晚于2026-02-03",
            "Served on is after 2026-02-03",
        ),
        (c.Compare("debt_disputed", "equals", True), "有争议：是", "Disputed: yes"),
        (c.Not(c.Compare("debt_disputed", "equals", True)), "有争议：否", "Disputed: no"),
        (c.Compare("debt_disputed", "not_equals", True), "有争议：否", "Disputed: no"),
        (
            c.OneOf("product", ("credit_card", "mortgage")),
            "产品属于信用卡、房贷",
            "Product is one of Credit card, Mortgage",
        ),
        (c.Not(c.OneOf("product", ("mortgage",))), "产品不属于房贷", "Product is none of Mortgage"),
        (c.Contains("collection_violations", "visit"), "违规催收包括上门", "Violations includes Visit"),
        (
            c.Not(c.Contains("collection_violations", "visit")),
            "违规催收不包括上门",
            "Violations does not include Visit",
        ),
        (
            c.ComparePair("capacity", "less_than_fact", "monthly_due"),
            "还款能力小于月供",
            "Capacity is less than Monthly due",
        ),
        (
            c.Not(c.ComparePair("capacity", "equals_fact", "monthly_due")),
            "还款能力不等于月供",
            "Capacity differs from Monthly due",
        ),
        (c.Known("due_date", True), "到期日已填写", "Due date is given"),
        (c.Not(c.Known("due_date", True)), "到期日未填写", "Due date is not given"),
        (
            c.All((RED, c.Any((DAYS, c.Known("due_date", False))))),
            "产品是信用卡，且（逾期天数大于90，或到期日未填写）",
            "Product is Credit card and (Days overdue is more than 90 or Due date is not given)",
        ),
        (
            c.Not(c.Any((RED, DAYS))),
            "产品不是信用卡，且逾期天数不大于90",
            "Product is not Credit card and Days overdue is at most 90",
        ),
    ],
)
def test_every_condition_has_words(condition: c.Condition, zh: str, en: str) -> None:
    assert phrase(TINY, condition, "zh") == zh
    assert phrase(TINY, condition, "en") == en


def _explained(pack: Pack, found: Evaluation, language: Language) -> str:
    trace = Evaluator(pack, TODAY).trace(found.facts)
    told = decision_view(pack, "A-1", found.outcome, found.facts, TODAY)
    return explain(pack, told, found.outcome, found.facts, trace, language)


def test_an_explanation_tells_what_why_by_when_and_on_what_authority() -> None:
    text = _explained(TINY, _evaluated(TINY, CASE), "en")
    assert text.split("\n\n") == [
        (
            "Recommended: Card plan (S18), urgency U3 (medium).\nInstalments\n"
            "Sound: Willing to pay\nAgainst it: The bank decides\n"
            "This is certain: nothing that is still unknown could change it."
        ),
        "The client's page\n- Step by step\n- Today: Apply in writing\n- Not now: Do not promise yet",
        "The situation\n- Product: Credit card; Days overdue: 120; Monthly due: ¥2,000.00; Capacity: ¥950.00",
        "Deadlines\n- Time to answer: 2026-11-24 (1 day left). [1]",
        (
            "Why\n- ¥950.00 a month; over 90 days [2]\n"
            "  Rule “Card plan” (card-plan), which looked at: Product: Credit card; Capacity: ¥950.00; "
            "Monthly due: ¥2,000.00; Days overdue: 120; Rate: 18.00%"
        ),
        "Papers to have in hand\n- Proof [3]",
        "What the borrower should know\n- Do not promise yet [3]",
        (
            "How the derived facts came about\n"
            "- Capacity: 95% of (¥5,000.00 − ¥4,000.00 − ¥0.00) = ¥950.00\n"
            "  From: Income ¥5,000.00; Outgoings ¥4,000.00; Priority ¥0.00; Buffer 5%"
        ),
        (
            "Sources\n1. Practice (practice, text of the law read)\n"
            "2. Card measures (CBRC order No. 2 of 2011, 银监会令2011年第2号), art. 70 (regulation, weak source)\n"
            "3. Practice (practice, design of this service)"
        ),
        "Decided by pack tiny 1.0.0, as of 2026-11-23.",
        "Not legal advice",
    ]


def test_an_explanation_tells_how_far_a_derived_fact_is_known_and_leaves_out_what_is_open() -> None:
    facts = {name: value for name, value in CASE.items() if name != "essential_outgoings"}
    text = _explained(TINY, _evaluated(TINY, facts), "zh")
    told = "- 还款能力：(¥5,000.00 − 必要支出（未知） − ¥0.00（低于¥0.00的按¥0.00）) 的 95% = 不超过¥4,750.00"
    assert f"推算的事实怎样得出\n{told}\n" in text
    assert "规则包 tiny 1.0.0，按 2026-11-23 计算。" in text
    assert "How the derived" not in _explained(TINY, _evaluated(TINY, {"product": "credit_card"}), "en")


def test_an_explanation_tells_why_not_and_what_to_ask() -> None:
    missed = _explained(TINY, _evaluated(TINY, {**CASE, "days_overdue": 90}), "zh")
    assert "为什么不是别的\n- 个性化分期：要求“逾期天数大于90”，而现在是“逾期天数：90”。（规则 card-plan）" in missed
    facts = {name: value for name, value in CASE.items() if name != "monthly_due"}
    assert "还要问清\n- 月供多少？" in _explained(TINY, _evaluated(TINY, facts), "zh")


def test_a_rule_that_misses_two_conditions_is_no_near_miss() -> None:
    facts = {**CASE, "days_overdue": 90, "annual_rate_percent": 2401}
    assert "Why not" not in _explained(TINY, _evaluated(TINY, facts), "en")


def test_what_a_case_is_about_is_no_near_miss() -> None:
    assert "Why not" not in _explained(TINY, _evaluated(TINY, {**CASE, "product": "mortgage"}), "en")


def test_a_case_that_an_exclusive_rule_decides_is_told_of_nothing_else() -> None:
    text = _explained(TINY, _evaluated(TINY, {**CASE, "note_flags": ("self_harm",), "days_overdue": 90}), "zh")
    assert "为什么不是别的" not in text
    assert "推算的事实" not in text
    assert "¥" not in text


def test_near_misses_are_near_and_one_for_each_strategy() -> None:
    days = c.Compare("days", "more_than", 90)
    true = (c.Known("colour", False), c.Known("calm", False))
    pack = pack_of(
        rule("far", 9, c.All((true[0], days)), {"recommend": "beta"}),  # half of it does not hold
        rule("near", 5, c.All((*true, days)), {"recommend": "alpha"}),
        rule("nearer", 4, c.All((*true, c.Known("city", False), days)), {"recommend": "alpha"}),
        rule("no-strategy", 3, c.All((*true, days)), {"add": "gamma"}),
    )
    text = _explained(pack, _evaluated(pack, {"days": 1}), "en")
    assert "- Alpha: it would need “fact is more than 90”; now it is “fact: 1”. (rule nearer)" in text
    assert text.count("it would need") == 1


def test_of_alternatives_only_those_that_hold_are_named() -> None:
    red, blue = c.Compare("colour", "equals", "red"), c.Compare("shade", "equals", "blue")
    pack = pack_of(rule("either", 9, c.Any((red, blue)), {"recommend": "alpha"}))
    assert "looked at: fact: red" in _explained(pack, _evaluated(pack, {"colour": "red", "shade": "green"}), "en")


def test_a_deadline_that_is_over_or_assumed_says_so() -> None:
    found = _evaluated(TINY, {**CASE, "served_on": dt.date(2026, 10, 12)})
    assert "已过 27 天" in _explained(TINY, found, "zh")
    unknown = {name: value for name, value in CASE.items() if name != "served_on"}
    found = _evaluated(TINY, unknown)
    assert found.outcome.deadlines == (DeadlineDue("answer", TODAY, start_known=False),)
    assert "起算日不明" in _explained(TINY, found, "zh")
    assert "assumed" in _explained(TINY, found, "en")


def test_stored_outcomes_give_the_same_words() -> None:
    found = _evaluated(TINY, CASE)
    stored = read_outcome(json.loads(stored_outcome(found.outcome)))
    again = decision_view(TINY, "A-1", stored, found.facts, TODAY)
    assert again == decision_view(TINY, "A-1", found.outcome, found.facts, TODAY)


def test_the_explanation_asks_a_few_things_and_the_stage_before_the_day_of_service() -> None:
    pack = load(DEFAULT_PACK)
    found = _evaluated(pack, {"product": "jiebei", "days_overdue": 3, "hardship": "forgot_or_technical"})
    asked = found.outcome.questions
    assert len(asked) > 6
    text = _explained(pack, found, "zh")
    section = text[text.index("还要问清") :].split("\n\n")[0]
    assert section.count("\n- ") == 6
    assert f"另有{len(asked) - 5}项" in section
    served, stage = (pack.vocabulary.facts[name].question for name in ("served_on", "legal_stage"))
    assert served is not None and stage is not None
    assert stage.zh in section
    assert served.zh not in section


def test_words_of_a_paper_are_said_once_with_the_most_particular_alarm() -> None:
    shipped = load(DEFAULT_PACK)

    def told(notes: str) -> list[tuple[str, tuple[str, ...]]]:
        flags, found = scan(shipped, notes), matches(shipped, notes)
        evaluated = Evaluator(shipped, TODAY).evaluate([{"product": "huabei", "note_flags": flags}])[0]
        alarms = red_flag_matches(shipped, flags, found)
        view = decision_view(shipped, "C-1", evaluated.outcome, evaluated.facts, TODAY, alarms)
        return [(each.flag, each.words) for each in view.red_flags]

    assert told("收到起诉状") == [("suit_papers", ("收到起诉状",))]
    # The day of the hearing is another question, so it is told of besides.
    assert told("昨天收到法院传票，下周三开庭") == [
        ("legal_papers", ("开庭",)),
        ("suit_papers", ("收到法院传票",)),
        ("hearing_day", ("下周三开庭",)),
    ]
    assert [flag for flag, _ in told("说不想活了，老公也动手打我")] == ["self_harm", "violence", "domestic_violence"]
