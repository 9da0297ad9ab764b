"""Every command of `forbear`. A module is imported when its command runs: all of them together take seconds."""

import ast
import gc
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

# Command or group of commands → module of this folder, name in it.
_WHERE = {
    "triage": ("cases", "triage"),
    "demo": ("cases", "demo"),
    "submit": ("cases", "submit"),
    "status": ("cases", "status"),
    "cancel": ("cancel", "cancel"),
    "results": ("cases", "results"),
    "explain": ("cases", "explain"),
    "prepare": ("prepare", "prepare"),
    "mapping": ("mapping", "mapping"),
    "replay": ("replay", "replay"),
    "purge": ("purge", "purge"),
    "up": ("serve", "up"),
    "web": ("serve", "web"),
    "worker": ("serve", "worker"),
    "scheduler": ("serve", "scheduler"),
    "migrate": ("serve", "migrate"),
    "doctor": ("serve", "doctor"),
    "rules": ("policy", "app"),
    "calc": ("calc", "app"),
    "user": ("accounts", "user"),
    "token": ("accounts", "token"),
    "audit": ("audit", "app"),
    "key": ("audit", "keys"),
}


class _Commands(TyperGroup):
    """The commands by name and first sentence, each loaded when it is called."""

    def __init__(self, **of_typer: Any) -> None:
        super().__init__(**of_typer)
        self.commands = {name: TyperCommand(name, short_help=_sentence(*where)) for name, where in _WHERE.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and _loaded(*_WHERE[str(name)]), rest


def _sentence(module: str, name: str) -> str:
    """What the command's documentation says, or the help its group was made with; read, not imported."""
    for node in _source(module).body:
        match node:
            case ast.FunctionDef(name=found) if found == name:
                return (ast.get_docstring(node) or "").split("\n\n")[0]
            case ast.Assign(targets=[ast.Name(id=found)], value=ast.Call(keywords=keywords)) if found == name:
                return next(str(ast.literal_eval(word.value)) for word in keywords if word.arg == "help")
    raise LookupError(f"forbear/cli/commands/{module}.py has no {name}")


@cache
def _source(module: str) -> ast.Module:
    return ast.parse((Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8"))


def _loaded(module: str, name: str) -> Any:
    from forbear.base.settings import settings  # with what it needs it takes longer than the list of commands does

    settings()  # before Celery's application, which is made when it is imported and needs settings that are in order
    gc.disable()  # what is imported stays: looking through it again and again costs a sixth of a start
    try:
        found = getattr(import_module(f"{__name__}.{module}"), name)
        gc.freeze()
    finally:
        gc.enable()
    if isinstance(found, typer.Typer):
        return get_command(found)
    alone = typer.Typer(add_completion=False)
    alone.command()(found)
    return get_command(alone)


app = typer.Typer(
    cls=_Commands,
    help="Forbear: triage of debt-counselling cases.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # frames around the list would double what it takes
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(f"forbear {metadata.version('forbear')}")
        raise typer.Exit


@app.callback()
def _forbear(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None: ...
