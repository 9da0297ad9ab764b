"""The three files that are measured, each case with its own reference: by advisers, by a lender, by nobody.

`sample`: the samples' good rows, over and over, with other amounts. `loan_tape`: what a lender's system knows of its
loans, so few facts of many cases, in few values. `unrepeated`: nearly every fact drawn by itself, so that nothing that
is asked of one case was asked of another.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from forbear.intake import Accepted, rows
from rules.loading import loader
from rules.pack.pack import Pack
from tests.support.packs import random_cases

SAMPLES: Final = Path(__file__).parents[2] / "samples" / "cases.csv"
Row: TypeAlias = dict[str, str]
_TAPE: Final[
    Mapping[str, tuple[str, tuple[int, ...]]]
] = {  # the type of lender, and the limits that it grants, in yuan
    "credit_card": ("bank", (5_000, 10_000, 20_000, 30_000, 50_000, 80_000)),
    "bank_consumer": ("bank", (30_000, 50_000, 100_000, 200_000)),
    "consumer_finance": ("consumer_finance", (3_000, 5_000, 10_000, 20_000)),
    "online_platform": ("microloan", (1_000, 3_000, 5_000, 10_000)),
    "car_loan": ("bank", (60_000, 80_000, 120_000)),
}


def write(path: Path, count: int, prefix: str, file: str) -> None:
    """Write `count` cases of one of the FILES that intake accepts. The same arguments give the same file."""
    FILES[file](path, count, prefix)


def _sample(path: Path, count: int, prefix: str) -> None:
    chance = random.Random(prefix)
    with SAMPLES.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or [])
        good = [row for row in reader if None not in row and None not in row.values()]
    reference, borrower, amount = "案件编号", "借款人编号", "欠款余额"
    phone, id_number = "手机号", "身份证号"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for number in range(count):
            row = dict(chance.choice(good))
            row[reference] = f"{prefix}-{number:07}"
            row[borrower] += f"-{prefix}-{number // len(good)}"  # or every borrower would have dozens of debts
            # By these a person is known too, so every borrower has its own.
            person = random.Random(row[borrower])
            row[phone] = f"1{person.randrange(3_000_000_000, 10_000_000_000)}" if row[phone] else ""
            row[id_number] = f"900000{person.randrange(10**11, 10**12)}" if row[id_number] else ""
            if row[amount]:
                _owing(row, chance.randrange(1_000, 300_000))
            writer.writerow(row)


def _owing(row: Row, balance: int) -> None:
    """Give a row another balance, and its other sums of money in proportion: they are held against one another."""
    before = abs(_number(row["欠款余额"]) or balance)
    owed = {name: _number(row[name]) for name in ("本金", "每月应还")}
    for name, sum_of_money in owed.items():
        row[name] = "" if sum_of_money is None else f"{min(balance, round(abs(sum_of_money) * balance / before))}.00"
    row["息费合计"] = f"{balance - int(float(row['本金']))}.00" if row["息费合计"] and row["本金"] else ""
    row["欠款余额"] = f"{balance}.00"


def _number(cell: str) -> float | None:
    try:
        return float(cell.replace(",", "").removeprefix("¥"))
    except ValueError:
        return None


def _loan_tape(path: Path, count: int, prefix: str) -> None:
    chance = random.Random(prefix)
    _write_accepted(path, count, prefix, iter(lambda: _loan(chance), None))


def _loan(chance: random.Random) -> Row:
    product = chance.choices(list(_TAPE), (45, 20, 15, 15, 5))[0]
    lender_type, limits = _TAPE[product]
    principal = chance.choice(limits) * 100 * chance.randint(4, 20) // 20  # in twentieths of the limit
    days = chance.choices((0, 15, 30, 45, 60, 90, 120, 180, 360, 720), (20, 8, 18, 8, 12, 12, 8, 7, 5, 2))[0]
    rate = chance.choice((720, 1_080, 1_460, 1_825, 2_400))
    charges = principal * rate * days // (365 * 10_000)
    return {
        "product": product,
        "lender_type": lender_type,
        "days_overdue": str(days),
        "hardship": "none_stated",
        "balance": _yuan(principal + charges),
        "principal": _yuan(principal),
        "interest_fees": _yuan(charges),
        "monthly_due": _yuan(principal // chance.choice((12, 24, 36))),
        "annual_rate_percent": _yuan(rate),
        "contract_date": (random_cases.AS_OF - dt.timedelta(days=days + 30 * chance.randint(2, 40))).isoformat(),
        "city": chance.choice(("成都", "深圳", "厦门", "长沙", "郑州")),
    }


def _unrepeated(path: Path, count: int, prefix: str) -> None:
    pack = loader.load(loader.DEFAULT_PACK)
    seed = random.Random(prefix).randrange(2**32)
    drawn = (case for more in itertools.count(seed) for case in random_cases.cases(more, count))
    _write_accepted(path, count, prefix, (_cells(pack, case) for case in drawn))


def _cells(pack: Pack, facts: Mapping[str, Any]) -> Row:
    """Facts as they are submitted: yuan, percent, days, yes and no."""
    return {
        name: _cell(pack, name, value)
        for name, value in facts.items()
        if name != "note_flags" and not pack.vocabulary.facts[name].derived
    }


def _cell(pack: Pack, name: str, value: Any) -> str:
    if pack.vocabulary.facts[name].type in ("money", "rate"):
        return _yuan(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, tuple) else str(value)


def _yuan(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _write_accepted(path: Path, count: int, prefix: str, drawn: Iterator[Row]) -> None:
    """The first so many that are taken, with references of their own: what is doubted would be measured as fast."""
    pack = loader.load(loader.DEFAULT_PACK)
    taken: list[Row] = []
    while len(taken) < count:
        some = list(itertools.islice(drawn, count))
        numbered = [{**row, "case_ref": f"{prefix}-{len(taken) + at:07}"} for at, row in enumerate(some)]
        _write(path, numbered)
        accepted = {row.case_ref for row in rows(path, pack.vocabulary) if isinstance(row, Accepted)}
        taken += [row for row in numbered if row["case_ref"] in accepted]
    _write(path, [{**row, "case_ref": f"{prefix}-{at:07}"} for at, row in enumerate(taken[:count])])


def _write(path: Path, cases: list[Row]) -> None:
    columns = list(dict.fromkeys(name for row in cases for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(cases)


FILES: Final[Mapping[str, Callable[[Path, int, str], None]]] = {
    "sample": _sample,
    "loan_tape": _loan_tape,
    "unrepeated": _unrepeated,
}
