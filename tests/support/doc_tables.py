"""The tables of the docs that come from tables of the code. `python -m tests.support.doc_tables` writes them anew."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from forbear.case.actions import ACTIONS, Action
from forbear.intake import FORMATS
from models.desk import STATUSES
from tests.support import doc_benches, doc_facts, third_party
from web.language import messages

ROOT = Path(__file__).parents[2]
_BLOCK = "<!-- table: {name} -->\n\n{table}\n\n<!-- end of table -->"
_RAISED = re.compile(r'ProblemError\(\s*(\d+), "(\w+)"')
_ENDINGS = re.compile(r"`(?:\.[a-z]+ )+\.[a-z]+`")


def _table(header: str, rows: Iterable[str]) -> str:
    columns = header.count("|") + 1
    return "\n".join((f"| {header} |", "|---" * columns + "|", *(f"| {row} |" for row in rows)))


def _formats() -> str:
    return _table("ending | what it is", (f"`{each.suffix}` | {each.title.en}" for each in FORMATS.values()))


def _media_types() -> str:
    rows = (f"`{each.name}` | {', '.join(f'`{name}`' for name in each.media_types)}" for each in FORMATS.values())
    return _table("`format` | media type", rows)


def _actions() -> str:
    def row(action: Action) -> str:
        words = messages("en")
        title = words.get(f"action.{action.name}", words[f"event.{action.name}"])
        found = ", ".join(status for status in STATUSES if status in action.when)
        return f"{title} (`{action.name}`) | {found} | {action.becomes or ''} | {action.about} | {_who(action)}"

    return _table("action | from | then | what it is | may be done by", map(row, ACTIONS.values()))


def _who(action: Action) -> str:
    who = "whoever may act"
    if action.when.get("escalated") == "counsellor":
        who += ", also while a supervisor has it"
    elif "escalated" in action.when:
        who += "; while it is escalated only a supervisor"
    if not action.in_crisis:
        who += "; never in a crisis"
    danger = {"any": "", "never": "; never while danger is not settled", "only": "; only while danger is not settled"}
    return who + danger[action.danger]


def _fields() -> str:
    def field(name: str, required: bool, codes: tuple[str, ...]) -> str:
        told = f" ({', '.join(codes)})" if codes else ""
        return f"`{name}`{' *' if required else ''}{told}"

    rows = (
        f"`{action.name}` | {'; '.join(field(each.name, each.required, each.codes) for each in action.fields)}"
        for action in ACTIONS.values()
    )
    return _table("`action` | carries", rows)


def _problems() -> str:
    """The kinds of problems that are raised, each with its statuses."""
    statuses: dict[str, set[str]] = {}
    for path in sorted((ROOT / "web/api").rglob("*.py")):
        for status, kind in _RAISED.findall(path.read_text(encoding="utf-8")):
            statuses.setdefault(kind, set()).add(status)
    words = messages("en")
    rows = (
        f"`{kind}` | {', '.join(sorted(found))} | {words[f'problem.{kind}.title']}"
        for kind, found in sorted(statuses.items())
    )
    return _table("`urn:forbear:problem:` | status | what it is", rows)


TABLES: Mapping[str, str] = {
    "formats": _formats(),
    "media types": _media_types(),
    "problems": _problems(),
    "actions": _actions(),
    "fields of actions": _fields(),
    "facts": _table("column | Chinese header | what it holds", doc_facts.facts()),
    "third party": _table("package | version | licence | installed by", third_party.rows()),
    **{name: _table(head, rows()) for name, (head, rows) in doc_benches.tables().items()},
    "doubts": _table("what | is in doubt when it is", doc_facts.doubts()),
}


def pages() -> list[Path]:
    """Everything that may hold a table or name the endings."""
    return [*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")]


def current(text: str) -> str:
    """A page with its tables and its lists of endings as they should be."""
    for name, table in TABLES.items():
        before, after = _BLOCK.format(name=name, table="\0").split("\0")
        found = re.escape(before) + ".*?" + re.escape(after)
        text = re.sub(found, (before + table + after).replace("\\", r"\\"), text, flags=re.DOTALL)
    return _ENDINGS.sub(f"`{' '.join(FORMATS)}`", text)


if __name__ == "__main__":
    for page in pages():
        page.write_text(current(page.read_text(encoding="utf-8")), encoding="utf-8")
