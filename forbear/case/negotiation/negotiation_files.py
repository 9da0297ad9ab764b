"""Writes the negotiation pack of a case into a folder: a page to print, text to edit, letters, plans, a calendar."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from forbear.base import qr_code
from forbear.base.errors import ForbearError
from forbear.case.negotiation import pdf
from forbear.ledger.receipt import digits
from forbear.locale import said
from rules.finance.repayment_plan import rows
from rules.locale import Language, in_language
from rules.text.calendar import calendar
from rules.text.negotiation_pack import LetterDraft, NegotiationPack, PlanOffer
from rules.text.negotiation_words import money

_OURS: Final = re.compile(r"kit\.(html|pdf|md)|plan\.csv|deadlines\.ics|letter(-\d+)?(\.en)?\.txt")
_SET_IN: Final = "\u3000\u3000"
_PIXELS: Final = 300  # of the QR code on a screen; in print it has a size of its own
_MOST_STEPS: Final = 6  # lines of a plan in the page; all of them are in plan.csv
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]<>#|])")
_COLUMNS: Final = ("plan", "number", "amount", "principal", "interest", "balance")


def write(
    folder: Path,
    kit: NegotiationPack,
    languages: Sequence[Language],
    now: dt.datetime,
    *,
    with_pdf: bool = False,
    receipt: str | None = None,
) -> list[Path]:
    """Write the files of a pack and answer them, in the order to read them; `receipt`: of its decision.

    What an earlier pack left in the folder is taken away: a letter that may no longer be sent must not lie about.

    Raises:
        ForbearError: the folder cannot be written, or a PDF is wanted and cannot be made; nothing was written then.
    """
    files = dict(_files(kit, page(kit, languages, receipt=receipt), languages, now, with_pdf))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            if _OURS.fullmatch(path.name) and path.is_file():
                path.unlink()
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ForbearError(f"{folder} cannot be written ({error.strerror}): choose another folder.") from None
    return [folder / name for name in files]


def page(
    kit: NegotiationPack, languages: Sequence[Language], *, plan_only: bool = False, receipt: str | None = None
) -> str:
    """The pack as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

    `plan_only` leaves the client's page, where the pack has one. The receipt of the decision is drawn as a QR code.
    """
    drawn = None if receipt is None else Markup(qr_code.svg(digits(receipt), _PIXELS, "l"))  # noqa: S704
    plan_only = plan_only and kit.plan is not None
    return _render("negotiation_pack.html", kit, languages, plan_only=plan_only, receipt=drawn)


def markdown(kit: NegotiationPack, languages: Sequence[Language]) -> str:
    """The pack as Markdown."""
    return _render("negotiation_pack.md", kit, languages)


def letter(draft: LetterDraft, language: Language) -> str:
    """A letter as plain text, ready to be copied."""
    hold = [in_language(draft.hold, language), ""] if draft.hold is not None else []
    greeting = in_language(said("letter.to", to=draft.to), language)
    paragraphs = [line for text in draft.paragraphs for line in (in_language(text, language), "")]
    closing = closing_lines(draft, language)
    if len(closing) > 1:  # the first line of two is set in, as in a letter by hand
        closing[0] = f"{_SET_IN}{closing[0]}"
    signature = [in_language(text, language) for text in draft.signature]
    ending = [*closing, "", *signature] if closing else signature
    return "\n".join([*hold, in_language(draft.title, language), "", greeting, "", *paragraphs, *ending]) + "\n"


def closing_lines(draft: LetterDraft, language: Language) -> list[str]:
    """The closing words of a letter, line by line."""
    return [] if draft.closing is None else in_language(draft.closing, language).splitlines()


def course(offer: PlanOffer) -> list[tuple[str, str]]:
    """The payments of a plan, equal ones in one line: which months, and how much."""
    steps = []
    for amount, group in groupby(rows(offer.plan), key=lambda payment: payment.amount):
        numbers = [payment.number for payment in group]
        months = f"{numbers[0]}–{numbers[-1]}" if len(numbers) > 1 else f"{numbers[0]}"
        steps.append((months, money(amount).en))
    return steps if len(steps) <= _MOST_STEPS else [*steps[:3], ("…", "…"), steps[-1]]


def _files(
    kit: NegotiationPack, html: str, languages: Sequence[Language], now: dt.datetime, with_pdf: bool
) -> Iterator[tuple[str, bytes]]:
    yield "kit.html", html.encode()
    if with_pdf:
        yield "kit.pdf", pdf.render(html)
    yield "kit.md", markdown(kit, languages).encode()
    for number, draft in enumerate(kit.letters, start=1):
        name = "letter" if number == 1 else f"letter-{number}"
        for language in languages:
            yield f"{name}{'' if language == 'zh' else '.en'}.txt", letter(draft, language).encode()
    if kit.offers:
        yield "plan.csv", _table(kit.offers).encode("utf-8-sig")  # a spreadsheet takes it for UTF-8 only with the mark
    yield "deadlines.ics", calendar(kit.case_ref, kit.days, now)


def _table(offers: Sequence[PlanOffer]) -> str:
    text = io.StringIO(newline="")
    table = csv.writer(text)
    headings = (said(f"plan_table.{name}") for name in _COLUMNS)
    table.writerow([f"{heading.zh} {heading.en}" for heading in headings])
    for number, offer in enumerate(offers, start=1):
        name = f"{number} {offer.title.zh} {offer.title.en}"
        for payment in rows(offer.plan):
            amounts = (payment.amount, payment.principal, payment.interest, payment.balance)
            table.writerow([name, payment.number, *(f"{fen // 100}.{fen % 100:02}" for fen in amounts)])
    return text.getvalue()


def _render(template: str, kit: NegotiationPack, languages: Sequence[Language], **values: object) -> str:
    return _templates.get_template(template).render(kit=kit, languages=languages, **values)


def _css(text: str) -> str:
    """The text as a string of a style sheet: letters, digits and escapes only, so that nothing in it can end it."""
    return '"' + "".join(each if each.isalnum() else f"\\{ord(each):x} " for each in text) + '"'


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


_templates = Environment(
    loader=PackageLoader("forbear.case.negotiation"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {"css": _css, "escaped": _escaped}
_templates.globals |= {"course": course, "closing": closing_lines, "letter": letter, "say": in_language}
