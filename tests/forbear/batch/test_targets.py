"""What a command would write is compared with what it reads before any work: by identity, not by name."""

import datetime as dt
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forbear.base.errors import ForbearError
from forbear.cli.commands import app
from tests.support.desk.cases import pack

CASES = "case_ref,product,days_overdue,hardship\nT-1,huabei,12,unemployment\nT-2,huabei,40,unemployment\n"
TAKEN = "is the file that is handed in: choose another name."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files of cases, the second under other names too, and a folder by another way."""
    monkeypatch.chdir(tmp_path)
    for name in ("one.csv", "two.csv"):
        (tmp_path / name).write_text(CASES)
    (tmp_path / "inner").mkdir()
    (tmp_path / "way").symlink_to(tmp_path / "inner")
    (tmp_path / "soft.csv").symlink_to("two.csv")
    os.link(tmp_path / "two.csv", tmp_path / "hard.csv")
    (tmp_path / "dangling.csv").symlink_to("later.csv")
    return tmp_path


def refused(*arguments: str) -> str:
    """The sentence that a command ends with, before it started anything."""
    failed = CliRunner().invoke(app, arguments)
    assert isinstance(failed.exception, ForbearError), failed.output
    assert failed.exception.exit_code == 2
    assert not Path(".forbear").exists(), "no server was started"
    return failed.exception.message


@pytest.mark.parametrize("name", ["two.csv", "./two.csv", "inner/../two.csv", "soft.csv", "hard.csv"])
def test_what_is_handed_in_is_never_written_over(folder: Path, name: str) -> None:
    inputs = ("triage", "one.csv", "two.csv")
    assert refused(*inputs, "--out", name) == f"--out {Path(name)} {TAKEN}"
    assert refused(*inputs, "--out", "new.csv", "--rejects", name) == f"--rejects {Path(name)} {TAKEN}"
    assert refused(*inputs, "--out", str(folder / name)).endswith(TAKEN)
    assert {(folder / each).read_text() for each in ("one.csv", "two.csv")} == {CASES}


@pytest.mark.parametrize(
    ("out", "rejects"),
    [
        ("new.csv", "./new.csv"),
        ("inner/new.csv", "way/new.csv"),
        ("later.csv", "dangling.csv"),
        ("soft.csv", "hard.csv"),
    ],
)
@pytest.mark.parametrize(
    "command", [("triage", "one.csv"), ("results", "11111111-1111-1111-1111-111111111111")], ids=["triage", "results"]
)
@pytest.mark.usefixtures("folder")
def test_results_and_rejects_go_to_two_files(command: tuple[str, ...], out: str, rejects: str) -> None:
    sentence = refused(*command, "--out", out, "--rejects", rejects)
    assert sentence == f"--out and --rejects are both {Path(out)}: choose two names."


@pytest.mark.parametrize("command", [("triage", "one.csv", "--out", "new.csv"), ("submit", "one.csv")])
@pytest.mark.usefixtures("folder")
def test_nothing_is_decided_for_a_day_to_come(command: tuple[str, ...]) -> None:
    """It would stay the current decision until that day. The day is the pack's, wherever the machine is."""
    from forbear.cli.context import today

    here = today(pack())
    sentence = refused(*command, "--as-of", str(here + dt.timedelta(days=1)))
    assert sentence == (
        f"The day to decide for, {here + dt.timedelta(days=1)}, is after today ({here}): give today or a day before."
    )
