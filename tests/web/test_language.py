"""Every word of the pages is in the dictionaries, in both languages; every link keeps the language."""

import re
import string
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from forbear.base.vault import Vault
from rules.locale import in_language, said
from tests.support.desk.desk_clients import desk
from web.language import LANGUAGES, Language, message, messages
from web.templates import compiler

WEB = Path(__file__).parents[2] / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
MARKUP = re.compile(r"{{.*?}}|{%.*?%}|{#.*?#}", re.DOTALL)
SPOKEN = {"alt", "title", "placeholder", "aria-label", "aria-description", "data-label", "value", "content"}
NOT_SPOKEN = {"width=device-width, initial-scale=1", "noindex"}
# Keys that templates put together from a value.
FAMILIES = (
    "password.strength.",
    "recovery.sure.",
    "export.",
    "notifications.way.",
    "ledger.switch.",
    "queue.due.",
    "queue.lender",
    "queue.amount",
    "queue.city",
    "what_if.unit.",
    "what_if.verdict.",
    "what_if.came",
    "what_if.went",
    "what_if.changed",
    "what_if.no_number",
    "what_if.no_value",
    "what_if.unreadable",
    "what_if.busy",
    "behind.",
    "overview.unfit.",
    "overview.agreements.",
    "overview.contacted",
    "overview.received",
    "overview.response",
    "overview.instalments",
    "overview.first_contact",
    "overview.disagreements",
    "search.kind.",
    "search.empty",
    "search.too_long",
    "person.change.",
    "person.said.",
    "person.binding.",
    "person.no_offer.",
    "person.way.",
    "person.debt",
    "person.lender",
    "person.balance",
    "person.due",
    "person.overdue",
    "person.stands",
    "bar.aged.",
    "part.",
    "head.",
    "contact.",
    "contact_log.result.",
    "channel.",
    "party.",
    "talked.",
    "lender.",
    "agreement.status.",
    "instalment.status.",
    "safety.",
    "handed_to.",
    "crisis.title.",
    "crisis.kind.",
    "crisis.call_in.",
    "queue.call.",
    "queue.crisis.",
    "urgency.U",
    "status.",
    "layer.",
    "differ.",
    "failure.",
    "secondary.",
    "blocked.",
    "state.",
    "action.",
    "about.",
    "send.",
    "done.",
    "told.",
    "reason.",
    "outcome.",
    "event.",
    "budget.",
    "since.",
    "timeline.",
    "kit.",
    "message.",
    "role.",
    "scope.",
    "unfit.",
    "oidc.refused.",
    "proof.",
    "account.password.",
    "accounts.disable.",
    "accounts.enable.",
    "accounts.password.",
    "reveal.reason.",
    "consent.",
    "ledger.",
    "queue.status.",
    "queue.due.",
    "queue.response.",
    "queue.follow_up.",
    "queue.since.",
    "queue.assignee.",
    "queue.told.",
    "queue.keys.",
    "queue.uncertain",
    "queue.disagree",
    "queue.changed",
    "queue.ref",
    "queue.batch",
    "problem.",
    "webhooks.error.",
    "webhooks.batch.",
    "webhooks.case.",
    "webhooks.decision.",
    "webhooks.review.",
    "webhooks.ping",
)


class _Words(HTMLParser):
    """Collects the words of a template that stand in it as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += re.findall(r"\w+", data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in SPOKEN and value and value not in NOT_SPOKEN:
                self.words += re.findall(r"\w+", value)


def _plain(keys: set[str]) -> set[str]:
    return {key.removesuffix(".one") for key in keys}


def _used() -> set[str]:
    web = WEB
    fields = [web.parent / "forbear" / name for name in ("case/actions.py", "case/action_fields.py")]
    sources = [*TEMPLATES, *web.rglob("*.py"), *fields]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    return set(re.findall(r"""["']([a-z][a-z_]*\.[a-z_0-9.]+)["']""", text))


def test_both_languages_have_the_same_messages() -> None:
    assert _plain(set(messages("zh"))) == _plain(set(messages("en")))


@pytest.mark.parametrize("key", sorted(messages("zh")))
def test_a_message_asks_for_the_same_values_in_both_languages(key: str) -> None:
    fields = [{name for _, name, _, _ in string.Formatter().parse(messages(lang)[key]) if name} for lang in LANGUAGES]
    assert fields[0] == fields[1]


def test_every_message_is_used() -> None:
    used = _used()  # read once: every template and module of the pages
    unused = {key for key in messages("zh") if key not in used and not key.startswith(FAMILIES)}
    assert {key for key in unused if not key.endswith(".title")} == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_words_of_its_own(template: Path) -> None:
    parser = _Words()
    parser.feed(MARKUP.sub("", template.read_text(encoding="utf-8")))
    assert parser.words == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_script_and_no_style_of_its_own(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert re.findall(r"<script(?! type=\"module\" src=\"{{ static\()|<style|\sstyle=|\son\w+=|https?://", text) == []


def test_one_is_said_in_the_singular_where_the_language_has_one() -> None:
    assert [message("en", "deadlines.left", n=n) for n in (1, 2)] == ["1 day left", "2 days left"]
    assert [message("zh", "deadlines.left", n=n) for n in (1, 2)] == ["还剩 1 天", "还剩 2 天"]


# What a template may write, with values that need something done to them and values that do not.
WRITTEN = """
{{ t('bar.mine') }}{{ t('deadlines.left', n=1) }}{{ t('deadlines.left', n=2) }}{{ t(key) }}{{ t('bar.' ~ part) }}
{{ t('bar.mine' if yes else 'bar.free') }}{{ t('bar.mine') if no else t('bar.' ~ part) }}{{ t('bar.mine') ~ '<' }}
<b {{ 'a<' if yes }}{{ 'b' if no }} x='{{ text if yes else 1 }}'>{{ 1 if no else 2 if no else text }}</b>
{{ text }}{{ marked }}{{ plain }}{{ none }}{{ number }}{{ yes }}{{ [text] }}{{ marked ~ text }}{{ text | upper }}
{% macro m(t, x) %}{{ t('bar.mine') }}{{ x if x else '&' }}{{ caller() }}{% endmacro %}
{% call m(t, '') %}{{ text }}
{% for n in (1, 2) %}{% call m(t, n) %}{{ text if n > 1 }}{% endcall %}{% endfor %}{% endcall %}
{% set x %}{{ 'a<' if yes }}{{ text }}{% endset %}{{ x }}{% for n in (0, 3) %}{{ loop.index if n }}{% endfor %}
{% autoescape false %}{{ text if yes }}{{ t('bar.mine') }}{% endautoescape %}{% filter upper %}{{ text }}{% endfilter %}
""".strip()
VALUES = {"key": "bar.free", "part": "mine", "yes": True, "no": False, "none": None, "number": 3, "plain": "好"}
VALUES |= {"text": "<a href='x'>&\"</a>", "marked": Markup("<i>好</i>")}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_worked_out_beforehand_is_what_a_template_says(lang: Language) -> None:
    plain, spoken = (Environment(autoescape=True, undefined=StrictUndefined) for _ in range(2))
    compiler.speak(spoken, lang)
    said_plainly = plain.from_string(WRITTEN).render(VALUES, t=partial(message, lang), lang=lang)
    assert spoken.from_string(WRITTEN).render(VALUES) == said_plainly
    assert message(lang, "bar.mine") in spoken.compile("{{ t('bar.mine') }}", raw=True)
    with pytest.raises(KeyError):
        spoken.from_string("{{ t('bar.nothing_of_the_kind') }}")


def test_templates_say_messages_that_there_are() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    said_there = {key for call in re.findall(r"\bt\(([^()]*)", text) for key in re.findall(r"'(\w+\.[\w.]*\w)'", call)}
    assert len(said_there) > 900
    assert said_there - messages("zh").keys() == set()


def test_an_urgency_is_called_the_same_on_every_page_and_in_print() -> None:
    for lang in LANGUAGES:
        for level in range(6):
            here, elsewhere = message(lang, f"urgency.U{level}"), in_language(said(f"urgency.U{level}"), lang)
            assert elsewhere.casefold().startswith(here.casefold()), (lang, level)


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with desk(database_url, redis_url, vault) as opened:
        yield opened


def test_pages_are_chinese_until_another_language_is_asked_for(client: httpx.Client) -> None:
    assert '<html lang="zh-CN">' in client.get("/").text
    assert '<html lang="zh-CN">' in client.get("/", headers={"Accept-Language": "en"}).text
    english = client.get("/?lang=en")
    assert '<html lang="en">' in english.text
    assert english.headers["content-language"] == "en"


def test_the_language_asked_for_is_remembered(client: httpx.Client) -> None:
    client.get("/?lang=en")
    assert '<html lang="en">' in client.get("/").text
    assert '<html lang="en">' in client.get("/nothing").text
    client.get("/?lang=zh")
    assert '<html lang="zh-CN">' in client.get("/").text


def test_a_language_that_does_not_exist_is_passed_over(client: httpx.Client) -> None:
    page = client.get("/?lang=xx")
    assert '<html lang="zh-CN">' in page.text
    assert "set-cookie" not in page.headers


def test_the_link_to_the_other_language_keeps_the_filters(client: httpx.Client) -> None:
    page = client.get("/?urgency=U3&ref=A%26B").text
    link = re.search(r'<a class="language" href="([^"]+)"', page)
    assert link is not None
    assert link[1].replace("&amp;", "&") == "/?urgency=U3&ref=A%26B&lang=en"
