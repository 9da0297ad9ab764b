"""The table of formats is the only one: each of them works from end to end, and nothing else lists their endings."""

import ast
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forbear.base.packs import shipped
from forbear.batch.export import write_rejects, write_results
from forbear.cli.commands import app
from forbear.intake import BY_MEDIA_TYPE, FORMATS, Format, IntakeError, Rejected, read
from forbear.intake.source import as_text
from tests.support.old.recorded import decision
from web.api.openapi import described

ROOT = Path(__file__).parents[4]
every_format = pytest.mark.parametrize("format_", FORMATS.values(), ids=list(FORMATS))
INTAKE = ROOT / "forbear/intake/formats"
# Where the objects themselves stand: each names its own ending.
OWN = {path for path in INTAKE.rglob("*.py") if re.search(r"^[A-Z_]+ = Format\(", path.read_text(), re.MULTILINE)}
NAMES = {*FORMATS, *BY_MEDIA_TYPE, *(each.name for each in FORMATS.values())} - {
    "json",
    "application/json",
    "text/csv",  # names of what is no file of cases, too
}


@every_format
def test_what_a_format_writes_it_reads_again(tmp_path: Path, format_: Format) -> None:
    path = tmp_path / f"rejects{format_.suffix}"
    write_rejects(
        path,
        ["案件编号", "备注"],
        [Rejected(3, "a", "b", "c", ("0012", " 两\n行 ")), Rejected(4, "", "", "", ("x", ""))],
    )
    source = read(path)
    assert source.columns == ["案件编号", "备注", "row", "field", "error"]
    assert [[as_text(cell) for cell in row.cells[:3]] for row in source] == [["0012", " 两\n行 ", "3"], ["x", "", "4"]]


@every_format
def test_results_of_a_format_hold_every_decision(tmp_path: Path, format_: Format) -> None:
    path = tmp_path / f"results{format_.suffix}"
    assert write_results(path, [decision(f"C-{number}") for number in range(3)]) == 3
    source = read(path)
    at = source.columns.index("case_ref")
    assert [row.cells[at] for row in source] == ["C-0", "C-1", "C-2"]


@every_format
def test_a_format_is_offered_wherever_formats_are(format_: Format) -> None:
    document = described(shipped())
    batches = document["paths"]["/api/v1/batches"]["post"]
    offered = batches["requestBody"]["description"].partition(": ")[2].rstrip(".").split(", ")
    assert {*format_.media_types} <= {*offered}
    for what in ("results", "rejects"):
        given = document["paths"][f"/api/v1/batches/{{batch_id}}/{what}"]["get"]
        (parameter,) = (each for each in given["parameters"] if each["name"] == "format")
        assert format_.name in parameter["schema"]["enum"]
        assert format_.media_type in given["responses"]["200"]["content"]
    said = CliRunner().invoke(app, ["triage", "--help"], env={"COLUMNS": "200"}).output
    assert format_.suffix in said


def test_media_types_are_one_formats_each() -> None:
    assert len(BY_MEDIA_TYPE) == sum(len(each.media_types) for each in FORMATS.values())
    assert all(each.suffix == each.suffix.lower() and each.suffix.startswith(".") for each in FORMATS.values())


@every_format
def test_a_file_under_the_name_of_another_format_is_told_its_own(tmp_path: Path, format_: Format) -> None:
    path = tmp_path / f"cases{format_.suffix}"
    write_results(path, [decision("C-1")])
    for other in FORMATS.values():
        if other.read is format_.read:  # JSON: what stands there says how it is read
            continue
        if format_.signature is None:
            assert other.signature is None or not other.signature.match(path.read_bytes())
        else:
            wrong = path.with_suffix(other.suffix)
            wrong.write_bytes(path.read_bytes())
            with pytest.raises(IntakeError, match=rf"let its name end in \{format_.suffix}\.$"):
                read(wrong)


def test_nothing_else_lists_the_endings() -> None:
    lists = {}
    for folder in ("forbear", "web", "workers", "models", "rules"):
        for path in (ROOT / folder).rglob("*"):
            if path not in OWN and path.suffix in (".py", ".html", ".js", ".yaml"):
                found = _named(path) & NAMES
                if len(found) > 1:
                    lists[str(path.relative_to(ROOT))] = found
    assert lists == {}


def _named(path: Path) -> set[str]:
    """The strings of a file; of what people are told, the endings in a row."""
    text = path.read_text(encoding="utf-8")
    rows = {
        ending
        for row in re.findall(r"(?:\.[a-z]{3,7}[ ,、]+){2,}\.[a-z]{3,7}", text)
        for ending in re.findall(r"\.[a-z]+", row)
    }
    if path.suffix != ".py":
        return rows | set(re.findall(r"""["']([^"'\n]{2,80})["']""", text))
    strings = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return rows | {value for value in strings if isinstance(value, str)}
