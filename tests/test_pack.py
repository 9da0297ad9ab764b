"""The pack that ships: fit to publish, free of banned phrases, and without gaps or ambiguities."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from functools import cache
from itertools import product

import pytest

from rules.check import check
from rules.evaluate import Evaluation, Evaluator
from rules.facts import Facts, Parser
from rules.loader import DEFAULT_PACK, Pack, load

AS_OF = dt.date(2026, 11, 23)
# Never said to anybody, not even to deny it: the words alone spread the myth.
BANNED = (
    "一定能停息挂账",
    "60期是法定权利",
    "花呗依据第七十条",
    "征信可以消除",
    "征信可以洗白",
    "不还也不会怎样",
    "部分无效可以不还",
    "催收只能到20点",
    "催收只能到21点",
    "坐牢",
    "找XX公司代办",
    "先借一笔还上",
    "反复投诉银行就会让步",
    "发抖音曝光",
    "一次性信用修复还可申请",
    "以不还款对抗",
    "对支付令只要说没钱就能让它失效",
)
MANDATORY = (
    "是否同意由贷款机构决定",
    "书面确认后再付款",
    "保留凭证",
    "不收费, 不保证结果",
    "本建议不是法律意见, 由人工复核",
)
# Nothing alarming, nothing legal: what is left is a matter of negotiation.
CALM = {
    **dict.fromkeys(("self_harm_signal", "violence", "scam_agent", "not_my_loan", "borrower_deceased"), False),
    **dict.fromkeys(("legally_incapable", "wants_mortgage_within_12m", "credit_record_wrong", "accelerated"), False),
    "willing_to_pay": True,
    "legal_stage": "none",
    "prior_request": "none",
    "collection_violations": [],
    "age": 35,
    "city": "成都",
    "lump_sum_available": 0,
    "other_debt_payments": 0,
    "interest_fees": 0,
    "hardship": "unemployment",
    "balance": 20000,
    "monthly_due": 1000,
    "last_interruption": dt.date(2026, 10, 1),
    "private_contract_old": False,
    "rate_above_private_cap": False,
}
# (income, outgoings): nothing to pay, less than is due, enough.
BUDGETS = ((0, 1500), (2500, 2000), (4000, 2000))
DAYS = (0, 1, 3, 4, 30, 31, 60, 61, 90, 91, 180, 181, 360, 361, 1095, 1096)


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


def texts() -> list[tuple[str, str]]:
    """Every text a counsellor may read, with the file it is in."""
    found = [("pack.yaml", text.zh) for text in (pack().manifest.disclaimer, pack().manifest.default.because)]
    for name in ("documents", "rights", "warnings", "steps"):
        found += [(f"{name}.{key}", item.text.zh) for key, item in getattr(pack(), name).items()]
    for key, strategy in pack().strategies.items():
        said = (strategy.title, strategy.summary, strategy.sound_when, strategy.against)
        found += [(f"strategies.{key}", "".join(text.zh for text in said))]
    for key, each in pack().products.items():
        found += [(f"products.{key}", each.title.zh + each.lender.zh + each.note.zh)]
    found += [(f"contacts.{key}", contact.title.zh + contact.purpose.zh) for key, contact in pack().contacts.items()]
    found += [(f"open_points.{key}", point.text.zh) for key, point in pack().open_points.items()]
    return [*found, *((rule.path, rule.rule.title.zh + rule.rule.because.zh) for rule in pack().rules)]


def test_the_pack_is_fit_to_publish() -> None:
    # What nobody has confirmed yet is told, each with the open point that names it; nothing else is found.
    assert [each for each in check(DEFAULT_PACK) if each.level == "error" or "; open point: " not in each.message] == []


@pytest.mark.parametrize("phrase", BANNED)
def test_no_text_holds_a_banned_phrase(phrase: str) -> None:
    assert [where for where, text in texts() if phrase in text] == []


@pytest.mark.parametrize("phrase", MANDATORY)
def test_every_decision_carries_the_mandatory_phrases(phrase: str) -> None:
    assert phrase in pack().manifest.disclaimer.zh


def test_the_disclaimer_names_the_day_of_the_review() -> None:
    assert pack().manifest.reviewed_on.isoformat() in pack().manifest.disclaimer.zh


def test_rules_of_one_priority_recommend_one_strategy() -> None:
    strategies: defaultdict[int, set[str]] = defaultdict(set)
    for rule in pack().rules:
        strategies[rule.rule.priority] |= {effect.recommend for effect in rule.rule.then if effect.recommend}
    assert {priority: found for priority, found in strategies.items() if len(found) > 1} == {}


def test_every_strategy_has_its_code() -> None:
    assert [each.code for each in pack().strategies.values()] == [f"S{number:02}" for number in range(1, 30)]


def negotiable(name: str) -> list[tuple[Facts, Evaluation]]:
    """One product in every state a negotiation can be in: nothing is unknown but a date of recovery."""
    parser = Parser(pack().vocabulary, rule_test=True)
    states = product(DAYS, ("temporary", "medium", "permanent"), ("none", "official"), BUDGETS, (1, 2, 3), (None, 60))
    cases = []
    for days, duration, evidence, (income, outgoings), creditors, ahead in states:
        facts, errors = parser.parse(
            {
                **CALM,
                "product": name,
                "days_overdue": days,
                "hardship_duration": duration,
                "hardship_evidence": evidence,
                "income_evidence": evidence,
                "creditors_overdue": creditors,
                "income_monthly": income,
                "essential_outgoings": outgoings,
                "priority_payments": 0,
                **({} if ahead is None else {"resume_date": AS_OF + dt.timedelta(days=ahead)}),
            }
        )
        assert errors == []
        cases.append({**facts, "note_flags": ()})
    return list(zip(cases, Evaluator(pack(), AS_OF).evaluate(cases), strict=True))


@pytest.mark.parametrize("name", ["huabei", "credit_card", "card_instalment", "bank_consumer", "mortgage", "private"])
def test_no_negotiable_case_is_left_to_the_default(name: str) -> None:
    for facts, evaluation in negotiable(name):
        outcome = evaluation.outcome
        assert outcome.engines_agree
        assert "default" not in outcome.rules_fired, facts
        assert outcome.certain or "resume_date" in outcome.questions, (facts, outcome.questions)
        if name != "credit_card":
            assert outcome.strategy != "card_personalised_instalment", facts
