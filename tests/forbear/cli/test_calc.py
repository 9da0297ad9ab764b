"""`forbear calc`: the figures scripts rely on, the working people read, one sentence for what cannot be."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import pytest

from forbear import cli
from forbear.cli import arguments, context
from forbear.cli.commands import calc, court

Run: TypeAlias = Callable[[str], tuple[int, str, str]]
load_pack = cache(context.load_pack)  # what is tested is what commands make of it


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command line run as `forbear` runs it: exit code, standard output, standard error."""
    for module in (calc, court):
        monkeypatch.setattr(module, "load_pack", load_pack)

    def main(line: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["forbear", "calc", *line.split()])
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return main


def told(run: Run, line: str) -> Any:
    """The object of a command that succeeds."""
    code, out, err = run(f"{line} --json")
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize(
    ("line", "fee"),
    [
        ("court-fee 50000", "1050.00"),
        ("court-fee 50,000.00", "1050.00"),
        ("court-fee 5万", "1050.00"),
        ("court-fee 50000元", "1050.00"),
        ("court-fee 50000 --procedure ordinary", "1050.00"),
        ("court-fee 50000 --procedure summary", "525.00"),
        ("court-fee 50000 --procedure mediated", "525.00"),
        ("court-fee 50000 --procedure withdrawn", "525.00"),
        ("court-fee 50000 --procedure payment-order", "350.00"),
        ("court-fee 0.01 --on 2007-04-01", "50.00"),
        ("enforcement-fee 500000", "7400.00"),
        ("preservation-fee 9000000", "5000.00"),
    ],
)
def test_a_fee_is_a_decimal_string(run: Run, line: str, fee: str) -> None:
    assert told(run, line)["fee"] == fee


def test_a_fee_comes_with_its_slices_and_its_basis(run: Run) -> None:
    found = told(run, "court-fee 20000 --procedure summary")
    assert found["slices"] == [
        {"amount": "10000", "percent": None, "fee": "50"},
        {"amount": "10000", "percent": "2.5", "fee": "250"},
    ]
    assert found["divisor"] == 2
    assert [each["status"] for each in found["basis"]] == ["primary", "primary"]
    code, out, _ = run("court-fee 20000 --procedure summary")
    assert code == 0
    for part in (
        "¥150.00",
        "¥10,000.00 × 2.5% → ¥250.00",
        "¥300.00 ÷ 2",
        "诉讼费用交纳办法（国务院令第481号）第16条",
        "text of the law read",
    ):
        assert part in out


@pytest.mark.parametrize(
    ("line", "instalment", "last", "interest", "total"),
    [
        ("100000 4.35 12", "8530.99", "8531.01", "2371.90", "102371.90"),
        ("10万 12 12", "8884.88", "8884.85", "6618.53", "106618.53"),
        ("50000 0 60", "833.34", "832.94", "0.00", "50000.00"),
        ("100 18.25 1", "101.52", "101.52", "1.52", "101.52"),
        ("10000 18.25 12 --pause-days 60", "1217.99", "917.98", "1315.87", "11315.87"),
        ("100000 4.35 12 --equal-principal", "8695.84", "8363.47", "2356.24", "102356.24"),
    ],
)
def test_instalments_are_decimal_strings(
    run: Run, line: str, instalment: str, last: str, interest: str, total: str
) -> None:
    found = told(run, f"instalment {line}")
    assert {name: found[name] for name in ("instalment", "last", "interest", "total")} == {
        "instalment": instalment,
        "last": last,
        "interest": interest,
        "total": total,
    }


def test_what_a_pause_costs_is_told_where_the_first_instalment_takes_it_along(run: Run) -> None:
    code, out, _ = run("instalment 10000 18.25 12 --pause-days 60")
    assert code == 0
    assert "First instalment: ¥1,217.99\n  其中暂停期间的利息 Interest of the pause in it: ¥300.00\n" in out
    for without in ("instalment 10000 18.25 12", "instalment 10000 0 12 --pause-days 60"):
        assert "pause" not in run(without)[1]


def test_the_schedule_has_a_row_a_month(run: Run) -> None:
    rows = told(run, "instalment 1000 12 3 --schedule")["schedule"]
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert rows[0] == {
        "number": 1,
        "amount": "340.02",
        "principal": "330.02",
        "interest": "10.00",
        "balance": "669.98",
    }
    code, out, _ = run("instalment 1000 12 3 --schedule")
    assert code == 0
    assert "¥669.98" in out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("over-cap 10000 200 4000", {"rate_percent": "24.00", "ceiling": "1315.07", "excess": "2684.93"}),
        ("over-cap 10000 200 1000", {"excess": "0.00"}),
        (
            "over-cap 10000 200 4000 --private-contract 2024-11-01",
            {"rate_percent": "12.40", "ceiling": "679.45", "excess": "3320.55"},
        ),
        ("penalty 10000 18.25 100", {"from": "650.00", "to": "750.00", "rate_from_percent": "23.725"}),
        ("penalty 10000 18.25 100 --misuse --year-days 360", {"from": "760.42", "to": "1013.89"}),
        ("double-interest 100000 365", {"interest": "6387.50"}),
        (
            "offers 1200 15000 8765.43 30000 4321 1200.01",
            {"offers": ["303.61", "177.41", "607.23", "87.46", "24.29"], "total": "1200.00"},
        ),
        ("deadline 2026-11-09 15", {"date": "2026-11-24", "shifted": False, "calendar_known": True}),
        ("deadline 2026-09-20 15", {"date": "2026-10-08", "shifted": True, "calendar_known": True}),
        ("deadline 2035-01-01 5", {"date": "2035-01-08", "shifted": True, "calendar_known": False}),
    ],
)
def test_other_figures_are_objects_too(run: Run, line: str, expected: dict[str, object]) -> None:
    found = told(run, line)
    assert {name: found[name] for name in expected} == expected
    code, out, err = run(line)
    assert (code, err) == (0, "")
    assert out.strip()


@pytest.mark.parametrize("carried", [True, False])
def test_a_figure_that_is_only_carried_on_says_so(carried: bool) -> None:
    pack = load_pack()
    (daily,) = pack.parameters["double_interest_daily"].values
    value = daily.model_copy(update={"carried": carried})
    said = "\n".join(arguments.sources(pack, [value]))
    assert ("请先核对最新公告" in said) is ("check the latest announcement" in said) is carried
    assert arguments.basis(pack, [value])[0]["carried"] is carried


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("court-fee -5", "AMOUNT: cannot be below 0"),
        ("court-fee NaN", 'AMOUNT: "NaN" is not an amount'),
        ("court-fee inf", 'AMOUNT: "inf" is not an amount'),
        ("court-fee 1.005", 'AMOUNT: "1.005" has more than two decimals'),
        ("court-fee 1e3", "AMOUNT"),
        ("court-fee n/a", "AMOUNT: give a number"),
        ("court-fee 9999999999999999999999", "AMOUNT: cannot be above"),
        ("court-fee 5 --procedure appeal", "--procedure: 'appeal' is none of ordinary, summary"),
        ("court-fee 5 --on 2007-03-31", "court fee has no table in force on 2007-03-31"),
        ("court-fee 5 --on tomorrow", '--on: "tomorrow" is not a date'),
        ("instalment 0 4 12", "PRINCIPAL: must be above 0"),
        ("instalment 100 -4 12", "RATE_PERCENT: cannot be below 0"),
        ("instalment 100 4.355 12", 'RATE_PERCENT: "4.355" has more than two decimals'),
        ("instalment 100 4 0", "MONTHS: cannot be below 1"),
        ("instalment 100 4 601", "MONTHS: cannot be above 600"),
        ("instalment 100 4 1.5", "MONTHS"),
        ("over-cap 100 1 5 --private-contract 2020-08-19", "older than 2020-08-20"),
        ("over-cap 100 1 5 --private-contract 2026-11-24 --on 2026-11-23", "check the year"),
        ("over-cap 100 -1 5", "DAYS: cannot be below 0"),
        ("penalty 100 4 3 --year-days 30", "--year-days: cannot be below 360"),
        ("offers 100 5 x", 'BALANCE: "x" is not an amount'),
        ("deadline 2026-02-30 15", "SERVED_ON"),
        ("deadline - 15", "SERVED_ON: give a date"),
        ("deadline 2026-02-03 0", "DAYS: cannot be below 1"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_2(run: Run, line: str, says: str) -> None:
    code, out, err = run(line)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert says in err


def test_the_command_is_there_for_scripts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "forbear", "calc", "instalment", "50000", "0", "60", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert json.loads(done.stdout)["total"] == "50000.00"
