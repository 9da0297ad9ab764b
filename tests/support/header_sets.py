"""Header sets: the columns of public lists, what each of them is, and cells of our own for it."""

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import yaml

FOLDER = Path(__file__).parents[1] / "forbear" / "intake" / "headers"
ROWS = 12
UNUSED = "-"


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

    @property
    def held_out(self) -> bool:
        """Whether nobody looks at it while aliases and guesses are tuned: a third of the sources, by a hash of their name."""
        return int(sha256(" ".join(self.source.split(" ", 2)[:2]).encode()).hexdigest()[:8], 16) % 3 == 0

    def table(self) -> list[list[str]]:
        """Rows of cells, always the same ones."""
        made = [_cells(column.cells, random.Random(f"{self.name} {column.header}")) for column in self.columns]
        return [list(row) for row in zip(*made, strict=True)]

    def csv(self, path: Path) -> Path:
        """The list as a file."""
        text = io.StringIO()
        csv.writer(text).writerows([[column.header for column in self.columns], *self.table()])
        path.write_text(text.getvalue(), "utf-8")
        return path


@cache
def header_sets() -> tuple[HeaderSet, ...]:
    """All of them."""
    return tuple(_set(data) for path in sorted(FOLDER.glob("*.yaml")) for data in yaml.safe_load(path.read_text("utf-8")))


def _set(data: dict[str, str]) -> HeaderSet:
    columns = tuple(_column(text.strip()) for text in data["columns"].split("; "))
    return HeaderSet(data["set"], data["source"], columns)


def _column(text: str) -> Column:
    header, _, said = text.rpartition("=")
    use, _, cells = said.partition(":")
    fact = use.removesuffix("?")
    if fact == UNUSED:
        return Column(header, frozenset({None}), cells)
    right = frozenset({fact, None}) if use.endswith("?") else frozenset({fact})
    return Column(header, right, cells or _OF_FACT.get(fact, "date"))


_OF_FACT = {
    "case_ref": "ref",
    "borrower_ref": "ref",
    "name": "name",
    "phone": "phone",
    "id_number": "id",
    "balance": "money",
    "principal": "money",
    "monthly_due": "money",
    "income_monthly": "money",
    "annual_rate_percent": "rate",
    "days_overdue": "days",
    "age": "age",
    "city": "city",
    "product": "product",
    "legal_stage": "stage",
    "lender": "lender",
    "notes": "free",
}
_WORDS = {
    "sex": "男 女",
    "idtype": "身份证",
    "word": "甲类 乙类 丙类 待定 一级 二级",
    "province": "河北 湖南 广东 四川",
    "cityname": "石家庄 长沙 广州 成都",
    "city": "石家庄 长沙 广州 成都 杭州",
    "kin": "配偶 父亲 母亲 朋友 同事",
    "yes": "是 否",
    "yn": "Y N",
    "flag": "0 1 2",
    "currency": "人民币",
    "grade": "A1 A2 B1 B3 C2",
    "code": "AX BY CZ DW",
    "status_en": "Current Late Closed",
    "sex_en": "Male Female",
    "product": "信用卡 消费贷 房贷 车贷 网贷",
    "product_tw": "信用卡 房貸 車貸 信用貸款",
    "product_en": "mortgage|credit card|car loan|personal loan",
    "stage": "未起诉 已起诉 已判决 执行中",
    "bank": "甲银行某支行|乙银行某支行|丙农商行营业部",
    "lender": "测试银行|测试消费金融公司|测试小贷公司",
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
    "free": "客户说下月发工资后先还一部分，态度好。|电话无人接听，短信已发，约定周五再打。|本人称失业半年，靠家人接济，希望分期。",
    "url": "https://files.example.org/1.jpg",
}
_SURNAMES, _GIVEN = "赵钱孙李周吴郑王冯陈", "伟芳娜敏静强磊洋艳勇军杰"


def _date(made: random.Random) -> str:
    return f"{made.randint(2024, 2026)}-{made.randint(1, 12):02}-{made.randint(1, 28):02}"


def _id(made: random.Random) -> str:
    return f"{made.randint(110101, 659004)}19{made.randint(60, 99)}{made.randint(1, 12):02}{made.randint(1, 28):02}{made.randint(0, 9999):04}"


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
    "card": lambda made: f"62{made.randint(10**16, 10**17 - 1)}",
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
