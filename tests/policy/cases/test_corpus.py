"""Danger and other hints are found in sentences as people write them: floors, on sentences for tuning and held out.

`held_out.txt` was written before there was any pattern, the next three by people not knowing them, the fifth was drawn
by lot, the sixth written last by one who made patterns, in other voices than what came before, and the seventh drawn by
lot from the lines of seven writers who saw none: a third of all lines, which nobody looks at while patterns and weights
are made by the other parts.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from rules.facts.red_flags import scan
from rules.loading.loader import DEFAULT_PACK, load
from tests.policy.cases.corpus_lines import HELD_OUT, TUNING, lines

PACK = load(DEFAULT_PACK)
# How much of what is explicit must be raised as such; in the first held-out part 98 of 101 are (it was 99).
PARTS = {"tuning": 0.98, "held_out": 0.97}
NO_DANGER, CALM = "(nothing)", "(calm)"
GRADES = {name: flag.danger.grade for name, flag in PACK.red_flags.items() if flag.danger}
OTHERS = (
    *(
        "account_frozen",
        "legal_papers",
        "arbitration_papers",
        "notarised_enforcement",
        "auction_notice",
        "repossession",
    ),
    *("scam_offered", "scam_agent", "nominee_loan", "fraud_victim"),
    *("role_guarantor", "role_co_borrower", "role_spouse", "role_heir"),
    *("wages_set_off", "fake_legal_papers", "debt_sold"),
)
# What must be found of each, three quarters but for these: their sentences are younger than their patterns. What was
# measured on both parts, rounded down, holds until the patterns are better.
OTHER_FLOORS = {"wages_set_off": 0.61, "fake_legal_papers": 0.53, "debt_sold": 0.69}
PAPERS = {"legal_papers", "arbitration_papers", "notarised_enforcement", "auction_notice"}
ROLES = {name for name in OTHERS if name.startswith("role_")}
# What was measured on the second held-out part, rounded down: what each label must raise, and how much of it.
SECOND_FLOORS = (
    ("self_harm", "explicit", 0.91),
    ("self_harm", "danger", 1.0),
    ("violence", "explicit", 1.0),
    ("violence", "danger", 1.0),
    ("self_harm_possible", "danger", 1.0),
    ("legal_papers", "papers", 0.93),
    ("account_frozen", "account_frozen", 0.66),
    ("scam_offered", "scam_offered", 0.58),
    ("scam_agent", "scam_agent", 0.75),
    ("nominee_loan", "nominee_loan", 0.50),
    ("fraud_victim", "fraud_victim", 0.60),
    ("role_guarantor", "role_guarantor", 1.0),
    ("role_co_borrower", "role_co_borrower", 1.0),
    ("role_spouse", "role_spouse", 0.66),
    ("role_heir", "role_heir", 1.0),
)
# And what must not be raised there, at most: sentences that only look so.
SECOND_CEILINGS = (
    (NO_DANGER, "explicit", 0.0),
    (NO_DANGER, "danger", 0.24),
    ("(no court)", "papers", 0.30),
    ("(no role)", "roles", 0.13),
)
# The same for the third: sentences of danger and harmless ones that were written to look like it.
THIRD_FLOORS = (
    ("self_harm", "explicit", 0.93),
    ("self_harm", "danger", 0.98),
    ("violence", "explicit", 0.94),
    ("violence", "danger", 1.0),
    ("self_harm_possible", "danger", 0.93),
)
THIRD_CEILINGS = ((NO_DANGER, "explicit", 0.07), (NO_DANGER, "danger", 0.31))
# The same for the fourth: a little danger, and ordinary notes of a desk, which are most of what there is.
FOURTH_FLOORS = (("explicit", "explicit", 1.0), ("possible", "danger", 1.0))
FOURTH_CEILINGS = ((CALM, "explicit", 0.01), (CALM, "danger", 0.16))

# The same for the fifth, drawn by lot from what was written to be hard and from ordinary notes.
FIFTH_FLOORS = (
    ("self_harm", "explicit", 0.84),
    ("self_harm", "danger", 0.93),
    ("violence", "explicit", 0.91),
    ("violence", "danger", 0.97),
    ("domestic_violence", "explicit", 0.89),
    ("domestic_violence", "danger", 0.97),
    ("child_or_sick", "explicit", 0.86),
    ("child_or_sick", "danger", 0.9),
    ("self_harm_possible", "danger", 0.89),
    ("violence_possible", "danger", 0.89),
    ("domestic_violence_possible", "danger", 0.94),
    ("child_or_sick_possible", "danger", 0.85),
)
FIFTH_CEILINGS = (
    (NO_DANGER, "explicit", 0.06),
    (NO_DANGER, "danger", 0.22),
    (CALM, "explicit", 0.03),
    (CALM, "danger", 0.12),
)

# The same for the seventh, drawn by lot from what seven writers wrote who saw neither patterns nor other parts.
SEVENTH_FLOORS = (
    ("self_harm", "explicit", 0.91),
    ("self_harm", "danger", 0.97),
    ("violence", "explicit", 0.92),
    ("violence", "danger", 0.98),
    ("domestic_violence", "explicit", 0.95),
    ("domestic_violence", "danger", 0.98),
    ("child_or_sick", "explicit", 0.9),
    ("child_or_sick", "danger", 0.96),
    ("self_harm_possible", "danger", 0.94),
    ("violence_possible", "danger", 0.92),
    ("domestic_violence_possible", "danger", 0.84),
    ("child_or_sick_possible", "danger", 0.82),
)
SEVENTH_CEILINGS = (
    (NO_DANGER, "explicit", 0.05),
    (NO_DANGER, "danger", 0.24),
    (CALM, "explicit", 0.01),
    (CALM, "danger", 0.08),
)

# The same for the eighth, from four more such writers: half of the harmless lines are there to mislead.
EIGHTH_FLOORS = (
    ("self_harm", "explicit", 0.9),
    ("self_harm", "danger", 1.0),
    ("violence", "explicit", 0.9),
    ("violence", "danger", 0.97),
    ("domestic_violence", "explicit", 0.94),
    ("domestic_violence", "danger", 1.0),
    ("child_or_sick", "explicit", 0.88),
    ("child_or_sick", "danger", 0.98),
    ("self_harm_possible", "danger", 0.95),
    ("violence_possible", "danger", 0.92),
    ("domestic_violence_possible", "danger", 0.86),
    ("child_or_sick_possible", "danger", 0.83),
)
EIGHTH_CEILINGS = (
    (NO_DANGER, "explicit", 0.09),
    (NO_DANGER, "danger", 0.35),
    (CALM, "explicit", 0.01),
    (CALM, "danger", 0.08),
)

# The same for the tenth, as a doubter would try it: notes as counsellors, borrowers and families write them.
TENTH_FLOORS = (
    ("self_harm", "explicit", 0.92),
    ("self_harm", "danger", 0.97),
    ("violence", "explicit", 1.0),
    ("violence", "danger", 1.0),
    ("domestic_violence", "explicit", 1.0),
    ("domestic_violence", "danger", 1.0),
    ("child_or_sick", "explicit", 1.0),
    ("child_or_sick", "danger", 1.0),
    ("self_harm_possible", "danger", 0.96),
    ("violence_possible", "danger", 0.95),
    ("domestic_violence_possible", "danger", 1.0),
    ("child_or_sick_possible", "danger", 0.75),
)
TENTH_CEILINGS = (
    (NO_DANGER, "explicit", 0.04),
    (NO_DANGER, "danger", 0.23),
    (CALM, "explicit", 0.0),
    (CALM, "danger", 0.0),
)

# The same for the eleventh, in the voices of the ninth tuning part.
ELEVENTH_FLOORS = (("explicit", "explicit", 0.93), ("explicit", "danger", 0.96), ("possible", "danger", 0.95))
# A question more on two look-alikes, here as in the eighth, is the price of harmless words that hide less.
ELEVENTH_CEILINGS = ((NO_DANGER, "explicit", 0.1), (NO_DANGER, "danger", 0.35), (CALM, "danger", 0.0))

# The same for the thirteenth, a doubter's: written before the patterns were looked at.
THIRTEENTH_FLOORS = (("explicit", "explicit", 0.96), ("explicit", "danger", 0.96), ("possible", "danger", 0.92))
THIRTEENTH_CEILINGS = ((NO_DANGER, "explicit", 0.15), (NO_DANGER, "danger", 0.19), (CALM, "danger", 0.0))

# The same for the sixth, written last of its kind: as counsellors and borrowers write, and half of it to be hard.
SIXTH_FLOORS = (
    ("self_harm", "explicit", 0.88),
    ("self_harm", "danger", 0.94),
    ("violence", "explicit", 0.88),
    ("violence", "danger", 0.92),
    ("domestic_violence", "explicit", 0.9),
    ("domestic_violence", "danger", 0.97),
    ("child_or_sick", "explicit", 0.88),
    ("child_or_sick", "danger", 0.92),
    ("self_harm_possible", "danger", 0.89),
    ("violence_possible", "danger", 0.88),
    ("domestic_violence_possible", "danger", 0.83),
    ("child_or_sick_possible", "danger", 0.7),
    ("legal_papers", "legal_papers", 1.0),
    ("arbitration_papers", "papers", 0.75),
    ("notarised_enforcement", "papers", 1.0),
    ("auction_notice", "papers", 0.75),
    ("account_frozen", "account_frozen", 1.0),
    ("scam_offered", "scam_offered", 0.50),
    ("scam_agent", "scam_agent", 0.80),
    ("nominee_loan", "nominee_loan", 0.83),
    ("fraud_victim", "fraud_victim", 1.0),
    ("role_guarantor", "role_guarantor", 1.0),
    ("role_co_borrower", "role_co_borrower", 0.66),
    ("role_spouse", "role_spouse", 1.0),
    ("role_heir", "role_heir", 0.66),
    ("repossession", "repossession", 1.0),
    ("wages_set_off", "wages_set_off", 0.33),
    ("fake_legal_papers", "fake_legal_papers", 0.50),
    ("debt_sold", "debt_sold", 0.75),
)
# The twelfth part is ordinary notes, many of several sentences: by the weights before nearly four in a hundred of such
# notes were a crisis, and two in nine were asked about.
TWELFTH_CEILINGS = (
    (CALM, "explicit", 0.02),
    (CALM, "danger", 0.17),
)
SIXTH_CEILINGS = (
    (NO_DANGER, "explicit", 0.06),
    (NO_DANGER, "danger", 0.23),
    (CALM, "explicit", 0.02),
    (CALM, "danger", 0.02),
)


@cache
def sentences(part: str) -> list[tuple[str, str, frozenset[str]]]:
    """Each sentence with its label and the flags that it raises."""
    return [(label, line, frozenset(scan(PACK, line))) for label, line in lines(part)]


def grades(flags: frozenset[str]) -> set[str]:
    return {GRADES[flag] for flag in flags if flag in GRADES}


def share(part: str, label: str, wanted: set[str] | frozenset[str]) -> float:
    """How many of the sentences of a label, or grade of danger, raise one of the wanted flags."""
    hits = [bool(wanted & flags) for each, _, flags in sentences(part) if label in (each, GRADES.get(each))]
    return sum(hits) / len(hits)


def of_grade(*wanted: str) -> set[str]:
    return {flag for flag, grade in GRADES.items() if grade in wanted}


def meant(what: str) -> set[str]:
    """The flags that a word of the second part's floors stands for."""
    kinds = {"explicit": of_grade("explicit"), "danger": set(GRADES), "papers": PAPERS, "roles": ROLES}
    return kinds.get(what, {what})


def test_there_are_enough_sentences_and_a_third_is_held_out() -> None:
    of = {part: Counter(label for label, _ in lines(part)) for part in (*TUNING, *HELD_OUT)}
    held, tuned = (sum(of[part].total() for part in parts) for parts in (HELD_OUT, TUNING))
    assert held + tuned >= 600
    assert held * 3 >= held + tuned
    assert set(of["held_out_2"]) == {label for label, _, _ in (*SECOND_FLOORS, *SECOND_CEILINGS)}
    assert set(of["held_out"]) | set(GRADES) == set(of["tuning"]) == {*GRADES, NO_DANGER, CALM, *OTHERS}
    assert set(of["held_out_5"]) == {*GRADES, NO_DANGER, CALM}
    assert set(of["held_out_6"]) == {label for label, _, _ in (*SIXTH_FLOORS, *SIXTH_CEILINGS)}


def test_no_sentence_is_both_held_out_and_tuned_on() -> None:
    tuned = {line for part in TUNING for _, line in lines(part)}
    assert not [line for part in HELD_OUT for _, line in lines(part) if line in tuned]


@pytest.mark.parametrize("part", PARTS)
def test_explicit_danger_is_found(part: str) -> None:
    assert share(part, "explicit", of_grade("explicit")) >= PARTS[part]


@pytest.mark.parametrize("part", PARTS)
def test_possible_danger_is_asked_about(part: str) -> None:
    assert share(part, "possible", of_grade("explicit", "possible")) >= 0.90


@pytest.mark.parametrize(
    ("part", "flag"), [(part, flag) for part in PARTS for flag in GRADES if flag in {label for label, _ in lines(part)}]
)
def test_each_kind_of_danger_is_found(part: str, flag: str) -> None:
    wanted = {"explicit"} if GRADES[flag] == "explicit" else {"explicit", "possible"}
    assert share(part, flag, of_grade(*wanted)) >= 0.8


@pytest.mark.parametrize("part", PARTS)
def test_what_only_looks_like_danger_is_no_crisis(part: str) -> None:
    for label, most in ((NO_DANGER, 0.02), (CALM, 0.0)):
        assert share(part, label, of_grade("explicit")) <= most
    assert share(part, NO_DANGER, of_grade("possible")) <= 0.08


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("flag", OTHERS)
def test_other_hints_are_found(part: str, flag: str) -> None:
    assert share(part, flag, {flag}) >= OTHER_FLOORS.get(flag, 0.75)


@pytest.mark.parametrize("part", PARTS)
def test_other_hints_are_not_found_where_there_are_none(part: str) -> None:
    assert share(part, CALM, frozenset(OTHERS)) <= 0.08


def test_what_weights_were_made_by_is_found() -> None:
    """Not all of it: weights that knew every sentence by heart would know no other."""
    for part in ("tuning_2", "tuning_5"):
        assert share(part, "explicit", of_grade("explicit")) >= 0.95
        assert share(part, "explicit", set(GRADES)) >= 0.99
        assert share(part, "possible", set(GRADES)) >= 0.97  # turns of speech are not weighed any more
        assert share(part, NO_DANGER, of_grade("explicit")) <= 0.02


@pytest.mark.parametrize(
    ("part", "label", "what", "floor"),
    [
        *(("held_out_2", *floor) for floor in SECOND_FLOORS),
        *(("held_out_3", *floor) for floor in THIRD_FLOORS),
        *(("held_out_4", *floor) for floor in FOURTH_FLOORS),
        *(("held_out_5", *floor) for floor in FIFTH_FLOORS),
        *(("held_out_6", *floor) for floor in SIXTH_FLOORS),
        *(("held_out_7", *floor) for floor in SEVENTH_FLOORS),
        *(("held_out_8", *floor) for floor in EIGHTH_FLOORS),
        *(("held_out_10", *floor) for floor in TENTH_FLOORS),
        *(("held_out_11", *floor) for floor in ELEVENTH_FLOORS),
        *(("held_out_13", *floor) for floor in THIRTEENTH_FLOORS),
    ],
)
def test_what_nobody_tuned_on_is_found(part: str, label: str, what: str, floor: float) -> None:
    assert share(part, label, meant(what)) >= floor


@pytest.mark.parametrize(
    ("part", "label", "what", "ceiling"),
    [
        *(("held_out_2", *ceiling) for ceiling in SECOND_CEILINGS),
        *(("held_out_3", *ceiling) for ceiling in THIRD_CEILINGS),
        *(("held_out_4", *ceiling) for ceiling in FOURTH_CEILINGS),
        *(("held_out_5", *ceiling) for ceiling in FIFTH_CEILINGS),
        *(("held_out_6", *ceiling) for ceiling in SIXTH_CEILINGS),
        *(("held_out_7", *ceiling) for ceiling in SEVENTH_CEILINGS),
        *(("held_out_8", *ceiling) for ceiling in EIGHTH_CEILINGS),
        *(("held_out_10", *ceiling) for ceiling in TENTH_CEILINGS),
        *(("held_out_11", *ceiling) for ceiling in ELEVENTH_CEILINGS),
        *(("held_out_12", *ceiling) for ceiling in TWELFTH_CEILINGS),
        *(("held_out_13", *ceiling) for ceiling in THIRTEENTH_CEILINGS),
    ],
)
def test_what_nobody_tuned_on_is_not_found_where_it_is_not(part: str, label: str, what: str, ceiling: float) -> None:
    assert share(part, label, meant(what)) <= ceiling
