"""Signs of danger: each sentence is weighed by itself, what weighed is told, and patterns, denials and grades hold."""

from itertools import pairwise

import pytest

from rules.facts.phrases.signs import LONGEST, classes_of_words, fills_clause, sentences
from rules.facts.reading import plain
from rules.facts.red_flags import NoteMatch, matches, scan
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.pack import Pack
from tests.support.packs.tiny_pack import FILES, errors, tiny

SHIPPED = load(DEFAULT_PACK)
FLAGS = """
self_harm:
  title: {zh: 自伤, en: Self-harm}
  danger: {kind: self_harm, grade: explicit, asks: in_danger}
  words: [跳楼]
  denied_as: maybe
maybe:
  title: {zh: 可能, en: Maybe}
  danger: {kind: self_harm, grade: possible, asks: in_danger}
  words: [很累]
violence: {title: {zh: 暴力, en: Violence}, danger: {kind: violence, grade: explicit, asks: in_danger}, words: [围殴]}
harm: {title: {zh: 可能被打, en: Harm}, danger: {kind: violence, grade: possible, asks: in_danger}, words: [害怕]}
scam: {title: {zh: 骗局, en: Scam}, words: [AB贷]}
"""
# A sentence of four letters counts as nine, whose root is three.
SIGNS = """
possible: {raised_from: 10, weights: {40: "墓地 kill_me", 90: "绳子 打断", -60: "降价 游戏"}}
explicit: {raised_from: 20, weights: {70: "绳子 打断", -60: "降价 游戏"}}
harmless_below: -5
kinds:
  self_harm: {weights: {30: "绳子 墓地 kill_me"}}
  violence: {weights: {30: "打断"}}
"""
FACTS = "  in_danger: {type: bool, title: {zh: 有危险, en: In danger}, question: {zh: 有危险吗？, en: In danger?}}\n"


PHRASES = "classes: {rope: [绳子, 绳]}\nof_danger: [rope]\n"


def pack(signs: str | None = SIGNS, flags: str = FLAGS, phrases: str | None = PHRASES) -> Pack:
    return tiny({**changed(flags), "signs.yaml": signs, "phrases.yaml": phrases})


def changed(flags: str = FLAGS) -> dict[str, str | None]:
    facts = FILES["facts.yaml"].replace("facts:\n", f"facts:\n{FACTS}", 1)
    return {"red_flags.yaml": flags, "facts.yaml": facts}


PACK = pack()


def pieces(text: str) -> set[str]:
    return {piece for sentence in sentences(plain(text), {}) for piece in sentence.pieces}


def test_a_piece_is_up_to_three_letters_marks_or_latin_words() -> None:
    assert pieces("活着，累") == {
        "活",
        "着",
        "累",
        "，活",
        "活着",
        "着，",
        "，累",
        "累，",
        "，活着",
        "活着，",
        "着，累",
        "，累，",
    }
    assert pieces("Kill me") == {"kill", "me", "，kill", "kill_me", "me，", "，kill_me", "kill_me，"}


def test_a_sentence_is_weighed_by_itself() -> None:
    assert scan(PACK, "买了绳子") == ("self_harm",)
    assert scan(PACK, "看了墓地") == ("maybe",)
    assert scan(PACK, "买了面包") == ()
    calm = "今天发了工资，先还两期。" * 40
    assert scan(PACK, f"{calm}买了绳子。{calm}") == ("self_harm",)  # a long note does not thin it out
    assert scan(PACK, "看了墓地。" * 40) == ("maybe",)  # nor does it add up
    assert scan(PACK, "今天一早就在家门口的小店里买了绳子") == ("maybe",)  # within a sentence it does


def test_a_long_sentence_is_weighed_in_parts_and_all_of_it() -> None:
    text = plain("，".join(f"第{number}件事情说完了" for number in range(60)))
    parts = [sentence.place for sentence in sentences(text, {})]
    assert all(part.end - part.start <= LONGEST for part in parts)
    assert parts[0].start == 0
    assert parts[-1].end == len(text)
    assert all(later.start < earlier.end for earlier, later in pairwise(parts))
    unbroken = [sentence.place for sentence in sentences("字" * 1000, {})]
    assert {at for part in unbroken for at in range(part.start, part.end)} == set(range(1000))
    assert scan(PACK, "，".join(["今天发了工资"] * 30 + ["买了绳子"] + ["先还两期"] * 30)) == ("maybe",)


def test_fifty_letters_are_weighed_together_and_no_more() -> None:
    assert LONGEST == 50
    for mark in ("", "，"):
        lengths = [len(list(sentences("字" * (number - 20 - len(mark)) + mark + "字" * 20, {}))) for number in (50, 51)]
        assert lengths == [1, 2]


def test_a_long_sentence_is_cut_at_a_mark_in_its_second_half() -> None:
    first, second = (part.place for part in sentences(f"{'字' * 30}，{'字' * 30}", {}))
    assert (first.start, first.end, second.end) == (0, 30, 61)


def test_a_part_begins_at_a_mark_in_the_first_half_of_the_one_before() -> None:
    places = [part.place for part in sentences(f"{'字' * 15}，{'字' * 15}，{'字' * 30}", {})]
    assert [(place.start, place.end) for place in places] == [(0, 31), (16, 62)]


def test_no_more_than_four_pieces_are_told() -> None:
    weights = SIGNS.replace(
        '70: "绳子 打断"', '70: "绳子", 71: "红甲甲", 72: "黄乙乙", 73: "蓝丙丙", 74: "绿丁丁", 75: "紫戊戊"'
    )
    told = matches(pack(weights), "红甲甲到黄乙乙到蓝丙丙到绿丁丁到紫戊戊")
    assert [match.words for match in told] == ["黄乙乙", "蓝丙丙", "绿丁丁", "紫戊戊"]


def test_words_fill_a_clause_where_nothing_but_marks_stands_beside_them() -> None:
    text = "绳子，绳子。字绳子"
    assert [fills_clause(text, start, start + 2) for start in (0, 3, 7)] == [True, True, False]
    assert [fills_clause("字绳子", 1, 3), fills_clause("绳子字", 0, 2), fills_clause("，绳子", 1, 3)] == [
        False,
        False,
        True,
    ]


def _weighing(explicit: int, possible: int, phrases: str | None = None) -> Pack:
    """A pack in which a rope weighs so much, without a word of danger."""
    signs = SIGNS.replace('90: "绳子 打断"', f'{possible}: "绳子"').replace('70: "绳子 打断"', f'{explicit}: "绳子"')
    return pack(signs, phrases=phrases)


@pytest.mark.parametrize(("weight", "flags"), [(60, ("self_harm",)), (59, ("maybe",))])
def test_danger_is_explicit_from_its_weight_on(weight: int, flags: tuple[str, ...]) -> None:
    assert scan(_weighing(weight, 30), "绳子没了") == flags


@pytest.mark.parametrize(("weight", "flags"), [(30, ("maybe",)), (29, ())])
def test_danger_is_possible_from_its_weight_on(weight: int, flags: tuple[str, ...]) -> None:
    assert scan(_weighing(1, weight), "绳子没了") == flags


@pytest.mark.parametrize(("weight", "flags"), [(32, ("scam", "self_harm")), (31, ("maybe", "scam"))])
def test_beside_something_else_a_crisis_needs_a_word_or_the_weight_of_danger_of_any_grade(
    weight: int, flags: tuple[str, ...]
) -> None:
    assert scan(_weighing(70, weight), "AB贷绳子") == flags
    assert scan(_weighing(70, weight, PHRASES), "AB贷绳子") == ("scam", "self_harm")


def test_alone_a_crisis_needs_no_more_than_that_nothing_speaks_against_danger() -> None:
    assert scan(_weighing(70, 1), "绳子没了") == ("self_harm",)
    assert scan(_weighing(70, -1), "绳子没了") == ("maybe",)
    neutral = SIGNS.replace('90: "绳子 打断"', '90: "打断"')
    assert scan(pack(neutral, phrases=None), "绳子没了") == ("self_harm",)


def test_the_kind_that_weighs_most_is_raised() -> None:
    assert scan(PACK, "打断了腿") == ("violence",)
    assert scan(PACK, "kill me") == ("maybe",)


CLASSES = """
classes: {rope: [绳子, 麻绳, 绳], beam: [房梁]}
of_danger: [rope]
"""


def test_classes_of_words_weigh_each_and_any_two_of_them() -> None:
    words = {"rope": ("绳子", "麻绳", "绳", "rope", "x"), "beam": ("房梁",), "long": ("三股粗绳子",)}
    of = classes_of_words(words)  # a letter and a long word tell none, a Latin word of any length does
    assert of == {"绳子": ("rope",), "麻绳": ("rope",), "rope": ("rope",), "房梁": ("beam",)}
    (sentence,) = sentences(plain("房梁上的麻绳和绳子"), of)
    assert sentence.pieces - sentence.written == {"<rope>", "<beam>", "<beam+rope>"}
    (other,) = sentences(plain("房梁上的绳"), of)
    assert other.pieces - other.written == {"<beam>"}


def test_a_class_inside_another_tells_both() -> None:
    assert classes_of_words({"rope": ("麻绳",), "thing": ("<rope>", "房梁")}) == {
        "麻绳": ("rope", "thing"),
        "房梁": ("thing",),
    }


def test_a_sentence_of_new_words_is_found_by_their_classes_and_its_own_words_are_shown() -> None:
    signs = SIGNS.replace('90: "绳子 打断"', '90: "<beam+rope>"').replace('70: "绳子 打断"', '70: "<beam+rope>"')
    assert scan(pack(signs, phrases=CLASSES), "买了麻绳") == ()
    assert matches(pack(signs, phrases=CLASSES), "房梁麻绳") == (NoteMatch("self_harm", "房梁麻绳", lowered=False),)


def test_a_flag_that_a_pattern_raises_weighs_in_its_sentence() -> None:
    signs = SIGNS.replace('90: "绳子 打断"', '90: "{scam}"').replace('70: "绳子 打断"', '70: "{scam}"')
    assert scan(pack(signs), "办AB贷") == ("scam", "self_harm")
    assert scan(pack(signs), "办AB贷。买了绳子") == ("scam", "self_harm")
    assert scan(pack(signs), "买了绳子") == ()
    calm = signs.replace("harmless_below: -5", "harmless_below: -5\nshortest: 4")
    assert scan(pack(calm), "AB贷。都谈好了") == ("scam",)  # only in its own


def test_for_a_grade_the_heaviest_of_its_kinds_is_added() -> None:
    kinds = 'of_kind: {self_harm: {weights: {40: "绳子"}}, violence: {base: 1, weights: {}}}'
    own = f'{{raised_from: 20, weights: {{30: "绳子 打断"}}, {kinds}}}'
    signs = SIGNS.replace('{raised_from: 20, weights: {70: "绳子 打断", -60: "降价 游戏"}}', own)
    assert scan(pack(signs), "买了绳子") == ("self_harm",)  # 30 and 40 by three
    assert scan(pack(signs), "打断了腿") == ("harm",)  # 30 by three and 1
    assert matches(pack(signs), "买了绳子")[0].words == "绳子"


def test_the_words_that_weighed_most_are_told() -> None:
    assert matches(PACK, "买了绳 子") == (NoteMatch("self_harm", "绳 子", lowered=False),)


def test_pieces_that_mean_nothing_are_not_shown() -> None:
    assert matches(pack(phrases=None), "买了绳子") == (NoteMatch("self_harm", "买了绳子", lowered=False),)
    assert matches(PACK, "今天打断一条腿。走了") == (NoteMatch("violence", "今天打断一条腿", lowered=False),)
    long = pack(
        SIGNS.replace('90: "绳子 打断"', '90: "绳子 打断腿 断腿，"').replace('70: "绳子 打断"', '70: "绳子 打断腿"')
    )
    assert [match.words for match in matches(long, "今天打断腿，走了")] == ["打断腿"]


def test_without_a_word_of_danger_letters_make_no_crisis_where_something_else_is_told() -> None:
    wordless = pack(phrases=None)
    assert scan(wordless, "绳子不见了") == ("self_harm",)
    assert scan(wordless, "AB贷绳子") == ("scam", "self_harm")  # it weighs as danger of any grade too
    signs = SIGNS.replace('90: "绳子 打断"', '20: "绳子"')
    little = pack(signs, phrases=None)
    assert scan(little, "绳子") == ("self_harm",)
    assert scan(little, "AB贷绳子") == ("maybe", "scam")
    assert scan(pack(signs), "AB贷绳子") == ("scam", "self_harm")  # a word of danger
    assert scan(little, "AB贷。绳子") == ("scam", "self_harm")  # each sentence by itself
    assert scan(little, "很累绳子") == ("self_harm",)  # what is possible already is nothing else


def test_without_a_word_of_danger_letters_make_no_crisis_where_more_speaks_against_danger() -> None:
    against = SIGNS.replace('-60: "降价 游戏"', '-60: "降价 游戏 汇款"', 1).replace('70: "绳子', '70: "汇款 绳子')
    assert scan(pack(against), "汇款单据") == ("maybe",)
    assert scan(pack(against), "汇款AB贷") == ("scam",)
    assert scan(pack(against), "汇款买绳") == ("self_harm",)


def test_classes_of_words_of_danger_must_be_there() -> None:
    assert errors({**changed(), "phrases.yaml": "of_danger: [ropes]\n"}) == [
        "phrases.yaml: of_danger[0]: unknown class of words 'ropes'; allowed: none"
    ]


def test_a_denial_lowers_signs_too() -> None:
    assert scan(PACK, "没有绳子") == ("maybe",)
    assert matches(PACK, "没有绳子") == (NoteMatch("self_harm", "绳子", lowered=True),)


def test_patterns_come_first() -> None:
    assert matches(PACK, "绳子跳楼") == (NoteMatch("self_harm", "跳楼", lowered=False),)
    assert matches(PACK, "没有跳楼，绳子") == (
        NoteMatch("self_harm", "跳楼", lowered=True),
    )  # signs do not raise it again
    assert matches(PACK, "墓地，很累") == (NoteMatch("maybe", "很累", lowered=False),)
    assert scan(PACK, "很累，绳子") == ("self_harm",)  # what is graver is said all the same


def test_what_looks_harmless_is_lowered_and_never_silent() -> None:
    assert matches(PACK, "降价跳楼") == (NoteMatch("self_harm", "跳楼", lowered=True),)
    assert scan(PACK, "降价跳楼") == ("maybe",)
    assert scan(PACK, "降价了。我要跳楼") == ("self_harm",)  # the sentence decides
    assert scan(PACK, "游戏里很累") == ("maybe",)  # what is only possible stays
    assert matches(PACK, "游戏里围殴") == (NoteMatch("violence", "围殴", lowered=True),)
    assert scan(PACK, "降价，跳楼") == ("self_harm",)  # words that stand by themselves are meant
    assert scan(PACK, "降价AB贷") == ("scam",)  # signs judge danger alone


def test_latin_words_are_not_lowered_by_what_looks_harmless_around_them() -> None:
    both = pack(flags=FLAGS.replace("words: [跳楼]", "words: [跳楼, suicide]"))
    for words, lowered in (("跳楼", True), ("suicide", False)):
        found = matches(both, f"降价游戏降价{words}游戏降价游戏")
        assert [(each.flag, each.lowered) for each in found] == [("self_harm", lowered)], words


def test_a_pack_without_signs_goes_by_patterns() -> None:
    assert scan(pack(None), "买了绳子") == ()
    assert scan(pack(None), "降价跳楼") == ("self_harm",)
    assert scan(pack(SIGNS.replace("harmless_below: -5\n", "")), "降价跳楼") == ("self_harm",)


def test_signs_that_cannot_be_raised_are_refused() -> None:
    no_flag = SIGNS.replace("  violence:", "  theft:")
    assert errors({**changed(), "signs.yaml": no_flag}) == [
        "signs.yaml: kinds.theft: no red flag tells of explicit danger of this kind; add one, or take the kind out",
        "signs.yaml: kinds.theft: no red flag tells of possible danger of this kind; add one, or take the kind out",
    ]
    twice = SIGNS.replace('-60: "降价 游戏"', '-60: "降价 游戏 墓地"')
    assert errors({**changed(), "signs.yaml": twice}) == ["signs.yaml: possible: 墓地 is weighed 2 times; keep one"]
    unknown = SIGNS.replace("绳子 打断", "绳子 <rope+ropes> <beam>")
    assert errors({**changed(), "signs.yaml": unknown, "phrases.yaml": PHRASES}) == [
        f"signs.yaml: {name}: unknown class of words {each!r}; make the signs anew"
        for name in ("possible", "explicit")
        for each in ("beam", "ropes")
    ]
    flag = SIGNS.replace("绳子 打断", "绳子 {scam} {gone}")
    assert errors({**changed(), "signs.yaml": flag}) == [
        f"signs.yaml: {name}: unknown red flag 'gone'; make the signs anew" for name in ("possible", "explicit")
    ]
    empty = SIGNS.split("kinds:")[0] + "kinds: {}\n"
    assert errors({**changed(), "signs.yaml": empty}) == [
        "signs.yaml: kinds: is empty; write the kinds of danger that the signs tell of"
    ]


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("催收说再不还就要他好看", {"violence"}),
        ("备注：跳楼，请核实", {"self_harm"}),
        ("这次降价简直是跳楼", set()),  # a turn of speech
        ("最近没有轻生念头", {"self_harm_possible"}),
        ("本周五发工资后还款两千，请备注", set()),
    ],
)
def test_the_shipped_signs(text: str, flags: set[str]) -> None:
    danger = {name for name, flag in SHIPPED.red_flags.items() if flag.danger}
    assert set(scan(SHIPPED, text)) & danger == flags


@pytest.mark.parametrize(
    "text",
    [
        "网上刷单被骗四万，已经报警，民警让等。",
        "有自称网警的人加微信说能追回来，要先交百分之十保证金",
        "自称派出所的人打电话，今天不转八千到他个人账户就来抓人",
        "派出所来电让他去做笔录，银行卡被人拿去走账了",
        "银行客服说再不还就移交公安，让今天之内转到指定账户",
    ],
)
def test_fraud_police_and_bank_are_no_crisis(text: str) -> None:
    grades = {sign.grade for flag in scan(SHIPPED, text) if (sign := SHIPPED.red_flags[flag].danger)}
    assert "explicit" not in grades


def test_the_shipped_signs_are_few_enough_to_be_kept_with_the_pack() -> None:
    assert len(SHIPPED.files["signs.yaml"]) < 1_000_000
