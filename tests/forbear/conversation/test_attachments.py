"""What a file is, by its first bytes; what it may be evidence of; and what a lender's answer makes of the facts."""

import pytest

from forbear.conversation.attachments import INLINE, KINDS, evidence_of, kind_of, saved_as
from forbear.conversation.lender_answers import OUTCOMES, new_facts
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.packs.tiny_pack import tiny


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b" %PDF-1.7", None),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\x89PNG\n\x1a\n", None),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftypisom", None),
        (b"GIF89a", None),
        (b"<svg onload=alert(1)>", None),
        (b"PK\x03\x04", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(content: bytes, kind: str | None) -> None:
    assert kind_of(content) == kind
    assert not {"application/pdf", "image/svg+xml"} & {*INLINE}


@pytest.mark.parametrize(
    ("name", "kind", "saved"),
    [
        ("账单.pdf", "application/pdf", "账单.pdf"),
        ("IMG_1.JPEG", "image/jpeg", "IMG_1.JPEG"),
        ("bill.html", "image/jpeg", "bill.html.jpg"),
        ("bill.pdf.exe", "application/pdf", "bill.pdf.exe.pdf"),
        ("shot.png", "image/webp", "shot.png.webp"),
        ("pdf", "application/pdf", "pdf.pdf"),
    ],
)
def test_a_file_is_saved_under_a_name_that_ends_as_its_content_has_it(name: str, kind: str, saved: str) -> None:
    assert saved_as(name, kind) == saved == saved_as(saved, kind)
    assert {each.media_type for each in KINDS} >= {*INLINE}


def test_each_answer_has_facts_that_the_pack_knows_and_a_pack_without_them_is_asked_nothing() -> None:
    shipped, known = load(DEFAULT_PACK), load(DEFAULT_PACK).vocabulary.facts
    for answer in OUTCOMES:
        cells = new_facts(shipped, answer, "甲公司" if answer == "debt_sold" else "")
        assert "prior_request" in cells
        for name, value in cells.items():
            assert not value or not known[name].values or value in known[name].values
        assert new_facts(tiny(), answer) == {}
    assert new_facts(shipped, "debt_sold", "甲公司")["lender"] == "甲公司"


def test_what_a_file_may_prove_are_the_values_of_the_pack() -> None:
    shipped = evidence_of(load(DEFAULT_PACK))
    assert shipped["hardship_evidence:official"] == ("hardship_evidence", "official")
    assert "hardship_evidence:none" not in shipped and len(shipped) == 6
    assert evidence_of(tiny()) == {}
