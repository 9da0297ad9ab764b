"""The looks keep to their scale: four sizes of type, two weights, and colours by their tokens in light and in dark."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[3] / "web" / "static"
SHEETS = sorted(STATIC.glob("*.css"))
SIZES = {"--small": "0.875rem", "--body": "1rem", "--large": "1.25rem", "--title": "1.75rem"}
WEIGHTS = {"--normal": "400", "--bold": "600"}


def rules(path: Path) -> str:
    """A sheet without its comments, what it says of paper, and where tokens get their values."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = text.split("@media print", 1)[0]
    return re.sub(r":root\s*{[^}]*}", "", text)


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_a_sheet_uses_no_size_weight_or_colour_of_its_own(path: Path) -> None:
    text = rules(path)
    sizes = set(re.findall(r"font-size:\s*([^;}]+)", text))
    weights = set(re.findall(r"font-weight:\s*([^;}]+)", text))
    assert sizes <= {f"var({name})" for name in SIZES} | {"inherit", "100%"}
    assert weights <= {f"var({name})" for name in WEIGHTS} | {*WEIGHTS.values(), "inherit"}
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", text) == []
    assert set(re.findall(r"font:\s*([^;}]+)", text)) <= {"inherit", "var(--body)/1.6 var(--sans)"}


def test_the_scale_is_what_it_is_said_to_be_and_the_dark_has_every_colour() -> None:
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "forbear.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    light, dark = (
        dict(re.findall(r"(--[\w-]+):\s*([^;]+);", part)) for part in re.findall(r":root\s*{([^}]*)}", text)[:2]
    )
    assert {name: light[name] for name in (*SIZES, *WEIGHTS)} == SIZES | WEIGHTS
    colours = {name for name, value in light.items() if value.startswith(("#", "rgb"))}
    same = {"--on-solid", "--u0-text", "--u1-text"}  # white on what is solid, in both
    assert colours - dark.keys() == same
    assert dark.keys() <= light.keys()
