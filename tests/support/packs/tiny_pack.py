"""A tiny valid pack, and ways to write it into a folder with changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from rules.loading.loader import Pack, PackError, load_files

FILES: Mapping[str, str] = {
    "pack.yaml": """
form: 5
id: tiny
version: 1.0.0
title: {zh: 小包, en: Tiny}
timezone: Asia/Shanghai
reviewed_on: 2026-11-23
default:
  strategy: counsellor_review
  urgency: U4
  because: {zh: 没有规则适用, en: No rule applies}
  references: [{id: practice, status: design}]
disagreement:
  strategy: counsellor_review
  urgency: U2
  because: {zh: 引擎不一致, en: The engines disagree}
  references: [{id: practice, status: design}]
disclaimer: {zh: 不是法律意见, en: Not legal advice}
""",
    "facts.yaml": """
facts:
  case_ref: {type: text, title: {zh: 案号, en: Case}, aliases: [编号], required: true, max_length: 64}
  product:
    type: enum
    title: {zh: 产品, en: Product}
    question: {zh: 什么产品？, en: Which product?}
    required: true
    values:
      credit_card: {zh: 信用卡, en: Credit card, aliases: [贷记卡]}
      mortgage: {zh: 房贷, en: Mortgage}
  hardship:
    type: enum
    title: {zh: 困难, en: Hardship}
    question: {zh: 什么困难？, en: Which hardship?}
    values_from: hardships
  days_overdue:
    type: int
    unit: days
    title: {zh: 逾期天数, en: Days overdue}
    question: {zh: 逾期几天？, en: How many days overdue?}
    required_unless: due_date
    maximum: 36500
    suffixes: [天, 日, days]
  due_date: {type: date, title: {zh: 到期日, en: Due date}, question: {zh: 哪天到期？, en: When was it due?}}
  served_on: {type: date, title: {zh: 送达日, en: Served on}, question: {zh: 哪天送达？, en: When was it served?}}
  monthly_due: {type: money, title: {zh: 月供, en: Monthly due}, question: {zh: 月供多少？, en: How much a month?}}
  income_monthly: {type: money, title: {zh: 月收入, en: Income}, question: {zh: 收入多少？, en: What income?}}
  essential_outgoings: {type: money, title: {zh: 必要支出, en: Outgoings}, question: {zh: 支出？, en: Outgoings?}}
  priority_payments: {type: money, title: {zh: 优先支出, en: Priority}, question: {zh: 优先支出？, en: Which?}}
  annual_rate_percent: {type: rate, title: {zh: 年利率, en: Rate}, question: {zh: 利率多少？, en: What rate?}}
  debt_disputed: {type: bool, title: {zh: 有争议, en: Disputed}, question: {zh: 有争议吗？, en: Is it disputed?}}
  collection_violations:
    type: list
    title: {zh: 违规催收, en: Violations}
    question: {zh: 有哪些违规？, en: Which violations?}
    values:
      hours: {zh: 时间, en: Hours}
      visit: {zh: 上门, en: Visit, aliases: [家访]}
  name: {type: text, title: {zh: 姓名, en: Name}, private: true}
  note_flags: {type: list, title: {zh: 备注警示, en: Flags in the notes}, given: true, values_from: red_flags}
pairs: [[capacity, monthly_due]]
""",
    "facts/derived/capacity.yaml": """
type: money
title: {zh: 还款能力, en: Capacity}
how: {zh: 收入减去支出, en: Income less outgoings}
formula:
  portion:
    of:
      max:
        - {yuan: 0}
        - subtract: [{subtract: [{fact: income_monthly}, {fact: essential_outgoings}]}, {fact: priority_payments}]
    percent: {subtract: [{percent: 100}, {parameter: savings_buffer}]}
    round: down
references: [{id: practice, status: design}]
tests:
  - {name: a surplus, facts: {income_monthly: 100, essential_outgoings: 0, priority_payments: 0}, value: 95}
  - {name: income unknown, facts: {}, unknown: true}
""",
    "parameters.yaml": """
npl_days:
  title: {zh: 不良天数, en: Days to non-performing}
  unit: days
  values:
    - {value: 80, valid_from: 2010-01-01, valid_to: 2019-12-31, status: design,
       references: [{id: practice, status: design}]}
    - {value: 90, valid_from: 2020-01-01, status: official, references: [{id: practice, status: official}]}
answer_days:
  title: {zh: 答辩期, en: Days to answer}
  unit: days
  values: [{value: 15, valid_from: 1991-04-09, status: primary, references: [{id: practice, status: primary}]}]
savings_buffer:
  title: {zh: 预留比例, en: Buffer}
  unit: percent
  values: [{value: 5, valid_from: 2020-01-01, status: design, references: [{id: practice, status: design}]}]
high_rate:
  title: {zh: 高利率, en: High rate}
  unit: percent
  values: [{value: 24, valid_from: 2017-08-04, status: official, references: [{id: practice, status: official}]}]
""",
    "hardships.yaml": """
unemployment:
  code: H01
  title: {zh: 失业, en: Unemployment}
  synonyms: [下岗]
  documents: {official: [proof]}
  references: [{id: practice, status: design}]
none_stated: {code: H99, title: {zh: 未说明, en: None stated}, references: [{id: practice, status: design}]}
""",
    "strategies.yaml": """
crisis_support:
  code: S01
  title: {zh: 危机干预, en: Crisis support}
  summary: {zh: 转介, en: Refer}
  sound_when: {zh: 有危险, en: In danger}
  against: {zh: 债务不会消失, en: The debt stays}
  next_steps: [write]
  sentence: {zh: 一步一步来, en: Step by step}
  call: null
  references: [{id: practice, status: design}]
card_plan:
  code: S18
  title: {zh: 个性化分期, en: Card plan}
  summary: {zh: 分期, en: Instalments}
  sound_when: {zh: 愿意还款, en: Willing to pay}
  against: {zh: 由银行决定, en: The bank decides}
  next_steps: [write]
  sentence: {zh: 一步一步来, en: Step by step}
  call: null
  references: [{id: card-measures-2011, article: "70", status: weak}]
  plans: [instalments]
counsellor_review:
  code: S29
  title: {zh: 人工研判, en: Review}
  summary: {zh: 人工, en: A person}
  sound_when: {zh: 情况复杂, en: A complex case}
  against: {zh: 需要时间, en: It takes time}
  next_steps: [write]
  sentence: {zh: 一步一步来, en: Step by step}
  call: null
  references: [{id: practice, status: design}]
""",
    "documents.yaml": "proof: {text: {zh: 证明, en: Proof}, references: [{id: practice, status: design}]}",
    "rights.yaml": """
dispute:
  for: client
  when: week
  rank: 10
  text: {zh: 异议权, en: Right to dispute}
  references: [{id: practice, status: design}]
""",
    "warnings.yaml": """
no_promise:
  for: client
  when: today
  rank: 10
  text: {zh: 先别承诺, en: Do not promise yet}
  references: [{id: practice, status: design}]
""",
    "steps.yaml": """
write:
  for: client
  when: today
  rank: 10
  text: {zh: 书面申请, en: Apply in writing}
  references: [{id: practice, status: design}]
""",
    "deadlines.yaml": """
answer:
  title: {zh: 答辩期限, en: Time to answer}
  starts_from: served_on
  days: answer_days
  references: [{id: practice, status: primary}]
""",
    "red_flags.yaml": """
self_harm: {title: {zh: 自伤, en: Self-harm}, words: [不想活, end my life]}
scam: {title: {zh: 骗局, en: Scam}, words: [AB贷]}
""",
    "references.yaml": """
card-measures-2011: {title: {zh: 信用卡办法, en: Card measures}, number: 银监会令2011年第2号, layer: regulation}
practice: {title: {zh: 惯例, en: Practice}, layer: practice}
""",
    "changelog.yaml": """
- version: 1.0.0
  date: 2026-11-23
  text: {zh: 卡债分期有了自己的规则, en: Card debt gets a rule of its own}
  added: [card-plan]
  changed: {crisis: {zh: 备注也算, en: The notes count too}}
- version: 0.10.0
  date: 2026-11-01
  text: {zh: 删去旧规则, en: The old rule goes}
  removed: {old-plan: {zh: 无人使用, en: Nobody used it}}
- version: 0.9.0
  date: 2026-10-01
  text: {zh: 首版, en: First edition}
  added: [crisis, old-plan]
""",
    "safety/crisis.yaml": """
id: crisis
title: {zh: 危机, en: Crisis}
priority: 1000
references: [{id: practice, status: design}]
when: {fact: note_flags, contains: self_harm}
then: [{recommend: crisis_support}, {exclusive: true}, {urgency: U0}, {right: dispute}, {step: write}]
because: {zh: 备注中有危险信号, en: The notes raise an alarm}
tests:
  - {name: words of danger, facts: {note_flags: [self_harm]}, expect: hit}
  - {name: calm notes, facts: {note_flags: []}, expect: no_hit}
  - {name: no notes read, facts: {product: credit_card}, expect: unknown}
""",
    "strategy/card-plan.yaml": """
id: card-plan
title: {zh: 个性化分期, en: Card plan}
priority: 740
references: [{id: card-measures-2011, article: "70", status: weak}]
when:
  all:
    - {fact: product, equals: credit_card}
    - {fact: capacity, more_than: 0}
    - {fact: capacity, less_than_fact: monthly_due}
    - {fact: days_overdue, more_than: {parameter: npl_days}}
    - not: {fact: annual_rate_percent, more_than: {parameter: high_rate}}
then:
  - {recommend: card_plan}
  - {urgency: U3}
  - {document: proof}
  - {warning: no_promise}
  - {deadline: answer}
because: {zh: "每月可还{capacity}，已逾期超过{npl_days}天", en: "{capacity} a month; over {npl_days} days"}
tests:
  - name: just over every boundary
    facts: {product: credit_card, capacity: 1, monthly_due: 2, days_overdue: 91, annual_rate_percent: 24}
    expect: hit
  - name: one day before
    facts: {product: credit_card, capacity: 1, monthly_due: 2, days_overdue: 90, annual_rate_percent: 24}
    expect: no_hit
  - name: no capacity
    facts: {product: credit_card, capacity: 0, monthly_due: 2, days_overdue: 91, annual_rate_percent: 24}
    expect: no_hit
  - name: capacity covers what is due
    facts: {product: credit_card, capacity: 2, monthly_due: 2, days_overdue: 91, annual_rate_percent: 24}
    expect: no_hit
  - name: a rate above
    facts: {product: credit_card, capacity: 1, monthly_due: 2, days_overdue: 91, annual_rate_percent: 24.01}
    expect: no_hit
  - name: product not known
    facts: {capacity: 1, monthly_due: 2, days_overdue: 91, annual_rate_percent: 24}
    expect: unknown
  - name: before the figure changed
    facts: {product: credit_card, capacity: 1, monthly_due: 2, days_overdue: 81, annual_rate_percent: 24}
    expect: hit
    as_of: 2019-06-01
""",
}


def files(changes: Mapping[str, str | None] | None = None) -> dict[str, bytes]:
    """The tiny pack's files; a change replaces a file, None removes it."""
    texts = {**FILES, **(changes or {})}
    return {path: text.encode() for path, text in texts.items() if text is not None}


def tiny(changes: Mapping[str, str | None] | None = None) -> Pack:
    """The tiny pack, loaded."""
    return load_files(files(changes), "tiny")


def edited(path: str, old: str, new: str) -> dict[str, str | None]:
    """A change to one place of one file, for `files`, `tiny` and `write`."""
    assert FILES[path].count(old) == 1, f"{old!r} must be in {path} once"
    return {path: FILES[path].replace(old, new)}


def write(folder: Path, changes: Mapping[str, str | None] | None = None) -> Path:
    """The tiny pack as a folder."""
    for path, content in files(changes).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


def errors(changes: Mapping[str, str | None]) -> list[str]:
    """The lines that the changed tiny pack is refused with."""
    with pytest.raises(PackError) as caught:
        tiny(changes)
    return caught.value.errors
