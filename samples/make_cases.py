"""Writes samples/cases.csv: invented overdue borrowers as a Chinese counselling office would list them.

All made up from one seed, the same every time; nobody in it exists. Run it after a change. Dates count from DAY.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from pathlib import Path
from typing import TypeAlias

Row: TypeAlias = dict[str, str]

DAY = dt.date(2026, 11, 23)
SEED, EVERYDAY = 20261123, 250
TARGET = Path(__file__).parent / "cases.csv"

HEADER = """
案件编号 借款人编号 姓名 手机号 身份证号 贷款产品 放款机构 机构类型 逾期天数 应还款日 困难原因 困难持续时间
预计恢复收入日期 困难证明 收入证明 欠款余额 本金 息费合计 每月应还 可一次性支付 年利率 合同日期 最近催收日期
月收入 基本生活支出 优先支出 其他债务月供 逾期机构数 家庭人口 年龄 本地社保年数 居住城市 法律阶段 送达日期
拍卖日期 对债务有异议 非本人借款 借款人已去世 行为能力受限 轻生信号 暴力催收 债务中介 一年内要办房贷 征信有误
已宣布提前到期 愿意还款 催收违规 协商申请 协商申请日期 结清日期 备注 经办人
当事人身份 钱由他人使用 账户冻结 车已被拖走 开庭日期 仲裁答辩截止日 公积金余额
"""
COLUMNS = HEADER.split()
YOUNG = COLUMNS[COLUMNS.index("当事人身份") :]  # columns that came later: never left blank by chance
NO = COLUMNS[COLUMNS.index("对债务有异议") : COLUMNS.index("愿意还款")]  # what most people answer no to

# Product: what people write, lenders, kind of lender, highest balance in thousand yuan, rates in percent, instalments.
PRODUCTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str, int, tuple[str, ...], int]] = {
    "花呗": (("花呗", "蚂蚁花呗"), ("测试消费金融公司",), "消费金融公司", 12, ("18.25", "14.6"), 12),
    "借呗": (("借呗", "蚂蚁借呗"), ("测试消费金融公司", "测试民营银行"), "消费金融公司", 40, ("18.25", "16.4"), 12),
    "信用卡": (("信用卡", "贷记卡"), ("测试甲银行", "测试乙银行"), "银行", 60, ("18.25",), 18),
    "信用卡分期": (("信用卡分期", "账单分期"), ("测试甲银行", "测试丙银行"), "银行", 50, ("13.5", "15.6"), 24),
    "银行消费贷": (("银行消费贷", "消费贷"), ("测试乙银行", "测试丁农商行"), "银行", 100, ("5.4", "7.2"), 36),
    "消费金融": (("消费金融", "消金"), ("测试消费金融公司",), "消费金融公司", 50, ("20.4", "23.8"), 18),
    "网贷平台": (("网贷", "省呗", "网贷平台"), ("测试助贷平台",), "助贷平台", 40, ("23.9", "24"), 12),
    "小额贷款": (("小额贷款", "小贷"), ("测试小额贷款公司",), "小额贷款公司", 30, ("24", "23.5"), 12),
    "房贷": (("房贷", "按揭"), ("测试甲银行",), "银行", 900, ("3.6", "4.1"), 240),
    "车贷": (("车贷", "汽车贷款"), ("测试汽车金融公司",), "银行", 120, ("6.5", "8.8"), 36),
    "个人经营贷": (("经营贷", "个人经营贷"), ("测试丁农商行",), "银行", 300, ("4.9", "6.1"), 36),
    "国家助学贷款": (("国家助学贷款", "助学贷款"), ("测试政策银行",), "银行", 48, ("2.9",), 120),
    "民间借贷": (("民间借贷", "朋友借款"), ("测试出借人",), "个人", 80, ("10", "12"), 12),
    "非法网贷": (("非法网贷", "套路贷"), ("测试不明平台",), "", 8, ("36",), 4),
}
# Hardship: usual duration, highest income left in yuan, and how many months until it is over.
HARDSHIPS: dict[str, tuple[tuple[str, ...], int, int]] = {
    "失业": (("短期", "短期", "中期"), 1200, 4),
    "收入下降": (("中期", "短期", "长期"), 6500, 5),
    "重大疾病": (("中期", "短期"), 4500, 6),
    "残疾": (("长期",), 3200, 0),
    "交通事故": (("短期", "中期"), 4800, 3),
    "经营失败": (("中期", "长期"), 5200, 0),
    "离婚": (("中期", "短期"), 6200, 6),
    "家人去世": (("短期",), 5600, 3),
    "在校学生": (("短期",), 1500, 5),
    "服兵役": (("中期",), 1800, 0),
    "被诈骗": (("中期", "短期"), 5800, 0),
    "多头债务": (("中期", "长期"), 7000, 0),
    "羁押": (("中期",), 0, 0),
    "网络赌博": (("中期",), 6000, 0),
    "扣款失败": (("短期",), 11000, 0),
    "未说明": (("短期", "中期"), 8000, 0),
}
BUCKETS = ((0, 0), (1, 3), (4, 30), (31, 60), (61, 90), (91, 180), (181, 360), (361, 1095), (1096, 1800))
WEIGHTS = (8, 7, 22, 18, 12, 16, 9, 6, 2)
CITIES = ("成都", "武汉", "郑州", "西安", "长沙", "南宁", "合肥", "沈阳", "深圳", "厦门", "昆明", "济南")
STRENGTHS = ("官方", "第三方", "第三方", "银行流水", "自述", "无")
NOTES = ("", "", "客户态度配合", "希望保住征信", "已电话沟通两次", "家中有老人需要照顾", "需要晚上联系")
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
STAFF = ("测试顾问甲", "测试顾问乙", "测试顾问丙")

# The cases that need more than a plan: how many, and what is different about them.
STORIES: tuple[tuple[int, Row], ...] = (
    (2, {"轻生信号": "是", "贷款产品": "网贷", "困难原因": "多头债务", "逾期机构数": "9"}),
    (1, {"备注": "情绪低落，说过不想活了", "贷款产品": "信用卡"}),
    (1, {"备注": "丈夫家暴，已带孩子搬走", "困难原因": "离婚"}),
    (2, {"暴力催收": "是", "贷款产品": "套路贷", "法律阶段": "无"}),
    (1, {"备注": "催收上门堵锁眼、泼漆，家人害怕", "催收违规": "上门骚扰"}),
    (2, {"法律阶段": "支付令", "送达日期": "-13", "对债务有异议": "否", "逾期天数": "75"}),
    (2, {"法律阶段": "支付令", "送达日期": "-5", "对债务有异议": "是", "逾期天数": "120"}),
    (1, {"法律阶段": "支付令", "送达日期": "-30", "逾期天数": "140"}),
    (1, {"法律阶段": "支付令", "送达日期": "", "逾期天数": "95"}),
    (3, {"法律阶段": "起诉", "送达日期": "-6", "逾期天数": "160"}),
    (1, {"法律阶段": "收到传票", "送达日期": "-14", "逾期天数": "200"}),
    (2, {"法律阶段": "开庭", "送达日期": "-25", "逾期天数": "220"}),
    (2, {"法律阶段": "判决", "送达日期": "-4", "逾期天数": "300"}),
    (1, {"法律阶段": "判决", "送达日期": "-13", "逾期天数": "280"}),
    (1, {"法律阶段": "判决", "送达日期": "-40", "逾期天数": "330"}),
    (1, {"法律阶段": "小额诉讼判决", "送达日期": "-8", "逾期天数": "260"}),
    (2, {"法律阶段": "强制执行", "送达日期": "-12", "逾期天数": "500"}),
    (1, {"法律阶段": "强制执行", "拍卖日期": "+30", "贷款产品": "房贷", "逾期天数": "420"}),
    (1, {"法律阶段": "限高", "逾期天数": "610"}),
    (1, {"法律阶段": "失信", "逾期天数": "820"}),
    (2, {"法律阶段": "诉前调解", "逾期天数": "130", "愿意还款": "是"}),
    (3, {"法律阶段": "律师函", "逾期天数": "58"}),
    (1, {"法律阶段": "已结案", "逾期天数": "45"}),
    (2, {"非本人借款": "是", "困难原因": "冒名", "逾期天数": "66"}),
    (1, {"备注": "本人说从没借过，身份证丢过", "逾期天数": "40"}),
    (1, {"年龄": "16", "困难原因": "学生", "贷款产品": "网贷"}),
    (1, {"借款人已去世": "是", "困难原因": "去世", "贷款产品": "信用卡"}),
    (1, {"行为能力受限": "是", "困难原因": "疾病"}),
    (2, {"逾期天数": "1600", "最近催收日期": "-1500", "法律阶段": "无", "机构类型": "资产管理公司"}),
    (1, {"逾期天数": "1400", "最近催收日期": "", "法律阶段": "无"}),
    (2, {"债务中介": "是", "备注": "交了3000元给代理维权，对方要手机卡"}),
    (1, {"贷款产品": "民间借贷", "年利率": "30", "合同日期": "-500", "逾期天数": "60"}),
    (1, {"贷款产品": "民间借贷", "年利率": "36", "合同日期": "-2500", "逾期天数": "90"}),
    (3, {"催收违规": "深夜催收;频繁催收", "逾期天数": "35"}),
    (2, {"催收违规": "联系家人同事;威胁辱骂", "逾期天数": "80"}),
    (
        1,
        {
            "催收违规": "冒充公检法",
            "逾期天数": "10",
            "月收入": "",
            "困难原因": "未说明",
            "困难持续时间": "短期",
            "预计恢复收入日期": "-20",
            "困难证明": "第三方",
            "收入证明": "第三方",
        },
    ),
    (2, {"贷款产品": "房贷", "逾期天数": "110", "困难持续时间": "长期", "月收入": "1500", "基本生活支出": "2600"}),
    (2, {"贷款产品": "房贷", "逾期天数": "0", "困难原因": "失业"}),
    (1, {"贷款产品": "房贷", "逾期天数": "40", "已宣布提前到期": "是"}),
    (2, {"一年内要办房贷": "是", "逾期天数": "7", "贷款产品": "省呗", "月收入": "9500", "困难原因": "忘记还款"}),
    (1, {"一年内要办房贷": "是", "逾期天数": "50", "月收入": "0", "可一次性支付": "0"}),
    (
        2,
        {
            "贷款产品": "信用卡",
            "逾期天数": "150",
            "困难持续时间": "中期",
            "困难证明": "官方",
            "收入证明": "第三方",
            "月收入": "5000",
            "基本生活支出": "2600",
            "优先支出": "1300",
            "欠款余额": "40000",
            "每月应还": "2400",
        },
    ),
    (
        1,
        {
            "贷款产品": "信用卡",
            "逾期天数": "150",
            "困难持续时间": "长期",
            "困难证明": "官方",
            "收入证明": "官方",
            "月收入": "4600",
            "基本生活支出": "2600",
            "优先支出": "1300",
            "欠款余额": "96000",
            "每月应还": "4800",
        },
    ),
    (
        1,
        {
            "贷款产品": "信用卡",
            "逾期天数": "150",
            "困难持续时间": "中期",
            "困难证明": "自述",
            "收入证明": "无",
            "月收入": "5000",
            "基本生活支出": "2600",
            "优先支出": "1300",
            "欠款余额": "40000",
            "每月应还": "2400",
        },
    ),
    (
        2,
        {
            "贷款产品": "信用卡",
            "逾期天数": "200",
            "可一次性支付": "30000",
            "欠款余额": "26000",
            "逾期机构数": "1",
            "月收入": "9000",
            "基本生活支出": "2500",
            "优先支出": "1000",
            "愿意还款": "是",
        },
    ),
    (2, {"困难持续时间": "长期", "月收入": "1500", "基本生活支出": "2000", "居住城市": "深圳", "本地社保年数": "8"}),
    (1, {"困难持续时间": "长期", "月收入": "1500", "基本生活支出": "2000", "居住城市": "厦门市", "本地社保年数": "6"}),
    (1, {"困难持续时间": "长期", "月收入": "900", "基本生活支出": "2000", "居住城市": "昆明", "贷款产品": "消金"}),
    (2, {"协商申请": "被拒绝", "协商申请日期": "-42", "逾期天数": "85"}),
    (1, {"协商申请": "待答复", "协商申请日期": "-70", "逾期天数": "100"}),
    (1, {"协商申请": "待答复", "协商申请日期": "-6", "逾期天数": "50"}),
    (3, {"逾期机构数": "5", "其他债务月供": "6800", "困难原因": "以贷养贷", "逾期天数": "70"}),
    (2, {"征信有误": "是", "逾期天数": "0", "困难原因": "未说明", "结清日期": "-290", "欠款余额": "0"}),
    (1, {"备注": "收到短信传票，要求点击链接转到私人账户", "逾期天数": "33"}),
    (1, {"备注": "对方称这是信用卡诈骗，要坐牢", "贷款产品": "信用卡", "本金": "58000", "逾期天数": "130"}),
    (1, {"备注": "一直以贷养贷，想再借一笔", "逾期天数": "25"}),
    (3, {"困难持续时间": "", "预计恢复收入日期": "", "逾期天数": "40", "困难证明": "官方"}),
    (3, {"借款人编号": "B9001", "逾期机构数": "", "其他债务月供": "", "逾期天数": "52", "姓名": "测试李9001"}),
    (
        1,
        {
            "贷款产品": "朋友借款",
            "机构类型": "个人",
            "年利率": "8",
            "合同日期": "-420",
            "协商申请": "被拒绝",
            "协商申请日期": "-20",
            "逾期天数": "50",
            "逾期机构数": "1",
            "其他债务月供": "0",
        },
    ),
    (1, {"贷款产品": "京东白条", "放款机构": "测试消费金融公司", "逾期天数": "36"}),
    (1, {"贷款产品": "以租代购", "放款机构": "测试租赁公司", "机构类型": "", "逾期天数": "64", "车已被拖走": "是"}),
    (1, {"法律阶段": "仲裁通知", "仲裁答辩截止日": "+2", "贷款产品": "小额贷款", "逾期天数": "210"}),
    (1, {"法律阶段": "仲裁裁决", "送达日期": "-15", "贷款产品": "小额贷款", "逾期天数": "300"}),
    (1, {"法律阶段": "公证执行", "送达日期": "-7", "贷款产品": "银行消费贷", "逾期天数": "180"}),
    (1, {"法律阶段": "终本", "贷款产品": "信用卡", "逾期天数": "900"}),
    (1, {"账户冻结": "是", "贷款产品": "网贷", "逾期天数": "400"}),
    (1, {"法律阶段": "开庭", "开庭日期": "+3", "贷款产品": "借呗", "逾期天数": "230"}),
    (1, {"当事人身份": "担保人", "贷款产品": "银行消费贷", "逾期天数": "120"}),
    (1, {"当事人身份": "配偶", "贷款产品": "信用卡", "逾期天数": "90"}),
    (1, {"当事人身份": "继承人", "贷款产品": "信用卡", "逾期天数": "70", "困难原因": "家人去世"}),
    (1, {"当事人身份": "名义借款人", "钱由他人使用": "是", "贷款产品": "网贷", "逾期天数": "45"}),
    (1, {"当事人身份": "共同借款人", "贷款产品": "房贷", "逾期天数": "65", "困难原因": "离婚", "公积金余额": "30000"}),
)
# What spreadsheets get wrong; each of these rows is refused with a sentence saying what to correct.
MISTAKES: tuple[Row, ...] = (
    {"贷款产品": "洗衣机分期"},
    {"应还款日": "2026/2/30", "逾期天数": ""},
    {"欠款余额": "-500"},
    {"困难原因": ""},
    {"逾期天数": "很久"},
    {"每月应还": "1,2"},
    {"案件编号": "FB-0007"},
)


def everyday(rng: random.Random, number: int) -> Row:
    """A borrower with ordinary trouble. Products and kinds of hardship take turns, so that each occurs."""
    product = list(PRODUCTS)[number % len(PRODUCTS)]
    hardship = list(HARDSHIPS)[(number // len(PRODUCTS) + number) % len(HARDSHIPS)]
    names, lenders, kind, most, rates, instalments = PRODUCTS[product]
    durations, income_most, months = HARDSHIPS[hardship]
    days = rng.randint(*BUCKETS[number]) if number < len(BUCKETS) else rng.randint(*rng.choices(BUCKETS, WEIGHTS)[0])
    principal = rng.randint(most // 5 + 1, most) * 1000
    fees = round(principal * float(rates[0]) / 100 * days / 365)
    duration = rng.choice(durations)
    surname, person = rng.choice(SURNAMES), number + 1
    row = dict.fromkeys((*NO, "钱由他人使用", "账户冻结", "车已被拖走"), "否") | {
        "当事人身份": "借款人本人",
        "案件编号": f"FB-{person:04}",
        "借款人编号": f"B{person:04}",
        "姓名": f"测试{surname}{person:03}",
        "手机号": f"1380000{person:04}",
        "身份证号": f"0000001900010{person:05}",
        "贷款产品": rng.choice(names),
        "放款机构": rng.choice(lenders),
        "机构类型": kind,
        "逾期天数": str(days),
        "困难原因": hardship,
        "困难持续时间": duration,
        "预计恢复收入日期": f"+{months * 30 + rng.randint(-20, 20)}" if months and duration == "短期" else "",
        "困难证明": rng.choice(STRENGTHS),
        "收入证明": rng.choice(STRENGTHS),
        "欠款余额": str(principal + fees),
        "本金": str(principal),
        "息费合计": str(fees),
        "每月应还": str(max(200, principal // instalments)),
        "可一次性支付": str(rng.choice((0, 0, 0, 500, 2000, principal // 3))),
        "年利率": rng.choice(rates),
        "合同日期": f"-{days + rng.randint(100, 900)}",
        "最近催收日期": f"-{rng.randint(1, 25)}" if days else "",
        "月收入": str(rng.randint(income_most // 2, income_most) // 100 * 100),
        "基本生活支出": str(rng.randint(12, 28) * 100),
        "优先支出": str(rng.randint(3, 16) * 100),
        "其他债务月供": str(rng.choice((0, 0, 300, 800, 1500))),
        "逾期机构数": str(1 if days else 0),
        "家庭人口": str(rng.randint(1, 5)),
        "年龄": str(rng.randint(21, 24) if hardship == "在校学生" else rng.randint(24, 66)),
        "本地社保年数": str(rng.randint(0, 12)),
        "居住城市": rng.choice(CITIES),
        "法律阶段": "无",
        "愿意还款": rng.choice(("是", "是", "是", "否")),
        "催收违规": "无",
        "协商申请": "未申请",
        "备注": rng.choice(NOTES),
        "经办人": rng.choice(STAFF),
    }
    if product == "民间借贷" or hardship == "在校学生":
        row["合同日期"] = f"-{days + rng.randint(30, 120)}"
    if days and rng.random() < 0.15:
        row |= {"逾期机构数": "2", "其他债务月供": "2600"}
    return row


def gaps(rng: random.Random, row: Row) -> Row:
    """The row with some cells left blank, as they come."""
    kept = ("案件编号", "贷款产品", "逾期天数", "应还款日", "困难原因", *YOUNG)
    optional = [name for name in COLUMNS if name not in kept]
    return row | dict.fromkeys(rng.sample(optional, rng.randint(2, 9)), "")


def fitting(row: Row, story: Row) -> Row:
    """The row with what the story changed in keeping with the rest: sums add up, nothing comes before the contract."""
    if "本金" in story:
        row |= {"欠款余额": str(int(row["本金"]) + int(row["息费合计"]))}
    elif "欠款余额" in story:
        fees = min(int(row["息费合计"]), int(row["欠款余额"]))
        row |= {"息费合计": str(fees), "本金": str(int(row["欠款余额"]) - fees)}
    if "每月应还" not in story and int(row["欠款余额"]) and int(row["每月应还"]) > int(row["欠款余额"]):
        row |= {"每月应还": row["欠款余额"]}
    began = max(
        int(row["逾期天数"]), *(-int(row[name]) for name in ("最近催收日期", "协商申请日期") if row.get(name)), 0
    )
    if int(row["合同日期"]) > -began:
        row |= {"合同日期": f"-{began + 100}"}
    return row


def written(rng: random.Random, row: Row) -> list[str]:
    """The cells as different people write them: dates from offsets, money and days in their usual spellings."""
    cells = []
    for name in COLUMNS:
        cell = row.get(name, "")
        if cell[:1] in ("+", "-") and name.endswith(("日期", "截止日")):
            day = DAY + dt.timedelta(days=int(cell))
            slashes, signs = f"{day.year}/{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日"
            cell = rng.choice((f"{day}", f"{day}", slashes, signs))
        elif name == "逾期天数" and cell.isdigit() and rng.random() < 0.1:
            cell += "天"
        elif name in ("欠款余额", "本金") and cell.isdigit() and int(cell) >= 10000 and rng.random() < 0.2:
            cell = f"{int(cell) / 10000:g}万" if cell.endswith("000") else f"{int(cell):,}.00"
        cells.append(cell)
    return cells


def make() -> str:
    """The whole file as text."""
    rng = random.Random(SEED)  # noqa: S311 - invented cases, nothing secret
    rows = [everyday(rng, number) for number in range(EVERYDAY)]
    rows = [gaps(rng, row) if number % 12 == 11 else row for number, row in enumerate(rows)]
    for story in (story for count, story in STORIES for _ in range(count)):
        rows.append(fitting(everyday(rng, len(rows)) | {"困难证明": "第三方", "收入证明": "第三方"} | story, story))
    # A due date says the same as the days overdue; some offices keep only the one.
    for row in rows[20::17]:
        days = int(row["逾期天数"])
        row |= {"应还款日": f"{DAY - dt.timedelta(days=days) if days else DAY + dt.timedelta(days=9)}", "逾期天数": ""}
    for mistake in MISTAKES:
        rows.append(everyday(rng, len(rows)) | mistake)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(written(rng, row) for row in rows)
    return text.getvalue()


if __name__ == "__main__":
    TARGET.write_text(make(), encoding="utf-8-sig", newline="")
