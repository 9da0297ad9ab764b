"""Letters, over all golden cases and a sweep: no alternatives, never the most, nobody else's words, in proper form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest

from rules.decision.safety_hold import SafetyHold
from rules.facts.affordability import payable
from rules.pack.placeholders import placeholders
from rules.text.negotiation_pack import LetterDraft, negotiation_pack
from rules.text.negotiation_words import money, spoken
from tests.support.packs.negotiation_packs import pack
from tests.support.packs.words_sweep import Read, read

# What can be paid at most, and what there is beside it, are for the client to know.
MOST = {"limit", "capacity", "capacity_stressed", "debt_capacity", "surplus", "lump_sum_available", "lump_sum_free"}
ALTERNATIVES = re.compile(
    r"一种或几种|其他(可行|的)?方案|另一(种|个)方案|备选|或者(分期|延期|只还|减免)|至多还|最多(能|可以)?还"
)
ENGLISH_ALTERNATIVES = re.compile(r"one or more of these|another (plan|proposal|one)|alternatively|at most I can", re.I)
WILLING = re.compile(r"愿意还|还款意愿|愿意履行|可以稳定(还|用于|履行)|按约(定|付款)|现申请|请求.{0,4}暂缓|一次性结清")
ADMITS = re.compile(r"对债务没有异议|愿意还|还款意愿|可以稳定(还|用于|履行)")


def drafts() -> Iterator[tuple[Read, LetterDraft, str]]:
    for each in read():
        for draft in each.kit.letters:
            yield each, draft, "\n".join(text.zh for text in draft.paragraphs)


def test_no_letter_of_the_pack_can_name_the_most() -> None:
    for name, letter in pack().letters.items():
        for line in (letter.title, letter.to, *letter.paragraphs):
            assert MOST.isdisjoint({*placeholders(line.zh), *placeholders(line.en)}), (name, line.zh)


def test_no_letter_names_the_most_that_could_be_paid() -> None:
    seen = 0
    for each, draft, text in drafts():
        known = {name for name, fact in pack().vocabulary.facts.items() if fact.type == "money" and name in each.facts}
        stated = {spoken(pack(), name, each.facts[name], "zh") for name in known - MOST}
        most = {money(amount).zh for amount in (payable(each.facts), payable(each.facts, shared=True)) if amount}
        for amount in most - stated:
            seen += 1
            assert not re.search(rf"(?<![\d,.]){re.escape(amount)}", text), (each.name, draft.id, amount)
    assert seen > 500


def test_no_letter_names_alternatives() -> None:
    for each, draft, text in drafts():
        assert not ALTERNATIVES.search(text), (each.name, draft.id)
        english = "\n".join(part.en for part in draft.paragraphs)
        assert not ENGLISH_ALTERNATIVES.search(english), (each.name, draft.id)


def test_who_does_not_want_to_pay_has_no_letter_that_says_otherwise() -> None:
    seen = 0
    for each, draft, text in drafts():
        if each.facts.get("willing_to_pay") is False:
            seen += 1
            assert not draft.acknowledges and not WILLING.search(text), (each.name, draft.id)
    assert seen > 100


def test_who_is_not_the_borrower_writes_and_signs_no_letter_of_a_borrower() -> None:
    negotiation = pack().negotiation
    assert negotiation is not None
    as_borrower = negotiation.signatures["borrower"].lines
    roles: Counter[object] = Counter()
    for each, draft, text in drafts():
        role = each.facts.get("client_role", "borrower")
        if role != "borrower":
            roles[role] += 1
            assert not draft.acknowledges and not WILLING.search(text), (each.name, role, draft.id)
            assert draft.signature != as_borrower, (each.name, role, draft.id)
            assert "本人在贵方有一笔" not in text and "本人在贵行办理" not in text, (each.name, role, draft.id)
    assert len(roles) >= 8 and min(roles.values()) > 20, roles


def test_nothing_is_acknowledged_of_a_debt_that_is_disputed() -> None:
    seen = 0
    for each, draft, text in drafts():
        if each.facts.get("debt_disputed") is True:
            seen += 1
            assert not draft.acknowledges and not ADMITS.search(text), (each.name, draft.id)
    assert seen > 100


@pytest.mark.parametrize(
    "hold",
    [
        SafetyHold("explicit", ("self_harm",)),
        SafetyHold("explicit", ("violence",)),
        SafetyHold("possible"),
        SafetyHold("possible", beside="K-2"),
    ],
)
def test_under_a_safety_hold_there_is_no_letter_whatever_the_case(hold: SafetyHold) -> None:
    for each in read()[::5]:
        found = negotiation_pack(pack(), each.decided.outcome, each.facts, each.as_of, hold)
        assert found is not None and found.staff, each.name
        assert (found.letters, found.offers, found.budget, found.plan) == ((), (), (), None), each.name


def test_a_protocol_for_staff_has_no_letter() -> None:
    assert [each.name for each in read() if each.kit.staff and each.kit.letters] == []


def test_every_letter_has_its_form() -> None:
    seen: Counter[str] = Counter()
    for each, draft, text in drafts():
        seen[draft.id] += 1
        for words in (draft.title, draft.to, draft.closing, *draft.paragraphs, *draft.signature):
            assert words is not None and words.zh.strip() and words.en.strip(), (each.name, draft.id)
            assert not re.search(r"[{}]|None|未知|unknown", (words.zh + words.en).replace("{x}", "")), (
                each.name,
                words,
            )
        signed = [line.zh for line in draft.signature]
        assert sum("签名" in line for line in signed) >= 1 and sum(line.startswith("日期") for line in signed) == 1
        assert "：无。" not in text and not re.search(r"(?<![\d,.])0元，不足以", text), (each.name, draft.id)
        said = [paragraph.zh for paragraph in draft.paragraphs]
        assert len(set(said)) == len(said), (each.name, draft.id)
    # Every letter occurs but those of strategies that are rarely alone.
    assert {*pack().letters} - {*seen} <= {
        "mediation_application",
        "charge_reduction_request",
        "own_sale_application",
    }, seen
