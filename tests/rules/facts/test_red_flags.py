"""Words of alarm are found however they are typed, told as they stand, and nobody argues with them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts.reading import bare
from rules.facts.red_flags import NoteMatch, RedFlagMatch, matches, red_flag_matches, scan, scan_case, sentence
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.packs.tiny_pack import edited, errors, tiny

PACK = tiny()
SHIPPED = load(DEFAULT_PACK)
WORDS = [(flag, word) for flag, entry in SHIPPED.red_flags.items() for word in entry.words]
NEGATIONS = (
    "没有",
    "没",
    "不",
    "无",
    "并非",
    "从未",
    "否认",
    "没有任何",
    "no ",
    "not ",
    "never ",
    "without ",
    "denies ",
)
# What the catalogue of red flags names, whatever else the pack adds.
TRIGGERS = {
    "third_party_contact": "打给老板 打到单位 called_my_boss calling_my_colleagues",
    "self_harm": "不想活 轻生 自杀 结束生命 跳楼 遗书 活不下去 烧炭 割腕 suicide end_my_life 自殺 輕生 活够了",
    "domestic_violence": "家暴 打孩子 家庭暴力 虐待 child_abuse",
    "child_or_sick": "孩子没人管 孩子没饭吃 老人没人管",
    "violence": "上门堵 泼漆 殴打 非法拘禁 威胁家人 P图 群发通讯录 潑漆 毆打",
    "scam_offered": (
        "停息挂账代办 债务优化 征信修复 征信洗白 征信铲单 铲单 反催收联盟 内部渠道 先交费 先交保证金 交保证金 "
        "网银U盾 代投诉 伪造病历 伪造贫困证明 走流水 AB贷 垫资过桥"
    ),
    "scam_agent": "交出手机卡 交出身份证 交出验证码 交出网银U盾",
    "legal_papers": "传票 起诉状 支付令 执行通知 拍卖",
    "suit_papers": "传票 起诉状 支付令 执行通知 判决书",
    "fake_legal_papers": "短信律师函 短信法院传票 点击链接 私人账户",
    "criminal_threat": "信用卡诈骗要坐牢 信用卡诈骗 坐牢",
    "police_contact": "经侦 派出所打电话 police_called",
    "identity_theft": "不是我借的 被冒名 身份证丢失 not_my_loan 身份證丟失",
    "debt_sold": "债权转让 卖给资产公司 debt_sold",
    "long_silence": "三年没催 3年没联系 时效已过",
    "assisted_channel": "未成年 监护人 残疾证 不识字",
    "new_borrowing": "以贷养贷 再借一笔还 AB贷",
    "gambling": "赌 网赌 赌博 gambling",
    "evidence_tampering": "假病历 PS流水 伪造病历",
    "asset_hiding": "转移财产 假离婚",
    "data_overcollection": "身份证正反面 上传通讯录 contact_list both_sides_of_id",
}


@pytest.mark.parametrize(
    "notes",
    [
        "最近不想活了",
        "没有不想活的念头",  # negation is for a person to judge
        "不 想\n活",
        "不\u200b想活",
        "不*想*活",
        "不-想·活",
        "不\u0301想\ufe0f活",
        "我想 END  MY LIFE",
        "end-my_life",
        "endmylife",
        "ｅｎｄ ｍｙ ｌｉｆｅ",
        "i'd rather end my lifelong debt",  # widely: the beginning of a word is enough
        "就是end my life",
    ],
)
def test_danger_is_found(notes: str) -> None:
    assert scan(PACK, notes) == ("self_harm",)


@pytest.mark.parametrize(
    "notes", ["", "失业，想分期", "weekend my life", "end my wife's loan", "不想，活着", "不想。活着"]
)
def test_calm_notes_raise_nothing(notes: str) -> None:
    assert scan(PACK, notes) == ()


def test_several_flags_come_in_alphabetical_order() -> None:
    assert scan(PACK, "不想活，又碰到 ab 贷") == ("scam", "self_harm")


def test_a_pack_with_other_words_finds_those() -> None:
    other = tiny(edited("red_flags.yaml", "words: [AB贷]", "words: [过桥]"))
    assert scan(other, "AB贷过桥") == ("scam",)
    assert scan(PACK, "过桥") == ()


def test_what_follows_at_once_can_take_an_alarm_back() -> None:
    assert [match.words for match in matches(SHIPPED, "催收打孩子的老师，还打孩子电话")] == ["打孩子"]
    assert scan(SHIPPED, "催收天天打孩子 电话") == ()
    assert scan(SHIPPED, "请假证明") == ()
    assert scan(SHIPPED, "中介给的假证明，还有请假证明") == ("evidence_tampering",)
    assert [SHIPPED.red_flags["self_harm"].not_before, SHIPPED.red_flags["self_harm"].not_after] == [(), ()]


@pytest.mark.parametrize(
    "notes",
    [
        "issued a written offer",
        "APP图标打不开",
        "一直被打扰",
        "申请被打回",
        "it hits my budget",
        "打老婆电话",
        "有病假证明和请假证明",
        "做流水线工人",
        "两个未成年子女",
        "没有借过其他平台",
        "手续中断手续费",
        "补发身份证",
        "借钱还不上",
    ],
)
def test_ordinary_notes_that_look_like_an_alarm_raise_none(notes: str) -> None:
    assert scan(SHIPPED, notes) == ()


@pytest.mark.parametrize(
    ("flag", "word"), [(flag, word.replace("_", " ")) for flag, words in TRIGGERS.items() for word in words.split()]
)
def test_every_trigger_of_the_catalogue_is_found(flag: str, word: str) -> None:
    assert flag in scan(SHIPPED, f"备注：{word}，请核实")


def test_the_catalogue_has_every_flag() -> None:
    """Flags that are found by patterns alone have their sentences in the corpus (tests/policy/cases/test_corpus.py)."""
    assert set(TRIGGERS) == {name for name, flag in SHIPPED.red_flags.items() if flag.words}


@given(st.sampled_from(WORDS), st.text(max_size=30), st.text(max_size=30))
def test_a_word_is_found_in_the_middle_of_anything(entry: tuple[str, str], before: str, after: str) -> None:
    flag, word = entry
    assert flag in scan(SHIPPED, f"{before}，{word}。{after}")


@given(st.sampled_from(WORDS), st.lists(st.sampled_from(["", " ", "\n", "*", "·", "-", "\u200b", "\u00ad", "\u0301"])))
def test_a_word_is_found_whatever_stands_between_its_letters(entry: tuple[str, str], between: list[str]) -> None:
    flag, word = entry
    if word.isascii():
        typed = word.replace(" ", "".join(between) or " ")
    else:
        gaps = [*between, *[""] * len(word)]
        typed = "".join(letter + gap for letter, gap in zip(word, gaps, strict=False))
    assert flag in scan(SHIPPED, f"，{typed}，")


@given(st.sampled_from(NEGATIONS), st.sampled_from(WORDS), st.text(max_size=20))
def test_negation_never_silences(negation: str, entry: tuple[str, str], before: str) -> None:
    """Danger is possible then, and asked about; elsewhere the flag of denials stands in, for a person."""
    flag, word = entry
    notes = f"{before}，{negation}{word}"
    assert [match for match in matches(SHIPPED, notes) if match.flag == flag]
    raised = scan(SHIPPED, notes)
    assert flag in raised or SHIPPED.red_flags[flag].denied_as in raised
    assert {each.flag for each in red_flag_matches(SHIPPED, raised, matches(SHIPPED, notes))} == set(raised)


@pytest.mark.parametrize(
    ("notes", "flags"),
    [
        ("没有收到法院传票", ("denied_mention",)),
        ("没有被起诉", ("denied_mention",)),
        ("no lawsuit so far", ("denied_mention",)),
        ("没有被起诉，但今天收到传票", ("legal_papers", "suit_papers")),  # one place that is not denied is enough
        ("没有轻生念头", ("self_harm_possible",)),
        ("没有威胁家人", ("violence_possible",)),
        ("没有家暴", ("domestic_violence_possible",)),
        ("没有赌博，没有收到传票", ("denied_mention",)),
        ("没有赌博，想一了百了", ("denied_mention", "self_harm")),
    ],
)
def test_what_is_denied_is_asked_about_and_decides_nothing(notes: str, flags: tuple[str, ...]) -> None:
    assert scan(SHIPPED, notes) == flags


@pytest.mark.parametrize("joining", ["和", "或者 ", "and ", "、"])
def test_words_that_follow_nothing_are_joined_to_no_denial(joining: str) -> None:
    assert [each.lowered for each in matches(tiny(), f"{joining}AB贷")] == [False]
    assert [each.lowered for each in matches(tiny(), f"没有AB贷{joining}AB贷")] == [True, True]


def test_a_denial_holds_for_all_that_is_joined_to_it() -> None:
    def lowered(notes: str) -> list[bool]:
        return [each.lowered for each in matches(SHIPPED, notes) if each.flag == "legal_papers"]

    assert lowered("没有收到任何传票或支付令") == [True, True]
    assert lowered("没有收到传票，支付令昨天到了") == [True, False]
    told = [each.lowered for each in matches(SHIPPED, "没有伪造过任何假病历") if each.flag == "evidence_tampering"]
    assert told == [True]


@pytest.mark.parametrize(
    "notes", ["they threatened my parents and painted our door", "the collector called my boss", "催收打电话给我单位了"]
)
def test_pressure_on_relatives_and_at_work_is_found_in_both_languages(notes: str) -> None:
    assert set(scan(SHIPPED, notes)) & {"violence", "third_party_contact"}


def test_the_words_of_a_denial_are_shown_with_it() -> None:
    notes = "没有赌博，没有收到传票"
    (alarm,) = red_flag_matches(SHIPPED, scan(SHIPPED, notes), matches(SHIPPED, notes))
    assert (alarm.flag, set(alarm.words), alarm.negated) == ("denied_mention", {"赌博", "收到传票"}, True)


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("不想活endmyliAB贷 *-，。没"), max_size=40))
def test_the_words_told_stand_in_the_notes(notes: str) -> None:
    found = matches(PACK, notes)
    assert {match.flag for match in found} == set(scan(PACK, notes))
    for match in found:
        assert bare(match.words) in bare(notes)
        assert match.words == " ".join(match.words.split())
        assert not any(unicodedata.category(letter) in ("Cf", "Cc") for letter in match.words)


def test_words_are_told_as_they_were_typed() -> None:
    notes = "他说ＡＢ 贷，还想 End\u200b  my\nLife"
    assert matches(PACK, notes) == (NoteMatch("scam", "ＡＢ 贷", False), NoteMatch("self_harm", "End my Life", False))


def test_words_that_overlap_are_one_place() -> None:
    assert [match.words for match in matches(SHIPPED, "想死了算了，想死")] == ["想死了算了", "想死"]


def test_a_flag_is_possibly_negated_only_if_every_place_is() -> None:
    notes = "没有轻生，后来又说想轻生、没有自杀"
    found = matches(SHIPPED, notes)
    assert [(match.words, match.lowered) for match in found] == [("轻生", True), ("轻生", False), ("自杀", True)]
    assert red_flag_matches(SHIPPED, ("self_harm",), found) == (RedFlagMatch("self_harm", ("轻生", "自杀"), False),)
    assert red_flag_matches(SHIPPED, ("self_harm",), found[:1]) == (RedFlagMatch("self_harm", ("轻生",), True),)


@pytest.mark.parametrize(
    ("facts", "notes", "flags"),
    [
        ({"dependant_at_risk": True}, "", ("child_or_sick",)),
        ({"dependant_at_risk": True}, "奶粉换成了米粉", ("child_or_sick",)),
        ({"dependant_at_risk": False}, "奶粉换成了米粉", ("child_or_sick_possible",)),
        ({}, "", ()),
        ({"violence": True}, "", ()),  # a rule looks at that fact itself
    ],
)
def test_want_is_told_by_the_fact_that_asks_about_it_too(
    facts: dict[str, bool], notes: str, flags: tuple[str, ...]
) -> None:
    assert scan_case(load(DEFAULT_PACK), facts, [notes]) == flags


@pytest.mark.parametrize(
    ("notes", "flags"),
    [
        ("孩子好几天没怎么吃东西", ("child_or_sick",)),
        ("我妈好几天没怎么吃药了", ("child_or_sick",)),
        ("停在小区的车给贷后公司拖走，要两万才放", ("repossession",)),
        ("对方说交三万才放人", ("violence",)),
        ("婆婆不给孩子饭吃", ("domestic_violence",)),
    ],
)
def test_want_a_car_and_violence_are_told_apart(notes: str, flags: tuple[str, ...]) -> None:
    assert scan(load(DEFAULT_PACK), notes) == flags


def test_alarms_come_as_the_pack_lists_them_the_gravest_first() -> None:
    flags = scan(SHIPPED, "网赌，AB贷，家暴，轻生")
    assert flags == ("domestic_violence", "gambling", "new_borrowing", "nominee_loan", "scam_offered", "self_harm")
    told = red_flag_matches(SHIPPED, flags, ())
    assert [alarm.flag for alarm in told] == [
        "self_harm",
        "domestic_violence",
        "scam_offered",
        "nominee_loan",
        "new_borrowing",
        "gambling",
    ]


def test_a_flag_whose_words_are_not_at_hand_is_still_told() -> None:
    (alarm,) = red_flag_matches(PACK, ("scam",), ())
    assert alarm == RedFlagMatch("scam", (), False)
    assert (sentence(PACK, alarm, "zh"), sentence(PACK, alarm, "en")) == ("骗局", "Scam")


def test_an_alarm_in_words_says_that_it_may_be_denied() -> None:
    alarm = RedFlagMatch("self_harm", ("不想活", "end my life"), True)
    assert sentence(PACK, alarm, "zh") == "自伤：“不想活”、“end my life”（可能并非本意，请人工核实）"
    assert (
        sentence(PACK, alarm, "en") == 'Self-harm: "不想活", "end my life" (may not be meant this way; a person checks)'
    )


@pytest.mark.parametrize("blank", ['" "', '"--"', '"\u200b"', '"*·"'])
@pytest.mark.parametrize("key", ["words", "not_before", "not_after"])
def test_a_word_that_would_be_found_everywhere_is_refused(key: str, blank: str) -> None:
    others = "" if key == "words" else "words: [AB贷], "
    [error] = errors(edited("red_flags.yaml", "words: [AB贷]", f"{others}{key}: [AB, {blank}]"))
    assert f"{key}[1]: is blank and would be found in all notes" in error


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("{fact: hardship, one_of: [job_loss, theft]}", "answered_by[0].one_of: 'theft' is no answer to hardship"),
        ("{fact: theft}", "answered_by[0].fact: unknown fact 'theft'"),
        ("{fact: hardship, values: [theft]}", "values"),
    ],
)
def test_an_answer_that_nobody_can_give_is_refused(answer: str, told: str) -> None:
    found = errors(edited("red_flags.yaml", "words: [AB贷]", f"words: [AB贷], answered_by: [{answer}]"))
    assert [line for line in found if told in line], found


@pytest.mark.parametrize(
    ("notes", "beyond"),
    [
        ("短信说诉前调解中心受理了案子，三天内回电，逾期移送立案", False),
        ("诉前调解案号（2026）某0102民诉前调1234号，打12368核实过", False),
        ("调解没谈成，昨天收到传票", True),
        ("诉前调解后法院寄来起诉状副本", True),
    ],
)
def test_a_mediation_before_a_suit_is_no_suit(notes: str, beyond: bool) -> None:
    assert ("suit_papers" in scan(SHIPPED, notes)) is beyond


@pytest.mark.parametrize(
    "notes",
    [
        "我是他妈妈，孩子不接催收电话",
        "我是借款人的儿子，我妈七十二岁不会用手机",
        "替儿子来问一下网贷的事",
        "帮我爸咨询信用卡",
        "儿子欠了十几万网贷，躲在学校不敢回家",
        "我女儿今年大二，借了好几个平台的网贷",
        "女儿欠的网贷我们父母要不要替她还",
        "母亲来电，称儿子失联",
        "姐姐代为咨询",
        "my son owes 80,000 on three apps",
        "calling on behalf of my mother",
        "I'm his father and want to know what to do",
    ],
)
def test_a_relative_who_asks_is_noticed(notes: str) -> None:
    assert "role_carer" in scan(SHIPPED, notes)


@pytest.mark.parametrize(
    "notes",
    [
        "我妈生病住院，我借了网贷交住院费",
        "儿子上大学，学费是刷信用卡交的",
        "我爸帮我还了一部分，还差三万",
        "我是独生子，父母没有退休金",
        "女儿三岁，老公失业，花呗逾期两个月",
        "爸妈不知道我欠网贷",
        "催收打给我妈和我姐",
        "我替公司垫的货款",
        "想替父母减轻负担，找了份兼职",
        "my mother lent me some money",
        "I support my son and my parents",
    ],
)
def test_a_family_in_a_borrowers_own_story_is_no_relative_who_asks(notes: str) -> None:
    assert "role_carer" not in scan(SHIPPED, notes)


_PIECES = (
    "FB",
    "loan",
    "die",
    "kill",
    "suicide",
    "110",
    "12378",
    "7",
    "0042",
    "want",
    "to",
    "jump",
    "404",
    "p2p",
    "me",
)


@given(st.lists(st.sampled_from(_PIECES) | st.text("abdeilkmx019", min_size=1, max_size=4), min_size=1, max_size=6))
def test_a_reference_says_no_less_at_a_glance_than_when_it_is_read(words: list[str]) -> None:
    for between in "-_/ ":
        reference = between.join(words)
        # A bracket before it is not read, and has the text looked through in earnest.
        assert [(each.flag, each.lowered) for each in matches(SHIPPED, reference)] == [
            (each.flag, each.lowered) for each in matches(SHIPPED, f"({reference}")
        ]
    assert matches(SHIPPED, "FB-2026-0000417") == ()
    assert scan(SHIPPED, "suicide-1") == ("self_harm",)
