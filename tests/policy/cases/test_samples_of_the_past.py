"""What the samples came to before the house was put in order comes out of today's code, item by item."""

from __future__ import annotations

import datetime as dt
import json
import lzma
from typing import Any

from rules.decision.evaluate import Evaluator
from rules.facts.case_facts import read_facts
from rules.loading.loader import load_files
from tests.support.old.old_records import RECORDS, pack_of

FORM = "0.3-desk"


def test_every_sample_is_decided_as_it_was_then() -> None:
    files = {path: text.encode() for path, text in pack_of(FORM).items()}
    pack = load_files(files, FORM, stored=True)
    held: dict[str, Any] = json.loads(lzma.decompress((RECORDS / FORM / "samples.json.xz").read_bytes()))
    cases = held["cases"]
    assert len(cases) == 341
    facts = [read_facts(pack.vocabulary, case["facts"]) for case in cases]
    found = Evaluator(pack, dt.date.fromisoformat(held["as_of"])).evaluate(facts)
    for case, evaluation in zip(cases, found, strict=True):
        now = json.loads(json.dumps({name: getattr(evaluation.outcome, name) for name in case["decided"]}))
        assert now == case["decided"], case["facts"]["case_ref"]
        assert len(now) == 13
