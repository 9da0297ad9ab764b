"""Everyday names of loans are understood, alone and inside a longer name; others are refused with the nearest kinds."""

from __future__ import annotations

import pytest

from rules.facts.case_facts import Parser
from tests.support.packs.default_pack import pack, parsed

NAMES = {
    "pay_later": "京东白条 白条 美团月付 抖音月付 月付 先享后付 先用后付 放心花 微信分付 某某白条 唯品花 任性付",
    "online_platform": (
        "京东金条 金条 度小满 有钱花 360借条 奇富借条 拍拍贷 分期乐 你我贷 宜享花 还呗 省呗 "
        "洋钱罐 美团借钱 放心借 滴滴贷款 平安普惠 小赢卡贷 拍拍贷借款 分期乐分期 度小满贷款 你我贷借款 网络贷款 现金贷"
    ),
    "consumer_finance": (
        "招联 招联好期贷 招联金融 招联信用贷 马上消费 安逸花 中邮消费金融 捷信 捷信现金贷款 "
        "兴业消费金融 杭银消费 海尔消费"
    ),
    "bank_consumer": (
        "微粒贷 建行快贷 快贷 闪电贷 招行闪电贷 e招贷 融e借 工行融e借 装修贷 信用贷 网捷贷 惠民贷 "
        "邮享贷 某某银行信用贷款 新网银行好人贷 "
        "农行网捷贷 工商银行消费贷"
    ),
    "business_personal": "网商贷 经营贷 房抵贷 抵押经营贷 微业贷 云税贷 某某银行经营贷 房屋抵押贷款",
    "mortgage": "商业房贷 公积金贷款 组合贷 商贷 建设银行房贷 住房公积金贷款 按揭 二手房贷款",
    "car_loan": "车抵贷 车贷 汽车抵押贷款 平安车主贷 宝马金融 购车贷款 某某银行车贷",
    "car_lease": "汽车融资租赁 融资租赁 以租代购 售后回租 弹个车",
    "private": "亲戚借款 朋友借的 民间借贷 同事借款 私人借款 借条 向亲戚借",
    "credit_card": "招商银行信用卡 信用卡欠款 平安银行信用卡",
    "card_instalment": "招行信用卡账单分期 信用卡现金分期 信用卡装修分期",
    "huabei": "花呗 花呗账单 支付宝花呗",
    "jiebei": "借呗 支付宝借呗借款",
    "student_state": "生源地贷款 国家助学贷款 助学贷",
    "microloan": "小额贷款 某某小额贷款公司",
    "illegal": "套路贷 高利贷 714高炮",
}
EVERY = [(name, word) for name, words in NAMES.items() for word in words.split()]


def test_there_are_more_than_the_usual_seventy() -> None:
    assert len({word for _, word in EVERY}) > 100


@pytest.mark.parametrize(("name", "word"), EVERY, ids=[word for _, word in EVERY])
def test_an_everyday_name_is_understood(name: str, word: str) -> None:
    assert parsed(product=word) == {"product": name}


@pytest.mark.parametrize(
    "word",
    [
        "花呗和借呗",
        "房贷车贷",
        "非信用卡",
        "不是花呗",
        "洗衣机分期",
        "信用卡还清后借的网贷又转给朋友借的一共三笔也说不清",
        "已还清花呗",
        "网商贷不存在",
        "花呗以外的网贷",
        "白条（已结清）",
        "借呗没有逾期",
        "花呗转成的信用卡",
        "花呗还是借呗",
        "招联和拍拍贷",
    ],
)
def test_a_name_of_no_one_kind_is_refused(word: str) -> None:
    facts, errors = Parser(pack().vocabulary).parse(
        {"product": word, "hardship": "失业", "days_overdue": 3, "case_ref": "N-1"}
    )
    assert "product" not in facts
    assert [error.field for error in errors] == ["product"]


def test_the_refusal_names_the_nearest_and_says_how_to_find_the_kind() -> None:
    def told(word: str) -> tuple[str, str]:
        _, errors = Parser(pack().vocabulary).parse(
            {"product": word, "hardship": "失业", "days_overdue": 3, "case_ref": "N-1"}
        )
        return errors[0].zh, errors[0].en

    zh, en = told("花呗和借呗")
    assert "花呗、借呗" in zh and "huabei, jiebei" in en
    for zh, en in (told("花呗和借呗"), told("完全没见过的东西")):
        assert "民营银行" in zh and "网贷平台" in zh
        assert "online_platform" in en
        assert "。。" not in zh and ".." not in en


def test_only_products_have_names_inside_names() -> None:
    with_brands = [
        name for name, fact in pack().vocabulary.facts.items() if any(v.brands for v in fact.values.values())
    ]
    assert with_brands == ["product"]
    _, errors = Parser(pack().vocabulary).parse(
        {"product": "花呗", "hardship": "最近失业了", "days_overdue": 3, "case_ref": "N-1"}
    )
    assert [error.field for error in errors] == ["hardship"]
