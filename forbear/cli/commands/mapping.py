"""Mapping: how a file's columns would be read, shown, written to be corrected, and undone where it is remembered."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from forbear.base.errors import ForbearError
from forbear.batch.export import same_file
from forbear.batch.submission import mappings
from forbear.batch.submission.danger import told_in_refusal
from forbear.batch.submission.preview import Preview, look, stored_as
from forbear.cli import report
from forbear.cli.arguments import day_in_force
from forbear.cli.commands.cases import PackOption
from forbear.cli.context import load_pack, opened
from forbear.cli.mapping_options import HeaderRow, MapOption, Order, Set, Sheet, given
from forbear.intake import Mapping, SeveralTablesError, open_source
from forbear.locale import said
from models.database.session import session
from rules.locale import in_language
from rules.pack.files.schema import Text
from rules.pack.pack import Pack

_WIDTH = 160  # of a table that goes into no terminal
_NO_TIME = 0.0  # a preview looks at the clock; here it reads its rows to the end


def mapping(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="a file of cases")],
    out: Annotated[Path | None, typer.Option("--out", metavar="MAP", help="write the mapping there, as JSON")] = None,
    recall: Annotated[bool, typer.Option("--recall", help="as files with these columns were confirmed before")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="undo what is remembered of files with these columns")
    ] = False,
    map_: MapOption = None,
    sheet: Sheet = None,
    header_row: HeaderRow = None,
    date_order: Order = None,
    set_: Set = None,
    pack: PackOption = None,
    language: Annotated[Literal["zh", "en"], typer.Option("--lang", help="zh or en")] = "en",
) -> None:
    """How a file's columns are understood: the fact of each, how sure that is, and its first values as stored."""
    policy = load_pack(pack)
    told = given(map_, sheet, header_row, date_order, set_)
    if out is not None:
        _check_target(out, file)
    if forget:
        _forget(file, policy, told)
        return
    with told_in_refusal(file, policy):
        seen = _seen(file, policy, _with_persons(file, policy, told), recall=recall)
    _show(seen, policy, language)
    if out is not None:
        out.write_text(seen.mapping.written(), encoding="utf-8")
        report.errors.print(f"{out} written: correct it and hand it in with --map.", highlight=False, soft_wrap=True)


def _seen(file: Path, policy: Pack, told: Mapping | None, *, recall: bool) -> Preview:
    read = partial(look, file, policy, day_in_force(None, policy), lambda: _NO_TIME, told)
    if not recall:
        return read()
    with opened() as context, session(context.engine) as found:
        keeper = (found, context.vault, context.settings.submitter)
        return read(lambda columns: mappings.recall(*keeper, columns))


def _with_persons(file: Path, policy: Pack, told: Mapping | None) -> Mapping | None:
    """What was said, and of two sheets with nothing said that they are persons and their debts where that shows."""
    try:
        open_source(file, policy.vocabulary, told)
    except SeveralTablesError as error:
        if told is None and (tie := mappings.tie_of(file, policy.vocabulary, error)) is not None:
            return tie
        raise
    return told


def _check_target(out: Path, file: Path) -> None:
    if out.suffix.lower() != ".json":
        raise ForbearError(f"{out.name} does not end in .json: a mapping is JSON.")
    if same_file(out, file):
        raise ForbearError(f"--out {out} is the file that is read: choose another name.")
    if out.exists() and not out.is_file():
        raise ForbearError(f"{out} is not an ordinary file: choose another name.")
    if not out.parent.is_dir():
        raise ForbearError(f"The folder {out.parent} does not exist: make it first.")


def _forget(file: Path, policy: Pack, told: Mapping | None) -> None:
    columns = open_source(file, policy.vocabulary, told).columns
    with opened() as context, context.work() as work:
        whose = context.settings.submitter
        kept = mappings.kept_for(work.session, work.vault, whose, columns)
        if kept is None:
            raise ForbearError(f"Nothing is remembered of files with the columns of {file.name}.")
        mappings.forget(work, whose, kept.id)
    typer.echo(f"What was confirmed for {kept.file} is forgotten.")


def _show(seen: Preview, policy: Pack, language: Literal["zh", "en"]) -> None:
    """A line a column, then what is open and what was left out."""
    console = report.console if report.console.is_terminal else Console(width=_WIDTH)
    place = f"{seen.name}" + (f", sheet {seen.sheet}" if seen.sheet else "")
    table = Table("Column", "Fact", "Unit", "How sure", "First values, as stored", title_justify="left")
    table.title = place + (f", column names in row {seen.header_row}" if seen.header_row else "")
    for column in seen.columns:
        fact = None if column.fact is None else policy.vocabulary.facts[column.fact]
        debt = "" if column.debt is None else f" (debt {column.debt})"
        values = (
            ""
            if column.fact is None
            else ", ".join(
                in_language(stored_as(policy.vocabulary, column.fact, value), language)[:40] for value in column.values
            )
        )
        table.add_row(
            column.header.strip(),
            "not used" if column.fact is None else f"{column.fact}{debt}",
            column.unit or "",
            f"{column.sure}: {in_language(column.why, language)}",
            "(personal, not shown)" if fact is not None and fact.private else values,
        )
    console.print(table)
    for line in _open(seen, policy, language):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _open(seen: Preview, policy: Pack, language: Literal["zh", "en"]) -> Iterator[str]:
    """What is wrong or open, and what was left out or adjusted."""
    return (in_language(text, language) for text in _told(seen, policy))


def _told(seen: Preview, policy: Pack) -> Iterator[Text]:
    if seen.fault is not None:
        yield Text(zh=seen.fault.zh, en=seen.fault.en)
    if seen.missing:
        yield said("mapping.say_constant", facts=", ".join(f"--set {name}=…" for name in seen.missing))
    if seen.date_orders:
        yield said("mapping.order_open")
    for fact, words in seen.unknown.items():
        for each in words:
            title, near = policy.vocabulary.facts[fact].title, ", ".join(each.near) or "—"
            yield said("mapping.unknown_word", field=title, word=each.word, n=each.rows, near=near)
    yield from seen.notices
