"""`python -m bench.plots`: the pictures of docs/performance.md, drawn from what the benches wrote."""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PLOTS = HERE.parent / "docs" / "plots"
_WIDE, _TALL = 720, 300
_LEFT, _BOTTOM, _TOP = 90, 40, 44
_KEYS = 3  # names in a row above the picture
_TONES = ("#1f5a63", "#c0792a", "#6b7f3a", "#8a8f94", "#8c3b4a", "#4a5fa5", "#b09a2e", "#3d3d3d")
_PIPELINE = {"every_case": "Forbear", "asked_once": "each question once"}
_MODES = ("compare", "formulas_too", "rules_alone")
_SAID = {
    "compare": "another policy",
    "formulas_too": "a figure that formulas read too",
    "rules_alone": "a figure that rules alone read",
}


def drawn() -> dict[str, str]:
    """Every picture by the name of its file."""
    results, found = _read("results"), _read("whatif")
    files = results["end_to_end"]
    modes = [mode for mode in _PIPELINE if all(mode in each for each in files.values())]
    return {
        "pipeline.svg": _bars(
            "Cases decided in a second, file to committed decision",
            [
                (
                    file,
                    [
                        *(each[mode]["cases_per_second"] for mode in modes),
                        each["every_case"]["plain"]["cases_per_second"],
                    ],
                )
                for file, each in files.items()
            ],
            (*(_PIPELINE[mode] for mode in modes), "the plain way"),
        ),
        "what-if.svg": _lines(
            "Seconds of processor that what-if takes, by cases",
            {_SAID[mode]: [(each["cases"], each[mode]["cpu"]) for each in found["invented"]] for mode in _MODES},
            "s",
        ),
        **_engines(_read("engines/results")),
    }


def _engines(found: Any) -> dict[str, str]:
    """What a case takes, by cases and by rules."""
    equal, columns = found["equal"], "openfisca-core"
    series = _second(found["scale"], "cases")
    for name, ways in equal["engines"].items():
        if name != "second engine":
            series[name] = [(equal["cases"], min(took["cpu_us"] for took in ways.values()))]
    if columns in series:
        told = [each for each in found["scale"] if columns in each]
        series[columns] = [(each["cases"], min(took["cpu_us"] for took in each[columns].values())) for each in told]
    by_rules = sorted(found["tables"], key=lambda each: each["rules"])
    return {
        "engines-by-cases.svg": _lines(
            f"Microseconds of processor a case with {equal['rules']} rules, by cases", series, "µs"
        ),
        "engines-by-rules.svg": _lines(
            "Microseconds of processor a case, by rules",
            _second(by_rules, "rules")
            | {
                "durable-rules": [
                    (each["rules"], min(way["cpu_us"] for way in each["durable-rules"].values())) for each in by_rules
                ]
            },
            "µs",
        ),
    }


def _second(rows: Sequence[Any], by: str) -> dict[str, list[tuple[float, float]]]:
    """The second engine as it answers in rows of bits, and with the hits of each case listed."""
    return {
        "second engine": [(each[by], each["bits"]["cpu_us"]) for each in rows],
        "the same, hits listed": [(each[by], each["bits"]["cpu_us"] + each["listed"]["cpu_us"]) for each in rows],
    }


def _read(name: str) -> Any:
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def _picture(title: str, names: Sequence[str], parts: Iterator[str]) -> str:
    keys = (
        f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{tone}"/><text x="{x + 16}" y="{y}">{name}</text>'
        for at, (name, tone) in enumerate(zip(names, _TONES, strict=False))
        for x, y in [(_LEFT + 210 * (at % _KEYS), 35 + 16 * (at // _KEYS))]
    )
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_TALL}" '
                f'width="{_WIDE}" height="{_TALL}" font-family="sans-serif" font-size="12" '
                f'role="img" aria-label="{title}">'
            ),
            f'<rect width="{_WIDE}" height="{_TALL}" fill="#fff"/>',
            f'<text x="{_LEFT}" y="17" font-size="14">{title}</text>',
            *keys,
            *parts,
            "</svg>\n",
        ]
    )


def _bars(title: str, groups: Sequence[tuple[str, Sequence[float]]], names: Sequence[str]) -> str:
    def parts() -> Iterator[str]:
        most = max(value for _, values in groups for value in values)
        room = (_TALL - _TOP - _BOTTOM) / len(groups)
        for at, (group, values) in enumerate(groups):
            top = _TOP + at * room
            yield f'<text x="{_LEFT - 8}" y="{top + room / 2:.0f}" text-anchor="end">{group}</text>'
            high, step, base = (20, 26, 15) if len(values) < 3 else (12, 15, 11)
            for number, value in enumerate(values):
                y, size = top + 8 + number * step, (_WIDE - _LEFT - 80) * value / most
                yield f'<rect x="{_LEFT}" y="{y:.0f}" width="{size:.1f}" height="{high}" fill="{_TONES[number]}"/>'
                yield f'<text x="{_LEFT + size + 6:.1f}" y="{y + base:.0f}">{value:,.0f}</text>'

    return _picture(title, names, parts())


def _lines(title: str, series: dict[str, list[tuple[float, float]]], unit: str) -> str:
    """Both axes by powers of ten."""
    top = _TOP + 16 * ((len(series) - 1) // _KEYS)

    def parts() -> Iterator[str]:
        points = [point for line in series.values() for point in line]
        ends = [
            (math.floor(math.log10(min(each))), math.ceil(math.log10(max(each)))) for each in zip(*points, strict=True)
        ]

        def place(width: float, height: float) -> tuple[float, float]:
            (x0, x1), (y0, y1) = ends
            x = _LEFT + (_WIDE - _LEFT - 40) * (math.log10(width) - x0) / max(1, x1 - x0)
            y = _TALL - _BOTTOM - (_TALL - top - _BOTTOM) * (math.log10(height) - y0) / max(1, y1 - y0)
            return x, y

        for power in range(ends[1][0], ends[1][1] + 1):
            _, y = place(10.0 ** ends[0][0], 10.0**power)
            yield f'<line x1="{_LEFT}" x2="{_WIDE - 40}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} {unit}</text>'
        for power in range(ends[0][0], ends[0][1] + 1):
            x, _ = place(10.0**power, 10.0 ** ends[1][0])
            yield f'<text x="{x:.1f}" y="{_TALL - 16}" text-anchor="middle">{10**power:,}</text>'
        for at, line in enumerate(series.values()):
            places = [place(*point) for point in line]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            yield f'<polyline points="{path}" fill="none" stroke="{_TONES[at]}" stroke-width="2"/>'
            yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_TONES[at]}"/>' for x, y in places)

    return _picture(title, list(series), parts())


def main() -> None:
    """Draw them anew."""
    PLOTS.mkdir(exist_ok=True)
    for name, picture in drawn().items():
        (PLOTS / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
