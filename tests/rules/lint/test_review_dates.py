"""Texts and figures that nobody has looked at for long are told by `rules check`."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from forbear.cli.commands.policy import app
from rules.lint.review_dates import MOST_DAYS, claims, overdue_reviews
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.marks import Ref
from rules.pack.pack import Pack
from rules.pack.references import sites

PACK = load(DEFAULT_PACK)
REVIEWED = PACK.manifest.reviewed_on
LATER = dt.date(2026, 11, 28)  # when the texts on arbitration were


def after(days: int, of: dt.date = REVIEWED) -> dt.date:
    return of + dt.timedelta(days=days)


def told(on: dt.date, pack: Pack = PACK) -> dict[str, str]:
    return {where: message for _, where, message in overdue_reviews(pack, on)}


def test_nothing_is_told_until_the_days_are_over() -> None:
    assert told(after(MOST_DAYS)) == {}
    assert list(told(after(MOST_DAYS + 1))) == ["pack.yaml"]


def test_what_was_reviewed_with_the_pack_is_told_of_once_and_the_rest_one_by_one() -> None:
    assert "181 days before" in told(after(MOST_DAYS + 1))["pack.yaml"]
    found = list(overdue_reviews(PACK, after(MOST_DAYS + 1, LATER)))
    assert ("steps.yaml", "answer_arbitration") in {(where, text.partition(":")[0]) for _, where, text in found}
    assert ("parameters.yaml", "set_aside_months") in {(where, text.partition(":")[0]) for _, where, text in found}
    assert {level for level, _, _ in found} == {"warning"}
    assert sum(where == "pack.yaml" for _, where, _ in found) == 1


def test_everything_that_names_a_source_grows_old() -> None:
    """Whatever carries references is looked at again: texts, figures, letters, strategies, clocks, fees, rules."""
    sourced = {
        f"{site.file} {site.user[1]}"
        for site in sites(PACK)
        if isinstance(site.mark, Ref) and site.mark.file == "references" and site.user
        if site.user[0] not in ("pack", "open_points")  # an open point is told of until it is closed
    }
    assert sourced - {f"{file} {name}" for file, name, _ in claims(PACK)} == set()
    files = {file for file, _, _ in claims(PACK)}
    assert {"letters.yaml", "negotiation.yaml", "strategies.yaml", "deadlines.yaml", "fees.yaml"} <= files


def test_a_later_review_of_the_whole_pack_counts_for_every_text() -> None:
    manifest = PACK.manifest.model_copy(update={"reviewed_on": after(300)})
    assert told(after(300 + MOST_DAYS), replace(PACK, manifest=manifest)) == {}


@pytest.mark.parametrize(("days", "warned"), [(MOST_DAYS, False), (MOST_DAYS + 1, True)])
def test_the_command_looks_at_the_day_it_is_given_and_does_not_fail(days: int, warned: bool) -> None:
    found = CliRunner().invoke(app, ["check", "--as-of", after(days).isoformat()])
    assert ("were last reviewed on" in found.output) is warned
    assert "pack.yaml: reviewed_on" not in "".join(
        line for line in found.output.splitlines() if line.startswith("error")
    )
