"""JSON lines and JSON lists, broken or not."""

import json
from pathlib import Path

import pytest

from forbear.intake import IntakeError, SeveralTablesError, read
from tests.support.case_files import HEADER, good, open_source, read_all, refs, write


def case(number: int, **others: object) -> dict[str, object]:
    """A good case as an object."""
    return dict(zip(HEADER, good(number), strict=True)) | others


def write_objects(folder: Path, ending: str, objects: list[object]) -> Path:
    """The same objects as either format has them."""
    texts = [json.dumps(item, ensure_ascii=False) for item in objects]
    return write(folder, f"cases{ending}", "\n".join(texts) if ending == ".jsonl" else f"[{', '.join(texts)}]")


both = pytest.mark.parametrize("ending", [".jsonl", ".json"])


@both
def test_objects_are_cases_and_columns_are_all_their_keys(tmp_path: Path, ending: str) -> None:
    objects: list[object] = [case(1), {"违规": ["hours", "visit"], "willing": True, **case(2)}, case(3, 年利率=18.25)]
    path = write_objects(tmp_path, ending, objects)
    assert read(path).columns == [*HEADER, "违规", "willing", "年利率"]
    accepted, rejected = read_all(path)
    assert (refs(accepted), rejected) == (["C-1", "C-2", "C-3"], [])
    assert accepted[1].facts["violations"] == ("hours", "visit")
    assert accepted[1].facts["willing"] is True
    assert accepted[2].facts["rate"] == 1825


@both
def test_numbers_are_read_as_written_and_impossible_ones_refused_by_field(tmp_path: Path, ending: str) -> None:
    marks = {"A": "12000.50", "B": "90.0", "C": "NaN", "D": "-Infinity", "E": "1e400", "F": "9" * 5_000, "G": "null"}
    path = write_objects(tmp_path, ending, [case(0, 余额=mark) for mark in marks])
    text = path.read_text()
    for mark, written in marks.items():
        text = text.replace(f'"{mark}"', written)
    path.write_text(text)
    found = [accepted.facts.get("balance") for accepted in read_all(_distinct(path))[0]]
    assert found == [1_200_050, 9_000, None]
    assert [row.field for row in read_all(path)[1]] == ["balance"] * 4


def _distinct(path: Path) -> Path:
    """The same file with a case reference of its own for each case."""
    parts = path.read_text().split('"C-0"')
    path.write_text("".join(f'{part}"C-{number}"' for number, part in enumerate(parts[:-1])) + parts[-1])
    return path


def test_a_broken_line_costs_itself_only_and_says_where_it_broke(tmp_path: Path) -> None:
    good_lines = [json.dumps(case(number)) for number in (1, 2)]
    path = write(tmp_path, "cases.jsonl", "\n".join([good_lines[0], '{"案件编号": "C-9" "产品"}', "", good_lines[1]]))
    accepted, rejected = read_all(path)
    assert [(row.row, row.case_ref) for row in accepted] == [(1, "C-1"), (4, "C-2")]
    assert [(row.row, row.field, row.cells[0]) for row in rejected] == [(2, "", '{"案件编号": "C-9" "产品"}')]
    assert "character 16" in rejected[0].en


@pytest.mark.parametrize("line", ["[" * 100_000, "3", '"text"', "[1, 2]", "null", "x" * 9_000_000])
def test_a_line_that_is_no_object_costs_itself_only(tmp_path: Path, line: str) -> None:
    path = write(tmp_path, "cases.jsonl", f"{line}\n{json.dumps(case(1))}\n")
    accepted, rejected = read_all(path)
    assert (refs(accepted), [row.row for row in rejected]) == (["C-1"], [1])


def test_an_element_that_is_no_object_costs_itself_only(tmp_path: Path) -> None:
    path = write_objects(tmp_path, ".json", [case(1), 3, "text", [1], None, case(2)])
    accepted, rejected = read_all(path)
    assert (refs(accepted), [(row.row, row.cells[0]) for row in rejected]) == (
        ["C-1", "C-2"],
        [(2, "3"), (3, "text"), (4, '["1"]'), (5, "null")],
    )


@both
def test_nested_values_nul_and_half_characters_are_refused_by_field(tmp_path: Path, ending: str) -> None:
    bad: list[object] = [case(1, 备注={"a": 1}), case(2, 备注="a\0"), case(3, 产品=["mortgage"]), case(4)]
    path = write_objects(tmp_path, ending, bad)
    path.write_text(path.read_text().replace("说明4", "\\ud83d"))
    accepted, rejected = read_all(path)
    assert accepted == []
    assert [(row.field, row.cells[-1]) for row in rejected] == [
        ("notes", '{"a": "1"}'),
        ("notes", "a\0"),
        ("product", "说明3"),
        ("notes", "\ufffd"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[]",
        "[",
        "{}",
        '{"case_ref": 1}',
        "[1, 2]",
        "[{}]",
        '[{"a": 1}',
        '[{"a": 1},]',
        '[{"a": 1} {"a": 2}]',
        '[{"a": 1}] x',
        "[{'a': 1}]",
        '[{"a": "' + "x" * 9_000_000 + '"}]',
        "[" * 1_000_000,
        "NaN",
        "a,b\n1,2\n",
    ],
)
def test_what_is_no_list_of_cases_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(IntakeError) as caught:
        read_all(write(tmp_path, "cases.json", text))
    assert "\n" not in caught.value.message


def test_a_list_longer_than_the_window_is_read_to_its_end(tmp_path: Path) -> None:
    objects: list[object] = [case(number, 附注="很长" * (number % 7) * 997) for number in range(1, 300)]
    for text in (json.dumps(objects), json.dumps(objects, ensure_ascii=False, indent=3)):
        accepted, rejected = read_all(write(tmp_path, "cases.json", "\ufeff" + text))
        assert (len(accepted), rejected) == (299, [])


@both
def test_objects_are_read_in_whatever_shape_they_are(tmp_path: Path, ending: str) -> None:
    two = [case(1), case(2)]
    shapes = [
        json.dumps(two),
        json.dumps(two, indent=2),
        "\n".join(map(json.dumps, two)),
        "\n".join(json.dumps(each, indent=2) for each in two),
        json.dumps({"code": 0, "data": two, "msg": "ok"}),
        json.dumps({"result": {"page": {"total": 2}, "list": two}}, indent=1),
        "\ufeff" + json.dumps({"data": two}),
    ]
    for text in shapes:
        accepted, rejected = read_all(write(tmp_path, f"cases{ending}", text))
        assert (refs(accepted), rejected) == (["C-1", "C-2"], []), text
    for text in (json.dumps(case(1)), json.dumps(case(1), indent=2)):
        assert refs(read_all(write(tmp_path, f"cases{ending}", text))[0]) == ["C-1"]


def test_what_is_around_a_list_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "cases.json", json.dumps({"code": 0, "data": [case(1)]}))
    assert [text.en for text in read(path).notices] == ["The list in 'data' was read; not used: 'code'."]


@both
@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ({key: {"0": value} for key, value in case(1).items()}, "by columns"),
        ({key: [value] for key, value in case(1).items()}, "by columns"),
        ({"columns": HEADER, "data": [good(1)]}, "by columns"),
        ({"0": case(1), "1": case(2)}, "by columns"),
        ({"本月": [case(1)], "上月": [case(2)]}, r"several lists in it .*: '本月', '上月'\. Choose one"),
    ],
)
def test_a_table_turned_on_its_side_and_several_lists_are_refused_by_what_they_are(
    tmp_path: Path, ending: str, shape: object, sentence: str
) -> None:
    for indent in (None, 2):
        with pytest.raises(IntakeError, match=sentence):
            open_source(write(tmp_path, f"cases{ending}", json.dumps(shape, indent=indent)))


def test_a_list_of_several_is_chosen_like_a_sheet(tmp_path: Path) -> None:
    shape = {"上月": [case(1)], "本月": [case(2), case(3)], "说明": [{"作者": "某某"}], "口径": "单位：万元"}
    path = write(tmp_path, "cases.json", json.dumps(shape, ensure_ascii=False, indent=1))
    with pytest.raises(SeveralTablesError) as several:
        open_source(path)
    assert several.value.sheets == ("上月", "本月")
    source = open_source(path, sheet="本月")
    assert (source.sheet, source.sheets) == ("本月", ("本月", "上月", "说明"))
    assert [row.cells[0] for row in source] == ["C-2", "C-3"]
    # What says the unit is used: it is not told as if it were not.
    assert [notice.en for notice in source.notices] == ["The list in '本月' was read; not used: '上月', '说明'."]
    assert source.titles == ("口径：单位：万元",)
    with pytest.raises(IntakeError, match=r"no list called '明年': it has '上月', '本月'"):
        open_source(path, sheet="明年")
    alone = write(tmp_path, "alone.json", json.dumps({"本月": [case(1)], "错误": [{"code": "7"}]}, indent=1))
    assert refs(read_all(alone)[0]) == ["C-1"]


@both
def test_a_key_twice_costs_its_object_only(tmp_path: Path, ending: str) -> None:
    path = write_objects(tmp_path, ending, [case(1), case(2)])
    path.write_text(path.read_text().replace('"逾期天数": "1"', '"逾期天数": "1", "逾期天数": "2"'))
    accepted, rejected = read_all(path)
    assert refs(accepted) == ["C-2"]
    assert [(row.field, row.zh) for row in rejected] == [
        ("逾期天数", "“逾期天数”在这个对象里出现了两次，不知道以哪个为准：请只保留一个。")
    ]


@both
@pytest.mark.parametrize(
    ("inside", "key"),
    [
        ('{"高": 1, "高": 2}', "家庭.高"),
        ('{"a": {"b": 1, "b": 1}}', "家庭.a.b"),
        ('[1, [{"b": 1, "b": 2}]]', "家庭.b"),
    ],
)
def test_a_key_twice_anywhere_inside_costs_the_whole_object(tmp_path: Path, ending: str, inside: str, key: str) -> None:
    path = write_objects(tmp_path, ending, [case(1), case(2)])
    path.write_text(path.read_text().replace('"逾期天数": "1"', f'"逾期天数": "1", "家庭": {inside}'))
    accepted, rejected = read_all(path)
    assert refs(accepted) == ["C-2"]
    assert [(row.field, f"“{key}”" in row.zh) for row in rejected] == [(key, True)]


def test_two_names_of_a_fact_are_one_column_where_no_object_has_both(tmp_path: Path) -> None:
    english = dict(zip(["case_ref", "product", "days_overdue", "balance", "notes"], good(2), strict=True))
    path = write_objects(tmp_path, ".jsonl", [case(1), english])
    assert open_source(path).columns == HEADER
    assert refs(read_all(path)[0]) == ["C-1", "C-2"]
    path = write_objects(tmp_path, ".jsonl", [case(1), {"案件编号": "C-3", **english}])
    assert "case_ref" in open_source(path).columns
