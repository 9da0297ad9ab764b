"""The negotiation pack of a case: nothing unsafe, nothing invented, nothing left unfilled, whatever the case."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import pytest

from rules.decision.outcome import Outcome
from rules.decision.reasons import withholds
from rules.facts.case_facts import Facts
from rules.pack.files.negotiation import ScriptLine
from rules.text.negotiation_pack import NegotiationPack
from tests.policy.cases.test_golden import cases as golden_cases
from tests.policy.cases.test_golden import evaluated as golden
from tests.support.packs.negotiation_packs import (
    AS_OF,
    case,
    evaluated,
    evaluator,
    kit_of,
    pack,
    prepared,
    said,
    sentences,
    swept,
)
from tests.support.packs.text_rules import MANDATORY, MONEY, banned_in, folded

CALM = {
    "legal_stage": "none",
    "debt_disputed": False,
    "not_my_loan": False,
    "borrower_deceased": False,
    "legally_incapable": False,
    "client_role": "borrower",
    "money_used_by_other": False,
    "account_frozen": False,
    "car_taken": False,
    "self_harm_signal": False,
    "violence": False,
    "scam_agent": False,
    "age": 35,
    "willing_to_pay": True,
    "collection_violations": "无",
    "prior_request": "none",
    "lump_sum_available": 0,
    "wants_mortgage_within_12m": False,
    "credit_record_wrong": False,
    "accelerated": False,
    "creditors_overdue": 1,
    "other_debt_payments": 0,
    "balance": 20000,
    "monthly_due": 1000,
    "interest_fees": 0,
    "hardship_evidence": "official",
    "income_evidence": "official",
    "income_monthly": 4000,
    "essential_outgoings": 2500,
    "priority_payments": 1000,
    "last_interruption": "2026-10-01",
}


class Case(NamedTuple):
    """A case, its outcome, its pack, and all that is said in it."""

    facts: Facts
    outcome: Outcome
    kit: NegotiationPack
    text: str


@cache
def everything() -> tuple[Case, ...]:
    """The golden cases of today, and the sweep."""
    golden_ones = [golden()[each.values[0]["id"]] for each in golden_cases() if "as_of" not in each.values[0]]
    found = [*((each, kit_of(each)) for each in golden_ones), *swept(1_500, 7)]
    return tuple(Case(each.facts, each.outcome, of_it, said(of_it)) for each, of_it in found)


def test_every_strategy_occurs_in_the_sweep() -> None:
    assert set(pack().strategies) - {"mediation", "fee_interest_waiver"} <= {
        found.strategy for _, _, found, _ in everything()
    }


def test_whatever_the_case_its_pack_is_whole_and_says_nothing_banned() -> None:
    for facts, _, found, text in everything():
        assert banned_in(text) == [], facts
        assert re.search(r"\bNone\b", text) is None, facts
        assert "未知" not in text and "unknown" not in text, facts
        assert found.say and found.calls and found.days and found.sources
        for sentence in sentences(found):
            assert "{" not in sentence.replace("{x}", ""), sentence  # {x} is in a random lender's name
            assert "________________" not in sentence, sentence


def test_whoever_talks_to_a_lender_is_told_what_must_be_told() -> None:
    for _, _, found, text in everything():
        if not found.staff:
            assert found.notice.zh in text
            assert [phrase for phrase in MANDATORY if folded(phrase) not in folded(found.notice.zh)] == []
            assert found.reviewed_on.isoformat() in text


def test_a_crisis_pack_brings_help_and_no_word_of_money() -> None:
    seen = 0
    for _, _, found, text in everything():
        if found.strategy == "crisis_support":
            seen += 1
            body = text[text.index("<body") :]
            assert [word for word in MONEY if word in body] == []
            assert all(number in body for number in ("12356", "120", "110"))
            assert not any((found.letters, found.offers, found.have, found.ask))
            assert [day.id for day in found.days] == ["follow_up"]
    assert seen > 10


def test_staff_protocols_hold_no_letter_and_no_plan() -> None:
    found = prepared(violence=True, **{name: value for name, value in CALM.items() if name != "violence"})
    assert (found.strategy, found.staff, found.letters, found.offers) == ("safety_police", True, (), ())


def test_article_70_stays_with_credit_cards() -> None:
    cards = 0
    for facts, _, _, text in everything():
        named = any(words in text for words in ("第七十条", "第70条", "rticle 70", "art. 70"))
        cards += named
        assert not named or facts["product"] == "credit_card", facts
    assert cards


def test_where_the_debt_must_not_be_acknowledged_nothing_does() -> None:
    patterns = [(line, _pattern(line)) for line in _acknowledging()]
    assert len(patterns) > 60
    seen = 0
    for facts, _, found, _ in everything():
        if not found.withheld or found.staff:
            continue
        seen += 1
        assert found.offers == ()
        assert not any(draft.acknowledges for draft in found.letters)
        for sentence in sentences(found):
            broken = [line.zh for line, pattern in patterns if pattern.fullmatch(sentence)]
            assert broken == [], (facts, sentence)
    assert seen > 300


@pytest.mark.parametrize(
    "fact", [{"not_my_loan": True}, {"borrower_deceased": True}, {"legally_incapable": True}, {"age": 17}]
)
@pytest.mark.parametrize("stage", ["none", "payment_order", "complaint_served", "judgment", "enforcement"])
def test_such_a_case_is_withheld_at_every_stage(fact: dict[str, object], stage: str) -> None:
    found = prepared(**{**CALM, "legal_stage": stage, "served_on": "2026-11-20", **fact})
    assert found.withheld
    assert not any(draft.acknowledges for draft in found.letters)
    assert found.not_sign[0].zh.startswith("欠款确认书")


@pytest.mark.parametrize(("last", "withheld"), [("2023-11-20", True), ("2023-11-21", False)])
@pytest.mark.parametrize("stage", ["none", "payment_order", "complaint_served"])
def test_a_debt_past_limitation_is_withheld_but_not_on_a_day_off(last: str, withheld: bool, stage: str) -> None:
    facts = {**CALM, "legal_stage": stage, "served_on": "2026-11-20", "last_interruption": last, "days_overdue": 1200}
    assert prepared(**facts).withheld is withheld


def test_withholding_follows_the_block_of_the_rules() -> None:
    assert withholds(pack(), evaluated(**{**CALM, "not_my_loan": True}).outcome)
    assert not withholds(pack(), evaluated(**CALM).outcome)


def test_facts_are_filled_in_and_what_is_unknown_is_a_blank() -> None:
    known = prepared(**CALM, hardship_duration="temporary", resume_date="2027-03-01", lender="测试银行")
    letter = "\n".join(text.zh for text in known.letters[0].paragraphs)
    assert (known.strategy, known.letters[0].id) == ("short_deferral", "deferral_request")
    assert "延期至2027年3月1日" in letter and "4,000元" in letter and known.letters[0].to.zh == "测试银行"
    bare = prepared(**{**CALM, "borrower_deceased": True})
    assert bare.letters[0].to.zh == "________"


def test_an_amount_of_the_policy_reads_like_one_of_the_case() -> None:
    facts = {**case(**CALM, product="credit_card", days_overdue=40), "note_flags": ("criminal_threat",)}
    heed = kit_of(evaluator().evaluate([facts])[0]).heed
    assert any("本金达到50,000元" in each.zh and "a principal of ¥50,000" in each.en for each in heed)


@pytest.mark.parametrize(
    ("product", "letter", "standard"),
    [("private", "collection_notice_private", False), ("huabei", "collection_complaint", True)],
)
def test_only_a_licensed_lender_is_held_to_the_standard(product: str, letter: str, standard: bool) -> None:
    found = prepared(**{**CALM, "product": product, "collection_violations": "深夜催收"})
    assert letter in [draft.id for draft in found.letters]
    assert ("GB/T" in said(found)) is standard


def test_no_letter_goes_to_an_illegal_lender_about_its_conduct() -> None:
    found = prepared(**{**CALM, "product": "illegal", "collection_violations": "深夜催收"})
    assert [draft.id for draft in found.letters] == []


def test_names_and_numbers_of_persons_are_always_blank() -> None:
    private = {name for name, fact in pack().vocabulary.facts.items() if fact.private}
    assert not any(f"{{{name}}}" in line.zh + line.en for line in _lines() for name in private)
    for _, _, found, _ in everything():
        for draft in found.letters:
            assert any("签名" in text.zh and "________" in text.zh for text in draft.signature)


def test_a_payment_order_is_objected_to_only_where_the_debt_is_disputed() -> None:
    served = {**CALM, "legal_stage": "payment_order", "served_on": "2026-11-20"}
    disputed = prepared(**{**served, "debt_disputed": True})
    admitted = prepared(**{**served, "debt_disputed": False})
    unclear = prepared(**{name: value for name, value in served.items() if name != "debt_disputed"})
    assert [draft.id for draft in disputed.letters] == ["payment_order_objection"]
    assert [draft.id for draft in admitted.letters] == ["payment_order_settlement"]
    assert unclear.letters == ()
    items = [text.zh for text in disputed.letters[0].paragraphs]
    assert [item[:2] for item in items if item[1] == "、"] == ["一、", "二、", "三、", "四、", "五、"]


def test_the_follow_up_comes_before_the_legal_deadline() -> None:
    for _, outcome, found, _ in everything():
        ahead = [each.date for each in outcome.deadlines if each.date > AS_OF]
        if ahead and outcome.urgency != "U0":
            assert AS_OF <= found.follow_up.date < min(ahead)


def test_only_one_request_goes_to_the_lender_at_a_time() -> None:
    for facts, _, found, _ in everything():
        assert sum(draft.acknowledges for draft in found.letters) <= 1, (facts, [draft.id for draft in found.letters])


def test_a_letter_that_a_counsellor_must_clear_says_so() -> None:
    found = prepared(**{**CALM, "last_interruption": "2022-01-01", "days_overdue": 1700})
    assert [draft.id for draft in found.letters] == ["information_request"]
    assert found.letters[0].hold is not None and "先不要寄出" in said(found)


def test_the_contacts_are_those_of_the_product_and_the_lender() -> None:
    numbers = [call.number for call in prepared(**{**CALM, "product": "huabei", "days_overdue": 100}).calls]
    assert numbers[0] == "95188"
    titles = [call.title.zh for call in prepared(**{**CALM, "product": "microloan", "days_overdue": 100}).calls]
    assert "地方金融管理局" in titles and "银行保险消费者投诉维权热线" not in titles


def test_a_private_lender_above_the_cap_gets_a_letter_and_no_report_to_the_police_first() -> None:
    private = {"product": "private", "contract_date": "2024-05-01", "annual_rate_percent": 14, "days_overdue": 40}
    kit = prepared(**{**CALM, **private, "hardship": "income_reduction", "hardship_duration": "medium"})
    assert kit.strategy == "illegal_loan_report"
    assert [letter.id for letter in kit.letters] == ["private_rate_request"]
    assert kit.calls[0].number == "12348"
    assert not any("不合法" in line.zh for line in kit.say)
    illegal = prepared(**{**CALM, "product": "illegal", "days_overdue": 40, "hardship": "income_reduction"})
    assert (illegal.letters, illegal.calls[0].number) == ((), "110")


def test_the_letter_about_an_admitted_payment_order_has_a_plan() -> None:
    order = {"product": "jiebei", "days_overdue": 40, "legal_stage": "payment_order", "served_on": "2026-11-20"}
    kit = prepared(**{**CALM, **order, "hardship": "unemployment", "income_monthly": 5000})
    (letter,) = [each for each in kit.letters if each.id == "payment_order_settlement"]
    assert any("现提出方案：共" in paragraph.zh for paragraph in letter.paragraphs)
    disputed = prepared(**{**CALM, **order, "hardship": "unemployment", "income_monthly": 5000, "debt_disputed": True})
    assert disputed.offers == ()


def test_letters_ask_to_waive_what_a_plan_leaves_open() -> None:
    above = {
        "product": "huabei",
        "days_overdue": 200,
        "principal": 15000,
        "interest_fees": 5000,
        "interest_paid_until": "2026-05-07",
        "hardship": "unemployment",
    }
    kit = prepared(**{**CALM, **above, "hardship_duration": "medium", "income_monthly": 5000})
    text = "".join(paragraph.zh for paragraph in kit.letters[0].paragraphs)
    assert "方案没有包括的3,027.40元" in text


def test_no_plan_in_a_pack_is_above_capacity() -> None:
    seen = 0
    for facts, _, found, _ in everything():
        for offer in found.offers:
            if offer.plan.months > 1 and offer.plan.until is None:
                seen += 1
                assert max(offer.plan.monthly, offer.plan.last) <= int(str(facts["capacity"]))
    assert seen


def test_the_same_decision_gives_the_same_pack() -> None:
    evaluation = evaluated(**CALM)
    assert kit_of(evaluation) == kit_of(evaluation)


def _lines() -> list[ScriptLine]:
    negotiation = pack().negotiation
    assert negotiation is not None
    return [
        *negotiation.greeting,
        *negotiation.farewell,
        *negotiation.points.values(),
        *(line for approach in negotiation.approaches.values() for line in approach.say),
        *(line for letter in pack().letters.values() for line in letter.paragraphs),
    ]


def _acknowledging() -> list[ScriptLine]:
    of_letters = [line for letter in pack().letters.values() if letter.acknowledges for line in letter.paragraphs]
    plain = {line.zh for line in _lines() if not line.acknowledges and line not in of_letters}
    return [line for line in _lines() if line.acknowledges or (line in of_letters and line.zh not in plain)]


def _pattern(line: ScriptLine) -> re.Pattern[str]:
    """Whatever stands in the braces; a line that is nothing but braces says nothing of itself."""
    parts = [re.escape(part) for part in re.split(r"\{\w+\}", line.zh)]
    return re.compile(".+".join(parts) if any(parts) else r"(?!)", re.DOTALL)


OTHERS = ("co_borrower", "guarantor_general", "guarantor_joint", "guarantor", "spouse", "heir", "nominee", "carer")
OWN_LETTER = {
    **dict.fromkeys(("guarantor_general", "guarantor_joint", "guarantor"), "guarantor_request"),
    "spouse": "spouse_notice",
    "co_borrower": "co_borrower_request",
    "carer": "carer_authority",
}


@pytest.mark.parametrize("role", OTHERS)
@pytest.mark.parametrize("stage", ["none", "complaint_served", "payment_order", "enforcement"])
@pytest.mark.parametrize("product", ["credit_card", "mortgage", "student_state", "private"])
def test_only_the_borrower_speaks_offers_and_writes_as_one(role: str, stage: str, product: str) -> None:
    facts = {**CALM, "product": product, "days_overdue": 120, "hardship_duration": "medium", "legal_stage": stage}
    found = prepared(**{**facts, "client_role": role, "served_on": "2026-11-16", "debt_disputed": False})
    assert found.withheld and found.offers == ()
    assert [draft.id for draft in found.letters if draft.acknowledges] == []
    assert found.say
    if role in OWN_LETTER:
        assert OWN_LETTER[role] in {draft.id for draft in found.letters}
    assert not prepared(**facts).withheld or product == "private"


def test_a_blank_role_is_the_borrowers() -> None:
    facts = {**CALM, "product": "credit_card", "days_overdue": 120, "hardship_duration": "medium"}
    blank = prepared(**{name: value for name, value in facts.items() if name != "client_role"})
    assert not blank.withheld
    assert blank.letters == prepared(**facts).letters != ()


def test_a_relative_whom_the_notes_tell_of_writes_no_letter_of_the_borrower() -> None:
    facts = {**CALM, "product": "credit_card", "days_overdue": 120, "hardship_duration": "medium"}
    noted = {name: value for name, value in case(**facts).items() if name != "client_role"}
    noted["note_flags"] = ("role_carer",)
    found = kit_of(evaluator().evaluate([noted])[0])
    assert found.withheld and found.offers == ()
    assert [draft.id for draft in found.letters if draft.acknowledges] == []
    assert "carer_authority" in {draft.id for draft in found.letters}


def test_an_arbitration_has_its_own_answer_and_no_answer_to_a_court() -> None:
    facts = {**CALM, "product": "microloan", "days_overdue": 220, "legal_stage": "arbitration_notice"}
    found = prepared(**facts)
    assert [draft.id for draft in found.letters] == ["arbitration_answer"]
    assert not any("法院文书" in line.zh for line in found.say)
    sued = prepared(**{**facts, "legal_stage": "complaint_served", "served_on": "2026-11-16"})
    assert [draft.id for draft in sued.letters] == ["court_answer"]


def test_nobody_offers_less_than_pays_it_off_in_the_longest_term() -> None:
    found = prepared(
        **CALM
        | {"product": "credit_card", "days_overdue": 110, "hardship": "unemployment", "hardship_duration": "medium"}
        | {"balance": 42000, "principal": 36000, "interest_fees": 6000, "monthly_due": 3000}
        | {"income_monthly": 4200, "essential_outgoings": 2400, "priority_payments": 800}
    )
    assert [offer.plan.kind for offer in found.offers] == ["instalments"]
    assert any(
        "每个月可以稳定还700元" in line.zh for line in found.say
    )  # 60 of them; what bears a fall of income is 551


def test_papers_for_the_same_hardship_stand_in_one_line() -> None:
    found = prepared(
        **CALM | {"product": "credit_card", "days_overdue": 40, "hardship": "unemployment", "hardship_evidence": "none"}
    )
    (proofs,) = [line.zh for line in found.have if line.zh.startswith("证明困难的材料，有哪样带哪样")]
    assert "失业登记" in proofs
    assert "离职证明" in proofs


def test_who_only_pays_what_is_due_has_nothing_to_agree_to() -> None:
    forgot = {"product": "huabei", "days_overdue": 4, "hardship": "forgot_or_technical", "income_monthly": 9000}
    found = prepared(**CALM | forgot)
    assert found.strategy == "self_cure"
    assert not any("我现在不能马上答应" in line.zh or "书面确认后再付款" in line.zh for line in found.say)


@pytest.mark.parametrize(("served", "told"), [("2026-11-20", True), ("2026-09-20", False)])
def test_nothing_is_paid_until_a_judgment_is_in_force_and_no_longer_after(served: str, told: bool) -> None:
    disputed = {"product": "credit_card", "days_overdue": 400, "debt_disputed": True, "hardship": "unemployment"}
    found = prepared(**CALM | disputed | {"legal_stage": "judgment", "served_on": served})
    assert any("一分钱也先不要付" in line.zh for line in found.not_sign) is told
