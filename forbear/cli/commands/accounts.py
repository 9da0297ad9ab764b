"""Commands on accounts and tokens: user add, list, password, link, second-factor-off, disable; token create, …"""

import contextlib
import datetime as dt
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from forbear.accounts import accounts, administration, passwords
from forbear.accounts.accounts import SCOPES
from forbear.base.errors import ForbearError
from forbear.base.settings import settings
from forbear.cli.context import Context, opened
from forbear.ledger.unit_of_work import Work
from models.account import Account, Token
from models.database.session import session

user = typer.Typer(help="Who may sign in, and as what.", no_args_is_help=True)
token = typer.Typer(help="Keys of programs to the API.", no_args_is_help=True)
_Name = Annotated[str, typer.Argument(help="the account's name")]
_FromStdin = Annotated[bool, typer.Option("--password-stdin", help="read the password from standard input")]


@user.command("add")
def add_user(
    name: _Name,
    role: Annotated[str, typer.Option(help=f"one of {', '.join(accounts.ROLES)}")],
    submitter: Annotated[str | None, typer.Option(help="whose cases: needed for the role submitter")] = None,
    password_stdin: _FromStdin = False,
) -> None:
    """Add an account. Without a password from standard input or the keyboard one is made and printed once."""
    password, made = _password(password_stdin)
    with working() as work:
        account = administration.add(work, name, role, submitter, password, handed_over=made)
        told = f"Account {account.name} added as {account.role}."
    _tell(told, password if made else None)


@user.command("password")
def set_password(
    name: _Name,
    password_stdin: _FromStdin = False,
    tokens: Annotated[bool, typer.Option("--tokens", help="revoke its tokens too")] = False,
) -> None:
    """Give an account another password. Whoever uses the account is signed out."""
    password, made = _password(password_stdin)
    with working() as work:
        account = known(work.session, name)
        administration.set_password(work, account, password, handed_over=made, tokens_too=tokens)
        told = f"Account {account.name} has a new password."
    _tell(told, password if made else None)


@user.command("disable")
def disable_user(name: _Name) -> None:
    """Close an account: its sign-ins and tokens end at once."""
    with working() as work:
        administration.disable(work, known(work.session, name))
    typer.echo(f"Account {name} is disabled.")


@user.command("enable")
def enable_user(name: _Name) -> None:
    """Open a closed account again."""
    with working() as work:
        administration.enable(work, known(work.session, name))
    typer.echo(f"Account {name} is enabled.")


@user.command("second-factor-off")
def second_factor_off(name: _Name) -> None:
    """Take the second factor, passkeys too, off somebody who lost it. Whoever uses the account is signed out."""
    with working() as work:
        administration.second_factor_off(work, known(work.session, name), passkeys_too=True)
    typer.echo(f"Account {name} signs in with its password alone.")


@user.command("link")
def link_user(
    name: _Name,
    subject: Annotated[str, typer.Argument(help="what the provider of FORBEAR_OIDC_ISSUER calls its owner (`sub`)")],
) -> None:
    """Let somebody sign in on an account by the identity provider. Whoever uses the account is signed out."""
    issuer = settings().oidc_issuer
    if issuer is None:
        raise ForbearError("There is no identity provider: set FORBEAR_OIDC_ISSUER, see docs/settings.md.")
    with working() as work:
        administration.link(work, known(work.session, name), issuer, subject)
    typer.echo(f"Account {name} is linked: its owner signs in by {issuer}.")


@user.command("unlink")
def unlink_user(name: _Name) -> None:
    """Let nobody sign in on an account by an identity provider. Whoever uses the account is signed out."""
    with working() as work:
        administration.unlink(work, known(work.session, name))
    typer.echo(f"Account {name} is linked to nobody: its owner signs in with a password.")


@user.command("list")
def list_users() -> None:
    """Every account: name, role, submitter, and whether it is disabled."""
    with opened() as context, session(context.engine) as found:
        for account in found.exec(select(Account).order_by(col(Account.name))):
            state = "disabled" if account.disabled_at else "in use"
            typer.echo("\t".join((account.name, account.role, account.submitter or "-", state)))


@token.command("create")
def create_token(
    account: Annotated[str, typer.Argument(help="the account it acts for")],
    scope: Annotated[list[str], typer.Option(help=f"one or more of {', '.join(SCOPES)}")],
    name: Annotated[str, typer.Option(help="what it is for")] = "command line",
    days: Annotated[int, typer.Option(min=1, max=3650, help="how long it works")] = 365,
) -> None:
    """Make a token and print it, alone on its line: it cannot be shown again."""
    scopes = [each.strip() for part in scope for each in part.split(",")]
    with working() as work:
        secret = administration.give_token(work, known(work.session, account), name, scopes, days)
    typer.echo(secret)


@token.command("list")
def list_tokens() -> None:
    """Every token that works: id, account, name, scopes, and until when."""
    now = dt.datetime.now(dt.UTC)
    with opened() as context, session(context.engine) as found:
        for account in found.exec(select(Account).order_by(col(Account.name))):
            for each in accounts.tokens(found, account.id, now):
                until = "-" if each.expires_at is None else each.expires_at.date().isoformat()
                typer.echo("\t".join((str(each.id), account.name, each.name, ",".join(each.scopes), until)))


@token.command("revoke")
def revoke_token(token_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1)]) -> None:
    """End a token at once."""
    with working() as work:
        found = work.session.get(Token, token_id)
        if found is None:
            raise ForbearError(f"There is no token {token_id}: `forbear token list` shows them.")
        administration.revoke(work, found)
    typer.echo(f"Token {token_id} is revoked.")


def first_account(context: Context, name: str) -> str | None:
    """Make an administrator if there is no account at all; answers the password, None if there are accounts."""
    if has_accounts(context):
        return None
    password = passwords.generated()
    with context.work() as work:
        administration.add(work, name, "admin", None, password)
    return password


def has_accounts(context: Context) -> bool:
    """Whether anybody can sign in."""
    with session(context.engine) as found:
        return found.exec(select(Account.id).limit(1)).first() is not None


def known(found: Session, name: str) -> Account:
    """The account of this name."""
    account = accounts.find(found, name)
    if account is None:
        raise ForbearError(f"There is no account {name!r}: `forbear user list` shows them.")
    return account


@contextlib.contextmanager
def working() -> Iterator[Work]:
    """A unit of work of whoever runs the command."""
    with opened() as context, context.work() as work:
        yield work


def _password(from_stdin: bool) -> tuple[str, bool]:
    """A password, and whether it was made here: read, asked for at a terminal (nothing typed: made), else made."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    typed = ""
    if sys.stdin.isatty():
        prompt = "Password (Enter makes one)"
        typed = typer.prompt(
            prompt, default="", show_default=False, hide_input=True, confirmation_prompt=True, err=True
        )
    return (typed, False) if typed else (passwords.generated(), True)


def _tell(what: str, password: str | None) -> None:
    typer.echo(what)
    if password is not None:
        typer.echo(f"Password, shown only now: {password}")
