"""Kinds of harmless speech hide their words from the search for danger: here they stand in danger, or beside it."""

from __future__ import annotations

import pytest

from rules.facts.red_flags import scan
from rules.loading.loader import DEFAULT_PACK, load

PACK = load(DEFAULT_PACK)
DANGERS = {name for name, flag in PACK.red_flags.items() if flag.danger}


@pytest.mark.parametrize(
    "notes",
    [
        "不如直接挂了，一了百了",
        "明年清明你们记得来给我上坟",
        "寿衣我自己买好了，就这几天",
        "今晚我就拿命给你们结清",
        "一巴掌打过来，孩子哭着说别打了",
        "他一拳打过来，我求他别打了",
        "跳下去就两清，明天这人就没了",
        "今晚我把命还给你们，从此两清",
        "等我走了二十万，他们自己还",
        "我想钻到货车底下，钻车底就完了",
        "给自己买好了公墓，管理费也交了",
        "有人打来找我爸，说今晚来剁他，叫我别打了也别报警",
        "拿的是铁锹把，打在我腰上",
        "走了，火车六点到，我躺好了",
        "药效上来了，拔牙是骗你的，我吃了六十片",
        "头撞桌角，他一把推的，昏了半小时",
        "蹦床旁边他推我下楼，摔断腰",
        "一了百了只用一瓶",
        "打游戏他嫌我吵，拿刀砍我",
        "楼上有人喝药，是我妈",
        "听说有人跳楼，跳的是我儿子",
        "桥上有人，是我儿子，要跳",
        "今晚过后不用再还，我人没了",
        "不想活在债里了",
        "厂里安眠药偷了三瓶，全吃了",
        "昨晚洗胃，两次，医生说差点没救过来",
        "拿命换钱，撞大车赔一百万，日子定了",
        "用百草枯除草？我是用来除我自己",
        "跳河救上来又要跳",
        "跳河游泳，往深处游，不打算回来",
        "上吊带子系好了",
        "手术刀割了一刀，手腕",
        "降压药一瓶全吃了",
        "感冒药一大把吃下去，胃疼得打滚",
        "高血压药我全部吃了",
        "他跳了去对面楼顶，掉下来了",
        "饿死了一个孩子，第二个也快了",
        "死期定了，十二月五号",
        "撒了农药在饭里，全家都吃了",
        "烧炭取暖是骗你的，门缝都封了",
        "救命药断了，三天",
        "差点把我憋死，枕头捂的",
        "一批药吞下去",
        "吐血了，没钱看",
        "他们打折了我的腿",
        "割双手腕",
        "割裂了动脉",
        "猪圈里他追着我打",
        "被关在车上两天，打",
        "菜刀砍到手，是他砍的我",
        "剁骨头的刀剁了我两根手指",
        "打仗一样打孩子，没收手机，用皮带",
        "拿命逼我写借条",
        "喷漆，写着“杀”",
        "被保安堵在门口打",
        "键盘打残了我的头",
        "关在地下室写欠条",
        "he beats me every time the bank calls",
        "they hit me with a pipe, skull cracked",
        "调解员走了他就家暴我",
        "老公打死我都没人管，笑着打的",
        "老婆拿刀说杀了我，不是玩笑",
        "催债的搬砖砸我头",
        "妈没人照顾摔在家里，我请假回去已经发僵",
        "爸没人管，褥疮烂到骨头，我打工回不去",
        "他们扣了我儿子要钱",
        "拿着锤子钉我手",
        "拿刀切我手指",
        "隔离时他把我关在阳台打",
        "封控解了，我还被他锁着",
        "大雪天被他关在门外",
        "做饭时他用开水烫我手",
        "打球打骨折？他打的，用球棒",
        "跌下楼梯骨折，他推的",
        "外孙被他爸摔在地上，头上缝了六针",
        "车被他们强行开走，我拦，被车带倒",
        "保安把我扣押，关保安室打",
    ],
)
def test_harmless_words_hide_no_danger(notes: str) -> None:
    """Each has words that are harmless elsewhere: a call hung up, a discount, a surgeon's knife, wages held back."""
    assert DANGERS.intersection(scan(PACK, notes))
