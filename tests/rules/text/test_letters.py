"""Letters in proper form: title, salutation, body, the closing on two lines, who signs, the day, what is enclosed."""

from __future__ import annotations

import re

from forbear.case.negotiation.negotiation_files import letter, page
from tests.support.packs.negotiation_packs import pack, swept

ENDING = re.compile(r"\n　　此致\n(敬礼|________人民法院)\n\n\S")


def test_every_letter_ends_in_proper_form() -> None:
    seen = 0
    for _, kit in swept(150, 3):
        for draft in kit.letters:
            text = letter(draft, "zh")
            lines = [line for line in text.splitlines() if line]
            start = 1 if draft.hold is not None else 0
            assert lines[start] == draft.title.zh
            assert lines[start + 1].startswith("致：")
            assert ENDING.search(text), text
            assert "此致　敬礼" not in text
            assert "日期：" in text
            assert "日期：" in lines[-1] or lines[-1].startswith("附件：")
            seen += 1
    assert seen > 50


def test_the_page_has_the_closing_on_two_lines() -> None:
    kit = next(kit for _, kit in swept(150, 3) if kit.letters)
    html = page(kit, ("zh",))
    assert re.search(r'<p class="">此致</p>\s*<p class="to">', html)


def test_every_signature_of_the_pack_has_a_closing() -> None:
    negotiation = pack().negotiation
    assert negotiation is not None
    assert all(each.closing is not None for each in negotiation.signatures.values())
