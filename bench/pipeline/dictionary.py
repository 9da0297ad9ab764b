"""`python -m bench.pipeline.dictionary`: train the dictionary that bodies of decisions are compressed by, anew.

Worth it once decisions look otherwise than those it was trained on: the last line says how large bodies come to. Packs
that are in a record keep the dictionary they came with.
"""

import tempfile
from pathlib import Path

from bench.pipeline import cases
from forbear import intake
from forbear.base import packs
from forbear.base.compression import zstd
from forbear.batch.decision_body import BodyWriter, uncompressed
from forbear.intake import Accepted
from rules.decision.evaluate import Evaluator

_CASES = 4_000
_BYTES = 48 * 1024
_TARGET = Path(packs.__file__).parent / "decisions.zdict"


def main() -> None:
    """Write the dictionary from every other one of the cases, and say what it makes of the others."""
    pack = packs.shipped()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.csv"
        cases.write(path, _CASES, "body", "sample")
        rows = [row for row in intake.rows(path, pack.vocabulary) if isinstance(row, Accepted)]
    evaluations = Evaluator(pack, pack.manifest.reviewed_on).evaluate([row.facts for row in rows])
    bodies = [
        uncompressed(row.facts, row.facts, each.facts, each.outcome)
        for row, each in zip(rows, evaluations, strict=True)
    ]
    dictionary = zstd.train_dict(bodies[::2], _BYTES).dict_content
    _TARGET.write_bytes(dictionary)
    writer = BodyWriter(dictionary)
    held_out = list(zip(rows, evaluations, strict=True))[1::2]
    sizes = [len(writer.body(row.facts, row.facts, each.facts, each.outcome)) for row, each in held_out]
    print(f"{_TARGET.name}: {len(dictionary):,} bytes; a body has {sum(sizes) / len(sizes):.0f}, of them not seen")


if __name__ == "__main__":
    main()
