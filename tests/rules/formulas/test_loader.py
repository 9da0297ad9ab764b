"""Formulas of a pack: every mistake is told in one sentence with its place, and nothing unsafe is loaded."""

import pytest

from rules.pack.formulas import (
    Constant,
    Divide,
    FactNode,
    Multiply,
    ParameterNode,
    facts_of,
    first_facts_of,
    parameters_of,
)
from rules.pack.pack import Pack
from tests.support.packs.tiny_pack import FILES, edited, errors, tiny

CAPACITY = "facts/derived/capacity.yaml"
_FORMULA = FILES[CAPACITY].split("formula:")[1].split("references:")[0]
_TESTS = "references: [{id: practice, status: design}]\ntests:\n  - {name: one, facts: {}, unknown: true}\n"


def _file(kind: str, formula: str, title: str = "title: {zh: 某, en: One}") -> str:
    return f"type: {kind}\n{title}\nhow: {{zh: 某, en: So}}\nformula: {formula}\n{_TESTS}"


def _refused(formula: str, kind: str = "money") -> str:
    """The one sentence about a formula of the tiny pack."""
    (only,) = errors({"facts/derived/extra.yaml": _file(kind, formula)})
    return only.removeprefix("facts/derived/extra.yaml: ")


# More than half of what 128 bits hold.
HUGE = f"{{multiply: [{{fact: income_monthly}}, {{count: {10**12 - 1}}}, {{count: {10**12 - 1}}}, {{count: 1}}]}}"


def _loaded(formula: str, kind: str = "money") -> Pack:
    return tiny({"facts/derived/extra.yaml": _file(kind, formula)})


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        # what is not known
        ("{plus: [{yuan: 1}, {yuan: 2}]}", "formula: unknown operator 'plus'; allowed: add, all"),
        ("{fact: incom_monthly}", "formula.fact: unknown fact 'incom_monthly'; did you mean 'income_monthly'?"),
        ("{parameter: bufer}", "formula.parameter: unknown parameter 'bufer'; "),
        ("{add: [{fact: name}, {yuan: 1}]}", "formula.add[0].fact: name is never shown to rules"),
        ("{fact: note_flags}", "formula.fact: note_flags is of type list, and formulas do not read it"),
        ("{call: {function: deadline, with: []}}", "formula.call.function: unknown function 'deadline'; "),
        # what is not as it must be
        ("5", "formula: must be one operator with what it works on, not 5 (a number says its unit: {yuan: 0})"),
        ("{yuan: a lot}", "formula.yuan: must be a number, not 'a lot'"),
        ("{yuan: 0.001}", "formula.yuan: 0.001 has too many decimals: yuan takes 2"),
        ("{add: {yuan: 1}}", "formula.add: must be a list of at least one, not {'yuan': 1}"),
        ("{subtract: [{yuan: 1}]}", "formula.subtract: must be a list of 2, not 1"),
        ("{portion: {of: {yuan: 1}, percent: {percent: 1}}}", "formula.portion.round: is missing; add it"),
        ("{portion: [{yuan: 1}]}", "formula.portion: must be a mapping of of, percent, round, not [{'yuan': 1}]"),
        (
            "{portion: {of: {yuan: 1}, percent: {percent: 1}, round: up, zero: nothing}}",
            "formula.portion: unknown key 'zero'; allowed: of, percent, round",
        ),
        ("{portion: {of: {yuan: 1}, percent: {percent: 1}, round: near}}", "formula.portion.round: 'near' is not one"),
        (
            "{portion: {of: {yuan: 1}, percent: {count: 1}, round: up}}",
            "formula.portion.percent: is in count, not in p",
        ),
        ("{if: {when: {yuan: 1}, then: nothing, else: nothing}}", "formula.if.when: is in yuan, not in true or false"),
        ("{max: [{fact: product}, credit_card]}", "formula.max: a word has no order; only numbers and dates do"),
        ("{add: [today, {fact: served_on}]}", "formula.add: is a date, not a number"),
        ("endless", "formula: endless stands only as the zero of a division"),
        ("{once: {given: [capacity], then: {yuan: 1}}}", "formula.once.given[0]: capacity is derived, nobody gives it"),
        ("{parameter: npl_days, on: today}", "formula: beside parameter only on: {fact: a date} may stand"),
        ("{parameter: npl_days, on: {fact: product}}", "formula.on.fact: product is a word, not a date"),
        (
            "{match: {of: {fact: product}, cases: [{words: [car], gives: nothing}], otherwise: nothing}}",
            "formula.match.cases[0].words[0]: 'car' is no value of product; allowed: credit_card, mortgage",
        ),
        (
            "{if: {when: {equals: [{fact: product}, car]}, then: nothing, else: nothing}}",
            "formula.if.when.equals[1]: 'car' is no value of product",
        ),
        (
            (
                "{buckets: {of: {fact: days_overdue}, table: [{up_to: {days: 9}, gives: nothing}, "
                "{up_to: {days: 9}, gives: nothing}], above: {yuan: 3}}}"
            ),
            "formula.buckets.table[1].up_to: is not above the row before",
        ),
        # units
        ("{add: [{fact: days_overdue}, {fact: capacity}]}", "formula.add[1]: is in yuan, not in days"),
        ("{min: [{yuan: 1}, {fact: served_on}]}", "formula.min[1]: is in a date, not in yuan"),
        ("{more_than: [{fact: days_overdue}, {months: 3}]}", "formula.more_than[1]: is in months, not in days"),
        ("{fact: days_overdue}", "formula: gives days, but the fact is in yuan"),
        ("{multiply: [{fact: capacity}, {fact: days_overdue}]}", "formula: gives yuan × days"),
        ("{shift: {date: today, days: {months: 1}}}", "formula.shift.days: is in months, not in days"),
        (
            "{divide: {of: {fact: capacity}, by: {yuan: 2}, gives: yuan, round: up}}",
            "formula.divide.gives: yuan by yuan does not give yuan",
        ),
        (
            "{divide: {of: {fact: capacity}, by: {yuan: 2}, gives: dollars, round: up}}",
            "formula.divide.gives: unknown unit 'dollars'",
        ),
        # what could go wrong for some case
        (
            "{divide: {of: {multiply: [{yuan: 1}, {yuan: 1}]}, by: {fact: income_monthly}, gives: yuan, round: up}}",
            "formula.divide.by: can be 0; say what the division gives then, such as zero: nothing",
        ),
        (
            "{multiply: [{fact: income_monthly}, {count: 1000000}]}",
            "formula: can come to more than a whole number of 64 bits holds",
        ),
        *(
            (
                f"{{min: [{formula}, {{yuan: 5}}]}}",
                f"formula.min[0].{word}: can come to more than a whole number of 128 b",
            )
            for word, formula in {
                "add": f"{{add: [{HUGE}, {HUGE}]}}",
                "subtract": f"{{subtract: [{HUGE}, {HUGE}]}}",
                "multiply": f"{{multiply: [{HUGE}, {{count: 2}}]}}",
                "portion": f"{{portion: {{of: {HUGE}, percent: {{percent: 1}}, round: down}}}}",
                "divide": f"{{divide: {{of: {HUGE}, by: {{count: 1}}, gives: yuan, round: down}}}}",
                "share": f"{{share: {{of: {HUGE}, balance: {{yuan: 1}}, before: {{yuan: 0}}, total: {{yuan: 1}}}}}}",
            }.items()
        ),
    ],
)
def test_a_mistake_in_a_formula_is_told_with_its_place(formula: str, told: str) -> None:
    assert _refused(formula).startswith(told), _refused(formula)


def test_what_128_bits_hold_may_come_up_on_the_way() -> None:
    most = f"{{multiply: [{{count: {2**39}}}, {{count: {2**39}}}, {{count: {2**39}}}, {{count: {2**9}}}]}}"  # 2 ** 126
    one_less = f"{{subtract: [{most}, {{count: 1}}]}}"
    held = _loaded(f"{{min: [{{add: [{most}, {one_less}]}}, {{count: 5}}]}}", "int").formulas["extra"]
    assert held.path == "facts/derived/extra.yaml"
    assert _refused(f"{{min: [{{add: [{most}, {most}]}}, {{count: 5}}]}}", "int").startswith("formula.min[0].add: can")


def test_only_the_innermost_of_what_is_too_large_is_told() -> None:
    twice = f"{{add: [{HUGE}, {HUGE}]}}"
    told = _refused(f"{{min: [{{add: [{twice}, {twice}]}}, {twice}]}}")
    assert told.startswith("formula.min[0].add[0].add: can come to more than a whole number of 128 bits holds")


def test_a_word_that_a_formula_gives_is_one_of_the_values() -> None:
    text = _file("enum", "{if: {when: {fact: debt_disputed}, then: good, else: bad}}").replace(
        "formula:", "values: {good: {zh: 好, en: Good}}\nformula:"
    )
    assert errors({"facts/derived/extra.yaml": text}) == [
        "facts/derived/extra.yaml: formula: 'bad' is no value of extra; add it to values"
    ]


def test_what_cannot_be_zero_may_divide() -> None:
    """Proved by the limits of facts and the values of parameters; a divisor that could be 0 says what is then."""
    days = (
        "{divide: {of: {multiply: [{fact: capacity}, {days: 1}]}, by: {parameter: npl_days}, gives: yuan, round: up}}"
    )
    assert _loaded(days).formulas["extra"].expression == Divide(
        Multiply((FactNode("capacity"), Constant(1, "days"))),
        ParameterNode("npl_days"),
        "yuan",
        "up",
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {
                "facts/derived/one.yaml": _file("money", "{fact: other}"),
                "facts/derived/other.yaml": _file("money", "{add: [{fact: capacity}, {fact: one}]}"),
            },
            "facts/derived/one.yaml: formula: cyclic reference one -> other -> one; break the circle",
        ),
        (
            {"facts/derived/one.yaml": _file("money", "{fact: one}")},
            "facts/derived/one.yaml: formula: cyclic reference one -> one; break the circle",
        ),
        (
            edited(CAPACITY, "type: money\n", ""),
            "facts/derived/capacity.yaml: type: is missing; add it",
        ),
        (
            edited(CAPACITY, "value: 95}", "value: many}"),
            'facts/derived/capacity.yaml: tests[0].value: "many" is not an amount; write yuan like 12000.50',
        ),
        (
            edited(CAPACITY, "value: 95}", "value: 95, nothing: true}"),
            "facts/derived/capacity.yaml: tests[0]: a test expects exactly one of value, nothing, unknown, or bounds",
        ),
        (
            edited(CAPACITY, "facts: {}", "facts: {incom: 1}"),
            "facts/derived/capacity.yaml: tests[1].facts.incom: unknown fact",
        ),
        (
            edited(CAPACITY, "name: income unknown", "name: a surplus"),
            "facts/derived/capacity.yaml: tests[1].name: 'a surplus' is there twice",
        ),
        (
            edited(CAPACITY, "{id: practice,", "{id: practise,"),
            "facts/derived/capacity.yaml: references[0].id: unknown reference 'practise'",
        ),
        (
            {
                "facts/derived/days_overdue.yaml": _file(
                    "int", "{max: [{days: 0}, {days_between: [{fact: due_date}, today]}]}"
                )
            },
            "facts/derived/days_overdue.yaml: type: days_overdue is in facts.yaml, which says so; remove the key",
        ),
        (
            {"facts/derived/days_overdue.yaml": _file("int", "{days: 36501}", "").replace("type: int\n", "")},
            "facts/derived/days_overdue.yaml: formula: can come to what days_overdue may not be by facts.yaml",
        ),
        (
            {"facts/derived/note_flags.yaml": _file("list", "nothing", "").replace("type: list\n", "")},
            "facts/derived/note_flags.yaml: formula: the application gives note_flags; remove given from facts.yaml",
        ),
        (
            {"facts/capacity.yaml": FILES[CAPACITY]},
            "facts/capacity.yaml: not a file of a pack; a derived fact goes into",
        ),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place(changes: dict[str, str | None], told: str) -> None:
    assert any(line.startswith(told) for line in errors(changes)), errors(changes)


def test_a_formula_comes_after_those_it_reads_whatever_their_names_are() -> None:
    pack = tiny(
        {
            "facts/derived/a.yaml": _file("money", "{fact: z}"),
            "facts/derived/z.yaml": _file("money", "{fact: capacity}"),
        }
    )
    assert list(pack.formulas) == ["capacity", "z", "a"]


def test_what_a_formula_reads_is_told_by_the_formula() -> None:
    formula = "{if: {when: {more_than: [{fact: served_on}, today]}, then: {parameter: npl_days, on: {fact: due_date}}, "
    pack = _loaded(formula + "else: {once: {given: [product], then: {parameter: answer_days}}}}}", "int\nunit: days")
    expression = pack.formulas["extra"].expression
    assert facts_of(expression) == ("served_on", "due_date", "product")
    assert parameters_of(expression) == (ParameterNode("npl_days", FactNode("due_date")), ParameterNode("answer_days"))
    assert pack.vocabulary.facts["extra"].inputs == ("served_on", "due_date", "product")


def test_the_cases_of_a_table_are_read_only_once_its_word_is_known() -> None:
    gives = "{once: {given: [essential_outgoings], then: {fact: served_on}}}"
    table = f"{{match: {{of: {{fact: product}}, cases: [{{words: [mortgage], gives: {gives}}}], otherwise: today}}}}"
    formula = f"{{max: [{{days: 0}}, {{days_between: [{{fact: due_date}}, {table}]}}]}}"
    expression = _loaded(formula, "int\nunit: days").formulas["extra"].expression
    assert first_facts_of(expression) == ("due_date", "product")
    assert set(facts_of(expression)) - {*first_facts_of(expression)} == {"served_on", "essential_outgoings"}


def test_people_read_derived_facts_in_the_order_of_what_they_come_from() -> None:
    pack = tiny(
        {
            "facts/derived/alpha.yaml": _file("bool", "{fact: debt_disputed}"),
            "facts/derived/zeta.yaml": _file("date", "{fact: due_date}"),
        }
    )
    assert list(pack.vocabulary.facts)[-4:] == ["zeta", "capacity", "alpha", "note_flags"]


def _two(one: str, other: str) -> list[str]:
    """What is told of two files, each by its name."""
    files = {"facts/derived/one.yaml": one, "facts/derived/other.yaml": other}
    return [line.removeprefix("facts/derived/") for line in errors(files)]


def test_a_mistake_in_one_file_does_not_hide_that_in_the_next() -> None:
    wrong = _file("money", "{yuan: 0.001}")
    untold = _file("money", "{yuan: 1}").replace("type: money\n", "")
    assert [line.split(":")[0:2] for line in _two(untold, wrong)] == [
        ["one.yaml", " type"],
        ["other.yaml", " formula.yuan"],
    ]
    assert [line.split(":")[0:2] for line in _two(wrong, untold)] == [
        ["other.yaml", " type"],
        ["one.yaml", " formula.yuan"],
    ]
    assert len(_two(wrong, wrong)) == 2


def test_a_fact_of_its_own_has_a_type_and_a_title() -> None:
    without = _file("money", "{yuan: 1}", title="")
    assert errors({"facts/derived/extra.yaml": without}) == ["facts/derived/extra.yaml: title: is missing; add it"]
    neither = without.replace("type: money\n", "")
    assert errors({"facts/derived/extra.yaml": neither}) == ["facts/derived/extra.yaml: type: is missing; add it"]


def test_what_facts_yaml_says_of_a_fact_is_said_there_alone() -> None:
    for key in ("title: {zh: 某, en: One}", "unit: days", "values: {one: {zh: 一, en: One}}"):
        text = _file("int", "{days: 5}", key).replace("type: int\n", "")
        (only,) = errors({"facts/derived/days_overdue.yaml": text})
        assert only.startswith(f"facts/derived/days_overdue.yaml: {key.split(':')[0]}: days_overdue is in facts.yaml")
    assert _loaded("{yuan: 1}").vocabulary.facts["extra"].derived
    stands_in = {"facts/derived/days_overdue.yaml": _file("int", "{days: 5}", "").replace("type: int\n", "")}
    assert not tiny(stands_in).vocabulary.facts["days_overdue"].derived


def test_nothing_is_of_every_kind_but_a_list_comes_from_no_formula() -> None:
    for kind in ("money", "int", "rate", "date", "bool", "text"):
        assert _loaded("nothing", kind).vocabulary.facts["extra"].type == kind
    assert _refused("nothing", "list\nvalues: {one: {zh: 一, en: One}}").startswith("type: a fact of type list cannot")
    assert _refused("{yuan: 1}", "bool") == "formula: gives yuan, but the fact is in true or false"


def test_a_circle_is_told_without_the_way_to_it() -> None:
    files = {
        "facts/derived/a.yaml": _file("money", "{add: [{fact: capacity}, {fact: b}]}"),
        "facts/derived/b.yaml": _file("money", "{fact: c}"),
        "facts/derived/c.yaml": _file("money", "{add: [{fact: capacity}, {fact: b}]}"),
    }
    assert errors(files) == ["facts/derived/b.yaml: formula: cyclic reference b -> c -> b; break the circle"]


def test_a_formula_that_two_others_read_is_no_circle() -> None:
    pack = tiny(
        {
            "facts/derived/a.yaml": _file("money", "{add: [{fact: m}, {fact: z}]}"),
            "facts/derived/m.yaml": _file("money", "{fact: z}"),
            "facts/derived/z.yaml": _file("money", "{fact: capacity}"),
        }
    )
    assert list(pack.formulas) == ["capacity", "z", "m", "a"]


_BY_ONE = (
    "{divide: {of: {multiply: [{yuan: 1}, {fact: capacity}]}, by: {add: [{fact: one}, {yuan: 1}]}, "
    "gives: yuan, round: up}}"
)


def test_what_is_safe_is_asked_only_where_everything_could_be_read() -> None:
    """Else what is told would come of the mistake that is told already."""
    sound = {
        "facts/derived/one.yaml": _file("money", "{fact: capacity}"),
        "facts/derived/other.yaml": _file("money", _BY_ONE),
    }
    assert tiny(sound).formulas.keys() == {"capacity", "one", "other"}
    (only,) = _two(_file("money", "{yuan: 0.001}"), _file("money", _BY_ONE))
    assert only.startswith("one.yaml: formula.yuan")
    (only,) = errors(edited("parameters.yaml", "value: 5, valid_from", "value: 5.001, valid_from"))
    assert only.startswith("parameters.yaml: savings_buffer.values[0].value: 5.001 has too many decimals")


@pytest.mark.parametrize(
    ("divisor", "told"),
    [
        ("{fact: income_monthly}", True),
        ("{subtract: [{fact: income_monthly}, {yuan: 1}]}", True),
        ("{add: [{fact: income_monthly}, {yuan: 0.01}]}", False),
        ("{subtract: [{yuan: -0.01}, {fact: income_monthly}]}", False),
        ("{subtract: [{yuan: 0}, {fact: income_monthly}]}", True),
    ],
)
def test_a_divisor_that_may_be_nothing_at_either_end_says_what_is_then(divisor: str, told: bool) -> None:
    product = "{multiply: [{yuan: 1}, {yuan: 1}]}"
    formula = f"{{divide: {{of: {product}, by: {divisor}, gives: yuan, round: up}}}}"
    if told:
        assert _refused(formula).startswith("formula.divide.by: can be 0; say what the division gives then")
    else:
        assert _loaded(formula)
    assert _loaded(formula.replace("round: up", "round: up, zero: nothing"))


@pytest.mark.parametrize(("factor", "wide"), [(92_233, False), (92_234, True), (-92_233, False), (-92_234, True)])
def test_a_number_may_take_64_bits_and_no_more(factor: int, wide: bool) -> None:
    formula = f"{{multiply: [{{fact: income_monthly}}, {{count: {factor}}}]}}"
    if wide:
        assert _refused(formula).startswith("formula: can come to more than a whole number of 64 bits holds")
    else:
        assert _loaded(formula)


@pytest.mark.parametrize(("days", "told"), [(0, False), (36_500, False), (36_501, True), (-1, True)])
def test_what_stands_in_for_a_submitted_fact_is_what_that_may_be(days: int, told: bool) -> None:
    path = "facts/derived/days_overdue.yaml"
    changes = {path: _file("int", f"{{days: {days}}}", "").replace("type: int\n", "")}
    if told:
        assert errors(changes)[0].startswith(f"{path}: formula: can come to what days_overdue may not be by facts.yaml")
    else:
        assert "days_overdue" in tiny(changes).formulas


def test_every_word_that_is_no_value_is_told_in_its_order() -> None:
    rest = "{if: {when: {fact: debt_disputed}, then: good, else: bad}}"
    words = f"{{if: {{when: {{fact: debt_disputed}}, then: worse, else: {rest}}}}}"
    text = _file("enum", words).replace("formula:", "values: {good: {zh: 好, en: Good}}\nformula:")
    assert [line.partition("formula: ")[2] for line in errors({"facts/derived/extra.yaml": text})] == [
        "'bad' is no value of extra; add it to values",
        "'worse' is no value of extra; add it to values",
    ]
