"""The table of actions is whole: its names are those of the record, its words are there, its examples can be done."""

from typing import get_args

import psycopg
import pytest

from forbear.case.actions import ACTIONS, Action
from models.desk import STATUSES
from models.review import ACTIONS as RECORDED
from models.review import ActionName, InternalName, OtherName
from web.api.reviews import EXAMPLES, SHAPES
from web.language import LANGUAGES, messages
from web.pages.case import actions as pages
from web.views.case import FORMS

every_action = pytest.mark.parametrize("action", ACTIONS.values(), ids=list(ACTIONS))


def test_the_names_are_those_of_the_record() -> None:
    assert set(ACTIONS) == set(get_args(ActionName))
    assert {*ACTIONS, *get_args(OtherName), *get_args(InternalName)} == set(RECORDED)


def test_the_database_takes_these_names_and_no_others(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        (found,) = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_review_action'"
        ).fetchall()
    assert [name for name in RECORDED if f"'{name}'" not in found[0]] == []
    assert found[0].count("::") - 1 in (len(RECORDED), len(RECORDED) + 1)  # a cast each, and of the list


@every_action
def test_an_action_has_its_words_in_both_languages(action: Action) -> None:
    families = ("action", "about", "send", "done", "event") if action.on_bar else ("event",)
    keys = {f"{family}.{action.name}" for family in families}
    keys |= {field.label for field in action.fields if field.label}
    keys |= {field.family + code for field in action.fields for code in field.codes}
    assert [keys - messages(language).keys() for language in LANGUAGES] == [set(), set()]


@every_action
def test_an_action_is_taken_by_the_page_and_by_the_api(action: Action) -> None:
    assert f"/cases/{{case_id}}/{action.name}" in {getattr(route, "path", None) for route in pages.router.routes}
    assert set(action.forms or [action.name]) <= set(FORMS)
    shape = SHAPES[action.name]
    taken = shape.model_validate(EXAMPLES[shape.__name__])
    assert {field.name for field in action.fields} <= set(type(taken).model_fields)


@every_action
def test_an_action_is_done_from_known_states_to_a_known_one(action: Action) -> None:
    assert action.when.keys() <= set(STATUSES)
    assert action.becomes in (None, *STATUSES)
    assert set(action.when.values()) <= {"counsellor", "supervisor"}
