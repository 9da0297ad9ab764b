"""`forbear mapping` and the options that a mapping is given by, in this process: what is shown, written, refused."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forbear.base.errors import ForbearError
from forbear.cli.commands import app
from forbear.cli.mapping_options import given
from tests.support.case_files import lines, write

UGLY = lines(
    ["逾期名单（单位：万元）", "", "", "", ""],
    ["编号", "贷款种类", "欠款余额", "逾期天数", "年利率"],
    ["A-1", "我的贷", "12", "45", "18"],
    ["A-2", "花呗", "1.2", "30", "18%"],
)


def _run(*arguments: str) -> str:
    answer = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_a_file_is_shown_as_it_would_be_stored_and_its_mapping_written(tmp_path: Path) -> None:
    path, out = write(tmp_path, "ugly.csv", UGLY), tmp_path / "map.json"
    shown = _run("mapping", str(path), "--out", str(out), "--set", "hardship=none_stated")
    for part in ("¥120,000.00, ¥12,000.00", "45 days, 30 days", "18.00 %", "万元", "likely: its header may mean"):
        assert part in shown
    assert "Product has no value '我的贷' (1 row); nearest:" in shown
    assert "Hardship is None stated in every row." in shown or "Hardship is" in shown
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["header_row"] == 2
    assert written["columns"]["欠款余额"] == {"fact": "balance", "unit": "万元"}
    assert written["constants"] == {"hardship": "none_stated"}
    again = _run("mapping", str(path), "--map", str(out))
    assert "certain: as the mapping says" in again
    assert "likely" not in again


def test_options_stand_over_the_mapping_that_is_given(tmp_path: Path) -> None:
    path = write(tmp_path, "map.json", '{"sheet": "A", "constants": {"hardship": "military", "city": "上海"}}')
    told = given(path, "B", 3, "dmy", ["hardship=none_stated"])
    assert told is not None
    assert (told.sheet, told.header_row, told.date_order) == ("B", 3, "dmy")
    assert told.constants == {"hardship": "none_stated", "city": "上海"}
    assert given(None, None, None, None, None) is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--map", "none.json"], "none.json does not exist"),
        (["--map", "map.json"], "map.json is not valid JSON"),
        (["--set", "hardship"], "is not FACT=VALUE"),
        (["--set", "hardship=tired"], "The constant hardship: "),
        (["--set", "hardships=none"], "there is none: use one such as hardship"),
        (["--header-row", "9"], "Row 9"),
        (["--sheet", "一月"], "no sheets|has no sheet"),
    ],
)
@pytest.mark.parametrize("command", ["mapping", "triage", "submit"])
def test_a_mistake_is_one_sentence_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, arguments: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("forbear.cli.commands.cases.opened", lambda: pytest.fail("a server was started"))
    write(tmp_path, "ugly.csv", UGLY)
    write(tmp_path, "map.json", "{")
    out = ["--out", "out.csv"] if command == "triage" else []
    with pytest.raises(ForbearError, match=told) as caught:
        CliRunner().invoke(app, [command, "ugly.csv", *out, *arguments], catch_exceptions=False)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("command", ["mapping", "triage", "submit"])
@pytest.mark.parametrize("given", [["--set", "hardships=none"], ["--header-row", "9"], []])
def test_danger_in_a_file_that_is_refused_is_told_by_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, given: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "ugly.csv" if given else "no-header.csv"
    write(tmp_path, name, UGLY.replace("我的贷", "我不想活了") if given else "锟斤拷,b\n1,我不想活了\n")
    out = ["--out", "out.csv"] if command == "triage" else []
    with pytest.raises(ForbearError, match=r"^\[Call the person first\] .*\(row [23]\)") as caught:
        CliRunner().invoke(app, [command, name, *out, *given], catch_exceptions=False)
    assert caught.value.exit_code == 2 and "不想活" not in str(caught.value)


def test_a_mapping_is_not_written_over_what_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.json", "[]")
    for out, told in ((path, "is the file that is read"), (tmp_path / "map.txt", "does not end in .json")):
        with pytest.raises(ForbearError, match=told):
            CliRunner().invoke(app, ["mapping", str(path), "--out", str(out)], catch_exceptions=False)
