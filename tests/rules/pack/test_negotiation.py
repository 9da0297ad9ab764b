"""negotiation.yaml and letters.yaml: a mistake in them is told with its place, and nothing in them is idle."""

from __future__ import annotations

import pytest

from rules.loading.loader import load_files
from rules.pack.files.negotiation import Negotiation
from rules.pack.pack import Pack, PackError
from tests.support.packs.negotiation_packs import pack
from tests.support.packs.tiny_pack import tiny


def negotiation() -> Negotiation:
    found = pack().negotiation
    assert found is not None
    return found


def errors(file: str, old: str, new: str) -> list[str]:
    """The lines that the pack is refused with after one change."""
    text = pack().files[file].decode()
    assert old in text
    with pytest.raises(PackError) as caught:
        load_files({**pack().files, file: text.replace(old, new, 1).encode()}, "pack")
    return caught.value.errors


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("negotiation.yaml", "  crisis_support:\n", "  crisis_suport:\n", "did you mean 'crisis_support'?"),
        ("negotiation.yaml", "  crisis_support:\n", "  crisis_suport:\n", "approaches.crisis_support: is missing"),
        ("negotiation.yaml", "  unemployment:\n", "  unemployed:\n", "hardships.unemployment: is missing"),
        ("negotiation.yaml", "  huabei:", "  hua:", "debts.huabei: is missing"),
        ("negotiation.yaml", "ask: [extension,", "ask: [extensoin,", "approaches.early_contact.ask[0]: unknown point"),
        ("negotiation.yaml", "contacts: [ambulance_120,", "contacts: [ambulance,", "contacts[0]: unknown contact"),
        ("negotiation.yaml", "letters: [court_answer, ", "letters: [court, ", "letters[0]: unknown letter 'court'"),
        (
            "negotiation.yaml",
            "days: critical_days",
            "days: lpr_1y",
            "lpr_1y is in percent, not in days; allowed",
        ),
        ("negotiation.yaml", "afterwards: [settlement", "afterwards: [settling", "afterwards[0]: unknown document"),
        (
            "negotiation.yaml",
            "按每个月{offer}",
            "按每个月{capacities}",
            "zh: unknown fact or parameter 'capacities'",
        ),
        ("negotiation.yaml", "{fact: capacity, more_than: 0}", "{fact: capacity, above: 0}", "instalments_open.when"),
        ("negotiation.yaml", "我这笔{debt}的情况", "{name}的情况", "unknown fact or parameter 'name'"),
        ("letters.yaml", "signed_by: party", "signed_by: lawyer", "unknown signature 'lawyer'"),
        ("letters.yaml", "equals: credit_card}", "equals: credit_cart}", "card_instalment_request.when"),
        ("letters.yaml", "{served_on}", "{served_on", "payment_order_objection.paragraphs[0].zh"),
    ],
)
def test_a_mistake_is_told_with_its_place(file: str, old: str, new: str, told: str) -> None:
    found = errors(file, old, new)
    assert any(line.startswith(f"{file}: ") and told in line for line in found), found


def test_a_staff_protocol_may_send_no_letter() -> None:
    old = "contacts: [ambulance_120, police_110, psychological_12356]"
    assert (
        "letters: staff protocols send none; remove them"
        in errors("negotiation.yaml", old, f"{old}\n    letters: [agent_revocation]")[0]
    )


def test_a_pack_can_do_without_negotiation_texts() -> None:
    without: Pack = tiny()
    assert (without.negotiation, without.letters) == (None, {})


def test_every_point_and_letter_is_used() -> None:
    approaches = negotiation().approaches.values()
    points = {name for each in approaches for name in (*each.ask, *each.in_writing, *each.not_sign)}
    assert points == set(negotiation().points)
    assert {name for each in approaches for name in each.letters} == set(pack().letters)


def test_only_crisis_and_danger_are_for_staff() -> None:
    staff = {name for name, approach in negotiation().approaches.items() if approach.speaker == "staff"}
    assert staff == {"crisis_support", "safety_police", "safety_question"}


def test_every_strategy_that_acknowledges_asks_in_lines_that_say_so() -> None:
    """Or else a block would leave its requests standing."""
    for name, strategy in pack().strategies.items():
        if strategy.acknowledges:
            approach = negotiation().approaches[name]
            lines = [*approach.say, *(negotiation().points[each] for each in approach.ask)]
            assert any(line.acknowledges for line in lines), name
