"""The cases that are measured: the samples' good rows, over and over, each with its own reference and amounts."""

import csv
import random
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "samples" / "cases.csv"


def write(path: Path, count: int, prefix: str) -> None:
    """Write `count` cases that intake accepts. The same count and prefix give the same file."""
    chance = random.Random(prefix)
    with SAMPLES.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or [])
        rows = [row for row in reader if None not in row and None not in row.values()]
    reference, borrower, amount = "案件编号", "借款人编号", "欠款余额"
    phone, id_number = "手机号", "身份证号"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for number in range(count):
            row = dict(chance.choice(rows))
            row[reference] = f"{prefix}-{number:07}"
            row[borrower] += f"-{prefix}-{number // len(rows)}"  # or every borrower would have dozens of debts
            # By these a person is known too, so every borrower has its own.
            person = random.Random(row[borrower])
            row[phone] = f"1{person.randrange(3_000_000_000, 10_000_000_000)}" if row[phone] else ""
            row[id_number] = f"900000{person.randrange(10**11, 10**12)}" if row[id_number] else ""
            if row[amount]:
                _owing(row, chance.randrange(1_000, 300_000))
            writer.writerow(row)


def _owing(row: dict[str, str], balance: int) -> None:
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
