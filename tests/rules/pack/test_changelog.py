"""The changelog tells of every rule of a pack, and a version that was locked keeps its content."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from forbear.base.errors import ForbearError
from forbear.cli.commands.policy import app
from rules.lint.check import lock
from rules.lint.lock import refusal
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.changelog import faults, history, ordered
from tests.support.packs.tiny_pack import FILES, edited, errors, tiny, write

LOG = "changelog.yaml"
RAISED = edited("pack.yaml", "version: 1.0.0", "version: 1.0.1")
NEW = FILES["safety/crisis.yaml"].replace("id: crisis", "id: new").replace("priority: 1000", "priority: 9")
CHANGED = edited("rights.yaml", "异议权", "异议")


def told(old: str, new: str) -> list[str]:
    return list(faults(tiny(edited(LOG, old, new))))


def test_a_sound_changelog_has_no_faults() -> None:
    assert list(faults(tiny())) == []
    assert list(faults(load(DEFAULT_PACK))) == []


def test_a_pack_without_a_changelog_loads_and_is_told_to_have_one() -> None:
    assert list(faults(tiny({LOG: None}))) == ["is missing; write an edition that adds the rules of this pack"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("added: [card-plan]", "added: []", "card-plan: no edition adds it; name it under added"),
        (
            "added: [crisis, old-plan]",
            "added: [crisis, old-plan, card-plan]",
            "card-plan: added in 1.0.0, but it was there already; leave the first one",
        ),
        (
            "added: [card-plan]",
            "added: [card-plan, card-plans]",
            "card-plans: there is no rule 'card-plans'; name it under removed of the edition that took it out",
        ),
        (
            "changed: {crisis:",
            "changed: {crises:",
            (
                "crises: changed in 1.0.0, but it was not there; name it under added of an edition before; "
                "did you mean 'crisis'? allowed: card-plan, crisis"
            ),
        ),
        (
            "removed: {old-plan:",
            "removed: {crisis:",
            "crisis: changed in 1.0.0, but it was not there; name it under added of an edition before",
        ),
        (
            "changed: {crisis:",
            "removed: {crisis:",
            "crisis: it is removed, but its file is there; delete the file or name the rule under added",
        ),
        (
            "- version: 1.0.0",
            "- version: 1.0.1",
            "the newest edition is 1.0.1, pack.yaml says 1.0.0; make them the same",
        ),
        ("- version: 0.10.0", "- version: 1.0.0", "1.0.0 stands above 1.0.0; put the newest edition first"),
        ("date: 2026-11-01", "date: 2026-11-24", "1.0.0 stands above 0.10.0; put the newest edition first"),
    ],
)
def test_what_the_changelog_says_wrongly_is_told(old: str, new: str, fault: str) -> None:
    assert fault in told(old, new)


def test_a_rule_may_go_and_come_back() -> None:
    back = (
        FILES[LOG]
        .replace("added: [card-plan]", "added: [card-plan, crisis]")
        .replace("changed: {crisis: {zh: 备注也算, en: The notes count too}}", "")
        .replace("removed: {old-plan:", "removed: {crisis: {zh: 改写, en: Rewritten}, old-plan:")
    )
    assert list(faults(tiny({LOG: back}))) == []


def test_the_history_of_a_rule_is_newest_first() -> None:
    entries = history(tiny())["crisis"]
    assert [(entry.kind, entry.edition.version) for entry in entries] == [("changed", "1.0.0"), ("added", "0.9.0")]


def test_versions_compare_as_numbers() -> None:
    assert ordered("0.9.0") < ordered("0.10.0") < ordered("1.0.0")


def test_the_structure_of_an_edition_is_checked_when_it_loads() -> None:
    assert errors(edited(LOG, "- version: 0.9.0", "- version: 0.9")) == [
        "changelog.yaml: [2].version: must be text, not 0.9; put it in quotes"
    ]
    assert errors(edited(LOG, "added: [card-plan]", "adds: [card-plan]")) == [
        (
            "changelog.yaml: [0]: unknown key 'adds'; did you mean 'added'? "
            "allowed: added, changed, date, removed, text, version"
        )
    ]


def test_a_lock_is_written_anew_only_for_the_same_content_or_a_raised_version(tmp_path: Path) -> None:
    path = write(tmp_path) / "pack.lock"
    assert refusal(tiny(), path) is None, "there is no lock yet"
    path.write_text(lock(tiny()))
    assert refusal(tiny(), path) is None
    assert refusal(tiny(CHANGED), path) is not None
    assert refusal(tiny({**CHANGED, **RAISED}), path) is None


def test_a_raised_version_is_locked_once_every_change_is_told(tmp_path: Path) -> None:
    path = write(tmp_path) / "pack.lock"
    path.write_text(lock(tiny()))
    edit = {**RAISED, **edited("safety/crisis.yaml", "priority: 1000", "priority: 999"), "conduct/new.yaml": NEW}
    assert refusal(tiny(edit), path) == "changelog.yaml does not tell what changed since 1.0.0: name crisis, new."
    edition = (
        "- {version: 1.0.1, date: 2026-11-24, text: {zh: 改, en: C}, added: [new], changed: {crisis: {zh: 改, en: C}}}"
    )
    assert refusal(tiny({**edit, LOG: f"{edition}\n{FILES[LOG].strip()}"}), path) is None


def test_a_lowered_version_does_not_overwrite_the_lock(tmp_path: Path) -> None:
    path = write(tmp_path) / "pack.lock"
    path.write_text(lock(tiny(RAISED)))
    assert refusal(tiny(), path) is not None


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"version": 1}', '{"version": "new", "rules": {}}', '{"version": "9.9.9"}']
)
def test_what_is_no_lock_file_is_overwritten(tmp_path: Path, text: str) -> None:
    (tmp_path / "pack.lock").write_text(text)
    assert refusal(tiny(), tmp_path / "pack.lock") is None


def test_the_command_refuses_in_one_sentence_and_leaves_the_file(tmp_path: Path) -> None:
    write(tmp_path)
    assert CliRunner().invoke(app, ["lock", str(tmp_path)]).exit_code == 0
    before = (tmp_path / "pack.lock").read_text()
    write(tmp_path, CHANGED)
    refused = CliRunner().invoke(app, ["lock", str(tmp_path)])
    assert isinstance(refused.exception, ForbearError)
    assert refused.exception.exit_code == 1
    assert refused.exception.message == (
        f"{tmp_path / 'pack.lock'} holds other content under version 1.0.0: raise version in pack.yaml above it, "
        "say in changelog.yaml what changed, and run `forbear rules lock` again."
    )
    assert (tmp_path / "pack.lock").read_text() == before
