"""What the handbook explains at length: how to read it, what statuses and layers mean, and how rules lead to a strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rules.schema import Layer, Status, Text

READING: Final = (
    Text(
        zh="本手册由规则包生成，与系统执行的内容逐字一致；打印稿可以批注，改动请改规则包后重新生成。",
        en="This handbook is made from the pack and says word for word what the system does. Print it and annotate it; "
        "a change is made in the pack, and the handbook made anew.",
    ),
    Text(
        zh="每条规则写明：何时适用、怎么做、理由、依据、测试和沿革。条件中没有填写的事实是“未知”，未知不等于“否”；"
        "测试中没有列出的事实都是未知。",
        en="Each rule says when it applies, what it does, why, on what basis, how it is tested and how it changed. A fact "
        "that is not given is unknown, and unknown is not “no”; in a test every fact that is not listed is unknown.",
    ),
    Text(
        zh="花括号位置的事实在案件中换成该案的值，本手册显示事实的名称；数值显示标注日的有效值，均可点回其出处。",
        en="Where a text takes up a fact of the case, the handbook shows the name of that fact; figures are shown as in "
        "force on the day above. Both lead to where they are explained.",
    ),
)
STATUSES: Final[Mapping[Status, Text]] = {
    "primary": Text(
        zh="我们读过法律、法规或司法解释的条文本身。", en="We read the text of the law, regulation or interpretation itself."
    ),
    "official": Text(
        zh="官方网页、法院、律所或主流媒体的页面这样写，条文全文未逐字核对。",
        en="A page of an authority, a court, a law firm or mainstream media says so; the full text was not compared.",
    ),
    "weak": Text(
        zh="只有一般网页这样写，很可能正确；对外引用条号之前请先核对。",
        en="Only an ordinary page says so. It is probably right; check it before quoting an article to anybody.",
    ),
    "own_knowledge": Text(zh="出自我们的了解，尚未查证。", en="From our own knowledge, not checked yet."),
    "design": Text(
        zh="本服务自己的选择，不主张任何法律依据。", en="Our own choice. It makes no claim about the law."
    ),
}
LAYERS: Final[Mapping[Layer, tuple[Text, Text]]] = {
    "law": (
        Text(zh="法律与司法解释", en="Laws and judicial interpretations"),
        Text(zh="对各方都有约束力。", en="Binding on everybody."),
    ),
    "regulation": (
        Text(zh="行政法规、规章与监管文件", en="Regulations and supervisory rules"),
        Text(
            zh="约束其所规范的机构；监管文件不当然使合同无效。",
            en="Bind the institutions they address; a supervisory rule does not by itself make a contract void.",
        ),
    ),
    "standard": (
        Text(zh="推荐性标准与行业自律", en="Recommended standards and self-regulation"),
        Text(
            zh="衡量行为的尺度，可作投诉的理由；违反它本身不使债务无效。",
            en="A measure of conduct and a ground for a complaint; a breach does not by itself void the debt.",
        ),
    ),
    "practice": (
        Text(zh="通行做法与公开信息", en="Practice and public information"),
        Text(zh="不是法律，各机构可能不同。", en="Not law; it may differ from one institution to the next."),
    ),
    "design": (
        Text(zh="本服务的设计", en="Design of this service"),
        Text(zh="我们自己的选择。", en="Our own choice."),
    ),
}
HIT_POLICY: Final = (
    Text(
        zh="每个案件都检查全部规则。条件成立的规则为“命中”；缺少事实而不能判断的为“未知”，不算命中。命中的规则全部汇总，"
        "按优先级从高到低排列，优先级相同的按编号排列。",
        en="Every rule is checked for every case. A rule whose condition holds is a hit; one that cannot be decided because a "
        "fact is missing is unknown and is no hit. All hits are collected, highest priority first; rules of one priority "
        "follow in the order of their ids.",
    ),
    Text(
        zh="建议的策略，是命中的规则中优先级最高、且未被排除的那个推荐。其余推荐和“同时考虑”的策略按同一次序列在其后。",
        en="The strategy is the recommendation of the highest-priority hit that is not blocked. Other recommendations and "
        "additions follow in the same order as secondary strategies.",
    ),
    Text(
        zh="“独占”的规则命中、且其策略未被排除时，它先于其他一切规则：只有推荐或同时考虑这一策略的规则继续说话，其余的策略、"
        "材料、权利、提醒、步骤和理由都不出现。只有两样照旧：排除，因为它保护当事人；法律期限，因为期限不会因此停止。",
        en="An exclusive rule that hits, and whose strategy is not blocked, comes before all others: only rules that recommend "
        "or add its strategy still speak, and the strategies, documents, rights, warnings, steps and reasons of the rest are "
        "left out. Two things remain: blocks, because they protect, and legal clocks, because they run whatever else happens.",
    ),
    Text(
        zh="“暂不可用”的策略不会被建议。一条规则的策略全部被排除时，它的材料、权利、提醒、步骤和理由不再出现，"
        "紧急程度、内部标记和法律期限保留。规则可以排除一切等于承认债务的策略；此时等于承认债务的材料、权利、"
        "提醒和步骤也不给出。",
        en="A blocked strategy is not recommended. Where all strategies of a rule are blocked, its documents, rights, warnings, "
        "steps and reason are left out; its urgency, internal flags and legal clocks stay. A rule may block whatever "
        "acknowledges the debt; documents, rights, warnings and steps that acknowledge it are then not given either.",
    ),
    Text(
        zh="紧急程度取继续说话的规则中最急的一个，U0最急，U5仅供参考。",
        en="The urgency is the most urgent one among the rules that still speak; U0 is the most urgent, U5 is for information.",
    ),
    Text(
        zh="没有一条规则推荐策略时，适用下面的缺省处理。两套独立计算的结果不同时，系统不作推荐，交由顾问判断。",
        en="Where no rule recommends anything, the default below applies. Where the two independent evaluations differ, "
        "nothing is recommended and a counsellor decides.",
    ),
    Text(
        zh="如果某条未知的规则一旦成立就可能改变策略，结果标为“尚未确定”，它所缺的事实列为要问的问题。"
        "法律期限和人身安全从不等待材料。",
        en="Where an unknown rule could change the strategy once its facts are known, the result is marked as not certain and "
        "those facts become questions. Legal clocks and safety never wait for evidence.",
    ),
    Text(
        zh="系统只作建议，决定由人作出。", en="The system recommends; a person decides."
    ),
)
URGENT_WORDS: Final = Text(
    zh="在备注中找到下列任一词语即发出警示，否定的说法（例如“没有……的念头”）也一样，由人来确认。词语是来信人的用语，不是本服务的说法。",
    en="Any of these words in the notes raises the alarm, denials included, and a person checks. They are what people write "
    "to us, not what this service says.",
)
CLOCKS: Final = Text(
    zh="期间开始的当日不计入，自次日起算；最后一天是休息日或法定节假日的，顺延到其后的第一个工作日。起算日不明的，先按今天是最后一天处理。",
    en="The day of the event is not counted. A last day on a weekend or public holiday moves to the next working day. Where "
    "the start is not known, the last day is taken to be today.",
)
NOTE_FLAGS: Final = Text(
    zh="系统在备注中查找“备注中的警示”一章所列的词语。", en="Found by looking in the notes for the words of the chapter on alarms."
)
