"""Header sets: the columns of public lists, what each of them is, and cells of our own for it."""

import csv
import datetime as dt
import io
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path

import yaml

from rules.facts.cells import Value

FOLDER = Path(__file__).parents[1] / "forbear" / "intake" / "headers"
AS_OF = dt.date(2026, 11, 1)
ROWS = 12
UNUSED = "-"
UNREADABLE = ("month_en", "ym", "flag", "int", "code")  # cells that no fact can be read from: Aug-2025, 202508, codes


@dataclass(frozen=True)
class Column:
    """A column: its header, what is right to make of it, and what its cells look like."""

    header: str
    right: frozenset[str | None]  # facts; None for a column that holds none
    cells: str

    @property
    def fact(self) -> str | None:
        """What it is used as."""
        return next((fact for fact in self.right if fact is not None), None)


@dataclass(frozen=True)
class HeaderSet:
    """The columns of one list, and where it is from."""

    name: str
    source: str
    columns: tuple[Column, ...]
    later: bool = False  # found once everything was tuned

    @property
    def held_out(self) -> bool:
        """Whether it is kept back while aliases and guesses are tuned: a third of the sources, by a hash."""
        return self.later or int(sha256(" ".join(self.source.split(" ", 2)[:2]).encode()).hexdigest()[:8], 16) % 3 == 0

    @cached_property
    def used(self) -> dict[str, str]:
        """The fact that each column is to be used as, none twice but notes; a column that says it too is left."""
        uses: dict[str, str] = {}
        for column in sorted(self.columns, key=lambda column: None in column.right):
            fact = column.fact
            if fact is not None and column.cells not in UNREADABLE and (fact == "notes" or fact not in uses.values()):
                uses[column.header] = fact
        return uses

    def meant(self) -> list[dict[str, Value]]:
        """The facts that stand in the rows, by the columns that are used, notes aside."""
        debts, used = self._debts(), self.used
        rows: list[dict[str, Value]] = [{} for _ in debts]
        for column in self.columns:
            fact = used.get(column.header)
            if fact is None or fact == "notes":
                continue
            for row, debt, cell in zip(rows, debts, self._cells(column), strict=True):
                if cell:
                    row[fact] = _ENUMS[fact][cell] if fact in _ENUMS else cell if column.cells in _TEXTS else debt[fact]
        return rows

    def _debts(self, which: str = "") -> list[dict[str, Value]]:
        return [_debt(random.Random(f"{self.name}{which} {row}"), row) for row in range(ROWS)]

    def table(self) -> list[list[str]]:
        """Rows of cells, always the same ones."""
        return [list(row) for row in zip(*map(self._cells, self.columns), strict=True)]

    def words(self, fact: str) -> dict[str, str]:
        """The words that stand in the column of a fact with a list of values, with what they mean."""
        used = self.used
        columns = (column for column in self.columns if used.get(column.header) == fact)
        return {word: _ENUMS[fact][word] for column in columns for word in self._cells(column)}

    def csv(self, path: Path, *, numbered: bool = False) -> Path:
        """The list as a file; with references of its own where it has nothing that tells its rows apart."""
        rows = [[column.header for column in self.columns], *self.table()]
        if numbered:
            rows = [["案件编号" if not at else f"{self.name}-{at}", *row] for at, row in enumerate(rows)]
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        path.write_text(text.getvalue(), "utf-8")
        return path

    def _cells(self, column: Column) -> list[str]:
        made = random.Random(f"{self.name} {column.header}")
        fact = column.fact
        if fact is None or fact == "notes" or column.cells in _TEXTS or column.cells in UNREADABLE:
            return _cells(column.cells or "free", made)
        if fact in _ENUMS:
            return [made.choice(_WORDS[column.cells or fact].split("|")) for _ in range(ROWS)]
        debts = self._debts("" if column.header in self.used else " beside")
        return [_written(fact, debt[fact], column.cells) for debt in debts]


@cache
def header_sets() -> tuple[HeaderSet, ...]:
    """All of them."""
    files = sorted(FOLDER.glob("*.yaml"))
    return tuple(_set(data) for path in files for data in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader))


def _set(data: dict[str, str]) -> HeaderSet:
    columns = tuple(_column(text.strip()) for text in data["columns"].split("; "))
    return HeaderSet(data["set"], data["source"], columns, later="later" in data)


def _column(text: str) -> Column:
    header, _, said = text.rpartition("=")
    use, _, cells = said.partition(":")
    fact = use.removesuffix("?")
    if fact == UNUSED:
        return Column(header, frozenset({None}), cells)
    return Column(header, frozenset({fact, None}) if use.endswith("?") else frozenset({fact}), cells)


# What words of values mean.
_ENUMS: dict[str, dict[str, str]] = {
    "product": {
        "信用卡": "credit_card",
        "消费贷": "bank_consumer",
        "房贷": "mortgage",
        "车贷": "car_loan",
        "网贷": "online_platform",
        "房貸": "mortgage",
        "車貸": "car_loan",
        "信用貸款": "bank_consumer",
        "mortgage": "mortgage",
        "credit card": "credit_card",
        "car loan": "car_loan",
        "personal loan": "bank_consumer",
    },
    "legal_stage": {"未起诉": "none", "已起诉": "complaint_served", "已判决": "judgment", "执行中": "enforcement"},
}
_HUNDREDTHS = ("balance", "principal", "monthly_due", "income_monthly", "annual_rate_percent")
_TEXTS = (
    "account",
    "card",
    "hash",
    "phone_tw",
    "id_tw",
    "lender_en",
    "city_en",
    "company",
    "cityname",
    "ref",
    "blank",
    "free",
)


def _debt(made: random.Random, row: int) -> dict[str, Value]:
    """One debt that could be: nothing in it contradicts another."""
    days = made.randint(1, 400)
    due = AS_OF - dt.timedelta(days)
    balance = 100 * made.randint(3_000, 90_000) + made.randint(0, 99)
    born = dt.date(made.randint(1960, 2000), made.randint(1, 12), made.randint(1, 28))
    return {
        "case_ref": f"{made.choice('ABCH')}T{made.randint(10**7, 10**8)}{row:02}",
        "borrower_ref": f"KH{made.randint(10**6, 10**7)}",
        "name": made.choice(_SURNAMES) + "".join(made.choices(_GIVEN, k=made.randint(1, 2))),
        "phone": f"1{made.choice('35789')}{made.randint(0, 10**9 - 1):09}",
        "id_number": re.sub(r"(?<=^.{6}).{8}", f"{born:%Y%m%d}", _id(made)),
        "product": made.choice(list(_ENUMS["product"].values())),
        "lender": made.choice(("测试银行", "测试消费金融公司", "测试小贷公司")),
        "days_overdue": days,
        "due_date": due,
        "last_interruption": AS_OF - dt.timedelta(made.randint(0, days)),
        "contract_date": due - dt.timedelta(made.randint(100, 900)),
        "last_due_date": AS_OF + dt.timedelta(made.randint(30, 900)),
        "balance": balance,
        "principal": balance * made.randint(70, 95) // 100,
        "monthly_due": balance // made.randint(10, 30),
        "annual_rate_percent": made.randint(400, 2390),
        "income_monthly": 100 * made.randint(2_000, 12_000),
        "age": AS_OF.year - born.year - ((AS_OF.month, AS_OF.day) < (born.month, born.day)),
        "city": made.choice(("石家庄", "长沙", "广州", "成都", "杭州")),
        "legal_stage": made.choice(list(_ENUMS["legal_stage"].values())),
        "repaid_on": AS_OF,
    }


def _written(fact: str, value: Value, cells: str) -> str:
    """A value as such a list writes it."""
    if isinstance(value, dt.date):
        return f"{value:{_DAYS.get(cells, '%Y-%m-%d')}}"
    if cells == "frac" and isinstance(value, int):
        return f"0.{value:04}"
    if fact in _HUNDREDTHS and isinstance(value, int):
        return f"{value // 100}.{value % 100:02}" + ("%" if cells == "pct" else "")
    return str(value)


_DAYS = {"date_us": "%m/%d/%Y", "date_uk": "%d/%m/%Y", "datetime": "%Y-%m-%d 10:30:00"}
_WORDS = {
    "sex": "男 女",
    "idtype": "身份证",
    "word": "甲类 乙类 丙类 待定 一级 二级",
    "province": "河北 湖南 广东 四川",
    "cityname": "石家庄 长沙 广州 成都",
    "kin": "配偶 父亲 母亲 朋友 同事",
    "yes": "是 否",
    "yn": "Y N",
    "flag": "0 1 2",
    "currency": "人民币",
    "grade": "A1 A2 B1 B3 C2",
    "code": "AX BY CZ DW",
    "status_en": "Current Late Closed",
    "sex_en": "Male Female",
    "product": "信用卡|消费贷|房贷|车贷|网贷",
    "legal_stage": "未起诉|已起诉|已判决|执行中",
    "product_tw": "信用卡|房貸|車貸|信用貸款",
    "product_en": "mortgage|credit card|car loan|personal loan",
    "bank": "甲银行某支行|乙银行某支行|丙农商行营业部",
    "lender_en": "Test Bank|Test Finance Company|Sample Credit Union",
    "company": "某某商贸有限公司|某某科技公司|某某门店",
    "court": "某某地方法院",
    "address": "某省某市某区某路1号|某县某镇某村三组|某市某街道某小区2栋501",
    "address_en": "1 Test Street|22 Sample Road|Flat 3, Example House",
    "city_en": "Gaborone Leeds Springfield",
    "text": "alpha beta gamma delta",
    "firstname": "Test Sample Example",
    "term_en": "36 months|60 months",
    "month_en": "Aug-2025 Sep-2025 Dec-2025 Mar-2026",
    "free": "客户说下月发工资后先还一部分，态度好。|电话无人接听，短信已发，约定周五再打。|"
    "本人称失业半年，靠家人接济，希望分期。",
    "url": "https://files.example.org/1.jpg",
}
_SURNAMES, _GIVEN = "赵钱孙李周吴郑王冯陈", "伟芳娜敏静强磊洋艳勇军杰"


def _date(made: random.Random) -> str:
    return f"{made.randint(2024, 2026)}-{made.randint(1, 12):02}-{made.randint(1, 28):02}"


def _id(made: random.Random) -> str:
    born = dt.date(made.randint(1960, 2000), made.randint(1, 12), made.randint(1, 28))
    return f"{made.randint(110101, 659004)}{born:%Y%m%d}{made.randint(0, 9999):04}"


_MADE: dict[str, Callable[[random.Random], str]] = {
    "ref": lambda made: f"{made.choice('ABCH')}T{made.randint(10**7, 10**8)}",
    "int": lambda made: str(made.randint(1, 60)),
    "score": lambda made: str(made.randint(550, 800)),
    "name": lambda made: made.choice(_SURNAMES) + "".join(made.choices(_GIVEN, k=made.randint(1, 2))),
    "phone": lambda made: f"1{made.choice('35789')}{made.randint(0, 10**9 - 1):09}",
    "phone_tw": lambda made: f"09{made.randint(0, 10**8 - 1):08}",
    "tel": lambda made: f"0{made.randint(10, 899)}-{made.randint(2 * 10**6, 9 * 10**7)}",
    "id": _id,
    "id_tw": lambda made: f"A{made.randint(10**8, 3 * 10**8 - 1)}",
    "date": _date,
    "datetime": lambda made: f"{_date(made)} {made.randint(8, 19):02}:{made.randint(0, 59):02}:00",
    "time": lambda made: f"{made.randint(8, 19):02}:{made.randint(0, 59):02}:00",
    "date_us": lambda made: f"{made.randint(1, 12):02}/{made.randint(13, 28)}/{made.randint(2020, 2025)}",
    "date_uk": lambda made: f"{made.randint(13, 28)}/{made.randint(1, 12):02}/{made.randint(2020, 2025)}",
    "ym": lambda made: f"{made.randint(2024, 2026)}{made.randint(1, 12):02}",
    "dom": lambda made: str(made.randint(1, 28)),
    "money": lambda made: f"{made.randint(200, 90000)}.{made.randint(0, 99):02}",
    "income_year": lambda made: str(made.randint(40000, 200000)),
    "rate": lambda made: f"{made.randint(4, 23)}.{made.randint(1, 9)}",
    "pct": lambda made: f"{made.randint(4, 23)}.{made.randint(10, 99)}%",
    "frac": lambda made: f"0.{made.randint(4, 35):02}",
    "multiple": lambda made: made.choice(("1.3", "1.5", "2")),
    "days": lambda made: str(made.randint(1, 400)),
    "age": lambda made: str(made.randint(20, 70)),
    "term": lambda made: made.choice(("12", "24", "36", "60")),
    "card": lambda made: f"62170013****{made.randint(1000, 9999)}",
    "account": lambda made: f"80{made.randint(10**14, 10**15 - 1)}",
    "last4": lambda made: f"{made.randint(0, 9999):04}",
    "qq": lambda made: str(made.randint(10**8, 10**9)),
    "zip": lambda made: str(made.randint(100000, 799999)),
    "plate": lambda made: f"测A{made.randint(10000, 99999)}",
    "email": lambda made: f"user{made.randint(1, 999)}@example.org",
    "hash": lambda made: f"{made.getrandbits(128):032x}",
    "blank": lambda made: "",
}


def _cells(kind: str, made: random.Random) -> list[str]:
    if kind == "no":
        return [str(number) for number in range(1, ROWS + 1)]
    if kind in _WORDS:
        words = _WORDS[kind].split("|" if "|" in _WORDS[kind] else " ")
        return [made.choice(words) for _ in range(ROWS)]
    return [_MADE[kind](made) for _ in range(ROWS)]
