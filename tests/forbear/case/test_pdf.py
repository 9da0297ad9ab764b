"""The pack on paper: as PDF and as a browser prints it. What needs parts of the system carries the mark `browser`."""

from __future__ import annotations

import io
import re
import shutil
import socket
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from pypdf import PdfReader

from forbear.base.errors import ForbearError
from forbear.case.negotiation import negotiation_files, pdf
from rules.locale import Language
from rules.text.negotiation_pack import NegotiationPack
from tests.forbear.case.test_negotiation_files import INSTALMENTS, LAWSUIT
from tests.rules.text.test_negotiation_pack import CALM
from tests.support.packs.negotiation_packs import BOTH, NOW, prepared

needs_the_system = pytest.mark.browser
KITS: dict[str, dict[str, object]] = {
    "instalments": INSTALMENTS,
    "lawsuit": LAWSUIT,
    "limitation": {**CALM, "last_interruption": "2022-01-01", "days_overdue": 1700},
    "crisis": {**CALM, "self_harm_signal": True},
    "a reference that would break out": {**INSTALMENTS, "case_ref": "\";} </style>\\'甲" + "乙" * 40},
}
A4 = (595, 842)  # points
RADICALS = str.maketrans("⺠⻓", "民长")  # of those, the ones that have no normal form


@pytest.fixture
def asked_anew() -> Iterator[None]:
    pdf.unavailable.cache_clear()
    yield
    pdf.unavailable.cache_clear()


def together(text: str) -> str:
    """Without spaces, and in one spelling: Chromium writes some characters as radicals."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text.translate(RADICALS)))


def texts(document: bytes) -> list[str]:
    """The words of each page, without spaces: where lines break is not what is said."""
    return [together(page.extract_text()) for page in PdfReader(io.BytesIO(document)).pages]


@cache
def kit_of(name: str) -> NegotiationPack:
    return prepared(**KITS[name])


@cache
def made(name: str, languages: tuple[Language, ...] = BOTH) -> bytes:
    return pdf.render(negotiation_files.page(kit_of(name), languages))


def printed(name: str, folder: Path) -> bytes:
    """What Chromium prints."""
    chromium = shutil.which("chromium")
    assert chromium, "chromium is not on the PATH: install it (Debian: apt-get install chromium)"
    page, out = folder / "kit.html", folder / "kit.pdf"
    page.write_text(negotiation_files.page(kit_of(name), BOTH), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={out}")
    subprocess.run([chromium, *options, page.as_uri()], check=True, capture_output=True, timeout=120)
    return out.read_bytes()


def heading(kit: NegotiationPack) -> str:
    kind = "工作人员指引（内部使用，不交给借款人）" if kit.staff else "核查材料包" if kit.withheld else "协商材料包"
    return together(f"{kind}案件{kit.case_ref}")


def check_pages(kit: NegotiationPack, document: bytes) -> None:
    """Case, date and number on each page of the pack, the first with its title; nothing of them on a letter."""
    pages = texts(document)
    titles = [together(title) for draft in kit.letters for title in (draft.title.zh, draft.title.en)]
    pack, letters = pages[: len(pages) - len(titles)], pages[len(pages) - len(titles) :]
    for number, page in enumerate(pack, 1):
        assert f"{number}/{len(pages)}" in page
        if number > 1 or kit.staff:
            assert heading(kit) in page and str(kit.as_of) in page
    for title, page in zip(titles, letters, strict=True):
        assert title in page
        assert heading(kit) not in page and f"/{len(pages)}" not in page


@needs_the_system
@pytest.mark.parametrize("name", KITS)
def test_a_pdf_says_in_chinese_what_the_pack_says(name: str) -> None:
    kit, said = kit_of(name), "".join(texts(made(name)))
    for text in (
        *kit.say,
        *kit.ask,
        *kit.in_writing,
        *kit.not_sign,
        *(part for d in kit.letters for part in d.paragraphs),
    ):
        assert all(together(sentence) in said for sentence in re.split(r"(?<=[。；])", text.zh)), text.zh


@needs_the_system
@pytest.mark.parametrize("name", KITS)
def test_every_page_of_a_pdf_names_its_case_and_letters_are_clean(name: str) -> None:
    check_pages(kit_of(name), made(name))


@needs_the_system
@pytest.mark.parametrize("name", KITS)
def test_a_browser_prints_it_the_same_way(name: str, tmp_path: Path) -> None:
    check_pages(kit_of(name), printed(name, tmp_path))


@needs_the_system
def test_a_letter_on_hold_says_so_in_each_language_on_its_own_page() -> None:
    *_, chinese, english = texts(made("limitation"))
    assert "先不要寄出" in chinese and "Donotsendyet" in english


@needs_the_system
def test_a_pdf_is_a4_in_embedded_fonts_with_a_chinese_one() -> None:
    reader = PdfReader(io.BytesIO(made("instalments")))
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in reader.pages} == {A4}
    fonts = [font.get_object() for page in reader.pages for font in resources(page)["/Font"].values()]
    descriptors = [descendant(font)["/FontDescriptor"] for font in fonts]
    assert descriptors and all({"/FontFile", "/FontFile2", "/FontFile3"} & set(each) for each in descriptors)
    assert any("CJK" in str(font["/BaseFont"]) for font in fonts)
    assert not any("Mincho" in str(font["/BaseFont"]) or "-JP" in str(font["/BaseFont"]) for font in fonts)


def resources(page: Any) -> Any:
    return page["/Resources"]


def descendant(font: Any) -> Any:
    return font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font


@needs_the_system
def test_the_same_pack_gives_the_same_pdf() -> None:
    assert pdf.render(negotiation_files.page(kit_of("lawsuit"), ("zh",))) == made("lawsuit", ("zh",))


@needs_the_system
def test_a_pdf_fetches_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.css").write_text("body { display: none }")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        outside = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        page = f'<link rel="stylesheet" href="{tmp_path.as_uri()}/x.css"><img src="{outside}" alt=""><p>仍在</p>'
        document = pdf.render(page)
        with pytest.raises(TimeoutError):
            server.accept()
    assert texts(document) == ["仍在"]


@needs_the_system
def test_a_receipt_is_printed_for_whoever_gets_the_pack() -> None:
    receipt = token_urlsafe(1200)
    page = negotiation_files.page(kit_of("lawsuit"), ("zh",), receipt=receipt)
    strokes = len(re.findall(r"h\d", page.partition("<svg")[2].partition("</svg>")[0]))
    (told,) = (
        each for each in PdfReader(io.BytesIO(pdf.render(page))).pages if "这次判断的凭证" in each.extract_text()
    )
    contents = told.get_contents()
    assert contents is not None and contents.get_data().count(b" l\n") >= strokes > 1_000, "its modules are drawn"
    assert "<svg" not in negotiation_files.page(replace(kit_of("crisis"), staff=True), ("zh",), receipt=receipt)


@needs_the_system
def test_a_pdf_is_written_where_asked(tmp_path: Path) -> None:
    paths = negotiation_files.write(tmp_path, kit_of("lawsuit"), ("zh",), NOW, with_pdf=True)
    assert (tmp_path / "kit.pdf") in paths
    assert (tmp_path / "kit.pdf").read_bytes() == made("lawsuit", ("zh",))


def test_a_pdf_not_asked_for_is_not_written_and_an_old_one_goes(tmp_path: Path) -> None:
    (tmp_path / "kit.pdf").write_bytes(b"%PDF of another day")
    negotiation_files.write(tmp_path, kit_of("lawsuit"), ("zh",), NOW)
    assert not (tmp_path / "kit.pdf").exists()


@pytest.mark.usefixtures("asked_anew")
def test_without_pango_a_sentence_says_what_to_install_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "_WEASYPRINT", ("false",))
    with pytest.raises(ForbearError, match=r"needs Pango: .* libpangoft2-1\.0-0 .* Print kit\.html from a browser"):
        negotiation_files.write(tmp_path / "pack", kit_of("lawsuit"), BOTH, NOW, with_pdf=True)
    assert not (tmp_path / "pack").exists()


@pytest.mark.usefixtures("asked_anew")
@pytest.mark.parametrize("fc_list", ["#!/bin/sh\nexit 1\n", None], ids=["no font", "no fontconfig"])
def test_without_a_chinese_font_a_sentence_says_so_rather_than_boxes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fc_list: str | None
) -> None:
    if fc_list is not None:
        (tmp_path / "fc-list").write_text(fc_list)
        (tmp_path / "fc-list").chmod(0o755)
    monkeypatch.setattr(pdf, "_WEASYPRINT", (shutil.which("true"),))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(pdf.unavailable()).startswith("A PDF needs a Chinese font: on Debian install fonts-noto-cjk")
