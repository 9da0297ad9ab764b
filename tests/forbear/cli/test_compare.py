"""`forbear rules compare`, as somebody meets it who is about to change the policy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forbear.base.errors import ForbearError
from forbear.cli.commands.policy import app
from rules.loading.loader import DEFAULT_PACK

CASES = """case_ref,product,days_overdue,hardship,note
A,huabei,45,unemployment,
B,credit_card,45,unemployment,我不想活了
C,credit_card,many,unemployment,
"""


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The policy without the rule that sees a crisis."""
    folder = tmp_path / "other"
    shutil.copytree(DEFAULT_PACK, folder)
    (folder / "safety" / "crisis.yaml").unlink()
    return folder


def asked(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["compare", *map(str, arguments)], env={"COLUMNS": "160"}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_file_is_compared_and_what_is_no_case_is_counted(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(CASES, encoding="utf-8")
    told = json.loads(asked(DEFAULT_PACK, DEFAULT_PACK, "--cases", tmp_path / "cases.csv", "--json"))
    assert (told["cases"], told["rows_neither_takes"], told["flipped"]) == (2, 1, [])
    assert {"a": "crisis_support", "b": "crisis_support", "cases": 1} in told["strategies"]
    assert "2 cases by cn_consumer" in asked(DEFAULT_PACK, DEFAULT_PACK, "--cases", tmp_path / "cases.csv")


def test_what_flips_is_listed_with_its_rules(tmp_path: Path, other: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_text(CASES, encoding="utf-8")
    told = json.loads(asked(DEFAULT_PACK, other, "--cases", file, "--json"))
    assert [flip["case_ref"] for flip in told["flipped"]] == ["B"]
    (flip,) = told["flipped"]
    assert flip["strategy"]["a"] == "crisis_support" != flip["strategy"]["b"]
    assert "crisis" in flip["rules"]["fire_in_a_only"]
    shown = asked(DEFAULT_PACK, other, "--cases", file)
    assert "-crisis" in shown and "crisis_support →" in shown


def test_what_to_compare_on_has_to_be_said() -> None:
    with pytest.raises(ForbearError, match="--cases FILE, or --stored"):
        asked(DEFAULT_PACK, DEFAULT_PACK)
