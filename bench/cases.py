"""The cases that are measured: the samples' good rows, over and over, each with its own reference and amounts."""

import csv
import random
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "samples" / "cases.csv"


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
            row[amount] = f"{chance.randrange(1_000, 300_000)}.00" if row[amount] else ""
            writer.writerow(row)
