"""References: every field that names something is marked with what it names, and the walk follows every mark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from rules.loading.loader import ENTRIES, load_files
from rules.pack import references
from rules.pack.files.derived_facts import DerivedFact
from rules.pack.files.doubts import Doubt
from rules.pack.files.schema import Effect, Rule, Text, Vocabulary
from rules.pack.marks import Filled, Mark, Ref, When
from rules.pack.pack import Pack, PackError
from rules.pack.references import Use, named, sites, types_of_fields, uses
from tests.support.packs.negotiation_packs import pack as with_negotiation
from tests.support.packs.tiny_pack import FILES, edited, errors, tiny

# Every field of the schema that holds a text of any kind and names nothing: what it is instead. A new field is marked
# with what it names (rules/pack/marks.py), or stands here.
OWN_NAMES = {
    "pack.yaml: Manifest.id",
    "DangerSign.kind",
    "phrases.yaml: Phrases.classes{}",
    "phrases.yaml: Phrases.contexts{}",
    "phrases.yaml: Phrases.harmless{}",
    "signs.yaml: Signs.kinds{}",
    "GradeScore.of_kind{}",
    "facts.yaml: Vocabulary.facts{}",
    "facts.yaml: Vocabulary.doubts{}",
    "HouseholdPart.lines{}",
    "negotiation.yaml: Negotiation.points{}",
    "negotiation.yaml: Negotiation.signatures{}",
    "Rule.id",
    *(f"{file}{{}}" for file, kind in ENTRIES.items() if get_origin(kind) is dict),
}
# Rules of any edition, present or removed: changelog.py tells of them. Flags are a rule's own word.
PAST_AND_FREE = {"Edition.added", "Edition.changed{}", "Edition.removed{}", "Effect.flag"}
CODES = {
    *(
        "Manifest.version",
        "Manifest.timezone",
        "Vocabulary.timezone",
        "NoDay.days",
        "Denied.value",
        "Edition.version",
        "Hardship.code",
        "Strategy.code",
        "Product.code",
    ),
    *("Contact.number", "Source.number", "Reference.article", "RuleTest.name", "FormulaTest.name"),
    "Answer.one_of",  # values of the fact; rules/loading checks them
}
WORDS = {
    *("Text.zh", "Text.en", "ShortText.zh", "ShortText.en"),
    *("ScriptLine.zh", "ScriptLine.en", "Point.zh", "Point.en", "FactValue.zh", "FactValue.en"),
    *("FactValue.brands", "Product.brands"),
    *(
        "FactValue.aliases",
        "Fact.aliases",
        "Fact.asks",
        "Fact.suffixes",
        "Fact.urgent",
        "Fact.values{}",
        "Hardship.synonyms",
    ),
    "DerivedFact.values{}",
    *("Product.aliases", "RedFlag.words", "RedFlag.not_before", "RedFlag.not_after"),
    *("RedFlag.patterns", "Phrases.classes", "Phrases.harmless", "Score.weights", "GradeScore.weights"),
    *("PhraseContext.before", "PhraseContext.unless", "PhraseContext.after"),
}
# Texts said as they stand.
PLAIN_TEXTS = {
    *(
        f"{model}.title"
        for model in ("Manifest", "Fact", "DerivedFact", "Parameter", "FeeTable", "Hardship", "Strategy", "Product")
    ),
    *(f"{model}.title" for model in ("HouseholdLine", "HouseholdPart")),
    *(f"{model}.title" for model in ("Contact", "FactGroup", "LegalDeadline", "RedFlag", "Source", "Rule")),
    *(
        "Manifest.disclaimer",
        "Fact.question",
        "Fact.why",
        "Fact.hint",
        "Parameter.background",
        "Contact.purpose",
        "Edition.text",
    ),
    *("Edition.changed", "Edition.removed", "OpenPoint.text"),
    # Filled in with the values in doubt, by rules/facts/doubts.py.
    *(f"{model.__name__}.text" for model in get_args(get_args(Doubt)[0])),
}
# Read by the loader, the rule's tests by rule_check.py.
PARSED = {"Rule.when", "RuleTest.facts", "FormulaTest.facts"}


def leaves(hint: Any, where: str, marks: tuple[Mark, ...] = ()) -> Iterator[tuple[str, str, tuple[Mark, ...]]]:
    """Every text, condition and name that a type can hold: its field, what it is, how it is marked."""
    if get_origin(hint) is Annotated:
        inner, *more = get_args(hint)
        yield from leaves(inner, where, (*marks, *(mark for mark in more if isinstance(mark, Mark))))
    elif isinstance(hint, type) and issubclass(hint, BaseModel):
        if issubclass(hint, Text):
            yield where, "text", marks
        for name, inner in types_of_fields(hint).items():
            yield from leaves(inner, f"{hint.__name__}.{name}")
    elif get_args(hint) == (str, Any):
        yield where, "condition", marks
    elif get_origin(hint) is dict:
        key, value = get_args(hint)
        yield from leaves(key, f"{where}{{}}")
        yield from leaves(value, where)
    elif hint is str:
        yield where, "name", marks
    else:
        for part in get_args(hint):
            if not isinstance(part, str):  # of a Literal
                yield from leaves(part, where, marks)


def schema() -> Iterator[tuple[str, str, tuple[Mark, ...]]]:
    for file, kind in {**ENTRIES, "facts.yaml": Vocabulary, "a rule": Rule, "a derived fact": DerivedFact}.items():
        for where, what, marks in leaves(kind, file):
            yield (f"{file}: {where}" if f"{file}: {where}" in OWN_NAMES else where), what, marks


def test_a_field_is_marked_with_what_it_names_or_listed_as_naming_nothing() -> None:
    unmarked = {where for where, what, marks in schema() if what == "name" and not marks}
    assert unmarked == OWN_NAMES | PAST_AND_FREE | CODES | WORDS


def test_a_text_is_filled_in_for_a_case_or_listed_as_said_as_it_stands() -> None:
    assert {where for where, what, marks in schema() if what == "text" and not marks} == PLAIN_TEXTS


def test_a_condition_is_marked_or_listed_as_read_elsewhere() -> None:
    assert {where for where, what, marks in schema() if what == "condition" and not marks} == PARSED


def test_a_field_without_a_mark_is_found() -> None:
    class Forgotten(BaseModel):
        step: str
        steps: tuple[Annotated[str, Ref("steps")], ...] | None = None
        more: dict[str, Text] = {}

    found = [(where, what) for where, what, marks in leaves(Forgotten, "") if not marks]
    assert found[:3] == [("Forgotten.step", "name"), ("Forgotten.more{}", "name"), ("Forgotten.more", "text")]


def test_every_mark_can_be_followed() -> None:
    """Each reference leads to something that the pack has, and is called by a name where it is missed."""
    marks = {mark for _, _, found in schema() for mark in found}
    assert {type(mark) for mark in marks} == {Ref, Filled, When}
    for mark in marks:
        if isinstance(mark, Ref):
            assert references.entries(with_negotiation(), mark.file), mark
            assert references.CALLED[mark.file]


@cache
def found() -> Mapping[tuple[str, str], list[Use]]:
    users: dict[tuple[str, str], list[Use]] = {}
    for use in uses(with_negotiation()):
        users.setdefault(use.used, []).append(use)
    return users


def test_every_marked_field_of_the_shipped_pack_is_walked_to() -> None:
    marked = {where.removesuffix("{}") for where, _, marks in schema() if marks}
    walked = {type(owner).__name__ + "." + name for site in sites(with_negotiation()) for owner, name in _way(site)}
    assert marked - walked == set()


def _way(site: references.Site) -> Iterator[tuple[BaseModel, str]]:
    """The models on the way to a place, each with the field that is taken."""
    pack: Pack = with_negotiation()
    files: dict[str, Any] = {"pack": pack.manifest, "facts": pack.vocabulary}
    stem = site.file.removesuffix(".yaml")
    own: dict[str, Any] = {rule.path: rule.rule for rule in pack.rules}
    own |= {formula.path: formula.entry for formula in pack.formulas.values()}
    at: Any = own[site.file] if site.file in own else files.get(stem) or getattr(pack, stem)
    for part in site.path:
        if isinstance(at, BaseModel):
            yield at, str(part)
            at = getattr(at, str(part))
        else:
            at = at[part]


@pytest.mark.parametrize(
    ("used", "user", "how", "idle"),
    [
        (("steps", "write"), ("strategies", "card_plan"), "next_steps", False),
        (("steps", "write"), ("rules", "crisis"), "step", False),
        (("strategies", "card_plan"), ("rules", "card-plan"), "recommend", False),
        (("strategies", "counsellor_review"), ("pack", "default"), "recommend", False),
        (("documents", "proof"), ("hardships", "unemployment"), "official", True),
        (("documents", "proof"), ("rules", "card-plan"), "document", False),
        (("parameters", "npl_days"), ("rules", "card-plan"), "when", False),
        (("parameters", "npl_days"), ("rules", "card-plan"), "because", False),
        (("parameters", "answer_days"), ("deadlines", "answer"), "days", False),
        (("facts", "capacity"), ("rules", "card-plan"), "when", False),
        (("facts", "monthly_due"), ("rules", "card-plan"), "when", False),
        (("facts", "served_on"), ("deadlines", "answer"), "starts_from", False),
        (("facts", "due_date"), ("facts", "days_overdue"), "required_unless", False),
        (("red_flags", "self_harm"), ("rules", "crisis"), "when", False),
        (("references", "card-measures-2011"), ("strategies", "card_plan"), "references", False),
    ],
)
def test_who_means_what(used: tuple[str, str], user: tuple[str, str], how: str, idle: bool) -> None:
    assert Use(user, how, used, idle) in uses(tiny())


def test_a_use_is_told_once_and_those_of_the_rules_come_first_in_their_order() -> None:
    every = uses(tiny())
    assert len(every) == len(set(every))
    rules = [use.user[1] for use in every if use.user[0] == "rules"]
    assert [use.user[1] for use in every[: len(rules)]] == rules
    of_files = [use for use in every if use.user[0] == "rules" and use.how != "when"]
    names = [use.user[1] for use in of_files]
    assert names == sorted(names, key=["crisis", "card-plan"].index)


def test_a_block_and_an_open_point_give_what_they_name_nothing_to_do() -> None:
    rule = FILES["safety/crisis.yaml"].replace("{step: write}", "{step: write}, {block: [card_plan]}")
    point = "npl: {text: {zh: 问, en: Q}, parameters: [npl_days], references: [practice]}"
    found = uses(tiny({"safety/crisis.yaml": rule, "open_points.yaml": point}))
    assert Use(("rules", "crisis"), "block", ("strategies", "card_plan"), idle=True) in found
    assert Use(("open_points", "npl"), "open", ("parameters", "npl_days"), idle=True) in found
    assert Use(("open_points", "npl"), "open", ("references", "practice"), idle=True) in found


def test_a_line_of_a_call_means_what_it_says_and_what_it_waits_for() -> None:
    hows = {(use.user[0], use.how, use.used[0]) for users in found().values() for use in users}
    assert {
        ("points", "line", "facts"),
        ("points", "text", "parameters"),
        ("letters", "line", "facts"),
        ("letters", "signed_by", "signatures"),
        ("approaches", "points", "points"),
        ("approaches", "letters", "letters"),
        ("approaches", "contacts", "contacts"),
        ("approaches", "follow_up", "parameters"),
        ("pack", "afterwards", "documents"),
        ("products", "contacts", "contacts"),
    } <= hows
    assert not any(use.used == ("contacts", "product_contacts") for users in found().values() for use in users)


def test_a_name_under_which_something_stands_gives_it_nothing_to_do() -> None:
    """That a strategy has its words for a call is no use of it."""
    hows = {use.how for use in uses(with_negotiation()) if use.used[0] == "strategies"}
    assert hows <= {"recommend", "add", "block"}


def test_an_effect_names_its_entries_and_a_mark_or_a_word_none() -> None:
    assert named(Effect(block=("one", "other"))) == (("strategies", "one"), ("strategies", "other"))
    assert named(Effect(document="proof")) == (("documents", "proof"),)
    assert named(Effect(block="acknowledgements")) == named(Effect(flag="task")) == named(Effect(urgency="U1")) == ()


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("red_flags", "words: [AB贷]", "words: [AB贷], denied_as: harm", "scam.denied_as: unknown red flag 'harm'"),
        ("deadlines", "starts_from: served_on", "starts_from: served", "starts_from: unknown fact 'served'; did you"),
        ("deadlines", "days: answer_days", "days: high_rate", "high_rate is in percent, not in days; allowed: ans"),
        (
            "parameters",
            "{id: practice, status: primary}",
            "{id: x, status: primary}",
            "answer_days.values[0].references[0]",
        ),
        ("strategies", "en: Refer}", "en: 'Refer {capcity}'}", "crisis_support.summary.en: unknown fact or parameter"),
        ("pack", "en: No rule applies", 'en: "{rule}"', "default.because.en: unknown fact or parameter 'rule'"),
    ],
)
def test_what_is_not_there_or_does_not_fit_is_told_with_its_place(file: str, old: str, new: str, told: str) -> None:
    (only,) = errors(edited(f"{file}.yaml", old, new))
    assert only.startswith(f"{file}.yaml: ") and told in only


def test_words_for_what_the_pack_does_not_have_are_told() -> None:
    text = with_negotiation().files["negotiation.yaml"].decode()
    more = "\nhardships:\n  bad_luck: {say: {zh: 话, en: T}, write: {zh: 话, en: T}}\n"
    changed = text.replace("\nhardships:\n", more).encode()
    with pytest.raises(PackError, match=r"^negotiation\.yaml: hardships\.bad_luck: unknown hardship 'bad_luck'; "):
        load_files({**with_negotiation().files, "negotiation.yaml": changed}, "pack")


def test_a_pack_without_calls_has_no_points_and_no_signatures_and_asks_for_none() -> None:
    files = {name: content for name, content in with_negotiation().files.items() if name != "negotiation.yaml"}
    pack = load_files(files, "pack")
    assert pack.letters
    assert [references.entries(pack, file) for file in ("points", "signatures")] == [None, None]
    assert any(use.used[0] == "signatures" for use in uses(pack))


def test_what_a_name_can_mean_is_what_its_file_holds() -> None:
    pack = tiny()
    assert references.entries(pack, "facts") is pack.vocabulary.facts
    assert references.entries(tiny(), "lender_types") == {}  # no fact says who the lender is
    assert references.entries(tiny(), "rights") == tiny().rights


def test_a_place_is_told_as_a_path_in_its_own_file() -> None:
    places = {(site.file, site.place) for site in sites(tiny())}
    assert {
        ("strategy/card-plan.yaml", "then[2].document"),
        ("strategy/card-plan.yaml", "references[0].id"),
        ("strategy/card-plan.yaml", "because"),
        ("deadlines.yaml", "answer.starts_from"),
        ("facts.yaml", "facts.days_overdue.required_unless"),
        ("facts.yaml", "pairs[0][1]"),
        ("pack.yaml", "default.strategy"),
        ("facts/derived/capacity.yaml", "references[0].id"),
        ("facts/derived/capacity.yaml", "how"),
    } <= places
    assert ("facts.yaml", "facts.capacity.how") not in places  # that is of its own file


def test_a_use_belongs_to_its_entry_or_to_the_pack_and_an_edition_uses_nothing() -> None:
    users = {use.user for use in uses(with_negotiation())}
    assert {kind for kind, _ in users} <= {*references.CALLED, "pack", "rules", "open_points", "approaches", "fees"}
    assert {("pack", "default"), ("pack", "disagreement"), ("pack", "negotiation")} <= users
    assert not any(kind == "changelog" for kind, _ in users)
    assert ("facts", "capacity") in users


def test_what_a_test_of_a_rule_expects_gives_nothing_to_do() -> None:
    found = {(use.user[1], use.used) for use in uses(with_negotiation())}
    # Its test says that it is not given.
    assert ("performance-period", ("steps", "performance_has_passed")) not in found


def test_conditions_and_texts_mean_what_they_look_at() -> None:
    above = "- {fact: capacity, more_than: 0}"
    hard = f"{above}\n    - {{fact: hardship, one_of: [unemployment, none_stated]}}"
    found = {(use.user[1], use.how, use.used) for use in uses(tiny(edited("strategy/card-plan.yaml", above, hard)))}
    assert {("card-plan", "when", ("hardships", name)) for name in ("unemployment", "none_stated")} <= found
    assert ("card-plan", "when", ("facts", "hardship")) in found
    assert ("card-plan", "because", ("facts", "capacity")) in found
    assert ("card-plan", "because", ("parameters", "npl_days")) in found
    assert ("crisis", "when", ("red_flags", "self_harm")) in found
    assert ("capacity", "formula", ("parameters", "savings_buffer")) in found


def test_names_in_a_file_that_could_not_be_read_are_not_asked_after() -> None:
    bad = {**edited("strategy/card-plan.yaml", "{document: proof}", "{document: prof}"), "documents.yaml": "a: ["}
    assert [line.split(":")[0] for line in errors(bad)] == ["documents.yaml"]
    more = {**edited("strategy/card-plan.yaml", "{warning: no_promise}", "{warning: none}"), "documents.yaml": "a: ["}
    assert [line.split(":")[0] for line in errors(more)] == ["documents.yaml", "strategy/card-plan.yaml"]
    for file in ("facts.yaml", "parameters.yaml"):
        text = {**edited("strategy/card-plan.yaml", 'en: "{capacity}', 'en: "{capcity}'), file: "a: ["}
        assert {line.split(":")[0] for line in errors(text)} == {file}


def test_the_likeliest_names_offered_are_those_that_fit() -> None:
    (only,) = errors(edited("deadlines.yaml", "days: answer_days", "days: high_rates"))
    assert only.endswith("unknown parameter 'high_rates'; allowed: answer_days, npl_days")
    (unfit,) = errors(edited("deadlines.yaml", "starts_from: served_on", "starts_from: monthly_due"))
    assert unfit.endswith("'monthly_due' is not a date; allowed: due_date, served_on")
