"""Headers: a name, and what stands beside it or above the table."""

import pytest

from forbear.intake.headers import Around, HeaderReading, Names, Refusal, meaning
from rules.facts.notation.units import OWN, Unit
from rules.loading.loader import DEFAULT_PACK, load
from rules.locale.word_lists import word_lists

VOCABULARY = load(DEFAULT_PACK).vocabulary
NAMES = Names(VOCABULARY)


def of(header: str) -> HeaderReading:
    found = NAMES.of(header)
    assert found is not None, header
    return found


def column(header: str, *titles: str) -> Unit | Refusal:
    found = of(header)
    assert found.sure
    return meaning(VOCABULARY.facts[found.facts[0]], found, Around(tuple(titles)))


@pytest.mark.parametrize(
    ("header", "fact", "shift"),
    [
        ("欠款余额（万元）", "balance", 4),
        ("欠款余额/万元", "balance", 4),
        ("欠款余额-万元", "balance", 4),
        ("欠款余额_万元", "balance", 4),
        ("欠款余额万元", "balance", 4),
        ("欠款余额【万元】", "balance", 4),
        ("（万元）欠款余额", "balance", 4),
        ("欠款余额\n（单位：千元）", "balance", 3),
        ("欠款餘額（萬元）", "balance", 4),
        ("Balance (CNY 10,000)", "balance", 4),
        ("Balance (RMB'000)", "balance", 3),
        ("欠款余额（元）", "balance", 0),
        ("余额 Balance", "balance", 0),
        ("月收入（元/月）", "income_monthly", 0),
        ("月收入（税后，千元）", "income_monthly", 3),
        ("年利率（‰/年）", "annual_rate_percent", -1),
        ("年利率（小数）", "annual_rate_percent", 2),
        ("年利率%", "annual_rate_percent", 0),
        ("逾期天数（天）", "days_overdue", 0),
        ("1.案件编号*（必填）", "case_ref", 0),
        ("案件编号(case_ref)", "case_ref", 0),
        ("应还款日(yyyy-mm-dd)", "due_date", 0),
        ("案件\u00ad编\u200b号", "case_ref", 0),
        ("案件編號", "case_ref", 0),
        ("逾期天數", "days_overdue", 0),
    ],
)
def test_a_header_is_a_name_with_its_unit(header: str, fact: str, shift: int) -> None:
    assert of(header).facts == (fact,)
    found = column(header)
    assert isinstance(found, Unit)
    assert found.shift == shift


@pytest.mark.parametrize(
    "header",
    [
        "欠款余额（美元）",
        "Balance (USD)",
        "欠款余额（%）",
        "月收入（年）",
        "月收入（元/年）",
        "Monthly income (per year)",
        "每月应还（元/日）",
        "逾期天数（期）",
        "逾期天数（个月）",
        "年利率（日）",
        "年利率（月）",
        "年利率（‰）",
        "年利率‰",
        "年利率（倍）",
        "年利率（%/月）",
        "年龄（月）",
    ],
)
def test_a_unit_that_is_none_of_the_fact_is_refused_by_its_header(header: str) -> None:
    found = column(header)
    assert isinstance(found, Refusal)
    assert header in found.text.zh
    assert header in found.text.en


@pytest.mark.parametrize(
    "header",
    [
        "手机号（联系人）",
        "联系人手机号",
        "姓名（配偶）",
        "身份证号（担保人）",
        "Phone (spouse)",
        "月收入（配偶）",
        "余额（截至10月）",
        "身份证号（后四位）",
        "放款机构（代码）",
        "本金(元)/剩余",
        "x" * 200,
        "",
        "（万元）",
        "万元",
    ],
)
def test_a_name_with_words_that_nobody_can_read_or_of_somebody_else_is_no_name(header: str) -> None:
    assert NAMES.of(header) is None


@pytest.mark.parametrize(
    "header", ["申请日期", "最后还款日", "还款日期", "到期日期", "还款日", "编号", "id", "reference", "原因"]
)
def test_a_header_that_may_mean_something_else_is_only_proposed(header: str) -> None:
    assert not of(header).sure
    assert not of(f"{header}（必填）").sure


@pytest.mark.parametrize(
    ("titles", "shift"),
    [
        (("逾期名单（单位：万元）",), 4),
        (("某某机构", "单位：千元"), 3),
        (("金额单位：人民币百万元",), 6),
        (("(in thousands of yuan)",), 3),
        (("Unit: RMB 10,000",), 4),
        (("以万元计",), 4),
        (("单位：万元、%、天",), 4),
        (("单位：元",), 0),
        (("制表单位：某某公司", "2026年11月"), 0),
        ((), 0),
    ],
)
def test_a_unit_above_the_table_is_that_of_its_amounts(titles: tuple[str, ...], shift: int) -> None:
    found = column("欠款余额", *titles)
    assert isinstance(found, Unit)
    assert found.shift == shift
    beside, days = column("欠款余额（元）", *titles), column("逾期天数", *titles)
    assert isinstance(beside, Unit)
    assert isinstance(days, Unit)
    assert (beside.shift, days.shift) == (0, 0)


def test_what_stands_above_is_refused_where_it_cannot_be_applied() -> None:
    assert isinstance(column("欠款余额", "单位：美元"), Refusal)
    assert isinstance(column("欠款余额", "单位：万元", "单位：千元"), Refusal)
    assert isinstance(column("逾期天数", "单位：美元"), Unit)


def test_every_header_is_known_in_traditional_characters() -> None:
    lists = word_lists("scripts")
    pairs = zip("".join(lists["simplified"]), "".join(lists["traditional"]), strict=True)
    traditional = {ord(simple): other for simple, other in pairs}
    for name, fact in VOCABULARY.facts.items():
        for header in () if fact.derived else (fact.title.zh, *fact.aliases):
            assert of(header.translate(traditional)).facts[0] == name


@pytest.mark.parametrize(
    ("title", "shift"),
    [
        ("填报单位：某某中心  金额单位：万元", 4),
        ("单位：万元 制表日期：2026-11", 4),
        ("本表金额均以万元为单位", 4),
        ("金额：万元", 4),
        ("单位 万元", 4),
        ("万元", 4),
        ("注：以上金额单位为万元", 4),
        ("RMB'000", 3),
        ("单位：千元（人民币）", 3),
        ("除特别注明外，金额单位：千元", 3),
        ("填报单位：某某中心  金额单位：千元", 3),
        ("共计500万元债务清单", 0),
        ("单位电话：010-1234", 0),
    ],
)
def test_a_unit_above_the_table_is_found_in_whatever_words(title: str, shift: int) -> None:
    found = column("欠款余额", title)
    assert isinstance(found, Unit)
    assert found.shift == shift


@pytest.mark.parametrize(
    "title",
    [
        *("幣別：新臺幣", "本表以港币列示", "金额请按万元折算", "Figures (HKD m)", "一律填万元"),
        *("授信额度单位：千元", "月供单位：千元", "备注：除欠款余额外，金额单位：千元"),  # of something else
    ],
)
def test_a_unit_above_the_table_that_is_another_or_not_understood_refuses_amounts(title: str) -> None:
    assert isinstance(column("欠款余额", title), Refusal)
    assert column("欠款余额（元）", title) != OWN
    assert column("逾期天数", title) == OWN


def test_two_units_in_one_header_are_none() -> None:
    for header in ("欠款余额（万元）（元）", "欠款余额（万元/元）"):
        assert isinstance(column(header), Refusal), header
    for header in ("欠款余额（人民币）（万元）", "欠款余额（人民币，万元）"):
        assert isinstance(found := column(header), Unit)
        assert found.shift == 4


@pytest.mark.parametrize("header", ["已还本金", "已还本金（元）", "Principal repaid", "repaid principal"])
def test_what_was_repaid_at_any_time_is_asked_about(header: str) -> None:
    found = of(header)
    assert found.facts == ("principal_repaid_since",)
    assert not found.sure


@pytest.mark.parametrize(
    "header", ["月供（合计）", "欠款余额（合计）", "月供（合计，元）", "Balance (all)", "Monthly payment (total)"]
)
def test_a_total_is_not_taken_for_that_of_this_debt(header: str) -> None:
    found = NAMES.of(header)
    assert found is None or not found.sure


@pytest.mark.parametrize(
    ("header", "around", "refused"),
    [
        ("逾期天数", Around(below=("填逾期月数",)), True),
        ("月收入", Around(below=("请填全年收入",)), True),
        ("年利率", Around(below=("月利率",)), True),
        ("逾期天数", Around(aside=("逾期天数按月，金额为元",)), True),
        ("逾期天数", Around(titles=("逾期三个月以上客户名单", "2026年10月 逾期天数明细表")), False),
        ("逾期天数", Around(below=("截至月末的天数",)), False),
        ("欠款余额", Around(below=("含本金和利息",)), False),
    ],
)
def test_another_period_in_a_comment_or_said_of_the_column_is_asked_about(
    header: str, around: Around, refused: bool
) -> None:
    found = of(header)
    assert isinstance(meaning(VOCABULARY.facts[found.facts[0]], found, around), Refusal) is refused
