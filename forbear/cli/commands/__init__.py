"""Every command of `forbear`, gathered."""

import typer

from forbear.cli.commands import accounts, audit, calc, cases, mapping, policy, prepare, purge, replay, serve

app = typer.Typer(
    help="Forbear: triage of debt-counselling cases.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    *(cases.triage, cases.demo, cases.submit, cases.status, cases.results, cases.explain, prepare.prepare),
    *(mapping.mapping, replay.replay, purge.purge),
    *(serve.up, serve.web, serve.worker, serve.scheduler, serve.migrate, serve.doctor),
):
    app.command()(command)
app.add_typer(policy.app, name="rules")
app.add_typer(calc.app, name="calc")
app.add_typer(accounts.user, name="user")
app.add_typer(accounts.token, name="token")
app.add_typer(audit.app, name="audit")
