"""Garbled letters are known for what they are, and what people write is never taken for them."""

from rules.facts.notation.garbled import has_lost_letters, is_garbled

SAID = ("客户说想自杀", "张三", "一切正常，已联系", "备注：本人表示下月还款。")
READ = (("utf-8", "gb18030"), ("utf-8", "gbk"), ("utf-8", "cp1252"), ("utf-8", "latin-1"), ("gbk", "latin-1"))
LOST = ("客户\ufffd\ufffd自杀", "锟斤拷锟斤拷", "锘匡豢", "烫烫烫", "???", "??? 2026-01-01 ????", "鎯虫")
WRITTEN = (
    *(
        "什么情况????",
        "really???",
        "?",
        "",
        "联通",
        "café £5 “x”",
        "naïve Müller",
        "ÀÉ",
        "龘鱻䶮",
        "𠮷",
        "客户😀",
        "①②③√",
    ),
    *("¥12，000", "日本語テスト", "한국어", "Привет", "烫伤", "濮阳", "—…·", "ａｂｃ", *SAID),
)


def test_words_in_another_encoding_and_lost_letters_are_garbled() -> None:
    read = [said.encode(one).decode(other, "ignore") for said in SAID for one, other in READ]
    cut = [said.encode(one).decode(other, "replace").replace("\ufffd", "?") for said in SAID for one, other in READ]
    assert [text for text in (*read, *cut, *LOST) if not is_garbled(text)] == []


def test_what_people_write_is_not() -> None:
    assert [text for text in WRITTEN if is_garbled(text)] == []


def test_every_row_of_letters_and_every_run_counts() -> None:
    # Words whose letters all begin with one byte, or go on with the first that may follow.
    assert all(is_garbled(said.encode().decode("gb18030", "ignore")) for said in ("中中中中", "倒你倒你"))
    assert is_garbled("¿Í»§Ò")  # half a letter behind
    assert is_garbled("ÀÉÿÿ ¿Í»§")  # the second run
    assert is_garbled("ÀÉÏÿ") is False  # as far as it goes, not in part
    assert is_garbled("张三") is False


def test_a_name_with_a_question_mark_has_lost_a_letter() -> None:
    assert [text for text in ("??", "???", "李?", "?小明", "张?三") if not has_lost_letters(text)] == []
    assert [text for text in ("?", "", "李四", "Who?", "a?b") if has_lost_letters(text)] == []


def test_what_is_whole_in_the_other_encoding_and_what_has_chinese_in_it_is_garbled_each_by_itself() -> None:
    assert is_garbled("caf\u00c3\u00a9")  # whole, and no Chinese
    cut = "王五".encode()[:5].decode("cp1252", "ignore")
    assert cut.encode("cp1252").decode("utf-8", "ignore") == "王"  # half of the second letter is lost
    assert is_garbled(cut)
    assert is_garbled("caf\u00c3") is False  # half a letter, and no Chinese
