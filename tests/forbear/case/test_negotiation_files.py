"""The files of a negotiation pack: page, letters, plan, calendar, and a folder in which no old letter is left."""

from __future__ import annotations

import csv
import datetime as dt
from html.parser import HTMLParser
from pathlib import Path

import pytest
from icalendar import Calendar

from forbear.base.errors import ForbearError
from forbear.case.negotiation import negotiation_files
from rules.pack.files.schema import Text
from rules.text.calendar import CalendarDay, calendar
from tests.rules.text.test_negotiation_pack import CALM
from tests.support.packs.negotiation_packs import AS_OF, BOTH, NOW, prepared, swept

LAWSUIT = {**CALM, "legal_stage": "complaint_served", "served_on": "2026-11-20"}
DEFERRAL = {**CALM, "hardship_duration": "temporary", "resume_date": "2027-03-01"}
INSTALMENTS = {**CALM, "hardship_duration": "medium", "days_overdue": 100, "annual_rate_percent": 18}


def written(folder: Path, **facts: object) -> set[str]:
    return {path.name for path in negotiation_files.write(folder, prepared(**facts), BOTH, NOW)}


def test_a_request_comes_with_page_text_letters_plan_and_calendar(tmp_path: Path) -> None:
    names = {"kit.html", "kit.md", "letter.txt", "letter.en.txt", "plan.csv", "deadlines.ics"}
    assert written(tmp_path, **INSTALMENTS) == names == {path.name for path in tmp_path.iterdir()}


def test_a_letter_that_may_no_longer_be_sent_does_not_stay(tmp_path: Path) -> None:
    written(tmp_path, **INSTALMENTS)
    (tmp_path / "letter-notes.txt").write_text("mine", encoding="utf-8")
    assert written(tmp_path, **{**CALM, "self_harm_signal": True}) == {"kit.html", "kit.md", "deadlines.ics"}
    assert {path.name for path in tmp_path.iterdir()} == {"kit.html", "kit.md", "deadlines.ics", "letter-notes.txt"}


def test_one_language_is_one_language(tmp_path: Path) -> None:
    found = prepared(**INSTALMENTS)
    names = {path.name for path in negotiation_files.write(tmp_path, found, ("en",), NOW)}
    assert "letter.en.txt" in names and "letter.txt" not in names
    assert '<span lang="zh-CN"' not in negotiation_files.page(found, ("en",))
    assert '<span lang="en"' not in negotiation_files.page(found, ("zh",))


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(ForbearError, match=r"taken cannot be written .*: choose another folder\.$"):
        negotiation_files.write(tmp_path / "taken", prepared(**CALM), BOTH, NOW)


def test_a_letter_says_whom_it_is_for_and_leaves_the_person_blank() -> None:
    found = prepared(**DEFERRAL, lender="测试银行")
    text = negotiation_files.letter(found.letters[0], "zh")
    assert text.startswith("延期还款申请书\n\n致：测试银行\n") and "身份证号：________" in text


def test_a_letter_on_hold_says_so_first() -> None:
    found = prepared(**{**CALM, "last_interruption": "2022-01-01", "days_overdue": 1700})
    assert negotiation_files.letter(found.letters[0], "zh").startswith("【先不要寄出】")


def test_the_plan_adds_up_to_the_balance(tmp_path: Path) -> None:
    written(tmp_path, **INSTALMENTS)
    table = list(csv.DictReader((tmp_path / "plan.csv").read_text(encoding="utf-8-sig").splitlines()))
    for name in {row["方案 plan"] for row in table}:
        rows = [row for row in table if row["方案 plan"] == name]
        assert sum(round(float(row["本金 principal"]) * 100) for row in rows) == 2_000_000
        assert rows[-1]["剩余 balance"] == "0.00"


class _Outline(HTMLParser):
    """Tags that would reach out of the page, ids, and headings in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.ids: list[str] = []
        self.levels: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag in ("script", "link", "img", "iframe", "object") or {"src", "href", "onclick"} & set(names):
            self.outside.append(tag)
        if names.get("id"):
            self.ids.append(str(names["id"]))
        if tag in ("h1", "h2", "h3"):
            self.levels.append(int(tag[1]))


def test_the_page_needs_nothing_from_outside_and_its_headings_nest() -> None:
    for _, found in swept(300, 11):
        page = negotiation_files.page(found, BOTH)
        outline = _Outline()
        outline.feed(page)
        assert outline.outside == [] and "url(" not in page and "@import" not in page
        assert len(outline.ids) == len(set(outline.ids))
        assert outline.levels[0] == 1 and outline.levels.count(1) == 1


def test_what_a_submitter_wrote_cannot_break_page_or_text() -> None:
    found = prepared(**DEFERRAL, lender="<script>alert(1)</script> *x* _y_ | `z`")
    assert "<script" not in negotiation_files.page(found, BOTH)
    prose = negotiation_files.markdown(found, BOTH).split("```text")[0]
    assert "<script" not in prose


def test_the_calendar_reminds_before_the_day_in_both_languages() -> None:
    found = prepared(**LAWSUIT)
    diary = Calendar.from_ical(calendar("C-1", found.days, NOW))
    events = {event.decoded("dtstart"): event for event in diary.walk("VEVENT")}
    answer = events[dt.date(2026, 12, 7)]  # 15 days from 20 November end on a Saturday
    assert "最后一天" in str(answer["SUMMARY"]) and "Last day" in str(answer["SUMMARY"])
    assert answer.decoded("dtstamp") == NOW
    assert [alarm.decoded("trigger") for alarm in answer.walk("VALARM")] == [
        dt.timedelta(days=-3, hours=9),
        dt.timedelta(days=-1, hours=9),
    ]


def test_an_assumed_day_says_so() -> None:
    found = prepared(**{**LAWSUIT, "served_on": ""})
    assert any(day.assumed for day in found.days)
    assert "这个日期是推定的" in calendar("C-1", found.days, NOW).decode().replace("\r\n ", "")


def test_event_ids_are_stable_for_a_case_and_differ_between_cases() -> None:
    days = [CalendarDay("answer", AS_OF, Text(zh="甲", en="a"), Text(zh="乙", en="b"), assumed=False)]

    def ids(case_ref: str, when: dt.datetime) -> list[str]:
        return [str(event["UID"]) for event in Calendar.from_ical(calendar(case_ref, days, when)).walk("VEVENT")]

    assert ids("C-1", NOW) == ids("C-1", NOW + dt.timedelta(days=9)) != ids("C-2", NOW)


def test_the_calendar_holds_nothing_personal() -> None:
    for evaluation, found in swept(300, 11):
        text = calendar(found.case_ref, found.days, NOW).decode().replace("\r\n ", "")
        assert found.case_ref not in text
        assert str(evaluation.facts.get("lender", "no lender")) not in text
