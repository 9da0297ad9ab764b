"""Repayment plans as proposals: the sentence that asks the lender for one, and money as it is written."""

from __future__ import annotations

from rules.finance.repayment_plan import RepaymentPlan
from rules.locale import said
from rules.pack.files.schema import Text


def sentence(plan: RepaymentPlan) -> Text:
    """What is asked of the lender, and that it is the lender's to decide."""
    values: dict[str, object] = {
        **{name: _money(getattr(plan, name)) for name in ("monthly", "last", "total", "interest", "waived", "repaid")},
        "left": _money(plan.waived - (plan.excess or 0)),
        "rate": f"{yuan(plan.rate or 0)}%",
        "months": plan.months,
        "until": plan.until,
    }

    def part(key: str, **more: object) -> Text:
        return said(f"plan.{key}", **values, **more)

    whole = "paid_in_full" if plan.kind == "lump_sum" and not plan.waived else plan.kind
    asked = part(
        whole,
        course=part("one_month" if plan.months == 1 else "level_course" if plan.last == plan.monthly else "course"),
        cost=part("cost_open" if plan.interest is None else "cost"),
        base=part("remaining" if plan.excess else "present"),
        rest=part("rest") if plan.waived > (plan.excess or 0) else "",
        decides=part("person_decides" if plan.personal else "decides"),
    )
    sentences = [asked]
    if plan.excess and plan.kind != "lump_sum":  # which asks for it among the rest
        sentences.insert(0, said("plan.excess", excess=_money(plan.excess)))
    if plan.share is not None and plan.kind not in (
        "shared_instalments",
        "steady_shared_instalments",
    ):  # that sentence speaks of the others already
        sentences.insert(0, said("plan.beside", share=_money(plan.share)))
    return Text(zh="".join(each.zh for each in sentences), en="".join(each.en for each in sentences))


def yuan(fen: int) -> str:
    """Money as a decimal string, exact; percent of basis points too."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def _money(fen: int | None) -> str:
    amount = fen or 0
    return f"¥{amount // 100:,}.{amount % 100:02}"
