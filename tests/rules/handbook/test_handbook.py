"""The handbook says all that the pack says, leads where it points to, and takes no harm from any text."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt  # rich brings it
from markdown_it.token import Token
from typer.testing import CliRunner

from forbear.base.errors import ForbearError
from forbear.cli.commands.policy import app
from rules.handbook import handbook
from rules.handbook.conditions import condition
from rules.handbook.contents import LANGUAGES
from rules.handbook.context import anchor, context
from rules.handbook.document import Bullet
from rules.handbook.render import escaped
from rules.loading.loader import DEFAULT_PACK, Pack, load
from rules.locale import Language
from rules.pack.logic import conditions as c
from rules.pack.logic.normal_form import leaves
from tests.support.packs.text_rules import BANNED
from tests.support.packs.tiny_pack import FILES, edited, tiny, write
from tests.support.packs.vocabulary import CONDITIONS, VOCABULARY

DAY = dt.date(2026, 11, 24)
FILES_OF_ENTRIES = (
    *("strategies", "products", "hardships", "documents", "rights", "warnings", "steps"),
    *("contacts", "red_flags", "deadlines", "parameters", "fees", "letters", "open_points", "references"),
)
MARKDOWN = MarkdownIt("commonmark").enable("table")
HOSTILE = "<script>alert(1)</script> | a *b* _c_ `d` [e](#f) &amp; \\ $g$ ~h~"


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.headings: list[int] = []
        self.cells: list[int] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        """All values of an attribute, in order."""
        return [value for _, attribute, value in self.attributes if attribute == name]


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


@cache
def small() -> Pack:
    return tiny()


@cache
def files() -> dict[str, str]:
    return handbook(pack(), DAY)


@cache
def page(language: str) -> Page:
    return Page(files()[f"handbook.{language}.html"])


def entry(text: str, name: str) -> str:
    """An entry of a page, as HTML."""
    found = re.search(rf'<article id="{re.escape(name)}"[^>]*>.*?</article>', text, re.DOTALL)
    assert found is not None, name
    return found[0]


def names(of: Pack) -> list[str]:
    """The anchors of everything in a pack."""
    found = [anchor(("rules", loaded.rule.id)) for loaded in of.rules]
    found += [anchor(("facts", name)) for name in of.vocabulary.facts]
    if of.negotiation is not None:
        found += [anchor(("approaches", name)) for name in of.negotiation.approaches]
        found += [anchor(("points", name)) for name in of.negotiation.points]
    return found + [anchor((file, name)) for file in FILES_OF_ENTRIES for name in getattr(of, file)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_in_the_pack_has_exactly_one_anchor(language: str) -> None:
    count = Counter(page(language).values("id"))
    assert {name: count[name] for name in names(pack()) if count[name] != 1} == {}
    assert [name for name, times in count.items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_of_a_page_leads_to_an_anchor_of_it(language: str) -> None:
    targets = page(language).values("href")
    assert {target[0] for target in targets} == {"#"}
    assert {target[1:] for target in targets} - set(page(language).values("id")) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_stands_alone_and_runs_nothing(language: str) -> None:
    tags = page(language).tags
    assert not tags.keys() & {"script", "link", "img", "iframe", "object", "form", "details"}
    assert not [name for _, name, _ in page(language).attributes if name in ("src", "style") or name.startswith("on")]
    assert "http" not in files()[f"handbook.{language}.html"]
    assert "url(" not in files()[f"handbook.{language}.html"]


@pytest.mark.parametrize(("language", "tag"), [("zh", "zh-CN"), ("en", "en")])
def test_a_page_names_its_language_and_its_headings_skip_no_level(language: str, tag: str) -> None:
    assert page(language).attributes[0] == ("html", "lang", tag)
    levels = page(language).headings
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert [pair for pair in pairwise(levels) if pair[1] > pair[0] + 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_pack_is_told(language: str) -> None:
    told = " ".join("".join(page(language).text).split())
    texts = [loaded.rule.title for loaded in pack().rules]
    texts += [strategy.title for strategy in pack().strategies.values()]
    texts += [
        item.text for file in ("documents", "rights", "warnings", "steps") for item in getattr(pack(), file).values()
    ]
    texts += [text for each in pack().strategies.values() for text in (each.sound_when, each.against)]
    texts += [point.text for point in pack().open_points.values()]
    texts += [source.title for source in pack().references.values()]
    texts += [fact.question for fact in pack().vocabulary.facts.values() if fact.question]
    said = [getattr(text, language) for text in texts]
    assert [text for text in said if "{" not in text and " ".join(text.split()) not in told] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_dated_value_of_a_figure_is_told_with_its_days(language: str) -> None:
    for name, parameter in pack().parameters.items():
        told = Page(entry(files()[f"handbook.{language}.html"], f"parameters.{name}"))
        text = "".join(told.text)
        assert len(told.cells) == len(parameter.values) + 1, name
        for value in parameter.values:
            assert value.valid_from.isoformat() in text
            assert value.valid_to is None or value.valid_to.isoformat() in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_slice_of_a_fee_is_a_row_and_a_maximum_one_more(language: str) -> None:
    for name, table in pack().fees.items():
        told = Page(entry(files()[f"handbook.{language}.html"], f"fees.{name}"))
        slices = sum(len(each.brackets) + (each.maximum is not None) for each in table.values)
        assert len(told.cells) == slices + len(table.values), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_open_point_is_told_at_the_figures_and_sources_that_hang_on_it(language: str) -> None:
    text = files()[f"handbook.{language}.html"]
    for name, point in pack().open_points.items():
        for parameter in point.parameters:
            assert f'href="#open_points.{name}"' in entry(text, f"parameters.{parameter}")
        assert text.count(f'href="#open_points.{name}"') == len(point.parameters) + len(point.references)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_test_of_a_rule_is_a_row_of_its_table(language: str) -> None:
    for loaded in pack().rules:
        told = Page(entry(files()[f"handbook.{language}.html"], loaded.rule.id))
        assert len(told.cells) == len(loaded.rule.tests) + 1, loaded.rule.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_have_as_many_cells_as_their_head(language: str) -> None:
    for table in re.findall(r"<table>.*?</table>", files()[f"handbook.{language}.html"], re.DOTALL):
        assert len(set(Page(table).cells)) == 1


def test_every_derived_fact_says_how_it_is_found() -> None:
    assert [name for name, fact in pack().vocabulary.facts.items() if fact.derived and fact.how is None] == []


@pytest.mark.parametrize("phrase", BANNED)
def test_no_banned_phrase_is_said_by_us(phrase: str) -> None:
    """What people write to us, and we look for in their notes, is listed as such and left out here."""
    for name, text in files().items():
        escape = html.escape if name.endswith("html") else escaped
        for flag in pack().red_flags.values():
            for separator in ("、", ", "):
                text = text.replace(escape(separator.join(flag.words)), "")
        assert phrase not in text, name


def test_the_same_pack_and_day_give_the_same_bytes() -> None:
    assert handbook(load(DEFAULT_PACK), DAY) == files()


@pytest.mark.parametrize(
    ("day", "marks"),
    [("2019-12-31", ["in force on the day", "not begun"]), ("2020-01-01", ["ended", "in force on the day"])],
)
def test_the_value_in_force_on_the_day_is_marked(day: str, marks: list[str]) -> None:
    text = handbook(tiny(), dt.date.fromisoformat(day))["handbook.en.html"]
    told = entry(text, "parameters.npl_days")
    assert re.findall(r">(in force on the day|not begun|ended)<", told) == marks


def test_a_figure_without_a_value_on_the_day_is_an_alarm_wherever_it_is_used() -> None:
    text = handbook(tiny(), dt.date(2009, 12, 31))["handbook.en.html"]
    assert "no value in force on the day" in entry(text, "parameters.npl_days")
    assert "Days to non-performing</a> (no value in force on the day)" in entry(text, "card-plan")


def test_a_figure_carried_on_is_marked() -> None:
    carried = edited("parameters.yaml", "{value: 5, valid_from", "{value: 5, carried: true, valid_from")
    assert "carried on, not confirmed" in entry(
        handbook(tiny(carried), DAY)["handbook.en.html"], "parameters.savings_buffer"
    )
    assert "carried on, not confirmed" not in entry(
        handbook(tiny(), DAY)["handbook.en.html"], "parameters.savings_buffer"
    )


def test_links_go_both_ways() -> None:
    text = files()["handbook.en.html"]
    rule, strategy = "card-personalised-instalment", "card_personalised_instalment"
    assert f'href="#strategies.{strategy}"' in entry(text, rule)
    assert f'href="#{rule}"' in entry(text, f"strategies.{strategy}")
    assert f'href="#{rule}"' in entry(text, "parameters.card_art70_max_months")
    assert f'href="#{rule}"' in entry(text, "facts.willing_to_pay")


def test_a_rule_tells_what_happened_to_it() -> None:
    told = Page(entry(handbook(tiny(), DAY)["handbook.zh.html"], "crisis"))
    text = "".join(told.text)
    assert "1.0.0 (2026-11-23) 修改：备注也算" in text
    assert "0.9.0 (2026-10-01) 新增" in text


def test_a_condition_is_told_point_by_point() -> None:
    text = "".join(Page(entry(handbook(tiny(), DAY)["handbook.en.html"], "card-plan")).text)
    for point in (
        "All of these hold:",
        "Product is Credit card",
        "Days overdue is more than Days to non-performing (90 days)",
        "Rate is at most High rate (24%)",
        "[Capacity] a month; over 90 days",
    ):
        assert point in text


def points(bullet: Bullet) -> int:
    """How many points of a list have nothing below them."""
    return sum(points(each) for each in bullet.below) or 1


@given(CONDITIONS, st.sampled_from(LANGUAGES))
def test_every_comparison_of_a_condition_is_a_point(when: c.Condition, language: Language) -> None:
    absent = small().parameters["npl_days"]
    other = dataclasses.replace(small(), vocabulary=VOCABULARY, parameters={"absent": absent})
    v = dataclasses.replace(context(small(), DAY, language), pack=other)
    told = condition(v, when)
    assert points(told) == len(leaves(when))
    assert condition(v, c.Not(c.Not(when))) == told


def test_a_pack_as_small_as_can_be_has_a_handbook_too() -> None:
    for changes in ({}, {"changelog.yaml": None}):
        for name, text in handbook(tiny(changes), DAY).items():
            if name.endswith("html"):
                assert {target[1:] for target in Page(text).values("href")} <= set(Page(text).values("id"))


def hostile() -> Pack:
    """The tiny pack with texts that HTML or Markdown would take for more than text."""
    quoted = "'" + HOSTILE.replace("'", "''") + "'"
    text = f"{{zh: {quoted}, en: {quoted}}}"
    crisis = FILES["safety/crisis.yaml"].replace("{zh: 危机, en: Crisis}", text)
    changes: dict[str, str | None] = {
        **edited("pack.yaml", "{zh: 小包, en: Tiny}", text),
        **edited("strategies.yaml", "{zh: 危机干预, en: Crisis support}", text),
        **edited("references.yaml", "{zh: 惯例, en: Practice}", text),
        **edited("rights.yaml", "{zh: 异议权, en: Right to dispute}", text),
        **edited("hardships.yaml", "synonyms: [下岗]", f"synonyms: [{quoted}]"),
        "safety/crisis.yaml": crisis.replace("name: words of danger", f"name: {quoted}"),
    }
    return tiny(changes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_text_holds_is_only_text_in_html(language: str) -> None:
    told = Page(handbook(hostile(), DAY)[f"handbook.{language}.html"])
    assert told.tags["script"] == 0
    assert "".join(told.text).count(HOSTILE) >= 8
    assert {target[1:] for target in told.values("href")} <= set(told.values("id"))


def tokens(text: str) -> list[Token]:
    return [inner for token in MARKDOWN.parse(text) for inner in (token, *(token.children or ()))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_text_holds_is_only_text_in_markdown(language: str) -> None:
    found = tokens(handbook(hostile(), DAY)[f"handbook.{language}.md"])
    raw = {token.content for token in found if token.type in ("html_inline", "html_block")}
    assert {each for each in raw if not re.fullmatch(r'(<a id="[\w.~-]+">|</a>|</?code>|\s)*', each)} == set()
    shown = "".join(token.content for token in found if token.type == "text")
    assert shown.count(HOSTILE) >= 8


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("of", ["shipped", "hostile"])
def test_every_link_of_the_markdown_leads_to_an_anchor_of_it(language: str, of: str) -> None:
    text = (files() if of == "shipped" else handbook(hostile(), DAY))[f"handbook.{language}.md"]
    found = tokens(text)
    targets = {str(token.attrGet("href")) for token in found if token.type == "link_open"}
    anchors = Counter(re.findall(r'<a id="([^"]+)">', text))
    assert {target.removeprefix("#") for target in targets} - anchors.keys() == set()
    assert [name for name, times in anchors.items() if times > 1] == []
    if of == "shipped":
        assert {name for name in names(pack()) if anchors[name] != 1} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_anchor_of_a_rule_stands_before_its_heading(language: str) -> None:
    lines = files()[f"handbook.{language}.md"].splitlines()
    for loaded in pack().rules:
        place = lines.index(f'<a id="{loaded.rule.id}"></a>')
        assert lines[place + 2].startswith("### ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_of_the_markdown_are_as_many_as_of_the_page(language: str) -> None:
    found = Counter(token.type for token in tokens(files()[f"handbook.{language}.md"]))
    assert found["table_open"] == page(language).tags["table"] + 1, "the title page is a table here"
    assert found["tr_open"] > page(language).tags["tr"]


@given(st.text())
def test_escaped_text_is_read_as_the_same_text(text: str) -> None:
    flat = " ".join(text.replace("\0", "").split())  # a null is replaced by whoever reads Markdown
    for place, read in (("| head |\n| --- |\n| x {} y |", "headx {} y"), ("- {}", "{}"), ("x {} y", "x {} y")):
        found = tokens(place.format(escaped(flat)))
        assert {token.type for token in found if token.nesting == 0} <= {"inline", "text", "text_special"}
        shown = "".join(token.content for token in found if token.type in ("text", "text_special"))
        assert shown == read.format(flat) or not flat


def test_the_command_writes_both_languages_in_both_formats(tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    done = CliRunner().invoke(app, ["docs", str(write(tmp_path / "pack")), "--out", str(out), "--as-of", "2026-11-24"])
    assert done.exit_code == 0, done.output
    assert {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()} == handbook(tiny(), DAY)


def test_the_pack_itself_is_no_place_for_its_handbook(tmp_path: Path) -> None:
    pack = write(tmp_path / "pack")
    before = sorted(pack.rglob("*"))
    (tmp_path / "link").symlink_to(pack)
    for out in (pack, tmp_path / "link"):
        failed = CliRunner().invoke(app, ["docs", str(pack), "--out", str(out)])
        assert isinstance(failed.exception, ForbearError)
        assert failed.exception.message == f"--out {out} is the policy pack itself: choose another folder."
    assert sorted(pack.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed = CliRunner().invoke(app, ["docs", str(write(tmp_path / "pack")), "--out", str(tmp_path / "file")])
    assert isinstance(failed.exception, ForbearError)
    assert failed.exception.exit_code == 2
    assert failed.exception.message == (
        f"{tmp_path / 'file'} cannot be written (File exists): give another folder with --out."
    )
