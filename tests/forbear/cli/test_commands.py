"""Commands are loaded when they are called: the list of them reads their documentation only."""

import io
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from forbear import cli
from forbear.cli.commands import _WHERE, app


def test_every_command_is_listed_with_its_first_words_and_can_be_loaded() -> None:
    listed = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    for name in _WHERE:
        answer = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
        assert answer.exit_code == 0, (name, answer.output)
        says = next(line for line in listed.splitlines() if line.startswith(f"  {name} "))
        first = says.split(maxsplit=1)[1].split()[:3]
        assert " ".join(first) in " ".join(answer.output.split()), name


def test_the_list_of_commands_loads_none_of_them() -> None:
    program = (
        "import sys; sys.argv = ['forbear', '--help']; from forbear import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "dear = {'sqlalchemy', 'celery', 'fastapi', 'polars', 'pydantic', 'rich', 'asyncio', 'durable_rules_engine'}\n"
        "sys.exit(' '.join(dear & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr


def test_the_version_is_said_and_a_mistyped_command_is_guessed_at() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("forbear ")
    assert "'triage'" in CliRunner().invoke(app, ["trige"]).output


def test_a_terminal_with_fewer_letters_is_no_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(said, encoding="ascii", write_through=True))
    monkeypatch.setattr(sys, "argv", ["forbear", "--version"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    sys.stdout.write("策略")
    assert ended.value.code == 0
    assert said.getvalue().startswith(b"forbear ")
    assert said.getvalue().endswith(b"??")
