"""Packs and outcomes of past forms are read as today's; what somebody edits has to be of today's form."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from rules.loading.loader import load, load_files
from rules.pack.pack import PackError
from rules.pack.past.upcasting import FORM, form_of, upcast_outcome, upcast_pack
from rules.pack.strict_yaml import read
from tests.support.old.old_records import FORMS, PAST, RECORDS, pack_of
from tests.support.packs.tiny_pack import FILES, edited, write

OF = {"0.1": 1, "0.2": 2, "0.3": 3, "0.3-desk": 3, "0.4": 4, "0.5": 5}


def parsed(form: str) -> dict[str, Any]:
    return {path: read(body.encode()) for path, body in pack_of(form).items()}


@pytest.mark.parametrize("form", FORMS)
def test_a_stored_pack_of_a_past_form_is_read(form: str) -> None:
    pack = load_files({path: body.encode() for path, body in pack_of(form).items()}, form, stored=True)
    assert (pack.form, pack.manifest.form) == (OF[form], FORM)
    # Its digest stays that of the files as they are stored: decisions and the ledger answer for it.
    assert f"VALUES ('{pack.sha256}', 'cn_consumer', '{pack.manifest.version}'" in record_of(form)


def record_of(form: str) -> str:
    return (RECORDS / form / "record.sql").read_text()


@pytest.mark.parametrize("form", FORMS)
def test_upcasting_leaves_what_it_reads_alone_and_does_nothing_twice(form: str) -> None:
    data = parsed(form)
    before = copy.deepcopy(data)
    now = upcast_pack(data)
    assert data == before
    assert form_of(now) == FORM
    assert upcast_pack(now) == now


@pytest.mark.parametrize("form", PAST)
def test_a_pack_of_a_past_form_that_somebody_edits_is_refused_in_one_sentence(form: str, tmp_path: Path) -> None:
    with pytest.raises(PackError) as refused:
        load_files({path: body.encode() for path, body in pack_of(form).items()}, "mine")
    (told,) = refused.value.errors
    assert told == (
        f"mine: this pack is of form {OF[form]}, and Forbear takes packs of form {FORM}: "
        f"write form: {FORM} in pack.yaml once its files are as the pack that comes with Forbear shows"
    )


@pytest.mark.parametrize("stored", [False, True])
def test_a_pack_of_a_newer_form_is_not_read(stored: bool) -> None:
    files = {**FILES, **edited("pack.yaml", f"form: {FORM}", f"form: {FORM + 1}")}
    with pytest.raises(PackError, match=f"is of form {FORM + 1}, and Forbear takes packs of form {FORM}"):
        load_files({path: (body or "").encode() for path, body in files.items()}, "newer", stored=stored)


@pytest.mark.parametrize("said", ["four", "true", "0", "-1", "4.5", "[4]"])
def test_a_form_that_is_none_is_told_with_its_place(said: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "pack", edited("pack.yaml", f"form: {FORM}", f"form: {said}"))
    with pytest.raises(PackError) as refused:
        load(folder)
    assert re.match(r"pack\.yaml: form: ", refused.value.errors[0]), refused.value.errors


def test_what_0_1_did_not_ask_for_is_said_to_be_left_unsaid() -> None:
    pack = load_files({path: body.encode() for path, body in pack_of("0.1").items()}, "x", stored=True)
    strategy = pack.strategies["mortgage_relief"]
    assert strategy.against.en == "This edition of the policy does not say."
    assert strategy.plans == ("deferral",)
    assert {each.id for each in pack.documents["income_proof"].references} == {"no_source_named"}


def test_an_outcome_of_0_1_is_read() -> None:
    stored = {
        "deadlines": [
            {"id": "answer", "date": "2026-12-01", "assumed": True},
            {"id": "appeal", "date": "2026-12-08", "assumed": False},
        ],
        "plans": [],
    }
    before = copy.deepcopy(stored)
    assert upcast_outcome(stored) == {
        "deadlines": [
            {"id": "answer", "date": "2026-12-01", "start_known": False, "calendar_known": True},
            {"id": "appeal", "date": "2026-12-08", "start_known": True, "calendar_known": True},
        ],
        "plans": [],
        "lapsed": [],
    }
    assert stored == before


def test_an_outcome_of_today_is_left_as_it_is() -> None:
    stored = {
        "deadlines": [{"id": "answer", "date": "2026-12-01", "start_known": False, "calendar_known": False}],
        "plans": [],
        "lapsed": [{"parameter": "lpr_1y", "on": "2026-12-01", "kind": "ended"}],
    }
    assert upcast_outcome(stored) == stored
