"""Every text of a case is searched, and a heading that asks for a danger is answered by its cell."""

import pytest

from rules.facts.case_facts import reader
from rules.facts.cells import CellError
from rules.facts.red_flags import scan_all
from rules.facts.texts import texts_in, texts_of
from rules.loading.loader import DEFAULT_PACK, load

PACK = load(DEFAULT_PACK)


def flags(**given: dict[str, object]) -> tuple[str, ...]:
    parts: list[dict[str, object]] = [given.get(name, {}) for name in ("facts", "private", "others")]
    return scan_all(PACK, texts_of(PACK, *parts))


@pytest.mark.parametrize("fact", ["case_ref", "borrower_ref", "lender", "city"])
def test_danger_in_a_text_that_rules_may_see_is_found(fact: str) -> None:
    assert "self_harm" in flags(facts={fact: "K1 他说不想活了"})


@pytest.mark.parametrize("fact", ["name", "phone", "id_number", "notes"])
@pytest.mark.parametrize("text", ["13812345678 他说不想活了", "不想活了", "he wants to kill himself"])
def test_danger_in_a_sealed_text_is_found(fact: str, text: str) -> None:
    assert "self_harm" in flags(private={fact: text})


def test_names_and_numbers_are_no_words() -> None:
    private = {"name": "孙伟", "phone": "13812345678", "id_number": "11010119900307123X"}
    assert list(texts_of(PACK, {"case_ref": "FB-1", "borrower_ref": None}, dict(private), {})) == []


@pytest.mark.parametrize("header", ["自杀风险", "suicide risk", "家暴", "self-harm risk level"])
@pytest.mark.parametrize("cell", ["高", "中", "high", "medium", "有过", "三级", "2", "曾发生", "去年有一次", "是"])
def test_a_grade_under_a_header_of_danger_raises_it(header: str, cell: str) -> None:
    raised = flags(private={"notes": header})
    assert raised
    assert set(raised) <= set(flags(others={header: cell}))


@pytest.mark.parametrize(
    "cell", ["", "无", "否", "none", "No", "低", "low", "Very low", "N/A", "不详", "—", "0", "未发现", "否认"]
)
@pytest.mark.parametrize("header", ["自杀风险", "suicide risk", "家暴"])
def test_a_cell_that_says_there_is_none_does_not(header: str, cell: str) -> None:
    assert flags(others={header: cell}) == ()


@pytest.mark.parametrize(
    ("header", "cell", "texts"),
    [
        ("自杀风险", "是", ["自杀风险"]),
        ("等级", " yes ", ["等级"]),
        ("自杀风险", "高", ["高", "自杀风险"]),
        ("等级", " 高 ", ["高"]),
        ("自杀风险", "无", []),
    ],
)
def test_a_yes_is_its_header_and_a_grade_of_danger_both(header: str, cell: str, texts: list[str]) -> None:
    assert list(texts_in(PACK, header, cell)) == texts


def test_a_name_has_at_most_three_letters_and_a_number_at_most_three_latin_ones() -> None:
    private: dict[str, object] = {"name": "欧阳自杀", "phone": "138 abc", "id_number": "11 abcd"}
    assert list(texts_of(PACK, {}, private, {})) == ["欧阳自杀", "11 abcd"]
    assert list(texts_of(PACK, {}, {"name": "孙自杀", "notes": "死"}, {})) == ["死"]


def test_other_headers_are_no_text() -> None:
    assert flags(others={"经办人": "李四", "等级": "高"}) == ()


@pytest.mark.parametrize("fact", ["borrower_ref", "name", "lender", "notes"])
@pytest.mark.parametrize("cell", ["同上", "〃", "Ditto", "same as above"])
def test_what_points_to_the_row_above_is_no_text(fact: str, cell: str) -> None:
    with pytest.raises(CellError, match="points to the row above"):
        reader(PACK.vocabulary.facts[fact])(cell)


@pytest.mark.parametrize("cell", ["无", "没有", "none", "暂无", "未编号", "0", "000000"])
def test_what_all_have_in_common_is_nobodys_number(cell: str) -> None:
    facts = PACK.vocabulary.facts
    assert [reader(facts[name])(cell) for name in ("borrower_ref", "phone", "id_number")] == [None, None, None]
    # Two cases of 无 would be one; 0 may be that of the first row of a data frame.
    assert reader(facts["case_ref"])(cell) == (cell if cell.isdigit() else None)


def test_letters_that_were_lost_are_no_name() -> None:
    for cell in ("??", "李?"):
        with pytest.raises(CellError, match="letters that were lost"):
            reader(PACK.vocabulary.facts["name"])(cell)
    assert reader(PACK.vocabulary.facts["notes"])("怎么办??") == "怎么办??"
