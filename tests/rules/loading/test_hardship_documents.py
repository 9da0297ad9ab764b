"""Hardships and their papers: known by the words people use, and asked for until one is there that can be checked."""

from __future__ import annotations

import pytest

from rules.loading.hardship_documents import about, documents_asked, documents_of
from tests.support.packs.default_pack import AS_OF, outcome, pack, parsed
from tests.support.packs.tiny_pack import FILES, edited, errors, tiny

HARDSHIPS = (
    *("unemployment", "income_reduction", "illness_injury", "disability", "disaster_accident", "business_failure"),
    *("family_change", "death", "student", "military", "fraud_victim", "overindebted", "detention", "addiction"),
    *("forgot_or_technical", "none_stated"),
)
# The reasons of hardship in the public LendingClub data, and the kind of hardship each one is.
LENDING_CLUB = {
    "UNEMPLOYMENT": "unemployment",
    "INCOME_CURTAILMENT": "income_reduction",
    "REDUCED_HOURS": "income_reduction",
    "MEDICAL": "illness_injury",
    "DISABILITY": "disability",
    "NATURAL_DISASTER": "disaster_accident",
    "DIVORCE": "family_change",
    "FAMILY_DEATH": "death",
    "EXCESSIVE_OBLIGATIONS": "overindebted",
}


def test_the_hardships_are_complete() -> None:
    assert tuple(pack().hardships) == HARDSHIPS


@pytest.mark.parametrize("name", HARDSHIPS)
def test_every_hardship_has_papers_of_two_strengths(name: str) -> None:
    hardship = pack().hardships[name]
    assert len(hardship.documents) >= 2 or (name == "none_stated" and not hardship.documents)
    assert hardship.references


@pytest.mark.parametrize(("word", "name"), LENDING_CLUB.items())
def test_the_reasons_of_lending_club_are_understood_in_any_case(word: str, name: str) -> None:
    for written in (word, word.lower(), word.replace("_", " ").title()):
        assert parsed(hardship=written) == {"hardship": name}


@pytest.mark.parametrize("name", HARDSHIPS)
def test_every_paper_of_a_hardship_is_asked_for_by_a_rule_about_it(name: str) -> None:
    rules = [rule for rule in pack().rules if about(rule.when) == (name,)]
    assert {paper for rule in rules for paper in documents_asked(rule)} >= set(documents_of(pack().hardships[name]))


@pytest.mark.parametrize("name", HARDSHIPS)
@pytest.mark.parametrize("strength", [None, "none", "self_declared", "third_party", "official"])
def test_papers_are_asked_for_until_one_is_there_that_can_be_checked(name: str, strength: str | None) -> None:
    stated = {} if strength is None else {"hardship_evidence": strength}
    found = outcome(product="huabei", days_overdue=20, hardship=name, **stated)
    missing = set(documents_of(pack().hardships[name])) - set(found.documents)
    if strength in (None, "none", "self_declared"):
        # A proposal that admits the debt is withheld where the debt is in doubt, never the other papers.
        assert missing <= {paper for paper in missing if pack().documents[paper].acknowledges}
    else:
        assert f"documents-{name.replace('_', '-')}" not in found.rules_fired


def test_the_strongest_paper_of_the_hardship_comes_first() -> None:
    for name in HARDSHIPS[:-1]:
        documents = outcome(product="bank_consumer", hardship=name, days_overdue=0).documents
        found = [paper for paper in documents if paper in documents_of(pack().hardships[name])]
        assert found[0] == documents_of(pack().hardships[name])[0]


def about_unemployment(documents: str, hardship: str = "unemployment") -> dict[str, str | None]:
    """The tiny pack with a rule about a hardship; two papers prove unemployment, `proof` before `other`."""
    rule = FILES["strategy/card-plan.yaml"].split("when:\n")[0]
    rule += f"when: {{fact: hardship, equals: {hardship}}}\nthen: [{documents}]\nbecause: {{zh: 因, en: B}}\n"
    rule += "tests: [{name: one, facts: {hardship: unemployment}, expect: hit}]\n"
    return {
        "documents.yaml": FILES["documents.yaml"]
        + "\nother: {text: {zh: 另, en: O}, references: [{id: practice, status: design}]}",
        "strategy/card-plan.yaml": rule,
        **edited("hardships.yaml", "[proof]", "[proof, other]"),
    }


def test_a_rule_about_a_hardship_asks_for_its_papers_strongest_first() -> None:
    assert tiny(about_unemployment("{document: proof}, {document: other}")).rules
    (only,) = errors(about_unemployment("{document: other}, {document: proof}"))
    assert only == "strategy/card-plan.yaml: then: 'proof' is stronger than 'other'; ask for it first"
    (only,) = errors(about_unemployment("{document: proof}", hardship="none_stated"))
    assert only == "strategy/card-plan.yaml: then: 'proof' proves another hardship than none_stated"


def test_no_evidence_rule_stands_in_the_way_of_safety_or_clocks() -> None:
    for rule in pack().rules:
        if rule.path.startswith("evidence/"):
            assert {effect.recommend for effect in rule.rule.then} <= {None, "collect_evidence"}
            assert not any(effect.block or effect.exclusive for effect in rule.rule.then)
    for stage in ("payment_order", "complaint_served", "hearing", "judgment", "enforcement"):
        case = {"product": "huabei", "days_overdue": 100, "hardship": "unemployment", "legal_stage": stage}
        case |= {"hardship_evidence": "none", "income_evidence": "none", "served_on": AS_OF, "debt_disputed": False}
        found = outcome(**case)
        assert found.strategy != "collect_evidence"
        assert "keep_originals" in found.steps


def test_a_crisis_asks_for_no_paper() -> None:
    case = {"product": "huabei", "days_overdue": 100, "hardship": "unemployment", "self_harm_signal": True}
    assert outcome(**case).documents == ()


def test_nobody_is_made_to_show_health_details() -> None:
    for name in ("medical_diagnosis", "dependant_medical_proof"):
        assert "不留存细节" in pack().documents[name].text.zh
    assert "自愿" in pack().documents["treatment_proof"].text.zh
    (rule,) = (rule.rule for rule in pack().rules if rule.rule.id == "documents-addiction")
    assert "完全自愿" in rule.because.zh and "entirely voluntary" in rule.because.en
