"""The content of the pack that ships: complete, consistent, and nothing cited where it does not belong."""

from __future__ import annotations

import datetime as dt
import re
from itertools import product

import pytest

from rules.decision.evaluate import Evaluator
from rules.facts.cells import Value
from rules.loading.loader import DEFAULT_PACK, load
from tests.policy.law.test_laws import BEFORE_JUDGMENT
from tests.policy.matrix.matrix_cases import PRODUCTS
from tests.support.packs.default_pack import outcome, pack, parsed
from tests.support.packs.tiny_pack import FILES, errors, tiny

CARDS = {"credit_card", "card_instalment"}
CARD_RULE = re.compile(r"第七十条|个性化分期|[Aa]rt(?:icle|\.) ?70|personalised")
CONTACTS = {
    *("lender_line", "alipay_95188", "nfra_12378", "pboc_12363", "local_financial_bureau", "city_12345"),
    *("mediation_body", "nifa_platform", "police_110", "ambulance_120", "antifraud_96110", "legal_12348"),
    *("court_12368", "psychological_12356", "womens_12338", "bankruptcy_office", "student_aid_centre", "civil_affairs"),
}


# --- contacts and products -------------------------------------------------------------------------------------------


def test_the_contacts_are_the_public_ones() -> None:
    assert set(pack().contacts) == CONTACTS


def test_a_contact_that_carries_a_number_in_its_id_has_that_number() -> None:
    for name, contact in pack().contacts.items():
        number = name.rpartition("_")[2]
        assert contact.number == (number if number.isdigit() else None)


def test_the_aid_line_is_not_called_staffed_round_the_clock() -> None:
    text = pack().contacts["psychological_12356"].purpose
    assert "并非各地都全天接听" in text.zh and "not round the clock" in text.en
    assert "120" in text.zh and "110" in text.zh


def test_the_products_are_those_a_case_may_have() -> None:
    assert list(pack().products) == list(pack().vocabulary.facts["product"].values)
    assert set(PRODUCTS) <= set(pack().products)  # names that submitters use


@pytest.mark.parametrize("name", sorted(pack().products))
def test_every_product_has_somebody_to_call(name: str) -> None:
    entry = pack().products[name]
    for order in (entry.contacts, *entry.contacts_by_lender.values()):
        assert len(set(order)) == len(order)
        assert any(pack().contacts[contact].number or contact == "lender_line" for contact in order)


@pytest.mark.parametrize("word", ["P_HUABEI", "花呗", "信用购", "Ant Huabei", "huabei"])
def test_a_product_is_known_by_code_title_and_alias(word: str) -> None:
    assert parsed(product=word) == {"product": "huabei"}


@pytest.mark.parametrize("name", sorted(pack().products))
def test_what_holds_for_cards_is_cited_for_cards_only(name: str) -> None:
    entry = pack().products[name]
    # Not in a product's own words: it binds the issuing bank only, and only once the card is overdue.
    assert CARD_RULE.search("".join((entry.lender.zh, entry.lender.en, entry.note.zh, entry.note.en))) is None
    assert (name in CARDS) == any(reference.id == "card-measures-2011" for reference in entry.references)


@pytest.mark.parametrize("name", sorted(pack().products))
def test_the_cap_on_private_lending_is_stated_for_private_loans_only(name: str) -> None:
    """Others may say that it does not apply; none may give it as a figure."""
    note = pack().products[name].note
    assert tuple("{private_cap_multiple}" in text for text in (note.zh, note.en)) == (name == "private",) * 2


def test_a_platform_is_never_called_the_lender() -> None:
    for name in ("huabei", "jiebei"):
        assert "支付宝是渠道，不是债权人" in pack().products[name].lender.zh


def test_a_product_may_only_name_contacts_and_lenders_that_exist() -> None:
    lender = "lender_type: {type: enum, title: {zh: 机构, en: Lender}, values: {bank: {zh: 银行, en: Bank}}}"
    with_product = {
        "facts.yaml": FILES["facts.yaml"].replace("  name: {", f"  {lender}\n  name: {{"),
        "contacts.yaml": """
line: {title: {zh: 客服, en: Line}, purpose: {zh: 咨询, en: Ask}, references: [{id: practice, status: design}]}
""",
        "products.yaml": """
loan:
  code: P_LOAN
  title: {zh: 贷款, en: Loan}
  lender: {zh: 银行, en: A bank}
  note: {zh: 无, en: None}
  contacts: [line]
  contacts_by_lender: {bank: [line]}
  references: [{id: practice, status: design}]
""",
    }
    assert tiny(with_product).products["loan"].contacts == ("line",)
    for old, new, told in (
        ("contacts: [line]", "contacts: [lien]", "loan.contacts[0]: unknown contact 'lien'; did you mean 'line'?"),
        ("{bank: [line]}", "{bank: [lien]}", "loan.contacts_by_lender.bank[0]: unknown contact 'lien'"),
        (
            "{bank: [line]}",
            "{bonk: [line]}",
            "loan.contacts_by_lender.bonk: unknown kind of lender 'bonk'; did you",
        ),
    ):
        changed = {**with_product, "products.yaml": with_product["products.yaml"].replace(old, new)}
        assert any(line.startswith("products.yaml: ") and told in line for line in errors(changed))


# --- strategies ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(pack().strategies))
def test_every_strategy_says_when_what_against_and_what_next(name: str) -> None:
    strategy = pack().strategies[name]
    assert set(strategy.next_steps) <= set(pack().steps)
    assert len(set(strategy.next_steps)) == len(strategy.next_steps) >= 2
    assert strategy.sound_when.zh != strategy.against.zh and strategy.references


@pytest.mark.parametrize("name", ["fraud_dispute", "limitation_review", "capacity_estate_review"])
def test_a_strategy_of_doubt_leads_to_no_step_that_admits_the_debt(name: str) -> None:
    assert [step for step in pack().strategies[name].next_steps if pack().steps[step].acknowledges] == []


def test_a_strategy_may_only_lead_to_steps_that_exist() -> None:
    told = errors(
        {"strategies.yaml": FILES["strategies.yaml"].replace("next_steps: [write]", "next_steps: [wrote]", 1)}
    )
    assert any("crisis_support.next_steps[0]: unknown step 'wrote'; did you mean 'write'?" in line for line in told)


def test_only_the_strategy_for_cards_rests_on_the_rule_for_cards() -> None:
    for name, strategy in pack().strategies.items():
        texts = (strategy.summary, strategy.sound_when, strategy.against)
        if name != "card_personalised_instalment":
            assert not any(CARD_RULE.search(text.zh + text.en) for text in texts)


def test_no_case_of_another_product_rests_on_the_rule_for_cards() -> None:
    case = {
        "hardship": "unemployment",
        "hardship_duration": "medium",
        "hardship_evidence": "official",
        "income_evidence": "official",
        "willing_to_pay": True,
        "income_monthly": 4000,
        "essential_outgoings": 2000,
        "priority_payments": 500,
        "balance": 90000,
        "monthly_due": 3000,
    }
    for name, days in product(pack().products.keys() - CARDS, (0, 2, 40, 200)):
        found = outcome(**case, product=name, days_overdue=days)
        assert "card_personalised_instalment" not in (found.strategy, *found.secondary)
        assert "card_negotiation" not in found.rights
        assert "ask_personalised_instalment" not in found.steps


@pytest.mark.parametrize("doubt", [{"borrower_deceased": True}, {"age": 16}, {"not_my_loan": True}])
def test_whoever_may_not_owe_the_debt_is_not_asked_for_proof_of_income(doubt: dict[str, Value]) -> None:
    case: dict[str, Value] = {"product": "huabei", "days_overdue": 40, "hardship": "death", "note_flags": ()}
    found = Evaluator(load(DEFAULT_PACK), dt.date(2026, 11, 24)).evaluate([case, {**case, **doubt}])
    plain, doubtful = (set(each.outcome.documents) for each in found)
    asked = {"income_proof", "payslips", "expense_list", "asset_list"}
    assert asked & plain
    assert not asked & doubtful


@pytest.mark.parametrize("stage", ["judgment", "enforcement", "ended_for_now", "arbitration_award"])
def test_once_the_sum_is_fixed_nothing_is_given_that_only_a_court_before_gives(stage: str) -> None:
    found = outcome(
        product="huabei",
        days_overdue=200,
        hardship="unemployment",
        willing_to_pay=True,
        principal=10000,
        interest_fees=9000,
        annual_rate_percent=36,
        interest_paid_until="2026-01-01",
        legal_stage=stage,
        prior_request="refused",
    )
    assert BEFORE_JUDGMENT.isdisjoint((*found.rights, *found.warnings, *found.steps))
    assert not {"fee_interest_waiver", "complaint_escalation"} & {found.strategy, *found.secondary}
