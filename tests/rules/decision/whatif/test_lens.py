"""Many cases as columns and bits, against the same cases one by one; a moved figure against a policy written so."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from itertools import pairwise

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.decision.derived_frame import FrameDeriver
from rules.decision.hit_policy import HitPolicy
from rules.decision.whatif.bit_policy import BitPolicy
from rules.decision.whatif.comparison import ALL, Comparison, Judge, Pair, Wanted, beside, compare, compared
from rules.decision.whatif.given import Given, given_facts, slices
from rules.decision.whatif.lens import Lens
from rules.decision.whatif.moved import movable, moved
from rules.facts.case_facts import Facts, read_facts, stored_facts
from rules.loading.loader import DEFAULT_PACK, load, load_files
from rules.pack.logic import conditions as c
from rules.pack.pack import Pack
from tests.support.packs.pack_builder import STRATEGIES, pack_of, rule
from tests.support.packs.random_cases import cases

PACK = load(DEFAULT_PACK)
AS_OF = dt.date(2026, 11, 24)
PARAMETERS = movable(PACK, AS_OF)


@cache
def facts() -> tuple[Facts, ...]:
    return tuple(given_facts(PACK, {**case, "note_flags": ()}) for case in cases(11, 150))


def named(ids: Sequence[int]) -> list[str]:
    return [f"C{each}" for each in ids]


def given_of(numbers: Sequence[int]) -> Given:
    rows = ((number, 1000 + number, json.loads(stored_facts(facts()[number]))) for number in numbers)
    return Given.unpacked(Given.of(PACK, rows).packed())


def by_lens(pack: Pack, other: Pack, parts: Sequence[Given], wanted: Wanted = ALL) -> Comparison:
    lens = Lens(pack, AS_OF, named)
    for part in parts:
        lens.add(part)
    return compared(pack, other, lens.beside(other), wanted)


@cache
def without_a_rule() -> Pack:
    files = {path: body for path, body in PACK.files.items() if not path.endswith("/multi-debt.yaml")}
    return load_files(files, "without")


@cache
def one_by_one() -> Comparison:
    pairs = [Pair(f"C{number}", case, case) for number, case in enumerate(facts())]
    return compare(PACK, without_a_rule(), pairs, AS_OF)


@settings(max_examples=4)
@given(st.lists(st.integers(1, 149), max_size=4, unique=True))
def test_slices_add_up_to_the_whole_and_columns_say_what_cases_say(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), 150]
    parts = [given_of(range(*ends)) for ends in pairwise(places)]
    assert by_lens(PACK, without_a_rule(), parts) == one_by_one()
    assert one_by_one().flips
    some = by_lens(PACK, without_a_rule(), parts, Wanted(1, 2))
    assert (some.flips, some.flipped) == (one_by_one().flips[1:3], one_by_one().flipped)
    assert sum(each.height for each in slices(parts, 100)) == 150


def test_of_one_transition_only_its_cases_are_told() -> None:
    transition = one_by_one().flips[0].strategies
    found = by_lens(PACK, without_a_rule(), [given_of(range(150))], Wanted(transition=transition))
    assert found.flips == [flip for flip in one_by_one().flips if flip.strategies == transition]
    assert found.flipped == len(found.flips)


# One that rules alone look at, one that formulas read, and one that both do.
@pytest.mark.parametrize(
    ("name", "value"), [("multi_creditors", "2"), ("savings_buffer", "50"), ("first_month_days", "90")]
)
def test_a_moved_figure_is_a_policy_written_so(name: str, value: str) -> None:
    files = dict(PACK.files)
    data = yaml.safe_load(files["parameters.yaml"])
    for dated in data[name]["values"]:
        dated["value"] = yaml.safe_load(value)
    written = load_files({**files, "parameters.yaml": yaml.safe_dump(data, allow_unicode=True).encode()}, "written")
    lens = Lens(PACK, AS_OF, named)
    lens.add(given_of(range(150)))
    other = moved(PACK, PARAMETERS[name], Decimal(value))
    found = compared(PACK, other, lens.moved(other, PARAMETERS[name]))
    pairs = [Pair(f"C{number}", case, case) for number, case in enumerate(facts())]
    expected = compare(PACK, written, pairs, AS_OF)
    assert found == expected
    assert found.flips, "the change is one that shows"


# What comes of them are words, days, amounts, and facts that others come of; of days, of texts, and on another day.
BY_FORMULAS = (
    "first_month_days",
    "limitation_years",
    "savings_buffer",
    "shenzhen_insurance_years",
    "lpr_1y",
    "answer_days",
)


def test_a_figure_moved_over_what_is_kept_moves_what_the_whole_policy_would() -> None:
    """Figures that formulas read, one after the other and the first one again, over two slices."""
    lens, parts = Lens(PACK, AS_OF, named), [given_of(range(50)), given_of(range(50, 80))]
    for part in parts:
        lens.add(part)
    shown = set()
    for name in (*BY_FORMULAS, BY_FORMULAS[0]):
        moving = PARAMETERS[name]
        assert moving.by_formulas
        other = moved(PACK, moving, moving.value * 2 + 1)
        judge = Judge(other, AS_OF, FrameDeriver(other, AS_OF))
        whole = [judge.judge(part) for part in parts]
        blocks = list(lens.moved(other, moving))
        assert [block.after for block in blocks] == whole, moving.name
        if any(block.after.of != block.before.of for block in blocks):
            shown.add(moving.name)
    assert len(shown) > 3, shown  # the changes are ones that show


def test_cases_that_come_later_are_moved_with_the_others() -> None:
    lens, moving = Lens(PACK, AS_OF, named), PARAMETERS["first_month_days"]
    other = moved(PACK, moving, Decimal(90))
    for number, part in enumerate((range(100), range(100, 150)), 1):
        lens.add(given_of(part))
        assert len(list(lens.moved(other, moving))) == number


def test_policies_beside_each_other_are_judged_as_each_alone() -> None:
    """Of the second one only what it works out otherwise is worked out again, and the rules that look at that."""
    figures = [moved(PACK, PARAMETERS[name], Decimal(7)) for name in ("multi_creditors", "limitation_years")]
    first, some = Judge(PACK, AS_OF), given_of(range(150))
    alone = first.judge(some)
    for other, differing in ((without_a_rule(), 0), (figures[0], 0), (figures[1], 4)):
        second = Judge(other, AS_OF)
        assert len(first.derived_otherwise(second) or ()) == differing
        assert beside(first, second, some) == (alone, second.judge(some))
        assert beside(second, first, some)[1] == alone


def test_where_a_figure_stays_nothing_moves_and_what_is_no_figure_is_refused() -> None:
    lens = Lens(PACK, AS_OF, named)
    lens.add(given_of(range(60)))
    for moving in PARAMETERS.values():
        if not moving.by_formulas:
            assert not compared(PACK, PACK, lens.moved(moved(PACK, moving, moving.value), moving)).flips
    with pytest.raises(ValueError, match="too many decimals"):
        moved(PACK, PARAMETERS["multi_creditors"], Decimal("2.5"))


def test_columns_are_read_as_a_policy_with_another_vocabulary_reads_facts() -> None:
    """What it does not know, or knows as something else, is left out, as `read_facts` leaves it out."""
    known = dict(PACK.vocabulary.facts)
    del known["city"]
    vocabulary = PACK.vocabulary.model_copy(update={"facts": known})
    stored = [json.loads(stored_facts(case)) for case in facts()[:50]]
    for each in stored[:3]:
        each["age"] = "old"
    table = Given.of(None, ((at, at, each) for at, each in enumerate(stored))).read(vocabulary, known)
    for row, each in zip(table.to_dicts(), stored, strict=True):
        read = read_facts(vocabulary, each, lenient=True)
        found = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
        assert {name: value for name, value in found.items() if value is not None and name != "$row"} == {
            name: value or ("",) if isinstance(value, tuple) else value
            for name, value in read.items()
            if name not in ("age", "case_ref")
        }


@given(st.data())
def test_strategy_and_urgency_by_bits_are_those_of_the_hit_policy(data: st.DataObject) -> None:
    effects = st.fixed_dictionaries(
        {},
        optional={
            "recommend": st.sampled_from(STRATEGIES),
            "add": st.sampled_from(STRATEGIES),
            "block": st.sampled_from([("alpha",), ("beta", "gamma"), "acknowledgements"]),
            "urgency": st.sampled_from(["U0", "U1", "U3", "U5"]),
            "exclusive": st.just(True),
        },
    )
    thens = data.draw(st.lists(effects, min_size=1, max_size=6))
    pack = pack_of(
        *(
            rule(f"r{at}", 9 - at, c.All(()), {"step": "write"}, *({k: v} for k, v in each.items()))
            for at, each in enumerate(thens)
        )
    )
    names = [each.rule.id for each in pack.rules]
    everywhere = (1 << (1 << len(names))) - 1
    true = {name: sum(1 << row for row in range(1 << len(names)) if row >> at & 1) for at, name in enumerate(names)}
    found, policy = BitPolicy(pack).select(true, everywhere), HitPolicy(pack)
    for row in range(1 << len(names)):
        selection = policy.select([name for at, name in enumerate(names) if row >> at & 1])
        assert [name for name, bits in found.strategies.items() if bits >> row & 1] == [selection.strategy]
        assert [name for name, bits in found.urgencies.items() if bits >> row & 1] == [selection.urgency]
        assert bool(found.default >> row & 1) == ("default" in selection.rules_fired)
