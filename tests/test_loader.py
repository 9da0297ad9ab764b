"""A pack loads whole, or every mistake in it is told in one line each."""

import datetime as dt
import os
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules import conditions as c
from rules.loader import PackError, load, load_files
from tests.packs import FILES, edited, files, tiny, write

CARD = "strategy/card-plan"
RULE = f"{CARD}.yaml"
WHEN = "{fact: product, equals: credit_card}"


def errors(changes: dict[str, str | None]) -> list[str]:
    with pytest.raises(PackError) as caught:
        tiny(changes)
    return caught.value.errors


def error(path: str, old: str, new: str) -> str:
    """The one error that a change to one place gives."""
    (only,) = errors(edited(path, old, new))
    return only


def test_a_folder_and_its_files_load_as_the_same_pack(tmp_path: Path) -> None:
    pack = load(write(tmp_path))
    assert pack.sha256 == tiny().sha256
    assert pack.files == files()


def test_rules_come_by_priority_and_then_by_id() -> None:
    again = FILES[RULE].replace("id: card-plan\n", "id: another\n")
    pack = tiny({"strategy/another.yaml": again})
    assert [rule.rule.id for rule in pack.rules] == ["crisis", "another", "card-plan"]


def test_the_digest_follows_content_and_place_of_every_yaml_file() -> None:
    digests = {
        tiny().sha256,
        tiny(edited("rights.yaml", "异议权", "异议")).sha256,
        tiny({RULE: None, "mortgage/card-plan.yaml": FILES[RULE]}).sha256,
    }
    assert len(digests) == 3


def test_the_lock_file_and_notes_beside_the_pack_do_not_count(tmp_path: Path) -> None:
    folder = write(tmp_path)
    (folder / "pack.lock").write_text("{}")
    (folder / "README.md").write_text("notes")
    (folder / ".draft.yaml").write_text("{")
    assert load(folder).sha256 == tiny().sha256


def test_hardships_and_red_flags_become_values_with_their_synonyms() -> None:
    facts = tiny().vocabulary.facts
    assert facts["hardship"].values["unemployment"].aliases == ("H01", "下岗")
    assert set(facts["note_flags"].values) == {"self_harm", "scam"}


def test_a_condition_is_parsed_with_parameters_left_in() -> None:
    (_, rule) = tiny().rules
    assert isinstance(rule.when, c.All)
    assert c.Compare("days_overdue", "more_than", c.Parameter("npl_days")) in rule.when.children
    assert c.ComparePair("capacity", "less_than_fact", "monthly_due") in rule.when.children


def test_a_date_stands_in_a_condition_as_it_is() -> None:
    pack = tiny(edited(RULE, WHEN, "{fact: due_date, at_most: 2026-03-31}"))
    assert isinstance(pack.rules[1].when, c.All)
    assert pack.rules[1].when.children[0] == c.Compare("due_date", "at_most", dt.date(2026, 3, 31))


def test_an_optional_file_may_be_absent() -> None:
    assert "no_promise" in tiny().warnings
    changes = edited(RULE, "  - {warning: no_promise}\n", "")
    assert tiny({**changes, "warnings.yaml": None}).warnings == {}


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        # keys
        ("pack", "version:", "versoin: 1.0.0\nversion:", "unknown key 'versoin'; did you mean 'version'? allowed:"),
        ("facts", "required_unless: due_date", "requird: true", "facts.days_overdue: unknown key 'requird'; did you"),
        (CARD, "{recommend: card_plan}", "{recomend: card_plan}", "then[0]: unknown key 'recomend'; did you mean 'r"),
        (CARD, "en: Card plan}", "en: Card plan, please}", "title: unknown key 'please'; if it is part of a text, p"),
        (CARD, "{urgency: U3}", "{urgency: U9}", "then[1].urgency: should be 'U0', 'U1', 'U2', 'U3', 'U4' or 'U5',"),
        (CARD, "priority: 740", "priority: high", "priority: should be a valid integer"),
        (CARD, "then:", "then: []\nthan:", "then: needs at least one entry"),
        (CARD, "priority: 740\n", "", "priority: is missing; add it"),
        (CARD, "{recommend: card_plan}", "{recommend: card_plan, add: card_plan}", "then[0]: an effect has exactly"),
        (CARD, "{recommend: card_plan}", "{recommend: null}", "then[0].recommend: is empty"),
        (CARD, '"70"', "70", "references[0].article: must be text, not 70; put it in quotes"),
        ("rights", "dispute:", "Dispute right:", "Dispute right: is no id; use small letters"),
        ("pack", "version: 1.0.0", "version: one", "version: 'one' does not fit the pattern"),
        ("pack", "Asia/Shanghai", "Asia/Nowhere", "timezone: unknown time zone 'Asia/Nowhere'"),
        # names of other files
        (CARD, "{recommend: card_plan}", "{recommend: card_plam}", "unknown strategy 'card_plam'; did you mean 'car"),
        (CARD, "{recommend: card_plan}", "{block: [card_plam]}", "then[0].block: unknown strategy 'card_plam'"),
        (CARD, "{document: proof}", "{document: prof}", "then[2].document: unknown document 'prof'; did you mean 'p"),
        (CARD, "{document: proof}", "{right: proof}", "then[2].right: unknown right 'proof'; allowed: dispute"),
        (CARD, "{document: proof}", "{step: proof}", "then[2].step: unknown step 'proof'; allowed: write"),
        (CARD, "{warning: no_promise}", "{warning: none}", "then[3].warning: unknown warning 'none'; allowed: no_pr"),
        (CARD, "{deadline: answer}", "{deadline: appeal}", "then[4].deadline: unknown deadline 'appeal'; allowed: a"),
        (CARD, "{id: card-measures-2011,", "{id: card-law,", "references[0].id: unknown reference 'card-law'"),
        ("pack", "status: design}]\ndisa", "status: design}, {id: x, status: design}]\ndisa", "default.references[1]"),
        ("strategies", "{id: card-measures-2011,", "{id: x,", "card_plan.references[0].id: unknown reference 'x'"),
        ("hardships", "official: [proof]", "official: [paper]", "unemployment.documents.official: unknown document"),
        ("hardships", "H99", "H01", "none_stated.code: 'H01' is already the code of unemployment"),
        ("deadlines", "starts_from: served_on", "starts_from: product", "starts_from: 'product' is not a date"),
        ("deadlines", "days: answer_days", "days: appeal_days", "answer.days: unknown parameter 'appeal_days'"),
        ("deadlines", "days: answer_days", "days: high_rate", "answer.days: high_rate is in percent, not in days"),
        ("red_flags", "[AB贷]", '[" "]', "scam.words[0]: is blank"),
        # facts
        ("facts", "required_unless: due_date", "required_unless: due", "unknown fact 'due'; did you mean 'due_date'"),
        ("facts", "[[capacity, monthly_due]]", "[[capacity, monthly_du]]", "pairs[0]: unknown fact 'monthly_du'"),
        ("facts", "case_ref: {type: text", "case_ref: {type: txt", "facts.case_ref.type: should be 'text'"),
        ("facts", "aliases: [贷记卡]", "aliases: [房 贷]", "values: '房贷' stands for credit_card and mortgage"),
        ("facts", "aliases: [编号]", "aliases: [姓名]", "the header '姓名' already means case_ref"),
        ("facts", "private: true", "inputs: [product]", "inputs: only a derived fact has inputs"),
        ("facts", "private: true", "derived: true", "nothing computes 'name'"),
        ("facts", ", priority_payments]", "]", "write inputs: [income_monthly, essential_outgoings, priority_paym"),
        ("facts", "type: money\n    title: {zh: 还", "type: rate\n    title: {zh: 还", "is computed as money, not rat"),
        # parameters
        ("parameters", "value: 80,", "value: 80.5,", "npl_days.values[0].value: 80.5 has too many decimals: days"),
        ("parameters", "2019-12-31", "2020-01-01", "npl_days.values: two values are in force on 2020-01-01"),
        ("parameters", "2019-12-31", "2009-12-31", "valid_to: 2009-12-31 is before valid_from 2010-01-01"),
        ("parameters", "valid_to: 2019-12-31", "valid_to: 2019-02-30", "line 6: there is no day 2019-02-30"),
        # reasons and tests
        (CARD, "en: \"{capacity}", "en: \"{capcity}", "because.en: unknown fact or parameter 'capcity'; did you mea"),
        (CARD, "en: \"{capacity}", "en: \"{name}", "because.en: unknown fact or parameter 'name'"),
        (CARD, "en: \"{capacity}", "en: \"{capacity", "because.en: "),
        (CARD, "name: no capacity", "name: a rate above", "tests[4].name: 'a rate above' is there twice"),
        (CARD, "days_overdue: 81", "days_overdu: 81", "tests[6].facts.days_overdu: unknown fact; did you mean 'days"),
        (CARD, "days_overdue: 81", "days_overdue: many", 'facts.days_overdue: Days overdue: "many" is not a whole n'),
        (CARD, "days_overdue: 81", "days_overdue: ''", "facts.days_overdue: '' is blank; leave the fact out"),
        (CARD, "as_of: 2019-06-01", "as_of: soon", "tests[6].as_of: should be a valid date"),
        # YAML
        (CARD, "priority: 740", "priority: 740\npriority: 741", "line 5: the key 'priority' is there twice; keep on"),
        (CARD, "priority: 740", "priority: [", "not YAML: "),
        (CARD, "priority: 740", "priority: &high 740", "anchors (&) and aliases (*) are not used in packs"),
        (CARD, "priority: 740", "priority: !!int 740", "tags (!) are not used in packs"),
        (CARD, "priority: 740", "? [a]\n: 1", "a key must be a word"),
        (CARD, "tests:", "---\ntests:", "more than one document"),
        ("safety/crisis", "{fact: note_flags, contains: self_harm}", "{not: " * 41 + "1" + "}" * 41, "nested more t"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line_with_its_place(file: str, old: str, new: str, told: str) -> None:
    lines = errors(edited(f"{file}.yaml", old, new))
    assert any(line.startswith(f"{file}.yaml: ") and told in line for line in lines)
    assert not any("\n" in line for line in lines)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{fact: prodct, equals: credit_card}", "when.all[0].fact: unknown fact 'prodct'; did you mean 'produ"),
        ("{fact: product, equals: card}", "when.all[0].equals: unknown value 'card'; did you mean 'credit_c"),
        ("{fact: product, one_of: [mortgage, x]}", "when.all[0].one_of[1]: unknown value 'x'"),
        ("{fact: product, one_of: []}", "when.all[0].one_of: must be a list of at least one value"),
        ("{fact: product, more_than: 0}", "'more_than' does not fit product, a fact of type enum; allowed:"),
        ("{fact: product, equal: mortgage}", "when.all[0]: 'equal' is no operator; did you mean 'equals'?"),
        ("{fact: product}", "when.all[0]: product needs exactly one operator"),
        ("{fact: name, known: true}", "when.all[0].fact: name is never shown to rules"),
        ("{fact: debt_disputed, equals: maybe}", "when.all[0].equals: must be true or false, not 'maybe'"),
        ("{fact: debt_disputed, known: 1}", "when.all[0].known: must be true or false, not 1"),
        ("{fact: collection_violations, equals: hours}", "'equals' does not fit collection_violations"),
        ("{fact: collection_violations, contains: x}", "unknown value 'x'; allowed: hours, visit"),
        ("{fact: due_date, at_most: soon}", "when.all[0].at_most: must be a date such as 2026-03-31"),
        ("{fact: case_ref, equals: 12}", "when.all[0].equals: must be text, not 12; put it in quotes"),
        ("{fact: income_monthly, more_than_fact: monthly_due}", "the pair income_monthly, monthly_due is not"),
        ("{fact: capacity, more_than_fact: monthly}", "unknown fact 'monthly'; did you mean 'monthly_due'?"),
        ("{fact: days_overdue, at_least: 90}", "90 is a policy number; put it into parameters.yaml"),
        ("{fact: days_overdue, at_least: 90.5}", "when.all[0].at_least: 90.5 is a policy number"),
        ("{fact: days_overdue, at_least: false}", "False is a policy number"),
        ("{fact: days_overdue, at_least: {parameter: npl}}", "unknown parameter 'npl'; did you mean 'npl_days"),
        ("{fact: capacity, at_least: {parameter: npl_days}}", "npl_days is in days, capacity needs yuan"),
        ("{fact: product, equals: {parameter: npl_days}}", "does not fit product, a fact of type enum"),
        ("{always: []}", "when.all[0]: a condition names a fact, or is one of all, any, not; not ['always']"),
        ("{any: []}", "when.all[0].any: must be a list of at least one condition"),
        ("{any: [{fact: x, equals: 1}]}", "when.all[0].any[0].fact: unknown fact 'x'"),
        ("7", "when.all[0]: a condition names a fact, or is one of all, any, not; not 7"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_condition_is_told_with_its_place(condition: str, told: str) -> None:
    assert told in error(RULE, WHEN, condition)


def test_all_mistakes_are_told_at_once() -> None:
    told = errors(
        {
            **edited("pack.yaml", "strategy: counsellor_review\n  urgency: U4", "strategy: none\n  urgency: U4"),
            **edited(RULE, "{document: proof}", "{document: prof}"),
            **edited("safety/crisis.yaml", "contains: self_harm", "contains: harm"),
            "stray.yaml": "a: 1",
        }
    )
    assert [line.partition(":")[0] for line in told] == ["stray.yaml", "safety/crisis.yaml", "pack.yaml", RULE]


def test_a_list_with_a_mistake_in_its_only_entry_is_not_called_too_short() -> None:
    (only,) = errors(edited(RULE, '"70"', "70"))
    assert "article" in only


def test_every_mistake_of_one_condition_is_told() -> None:
    told = errors(edited(RULE, WHEN, "{fact: x, equals: 1}\n    - {fact: y, equals: 1}\n    - {any: 3}"))
    assert [line.partition(": ")[2].partition(":")[0] for line in told] == [
        "when.all[0].fact",
        "when.all[1].fact",
        "when.all[2].any",
    ]


def test_names_of_a_file_that_cannot_be_read_are_not_told_too() -> None:
    (only,) = errors({"strategies.yaml": "a: ["})
    assert only.startswith("strategies.yaml: line 2: not YAML")


@pytest.mark.parametrize("name", ["pack.yaml", "facts.yaml", "strategies.yaml", "references.yaml"])
def test_a_required_file_is_missed(name: str) -> None:
    assert errors({name: None}) == [f"tiny: {name} is missing; every pack has one"]


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "---\n", "null"])
def test_an_empty_file_is_refused(text: str) -> None:
    assert errors({"rights.yaml": text})[0] == "rights.yaml: the file is empty"


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(PackError, match=r"rights\.yaml: not UTF-8 \(byte 22\); save the file as UTF-8"):
        load_files({**files(), "rights.yaml": FILES["rights.yaml"].encode("gb18030")}, "tiny")


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    pack = load_files({**files(), "rights.yaml": FILES["rights.yaml"].encode("utf-8-sig")}, "tiny")
    assert pack.rights["dispute"].text.zh == "异议权"


def test_a_rule_is_named_like_its_file() -> None:
    (only,) = errors({RULE: None, "strategy/other.yaml": FILES[RULE]})
    assert only == "strategy/other.yaml: id: is 'card-plan', but the file is called other.yaml; make them the same"


def test_two_rules_cannot_have_one_id() -> None:
    (only,) = errors({"mortgage/card-plan.yaml": FILES[RULE]})
    assert only == f"{RULE}: id: 'card-plan' is already the rule in mortgage/card-plan.yaml; give it another id"


def test_facts_that_follow_from_each_other_are_a_circle() -> None:
    changes = edited(
        "facts.yaml",
        "inputs: [income_monthly, essential_outgoings, priority_payments]",
        "inputs: [months_to_clear]\n"
        "  months_to_clear: {type: int, title: {zh: 期数, en: Months}, derived: true, inputs: [capacity, balance]}\n"
        "  balance: {type: money, title: {zh: 欠款, en: Balance}}",
    )
    assert any("cyclic reference capacity -> months_to_clear -> capacity; break" in line for line in errors(changes))


def test_a_fact_cannot_follow_from_itself() -> None:
    told = errors(edited("facts.yaml", "inputs: [income_monthly,", "inputs: [capacity, income_monthly,"))
    assert any("cyclic reference capacity -> capacity" in line for line in told)


def test_a_yml_file_and_a_stray_file_are_told() -> None:
    told = errors({"strategy/x.yml": "a: 1", "right.yaml": "a: 1"})
    assert told[0].startswith(
        "right.yaml: not a file of a pack (rules go into a sub-folder); did you mean 'rights.yaml'?"
    )
    assert told[1] == "strategy/x.yml: must end in .yaml; rename it"


def test_a_file_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path)
    Path(os.fsdecode(bytes(folder / "strategy") + b"/\xff.yaml")).write_bytes(FILES[RULE].encode())
    with pytest.raises(PackError) as caught:
        load(folder)
    assert caught.value.errors[-1].startswith("strategy/?.yaml: id: ")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no such folder; give the folder of a pack"):
        load(tmp_path / "nowhere")


def test_words_that_yaml_would_turn_into_something_else_stay_words() -> None:
    pack = tiny(edited("rights.yaml", "en: Right to dispute", "en: no"))
    assert pack.rights["dispute"].text.en == "no"


_PIECES = st.sampled_from(
    [
        *("", " ", "\n", "\t", "{", "}", "[", "]", ": ", ", ", "- ", "? ", "'", '"', "&a ", "*a", "!!x ", "<<", "{{"),
        *("~", "null", "true", "-1", "1e9", "0.5", "9" * 30, "2026-02-30", "\x00", "\ufeff", "\U0001f600"),
        *("fact", "all", "parameter", "known"),
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutilated_pack_gives_a_pack_error_and_nothing_else(data: st.DataObject) -> None:
    mutilated = files()
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(mutilated)))
        content = mutilated[path]
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 60)))
        piece = data.draw(_PIECES.map(str.encode) | st.binary(max_size=4) | st.text(max_size=6).map(_bytes))
        mutilated[path] = content[:start] + piece + content[end:]
    try:
        load_files(mutilated, "mutilated")
    except PackError as caught:
        assert caught.errors
        assert all(line and "\n" not in line for line in caught.errors)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_SCALARS = st.none() | st.booleans() | st.integers() | st.dates() | st.text(string.printable, max_size=8)
_DATA = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(sorted(FILES)), data=_DATA, key=st.integers(0, 200))
def test_any_data_in_the_place_of_any_value_gives_a_pack_error_and_nothing_else(
    path: str, data: object, key: int
) -> None:
    """Well-formed YAML of the wrong shape: one value of one file is replaced by something else."""
    lines = FILES[path].splitlines()
    number = key % len(lines)
    name, colon, _ = lines[number].partition(": ")
    lines[number] = f"{name}{colon}{_flow(data)}"
    try:
        tiny({path: "\n".join(lines)})
    except PackError as caught:
        assert all(line and "\n" not in line for line in caught.errors)


def _flow(data: object) -> str:
    match data:
        case dict():
            return "{" + ", ".join(f"{_flow(key)}: {_flow(value)}" for key, value in data.items()) + "}"
        case list():
            return "[" + ", ".join(map(_flow, data)) + "]"
        case str():
            return "'" + data.replace("'", "''").replace("\n", " ").replace("\r", " ") + "'"
        case None | True | False:
            return {None: "null", True: "true", False: "false"}[data]
    return str(data)
