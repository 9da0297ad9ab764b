"""The tables of the docs that tell measurements, from what the benches wrote: nothing else is in them."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def result(name: str) -> Any:
    """What a bench wrote."""
    return json.loads((ROOT / "bench" / f"{name}.json").read_text(encoding="utf-8"))


def _pipeline() -> Iterator[str]:
    for file, modes in result("results")["end_to_end"].items():
        for mode, ours in modes.items():
            plain = ours["plain"]
            cpu = ["submitting_cpu_us", "workers_cpu_us", "database_cpu_us"]
            yield " | ".join(
                [
                    f"`{file}`, {mode.replace('_', ' ')}",
                    *(f"{each['cases_per_second']:,.0f}" for each in (ours, plain)),
                    f"{ours['ratio']}",
                    *(" + ".join(f"{each[part]:,.0f}" for part in cpu) for each in (ours, plain)),
                    f"{ours['worker_peak_mb']:.0f}",
                ]
            )


def _alone() -> Iterator[str]:
    for name, rate in result("results")["evaluation_alone"].items():
        yield f"{name.replace('_', ' ')} | {rate:,.0f} | {1e6 / rate:,.0f}"


def _seconds(of: Mapping[str, float]) -> str:
    return f"{of['seconds']:.2f} ({of['cpu']:.2f})"


def _invented() -> Iterator[str]:
    for each in result("whatif")["invented"]:
        parts = (each[name] for name in ("unpack", "derive", "compare", "rules_alone", "formulas_too"))
        yield f"{each['cases']:,} | {each['bytes_a_case']} | {' | '.join(map(_seconds, parts))} | {each['peak_mb']:,}"


def _stored() -> Iterator[str]:
    found = result("whatif")["stored"]
    named = {
        "read_from_rows": "read from rows, nothing packed",
        "pack": "pack, by upkeep",
        "read_packed": "read packed",
        "compare": "read packed and judged by two policies, one without a rule of the other",
    }
    for name, words in named.items():
        each = found[name]
        yield f"{words} | {_seconds(each)} | {each['cpu'] / found['cases'] * 1e6:,.1f}"


def _replay() -> Iterator[str]:
    found = result("whatif")
    replayed = found["stored"]["replay"]
    yield (
        f"{found['stored']['cases']:,} | {replayed['processes']} | {replayed['decisions_per_second']:,} | "
        f"{replayed['cpu_us']:,.0f} | {replayed['different']}"
    )


def _desk() -> Iterator[str]:
    for page, took in result("desk")["pages"].items():
        yield f"{page} | {took['median_ms']} | {took['p95_ms']}"


def _proof() -> Iterator[str]:
    found = result("pipeline/proof")
    verified, twice, tampered = found["verify"], found["pymerkle"], found["tampered"]
    cpu = f"{verified['cpu_seconds']} + {verified['cpu_seconds_of_the_database']} of processor"
    yield (
        f"entries of a ledger, verified with all that they answer for | {verified['entries']:,} | "
        f"{verified['seconds']} ({cpu}) | {verified['faults']} faults"
    )
    yield f"proofs, made by pymerkle too | {twice['proofs']:,} | {twice['seconds']} | {twice['different']} different"
    yield (
        f"tampered variants of {tampered['receipts']} receipts, given to the verifier | {tampered['variants']:,} | "
        f"{tampered['seconds']} | {tampered['taken']} taken"
    )


def _engines() -> Iterator[str]:
    equal = result("engines/results")["equal"]
    versions = equal["versions"]
    for name, ways in equal["engines"].items():
        least = min(took["cpu_us"] for took in ways.values())
        for way, took in ways.items():
            cpu = f"**{took['cpu_us']:,.2f}**" if took["cpu_us"] == least else f"{took['cpu_us']:,.2f}"
            yield f"{' '.join((name, versions.get(name, ''))).strip()} | {way} | {cpu}"
    for name, why in equal["left_out"].items():
        yield f"{name} | {why} | –"


def _by_cases() -> Iterator[str]:
    found = result("engines/results")
    zen = found["equal"]["engines"].get("zen-engine", {})
    best = min((took["cpu_us"] for took in zen.values()), default=None)
    for each in found["scale"]:
        bits, listed = each["bits"]["cpu_us"], each["bits"]["cpu_us"] + each["listed"]["cpu_us"]
        times = " | ".join("–" if best is None else f"{best / took:,.0f}" for took in (bits, listed))
        openfisca = " | ".join(f"{took['cpu_us']:,.3f}" for took in each.get("openfisca-core", {}).values()) or "– | –"
        yield f"{each['cases']:,} | {bits:,.3f} | {listed:,.3f} | {times} | {openfisca}"


def _by_rules() -> Iterator[str]:
    for each in result("engines/results")["tables"]:
        bits, listed = each["bits"]["cpu_us"], each["bits"]["cpu_us"] + each["listed"]["cpu_us"]
        durable = " | ".join(f"{took['cpu_us']:,.1f}" for took in each["durable-rules"].values())
        yield f"{each['rules']} | {bits:,.3f} | {listed:,.3f} | {durable}"


def _measured() -> Iterator[str]:
    for name, how in (
        ("results", "make bench"),
        ("whatif", "make bench-whatif"),
        ("desk", "make bench-desk"),
        ("engines/results", "make bench-engines"),
    ):
        found = result(name)
        pack = found.get("pack", {})
        rules = f"{pack['version']}, {pack['rules']} rules" if pack else "–"
        yield f"`bench/{name}.json` | `{how}` | {found['measured_at'][:10]} | {found['python']} | {rules}"


_TABLES: Mapping[str, tuple[str, Callable[[], Iterator[str]]]] = {  # head and rows, by name
    "measured": ("file | written by | on | Python | policy", _measured),
    "pipeline": (
        (
            "file | cases/s | plain way, cases/s | times as fast | processor a case, µs: handing in + workers + "
            "database | the same, plain way | MB a worker process"
        ),
        _pipeline,
    ),
    "evaluation alone": ("part, one process | cases/s | µs a case", _alone),
    "portfolio": ("of the stored cases | seconds (processor) | processor, µs a case", _stored),
    "what-if": (
        (
            "cases | bytes a case | unpack | derive for a day | another policy | a figure of rules | "
            "a figure of formulas too | peak, MB"
        ),
        _invented,
    ),
    "replay": ("decisions | processes | decisions/s | processor, µs a decision | different", _replay),
    "proof": ("what | how many | seconds | found", _proof),
    "engines": ("engine | how it is asked | µs of the processor a case", _engines),
    "engines by cases": (
        (
            "cases | second engine, rows of bits, µs a case | hits of each listed, µs | zen-engine's best takes times "
            "as much as the bits | as the hits listed | openfisca-core, columns out, µs | cases in, hits out, µs"
        ),
        _by_cases,
    ),
    "engines by rules": (
        (
            "rules | second engine, rows of bits, µs a case | hits of each listed, µs | durable-rules, case by case, "
            "µs | messages by column, µs"
        ),
        _by_rules,
    ),
    "desk pages": ("page, 1,000,000 cases | median, ms | 95 %, ms", _desk),
}


def tables() -> Mapping[str, tuple[str, Callable[[], Iterator[str]]]]:
    """Those there are: none where what the benches wrote is not at hand."""
    return _TABLES if (ROOT / "bench" / "whatif.json").exists() else {}
