"""A plan in words asks and never promises; in figures it keeps the contract's keys."""

import datetime as dt
import re
from dataclasses import replace

import pytest

from rules.finance.repayment_plan import RepaymentPlan
from rules.loading.loader import DEFAULT_PACK, load
from rules.text.decision_view import plan_view
from rules.text.plan_text import sentence
from tests.support.packs.text_rules import banned_in

PACK = load(DEFAULT_PACK)
UNTIL = dt.date(2027, 1, 22)
PLANS = {
    "stopped": RepaymentPlan(
        "instalment_restructure", "instalments", 5_000_000, 56, 89_286, 89_270, None, 5_000_000, 0, 0, True
    ),
    "one month": RepaymentPlan("instalment_restructure", "instalments", 100, 1, 100, 100, None, 100, 0, 0),
    "interest": RepaymentPlan(
        "instalment_restructure",
        "instalments_with_interest",
        7_012_345,
        47,
        149_200,
        149_145,
        None,
        5_000_000,
        1825,
        2_012_345,
        False,
    ),
    "falling": RepaymentPlan(
        "instalment_restructure", "equal_principal", 7_830_000, 60, 160_000, 101_000, None, 6_000_000, 1200, 1_830_000
    ),
    "shared": RepaymentPlan(
        "multi_debt_plan", "shared_instalments", 1_000_000, 34, 30_000, 10_000, None, 1_000_000, 0, 0
    ),
    "steady": RepaymentPlan(
        "instalment_restructure", "steady_instalments", 5_000_000, 60, 83_334, 83_294, None, 5_000_000, 0, 0, True
    ),
    "part": RepaymentPlan(
        "card_personalised_instalment", "partial_instalments", 5_700_000, 60, 95_000, 95_000, None, 7_000_000, 0, 0
    ),
    "above": RepaymentPlan(
        "instalment_restructure", "instalments", 2_000_000, 20, 100_000, 100_000, None, 2_300_000, 0, 0, excess=300_000
    ),
    "friend": RepaymentPlan("instalment_restructure", "instalments", 100, 1, 100, 100, None, 100, 0, 0, personal=True),
    "deferral": RepaymentPlan(
        "short_deferral", "deferral", 0, until=UNTIL, balance=1_000_000, rate=1825, interest=30_000
    ),
    "open": RepaymentPlan("short_deferral", "deferral", 0, until=UNTIL),
    "standstill": RepaymentPlan("standstill_request", "standstill", 0, until=UNTIL, balance=1_000_000),
    "settled": RepaymentPlan("lump_sum_settlement", "lump_sum", 300_000, 1, 300_000, 300_000, None, 500_000, None, 0),
    "paid": RepaymentPlan("lump_sum_settlement", "lump_sum", 500_000, 1, 500_000, 500_000, None, 500_000, None, 0),
}


DECIDES = "是否同意由贷款机构决定。"
STOP = "请对方停止计收利息和费用，按现有余额分期："
SAID = {
    "stopped": f"{STOP}每月还¥892.86，共56期，末期¥892.70，合计¥50,000.00。{DECIDES}",
    "one month": f"{STOP}下一期付清¥1.00。{DECIDES}",
    "deferral": "申请延期到2027-01-22，之后恢复还款。如按合同年利率18.25%计息，期间约产生利息¥300.00，可以请对方减免。"
    + DECIDES,
    "open": f"申请延期到2027-01-22，之后恢复还款。期间是否计息，以对方书面答复为准。{DECIDES}",
    "settled": "用自有资金一次支付¥3,000.00，请对方减免其余¥2,000.00并书面确认结清；书面确认后再付款。" + DECIDES,
    "steady": "稳妥方案，留有余地。" + STOP + f"每月还¥833.34，共60期，末期¥832.94，合计¥50,000.00。{DECIDES}",
    "part": "请对方停止计收利息和费用，先按能力分期：每月还¥950.00，共60期，合计¥57,000.00。"
    f"60期还不完的¥13,000.00，请对方一并减免。{DECIDES}",
    "above": "先请对方免除超出上限的息费¥3,000.00（估算）。请对方停止计收利息和费用，余下的¥20,000.00分期："
    f"每月还¥1,000.00，共20期，合计¥20,000.00。{DECIDES}",
    "friend": f"{STOP}下一期付清¥1.00。是否同意由对方决定。",
    "paid": "用自有资金一次付清¥5,000.00；书面确认金额后再付款，并索取结清证明。",
}


@pytest.mark.parametrize("name", sorted(SAID))
def test_a_plan_is_one_request_in_chinese(name: str) -> None:
    assert sentence(PLANS[name]).zh == SAID[name]


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_plan_reads_whole_in_both_languages(name: str) -> None:
    sentences = sentence(PLANS[name])
    zh, en = sentences.zh, sentences.en
    assert zh.endswith("。")
    assert en.endswith(".")
    assert not re.search(r"[{}]|None", zh + en)
    assert not re.search("[一-鿿]", en)
    assert banned_in(zh) == []
    assert sorted(re.findall(r"¥[\d,.]*\d", zh)) == sorted(re.findall(r"¥[\d,.]*\d", en))
    if name != "paid":
        assert ("由对方决定" if name == "friend" else "由贷款机构决定") in zh
        assert "for the lender to decide" in en


def test_a_plan_keeps_the_keys_of_the_contract() -> None:
    assert plan_view(PACK, PLANS["interest"]).model_dump() == {
        "strategy": "instalment_restructure",
        "strategy_label": PACK.strategies["instalment_restructure"].title.model_dump(),
        "kind": "instalments_with_interest",
        "months": 47,
        "monthly": "1492.00",
        "last": "1491.45",
        "total": "70123.45",
        "until": None,
        "interest": "20123.45",
        "interest_stopped": False,
        "rate_percent": "18.25",
        "waiver_asked": "0.00",
        "within_stress": False,
        "share": None,
        "text": sentence(PLANS["interest"]).model_dump(),
    }


def test_beside_other_debts_a_plan_says_what_can_go_into_this_one() -> None:
    beside = replace(PLANS["interest"], share=150_000)
    assert sentence(beside).zh.startswith("另外还有债务要还，本笔每月最多拿出¥1,500.00。")
    assert "at most ¥1,500.00 a month can go towards this one" in sentence(beside).en
    assert plan_view(PACK, beside).share == "1500.00"


@pytest.mark.parametrize(
    ("name", "stopped", "waiver"), [("stopped", True, "0.00"), ("settled", None, "2000.00"), ("open", None, "0.00")]
)
def test_what_is_asked_of_the_lender_is_told_as_such(name: str, stopped: bool | None, waiver: str) -> None:
    found = plan_view(PACK, PLANS[name])
    assert (found.interest_stopped, found.waiver_asked) == (stopped, waiver)
