"""A red flag in the notes goes all the way: urgent queue, a rule that answers, and its words before the counsellor."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.batch import chunks
from forbear.batch.export import write_results
from forbear.batch.progress import progress_of
from forbear.batch.recorded_decision import decisions_of_batch, latest_decision
from forbear.batch.submission.submit import Head, submit
from forbear.intake import open_intake, read
from forbear.intake.source import as_text
from forbear.ops.embedded import Urls, redis_client
from models.database.session import session
from rules.decision.evaluate import Evaluator
from rules.decision.outcome import Outcome
from rules.facts.case_facts import Facts
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import AS_OF, NOW, accepted, decided, engine_of, many, results_of, submitted, working
from tests.support.desk.processes import Site, until
from workers.wake import wake

SHIPPED = load(DEFAULT_PACK)
MINUTE = dt.timedelta(minutes=1)
CSV = """案件编号,产品,困难类型,逾期天数,备注
C1,信用卡,失业,100,昨天在电话里说不想活了
C2,信用卡,失业,100,没有轻生念头，也没有网赌
C3,信用卡,失业,100,希望分期
"""


DOMESTIC = ("domestic_violence", "violence_possible")
# Of flags that are found by patterns alone, or are what others are denied as.
SAID = {
    "denied_mention": "没有收到传票",
    "self_harm_possible": "撑不下去了",
    "violence_possible": "让我等着瞧",
    "domestic_violence_possible": "老公管着我的手机",
    "account_frozen": "工资卡被法院冻结",
    "arbitration_papers": "收到仲裁裁决书",
    "notarised_enforcement": "公证处出具执行证书",
    "auction_notice": "房子要被拍卖",
    "repossession": "车被拖走了",
    "nominee_loan": "帮朋友贷的款",
    "fraud_victim": "被刷单骗了",
    "role_guarantor": "我是担保人",
    "role_co_borrower": "我是共同借款人",
    "role_spouse": "老公欠的债",
    "role_heir": "父亲去世了，银行让我还",
    "role_nominee": "我是名义借款人",
    "role_carer": "替儿子来咨询网贷",
    "wages_set_off": "工资被同一家银行划走",
    "child_or_sick_possible": "婆婆的药快吃完了",
    "called_in_notice": "银行宣布贷款提前到期",
    "paid_by_guarantor": "担保公司已经代偿",
    "asset_report_order": "收到财产报告令",
    "performance_period": "判决履行期限",
    "hearing_day": "下周三开庭",
    "enforcement_ended": "法院终本了",
    "arbitration_award_papers": "收到仲裁裁决书",
    "money_needed": "亲友凑的治疗款",
    "want": "没钱吃饭",
    "frozen_elsewhere": "卡被公安冻了",
    "family_account_frozen": "法院把我孩子的卡也冻了",
    "seller_failed": "培训机构跑路了",
    "home_unfinished": "楼盘停工了",
    "acknowledged_lately": "上个月签了还款承诺书",
    "family_savings": "爸妈的养老钱拿来还清",
    "lent_for_gambling": "他知道我是去赌的",
    "card_misuse": "信用卡被盗刷",
    "security_disposal": "想把车卖掉",
    "security_sold": "车被他们卖了，还差三万",
    "housing_fund": "公积金里还有钱",
    "pregnancy": "怀孕六个月",
    "private_payee": "发了个收款码让我付",
    "built_in_fees": "每个月扣会员费",
    "auto_debit": "一转进来就被花呗自动扣掉了",
    "lender_failed": "自称清算组的人打电话",
    "exit_threat": "说不还清不让出境",
    "agreement_denied": "客服答应分期，后来说没有这回事",
    "wages_unpaid": "老板拖欠工资",
    "interest_not_agreed": "借条上没写利息",
    "forced_work": "身份证押在老板那，工资全扣，不让走",
    "own_buyer": "找到一个买家愿意出两百万",
    "fraud_just_now": "昨晚被冒充客服的骗了",
    "role_third_party": "我不是借款人，只是紧急联系人",
    "role_mortgagor": "我只在抵押合同上签过字",
    "employer_asked": "单位收到协助执行通知书",
    "tenant_asks": "租客问房东的房被查封怎么办",
    "legal_representative": "我是挂名法人，被限高了",
    "enforcement_detention": "法院发了拘留决定书",
    "enforcement_summons": "执行法官让我去谈话",
    "unserved_judgment": "没收到过传票，就判了",
    "revocation_suit": "收到撤销权之诉的材料",
    "loan_insurance": "办贷款时买了意外险",
    "business_closed": "店注销了还用不用还",
    "tricked_into_loan": "说送手机，结果办成了分期",
    "state_of_mind": "躁狂发作期间借的",
    "minor_spending": "孩子拿我手机打赏主播",
    "settled_before": "去年结清了，现在又来催我还",
    "holds_clearance": "银行开了结清证明",
    "leased_thing_sold": "租来的手机转手卖了",
    "card_lent": "把卡借给别人跑分",
    "unused_card_fee": "卡没激活却收了年费",
    "unreachable": "我换了手机号",
    "business_loan_swap": "办个营业执照贷经营贷",
    "refinance_offer": "让我重新签新贷款还旧账",
    "written_off": "银行说账已核销",
    "keep_secret": "家里人不知道这笔债",
    "maintenance_unpaid": "前夫不给抚养费",
    "rushed_discount": "催收说今天付八千就结清",
    "advance_fee_loan": "要先交解冻费才放款",
    "no_repayment_day": "借条没写什么时候还",
    "nothing_lent": "欠条是分手费，一分钱没借",
    "paid_as_guarantor": "替他还了三万，怎么向他要回",
    "overdue_in_notes": "三个月没还了",
    "income_lost_in_notes": "失业半年了",
    "pledged_elsewhere": "车押给了二押车行",
    "asked_to_cosign": "让我老婆签字共同还款",
    "travel_need": "父亲手术要坐飞机",
    "lives_abroad": "我现在在国外",
    "wrong_person": "被执行人和我同名同姓",
    "settlement_missed": "执行和解漏了一期",
    "jurisdiction_asked": "想提管辖异议",
    "wages_in_cash": "工资能不能改发现金",
    "paid_not_counted": "我还过五千，起诉状里没扣",
    "court_froze": "执行局把卡冻了",
    "in_custody": "老公在监狱",
    "untrue_loan_papers": "包装的流水贷的款，中介下款",
    "untrue_papers_filed": "给银行提交过假病历",
    "pay_first_asked": "客服让我先还了再帮我申诉",
    "bridging_asked": "叫我找人过桥",
    "data_leaked": "我的信息被卖了",
    "insurer_paid": "保险公司替我还了银行",
    "child_asked": "会不会影响孩子上学",
    "exposed_online": "照片被发到家长群",
    "crop_lost": "今年稻子绝收",
    "housing_fund_loan": "公积金贷款还不上",
    "second_mortgage": "房子做了二押",
    "lease_against_sale": "签个二十年租约让法院拍不动",
    "home_sold_by_court": "房子二拍成交了",
    "wages_owed": "还欠员工工资",
    "shell_representative": "把公司法人换成外地老头",
    "injured_at_work": "送外卖摔骨折",
    "assignment_not_notified": "一直没收到转让通知",
    "relatives_first": "想先还亲戚的钱",
    "treatment_harm": "做双眼皮感染了",
}
# Where a flag is answered: what is said of one product, stage or age of the debt means nothing for another.
WHERE: dict[str, dict[str, object]] = {
    "family_account_frozen": {"legal_stage": "enforcement"},
    "home_unfinished": {"product": "mortgage"},
    "acknowledged_lately": {"days_overdue": 1000},
    "lent_for_gambling": {"product": "private"},
    "security_disposal": {"product": "car_loan"},
    "security_sold": {"product": "car_loan"},
    "interest_not_agreed": {"product": "private"},
    "own_buyer": {"product": "mortgage"},
    "employer_asked": {"client_role": "third_party"},
    "tenant_asks": {"client_role": "third_party"},
    "unserved_judgment": {"legal_stage": "judgment"},
    "loan_insurance": {"hardship": "disability"},
    "no_repayment_day": {"product": "private"},
    "nothing_lent": {"product": "private"},
    "overdue_in_notes": {"days_overdue": 0},
    "income_lost_in_notes": {"income_monthly": 300000},
    "pledged_elsewhere": {"product": "car_loan"},
    "travel_need": {"legal_stage": "restricted"},
    "lives_abroad": {"legal_stage": "complaint_served"},
    "wrong_person": {"legal_stage": "enforcement"},
    "settlement_missed": {"legal_stage": "enforcement"},
    "jurisdiction_asked": {"legal_stage": "complaint_served"},
    "wages_in_cash": {"legal_stage": "enforcement"},
    "court_froze": {"account_frozen": True},
    "in_custody": {"client_role": "carer"},
    "pay_first_asked": {"not_my_loan": True},
    "housing_fund_loan": {"product": "mortgage"},
    "assignment_not_notified": {"lender_type": "assignee"},
}


# What else the texts have to raise for a flag to be answered.
BESIDE = {"fraud_just_now": ("fraud_victim",), "court_froze": ("frozen_elsewhere",)}


def _outcome(*flags: str, **facts: object) -> Outcome:
    case: Facts = {"product": "credit_card", "hardship": "unemployment", "days_overdue": 100, "legal_stage": "none"}
    known: Facts = {**case, **facts, "note_flags": flags}  # type: ignore[dict-item]
    return Evaluator(SHIPPED, AS_OF).evaluate([known])[0].outcome


@pytest.mark.parametrize("flag", SHIPPED.red_flags)
def test_every_red_flag_is_answered_by_a_rule_that_shows(flag: str) -> None:
    facts = WHERE.get(flag, {})
    beside = BESIDE.get(flag, ())
    calm, alarmed = _outcome(*beside, **facts), _outcome(*beside, flag, **facts)
    [*fired] = set(alarmed.rules_fired) - set(calm.rules_fired)
    assert fired
    assert alarmed.engines_agree
    shown = ("strategy", "secondary", "warnings", "steps")
    assert any(set(_ids(alarmed, kind)) - set(_ids(calm, kind)) for kind in shown)


def _ids(outcome: Outcome, kind: str) -> tuple[str, ...]:
    value = getattr(outcome, kind)
    return (value,) if isinstance(value, str) else value


def test_gambling_in_the_notes_takes_the_lump_sum_off_the_table() -> None:
    money: dict[str, object] = {"balance": 3000000, "lump_sum_available": 2800000, "creditors_overdue": 1}
    money |= {"income_monthly": 450000, "essential_outgoings": 250000, "priority_payments": 100000}
    assert _outcome(**money).strategy == "lump_sum_settlement"
    alarmed = _outcome("gambling", **money)
    assert "lump_sum_settlement" in alarmed.blocked
    assert alarmed.strategy != "lump_sum_settlement"
    assert "addiction_referral" in alarmed.steps


@pytest.mark.parametrize(
    ("principal", "demands", "flags", "lawyer"),
    [
        (5000000, 2, ("criminal_threat",), True),
        (4999999, 2, ("criminal_threat",), False),
        (5000000, 1, ("criminal_threat",), False),
        (5000000, 1, ("criminal_threat", "police_contact"), True),
        (5000000, 2, (), False),
    ],
)
def test_a_criminal_threat_leads_to_a_lawyer_where_principal_and_demands_or_police_say_so(
    principal: int, demands: int, flags: tuple[str, ...], lawyer: bool
) -> None:
    outcome = _outcome(*flags, principal=principal, formal_demands=demands)
    assert ("criminal_lawyer" in outcome.steps) is lawyer
    assert (outcome.urgency <= "U2") is (lawyer or "police_contact" in flags)


@pytest.mark.parametrize("flag", SHIPPED.red_flags)
def test_every_red_flag_makes_its_case_urgent(database_url: str, vault: Vault, flag: str) -> None:
    notes = {"notes": f"备注：{SAID.get(flag) or SHIPPED.red_flags[flag].words[0]}"}
    done = submitted(database_url, [accepted(9, "alarm", notes), *many(2)], vault, by=SHIPPED)
    assert [woken.queue for woken in done.wakes] == ["urgent", "bulk"]


def test_an_urgent_chunk_stays_urgent_when_it_is_swept_or_split(database_url: str, vault: Vault) -> None:
    rows = [accepted(number, f"C{number}", {"notes": "不想活"}) for number in (8, 9)]
    done = submitted(database_url, [*rows, *many(2, "D")], vault)
    first = done.wakes[0]
    with engine_of(database_url) as engine, session(engine) as opened:
        swept = chunks.sweep(opened, NOW + MINUTE, MINUTE)
        assert [woken.queue for woken in swept] == ["urgent", "bulk"]
        for _ in range(chunks.MAX_TRIES):
            assert chunks.claim(opened, first.chunk_id, NOW).mine == first
        halves = chunks.claim(opened, first.chunk_id, NOW).halves
    assert [half.queue for half in halves] == ["urgent", "urgent"]


def test_words_of_a_wish_to_die_go_all_the_way(database_url: str, redis_url: str, vault: Vault, tmp_path: Path) -> None:
    site = Site(Urls(database_url, redis_url), tmp_path)
    path = tmp_path / "cases.csv"
    path.write_text(CSV)
    intake = open_intake(path, SHIPPED.vocabulary)
    with working(database_url, vault) as work:
        done = submit(
            work,
            intake,
            head=Head(path.name, tuple(intake.columns)),
            pack=SHIPPED,
            as_of=AS_OF,
            submitter="us",
            chunk_size=500,
        )
    wake(done.wakes, redis_url)
    with redis_client(redis_url) as client:
        assert (client.llen("urgent"), client.llen("bulk")) == (1, 1)
    with site.worker(queues=("urgent",), processes=1):
        until(lambda: site.scalar("SELECT count(*) FROM decision") == 2, "both urgent cases; " + site.logs()[-2000:])
    with engine_of(database_url) as engine, session(engine) as opened:
        progress = progress_of(opened, done.batch_id)
        latest = latest_decision(opened, "us", "C1", vault)
    assert progress is not None
    assert (progress.decided, progress.pending) == (2, 1)
    wish, denial = results_of(database_url, done.batch_id)
    assert (wish["strategy"], wish["urgency"]) == ("crisis_support", "U0")
    assert (denial["strategy"], denial["urgency"]) == ("safety_question", "U1")
    assert [(each["flag"], each["words"], each["negated"]) for each in wish["red_flags"]] == [
        ("self_harm", ["不想活了"], False)
    ]
    assert [(each["flag"], each["words"], each["negated"]) for each in denial["red_flags"]] == [
        ("self_harm_possible", ["轻生念头"], True),
        ("denied_mention", ["网赌"], True),
    ]
    assert latest is not None
    assert "备注里的警示\n- 轻生或自伤信号：“不想活了”" in latest.explained("zh")
    assert 'Red flags in the notes\n- Sign of self-harm: "不想活了"' in latest.explained("en")
    assert "昨天" not in latest.explained("zh") + json.dumps(wish, ensure_ascii=False)


@pytest.mark.parametrize(
    ("written", "flags"),
    [
        ({"extra": {"客户情况": "他说不想活了"}}, ("self_harm",)),
        ({"extra": {"备注1": "催收拿刀上门", "备注2": "没有轻生念头"}}, ("self_harm_possible", "violence")),
        ({"extra": {"是否有自杀倾向": "是"}}, ("self_harm_possible",)),
        ({"extra": {"是否有自杀倾向": "否", "经办人": "测试"}}, ()),
        ({"lender": "某银行（客户说想跳楼）"}, ("self_harm",)),
        ({"private": {"notes": "希望分期"}, "extra": {"跟进记录": "老公打我，逼我去借钱"}}, DOMESTIC),
    ],
)
def test_danger_is_seen_in_every_text_of_a_case(
    database_url: str, vault: Vault, written: dict[str, Any], flags: tuple[str, ...]
) -> None:
    done = submitted(database_url, [accepted(9, "C9", **written), *many(2)], vault, by=SHIPPED)
    assert [woken.queue for woken in done.wakes] == (["urgent", "bulk"] if flags else ["bulk"])
    decided(database_url, [accepted(9, "C9", **written)], vault, by=SHIPPED)
    with engine_of(database_url) as engine, session(engine) as opened:
        latest = latest_decision(opened, "us", "C9", vault)
    assert latest is not None
    assert latest.facts["note_flags"] == flags
    assert {each.flag for each in latest.alarms if each.words} == set(flags)


def test_a_cell_of_a_column_that_nobody_knows_changes_the_case_by_its_alarm(database_url: str, vault: Vault) -> None:
    first, later = ({"跟进": "下周再联系"}, {"跟进": "他说不想活了"})
    submitted(database_url, [accepted(1, "C1", extra=first)], vault, by=SHIPPED)
    assert submitted(database_url, [accepted(1, "C1", extra={"跟进": "已联系"})], vault, by=SHIPPED).unchanged == 1
    assert submitted(database_url, [accepted(1, "C1", extra=later)], vault, by=SHIPPED).unchanged == 0


def test_words_are_in_every_results_file_and_nothing_else_of_the_notes(
    database_url: str, vault: Vault, tmp_path: Path
) -> None:
    done = decided(database_url, [accepted(1, "C1", {"notes": "住在幸福路，没有不想活"})], vault)
    for ending in (".csv", ".jsonl"):
        path = tmp_path / f"results{ending}"
        with engine_of(database_url) as engine, session(engine) as opened:
            write_results(path, decisions_of_batch(opened, done.batch_id, vault))
        assert "幸福路" not in path.read_text(encoding="utf-8")
    table = read(tmp_path / "results.csv")
    [row] = table
    found = dict(zip(table.columns, map(as_text, row.cells), strict=True))
    assert found["red_flags"] == "self_harm: 自伤：“不想活”（可能并非本意，请人工核实）"


def test_notes_are_not_opened_where_nothing_alarmed(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "C1", {"notes": "还好"}), accepted(2, "C2", {"notes": "不想活"})], vault)
    another = Vault(bytes(32))
    with engine_of(database_url) as engine, session(engine) as opened:
        calm = latest_decision(opened, "us", "C1", another)
        assert calm is not None
        assert calm.alarms == ()
        with pytest.raises(ForbearError, match="FORBEAR_KEY"):
            latest_decision(opened, "us", "C2", another)
