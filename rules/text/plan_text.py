"""Repayment plans as proposals: the sentence that asks the lender for one, and money as it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rules.facts.case_facts import Language
from rules.finance.repayment_plan import RepaymentPlan
from rules.pack.schema import Text
from rules.text.phrases import say

_DECIDES: Final = Text(zh="是否同意由贷款机构决定。", en="Whether to agree is for the lender to decide.")
_PERSON_DECIDES: Final = Text(zh="是否同意由对方决定。", en="Whether to agree is for the lender to decide.")
_SENTENCES: Final[Mapping[str, Text]] = {
    "instalments": Text(
        zh="请对方停止计收利息和费用，{base}分期：{course}。{decides}",
        en="Ask the lender to stop interest and charges and to take {base} in instalments: {course}. {decides}",
    ),
    "steady_instalments": Text(
        zh="稳妥方案，收入再降一些也守得住。请对方停止计收利息和费用，{base}分期：{course}。{decides}",
        en="The steady way, which still holds if income falls somewhat. Ask the lender to stop interest and "
        "charges and to take {base} in instalments: {course}. {decides}",
    ),
    "partial_instalments": Text(
        zh="请对方停止计收利息和费用，先按能力分期：{course}。{rest}{decides}",
        en="Ask the lender to stop interest and charges and to take what can be paid: {course}. {rest}{decides}",
    ),
    "instalments_with_interest": Text(
        zh="按合同年利率{rate}等额本息分期：{course}，其中利息{interest}。{decides}",
        en="Level instalments at the contract rate of {rate} a year: {course}, of it {interest} interest. {decides}",
    ),
    "equal_principal": Text(
        zh="按合同年利率{rate}等额本金分期：首月{monthly}，以后逐月减少，末月{last}，共{months}期，"
        "合计{total}，其中利息{interest}。{decides}",
        en="Equal parts of the principal at the contract rate of {rate} a year: {monthly} in the first month, less "
        "each month, {last} in the last; {months} months, {total} in all, of it {interest} interest. {decides}",
    ),
    "shared_instalments": Text(
        zh="把每月可还的部分按比例分给各笔债务，并请对方停止计收利息和费用。本笔：{course}。{rest}{decides}",
        en="Share what can be paid among all debts pro rata and ask the lender to stop interest and charges. "
        "This debt: {course}. {rest}{decides}",
    ),
    "deferral": Text(
        zh="申请延期到{until}，之后恢复还款。{cost}{decides}",
        en="Ask for a deferral until {until}, then pay again. {cost} {decides}",
    ),
    "standstill": Text(
        zh="申请暂缓还款并暂停催收到{until}，届时复核收入和支出，再商定还款安排。{cost}{decides}",
        en="Ask for a pause of payments and collection until {until}; then income and outgoings are looked at again. "
        "{cost} {decides}",
    ),
    "lump_sum": Text(
        zh="用自有资金一次支付{total}，请对方减免其余{waived}并书面确认结清；书面确认后再付款。{decides}",
        en="Pay {total} at once from own money and ask the lender to waive the other {waived} and to confirm the "
        "settlement in writing; pay only after that. {decides}",
    ),
}
_BESIDE: Final = Text(
    zh="另外还有债务要还，本笔每月最多拿出{share}。",
    en="Other debts have to be paid too, so at most {share} a month can go into this one. ",
)
_EXCESS: Final = Text(
    zh="先请对方免除超出上限的息费{excess}（估算）。",
    en="First ask for the charges above the ceiling, an estimated {excess}, to be waived. ",
)
_PRESENT: Final = Text(zh="按现有余额", en="the present balance")
_REMAINING: Final = Text(zh="余下的{repaid}", en="the remaining {repaid}")
_REST: Final = Text(
    zh="{months}期还不完的{left}，请对方一并减免。",
    en="Ask for the {left} that {months} instalments do not cover to be waived as well. ",
)
_PAID_IN_FULL: Final = Text(
    zh="用自有资金一次付清{total}；书面确认金额后再付款，并索取结清证明。",
    en="Pay the whole {total} at once from own money; have the amount confirmed in writing first, and ask for a "
    "certificate of settlement.",
)
_COURSE: Final = Text(
    zh="每月还{monthly}，共{months}期，末期{last}，合计{total}",
    en="{monthly} a month for {months} months, the last one {last}, {total} in all",
)
_ONE_MONTH: Final = Text(zh="下一期付清{total}", en="{total} in a single month")
_COST_OPEN: Final = Text(
    zh="期间是否计息，以对方书面答复为准。", en="Whether interest runs meanwhile is what the lender answers in writing."
)
_COST: Final = Text(
    zh="如按合同年利率{rate}计息，期间约产生利息{interest}，可以请对方减免。",
    en="At the contract rate of {rate} a year, interest of about {interest} grows meanwhile; the lender may be asked "
    "to waive it.",
)


def sentence(plan: RepaymentPlan, language: Language) -> str:
    """What is asked of the lender, and that it is the lender's to decide."""
    values = {
        **{name: _money(getattr(plan, name)) for name in ("monthly", "last", "total", "interest", "waived", "repaid")},
        "left": _money(plan.waived - (plan.excess or 0)),
        "rate": f"{yuan(plan.rate or 0)}%",
        "months": plan.months,
        "until": plan.until,
        "decides": say(_PERSON_DECIDES if plan.personal else _DECIDES, language),
    }
    course = _ONE_MONTH if plan.months == 1 else _COURSE
    cost = _COST_OPEN if plan.interest is None else _COST
    whole = _PAID_IN_FULL if plan.kind == "lump_sum" and not plan.waived else _SENTENCES[plan.kind]
    parts = {
        "course": say(course, language).format(**values),
        "cost": say(cost, language).format(**values),
        "base": say(_REMAINING if plan.excess else _PRESENT, language).format(**values),
        "rest": say(_REST, language).format(**values) if plan.waived > (plan.excess or 0) else "",
    }
    said = say(whole, language).format(**values, **parts)
    if plan.excess and plan.kind != "lump_sum":  # which asks for it among the rest
        said = say(_EXCESS, language).format(excess=_money(plan.excess)) + said
    if plan.share is None or plan.kind == "shared_instalments":  # that sentence speaks of the others already
        return said
    return say(_BESIDE, language).format(share=_money(plan.share)) + said


def yuan(fen: int) -> str:
    """Money as a decimal string, exact; percent of basis points too."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def _money(fen: int | None) -> str:
    amount = fen or 0
    return f"¥{amount // 100:,}.{amount % 100:02}"
