"""`python -m bench.pipeline.dictionary decisions|facts`: train a dictionary that the record compresses by, anew.

Worth it once decisions or facts look otherwise than those it was trained on: the last lines say how large they come to.
Packs that are in a record keep the dictionary they came with; a dictionary of facts comes beside those before it, under
a number of its own.
"""

import argparse
import tempfile
from pathlib import Path

from bench.pipeline import cases
from forbear import intake
from forbear.base.compressed import submitted_facts
from forbear.base.compressed.zstandard import zstd
from forbear.batch.decision_body import BodyWriter, uncompressed
from forbear.batch.submission.submit import written_facts
from forbear.intake import Accepted
from rules.decision.evaluate import Evaluator
from rules.loading import loader
from rules.pack.pack import Pack

_CASES = 4_000
_BYTES_OF_DECISIONS = 48 * 1024
_BYTES_OF_FACTS = 16 * 1024  # three times as large saves a tenth, and every process reads it
_DECISIONS = submitted_facts.SHIPPED.with_name("decisions.zdict")
_NUMBER = slice(4, 8)  # where a dictionary has its own, see the format's section 5


def main() -> None:
    """Write a dictionary from every other one of the cases, and say what it makes of the others."""
    parser = argparse.ArgumentParser(prog="python -m bench.pipeline.dictionary", description=__doc__)
    parser.add_argument("of", choices=("decisions", "facts"))
    pack = loader.load(loader.DEFAULT_PACK)
    _of_facts(pack) if parser.parse_args().of == "facts" else _of_decisions(pack)


def _of_facts(pack: Pack) -> None:
    of_files = {file: [written_facts(row.facts).encode() for row in _rows(pack, file)] for file in cases.FILES}
    content = zstd.train_dict(
        [each for facts in of_files.values() for each in facts[::2]], _BYTES_OF_FACTS
    ).dict_content
    shipped = submitted_facts.SHIPPED
    number = submitted_facts.shipped().dict_id + 1 if shipped.exists() else 1  # small ones take fewer bytes in a frame
    shipped.write_bytes(content[: _NUMBER.start] + number.to_bytes(4, "little") + content[_NUMBER.stop :])
    submitted_facts.shipped.cache_clear()
    print(f"{shipped.name}: number {number}, {len(content):,} bytes; of those not seen")
    for file, facts in of_files.items():
        sizes = [len(submitted_facts.compressed(each.decode())) for each in facts[1::2]]
        print(f"{file}: {sum(map(len, facts[1::2])) / len(sizes):.0f} come to {sum(sizes) / len(sizes):.0f}")


def _of_decisions(pack: Pack) -> None:
    rows = _rows(pack, "sample")
    evaluations = Evaluator(pack, pack.manifest.reviewed_on).evaluate([row.facts for row in rows])
    bodies = [
        uncompressed(row.facts, row.facts, each.facts, each.outcome)
        for row, each in zip(rows, evaluations, strict=True)
    ]
    dictionary = zstd.train_dict(bodies[::2], _BYTES_OF_DECISIONS).dict_content
    _DECISIONS.write_bytes(dictionary)
    writer = BodyWriter(dictionary)
    held_out = list(zip(rows, evaluations, strict=True))[1::2]
    sizes = [len(writer.body(row.facts, row.facts, each.facts, each.outcome)) for row, each in held_out]
    print(f"{_DECISIONS.name}: {len(dictionary):,} bytes; a body has {sum(sizes) / len(sizes):.0f}, of them not seen")


def _rows(pack: Pack, file: str) -> list[Accepted]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.csv"
        cases.write(path, _CASES, "body", file)
        return [row for row in intake.rows(path, pack.vocabulary) if isinstance(row, Accepted)]


if __name__ == "__main__":
    main()
