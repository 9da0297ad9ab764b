"""What rights, warnings and steps have to say: whom they are for, when they count, and a short line if due."""

import pytest

from rules.pack.files.schema import SHORT
from tests.support.packs.tiny_pack import FILES, errors, tiny

SOURCE = "references: [{id: practice, status: design}]"


@pytest.mark.parametrize("field", ["for", "when", "rank"])
@pytest.mark.parametrize(("file", "entry"), [("rights", "dispute"), ("warnings", "no_promise"), ("steps", "write")])
def test_who_does_not_say_is_named_in_one_sentence(file: str, entry: str, field: str) -> None:
    said = {"for": "client", "when": "today", "rank": "10"}
    fields = ", ".join(f"{name}: {value}" for name, value in said.items() if name != field)
    text = f"{entry}: {{{fields}, text: {{zh: 备, en: S}}, {SOURCE}}}"
    assert errors({f"{file}.yaml": text}) == [f"{file}.yaml: {entry}.{field}: is missing; add it"]


@pytest.mark.parametrize("field", ["sentence", "call"])
def test_a_strategy_says_how_it_speaks_to_the_client(field: str) -> None:
    said = "  sentence: {zh: 一步一步来, en: Step by step}\n" if field == "sentence" else "  call: null\n"
    strategies = FILES["strategies.yaml"].replace(said, "", 1)
    assert errors({"strategies.yaml": strategies}) == [f"strategies.yaml: crisis_support.{field}: is missing; add it"]


@pytest.mark.parametrize(("file", "entry"), [("warnings", "no_promise"), ("steps", "write")])
@pytest.mark.parametrize(
    ("extra", "length", "refused"),
    [
        ("for: client, when: today", SHORT, False),
        ("for: client, when: today", SHORT + 1, True),
        ("for: client, when: week", SHORT + 1, True),
        ("for: client, when: later", SHORT + 1, False),
        ("for: counsellor, when: today", SHORT + 1, False),
        ("for: client, when: today, short: {zh: 短, en: s}", SHORT + 1, False),
    ],
)
def test_what_stands_on_the_page_is_short(file: str, entry: str, extra: str, length: int, refused: bool) -> None:
    text = f"{entry}: {{{extra}, rank: 10, text: {{zh: {'字' * length}, en: S}}, {SOURCE}}}"
    if not refused:
        tiny({f"{file}.yaml": text})
        return
    told = f"{entry}.short: is missing; what may stand on the client's page has at most {SHORT} Chinese characters"
    assert errors({f"{file}.yaml": text}) == [f"{file}.yaml: {told}"]


def test_a_short_line_that_is_too_long_is_refused() -> None:
    short = f"short: {{zh: {'字' * 41}, en: s}}"
    text = f"write: {{for: client, when: today, rank: 1, {short}, text: {{zh: 备, en: S}}, {SOURCE}}}"
    (error,) = errors({"steps.yaml": text})
    assert error.startswith("steps.yaml: write.short.zh: ")
