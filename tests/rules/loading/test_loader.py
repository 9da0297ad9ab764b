"""A pack loads whole, or every mistake in it is told in one line each."""

import os
from pathlib import Path

import pytest

from rules.loading.loader import PackError, load, load_files
from tests.support.packs.tiny_pack import FILES, edited, errors, files, tiny, write

CARD = "strategy/card-plan"
RULE = f"{CARD}.yaml"


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
        (CARD, "{recommend: card_plan}", "{block: [card_plam]}", "then[0].block[0]: unknown strategy 'card_plam'"),
        (CARD, "{document: proof}", "{document: prof}", "then[2].document: unknown document 'prof'; did you mean 'p"),
        (CARD, "{document: proof}", "{right: proof}", "then[2].right: unknown right 'proof'; allowed: dispute"),
        (CARD, "{document: proof}", "{step: proof}", "then[2].step: unknown step 'proof'; allowed: write"),
        (CARD, "{warning: no_promise}", "{warning: none}", "then[3].warning: unknown warning 'none'; allowed: no_pr"),
        (CARD, "{deadline: answer}", "{deadline: appeal}", "then[4].deadline: unknown deadline 'appeal'; allowed: a"),
        (CARD, "{id: card-measures-2011,", "{id: card-law,", "references[0].id: unknown reference 'card-law'"),
        ("pack", "status: design}]\ndisa", "status: design}, {id: x, status: design}]\ndisa", "default.references[1]"),
        ("strategies", "plans: [instalments]", "plans: [monthly]", "card_plan.plans[0]: should be 'instalments', "),
        ("strategies", "plans: [instalments]", "plans: [equal_principal]", "card_plan.plan_longest: is missing; equal"),
        ("strategies", "plans: [instalments]", "plan_longest: months", "plan_longest: unknown parameter 'months'"),
        ("strategies", "plans: [instalments]", "plan_longest: npl_days", "plan_longest: npl_days is in days, not in"),
        ("strategies", "{id: card-measures-2011,", "{id: x,", "card_plan.references[0].id: unknown reference 'x'"),
        ("hardships", "official: [proof]", "official: [paper]", "unemployment.documents.official[0]: unknown docum"),
        ("hardships", "H99", "H01", "none_stated.code: 'H01' is already the code of unemployment"),
        ("deadlines", "starts_from: served_on", "starts_from: product", "starts_from: 'product' is not a date"),
        ("deadlines", "days: answer_days", "days: appeal_days", "answer.days: unknown parameter 'appeal_days'"),
        ("deadlines", "days: answer_days", "days: high_rate", "answer.days: high_rate is in percent, not in days"),
        ("red_flags", "[AB贷]", '[" "]', "scam.words[0]: is blank"),
        # facts
        ("facts", "required_unless: due_date", "required_unless: due", "unknown fact 'due'; did you mean 'due_date'"),
        ("facts", "[[capacity, monthly_due]]", "[[capacity, monthly_du]]", "pairs[0][1]: unknown fact 'monthly_du'"),
        ("facts", "case_ref: {type: text", "case_ref: {type: txt", "facts.case_ref.type: should be 'text'"),
        ("facts", "aliases: [贷记卡]", "aliases: [房 贷]", "values: '房贷' stands for credit_card and mortgage"),
        ("facts", "aliases: [编号]", "aliases: [姓名]", "the header '姓名' already means case_ref"),
        ("facts", "maximum: 36500", f"maximum: {2**63}", "maximum: is more than a whole number of 64 bits holds"),
        ("facts", "private: true", "derived: true", "facts.name: unknown key 'derived'"),
        ("facts", "private: true", "how: {zh: 如何, en: How}", "facts.name.how: only a given or derived fact"),
        ("facts", "private: true", "unit: days", "facts.name.unit: a fact of type text has its own"),
        ("facts", "given: true,", "given: true, required: true,", "facts.note_flags.required: the application gives"),
        # parameters
        ("parameters", "value: 80,", "value: 80.5,", "npl_days.values[0].value: 80.5 has too many decimals: days"),
        ("parameters", "2019-12-31", "2020-01-01", "npl_days.values: two values are in force on 2020-01-01"),
        ("parameters", "2019-12-31", "2009-12-31", "valid_to: 2009-12-31 is before valid_from 2010-01-01"),
        ("parameters", "valid_to: 2019-12-31", "valid_to: 2019-02-30", "line 6: there is no day 2019-02-30"),
        # reasons and tests
        (CARD, 'en: "{capacity}', 'en: "{capcity}', "because.en: unknown fact or parameter 'capcity'; did you mea"),
        (CARD, 'en: "{capacity}', 'en: "{name}', "because.en: unknown fact or parameter 'name'"),
        (CARD, 'en: "{capacity}', 'en: "{capacity', "because.en: "),
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
)
def test_a_mistake_is_told_in_one_line_with_its_place(file: str, old: str, new: str, told: str) -> None:
    lines = errors(edited(f"{file}.yaml", old, new))
    assert any(line.startswith(f"{file}.yaml: ") and told in line for line in lines)
    assert not any("\n" in line for line in lines)


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
    with pytest.raises(PackError, match=r"rights\.yaml: not UTF-8 \(byte 62\); save the file as UTF-8"):
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
