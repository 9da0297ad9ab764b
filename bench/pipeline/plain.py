"""The plain way, as the baseline: one Celery task a case, durable-rules' facade, one SQLModel add and commit a case.

It is given every advantage that leaves it plain: a prefork worker with as many processes, facts already typed, rules
compiled once a process, no second engine, no `certain`, no questions, no personal data to seal.
"""

import contextlib
import datetime as dt
import json
import os
from functools import cache
from typing import Any

from celery import Celery
from durable.engine import Host, MessageNotHandledException
from pydantic_core import to_jsonable_python
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, SQLModel

from models.database.session import make_engine
from rules.engines.compiler import Program, compile_rules
from rules.engines.message import Writer
from rules.facts import case_facts
from rules.formulas import derivation
from rules.loading import loader
from rules.pack import parameters
from rules.pack.logic.condition_parser import resolve
from rules.pack.pack import Pack

app = Celery("plain", broker=os.environ.get("BENCH_REDIS_URL"))
app.conf.update(task_ignore_result=True, task_default_queue="plain", broker_connection_retry_on_startup=True)


class PlainDecision(SQLModel, table=True):
    """What the plain way keeps of a case."""

    __tablename__ = "plain_decision"

    id: int | None = Field(default=None, primary_key=True)
    case_ref: str = Field(unique=True)
    strategy: str
    rules_fired: list[str] = Field(sa_type=JSONB)
    facts: dict[str, Any] = Field(sa_type=JSONB)
    created_at: dt.datetime


class Plain:
    """One process's rules and database."""

    def __init__(self, as_of: dt.date) -> None:
        self.engine: Engine = make_engine(os.environ["BENCH_DATABASE_URL"], "plain")
        self.pack: Pack = loader.load(loader.DEFAULT_PACK)
        self.as_of = as_of
        self.parameters = parameters.in_force(self.pack, as_of)
        resolved = [(rule.rule.id, resolve(rule.when, self.parameters)) for rule in self.pack.rules]
        self.program: Program = compile_rules(resolved, self.pack.vocabulary)
        self.writer = Writer(self.program.keys)
        self.hits: list[str] = []
        self.host = Host()
        for number, ruleset in enumerate(self.program.rulesets):
            rules = {rule: {**definition, "run": self._action(rule)} for rule, definition in ruleset.definition.items()}
            self.host.set_rulesets({f"plain-{number}": rules})
        self.order = {rule.rule.id: number for number, rule in enumerate(self.pack.rules)}

    def _action(self, rule: str) -> Any:
        def run(_context: Any) -> None:
            self.hits.append(rule)

        return run

    def decide(self, case_ref: str, facts: case_facts.Facts) -> tuple[str, list[str]]:
        """The strategy and the rules that fired."""
        self.hits.clear()
        written = self.writer.write(facts)
        for number, ruleset in enumerate(self.program.rulesets):
            message = json.loads(f"{{{','.join(written[key] for key in ruleset.keys if key in written)}}}")
            fact = {**message, "sid": "plain", "id": case_ref}
            for step in (self.host.assert_fact, self.host.retract_fact):
                with contextlib.suppress(MessageNotHandledException):  # no rule fired: the facade calls that an error
                    step(f"plain-{number}", dict(fact))
        fired = sorted(set(self.hits), key=self.order.__getitem__)
        return self._strategy(fired), fired

    def _strategy(self, fired: list[str]) -> str:
        rules = {rule.rule.id: rule.rule for rule in self.pack.rules}
        blocked = {name for rule in fired for effect in rules[rule].then for name in effect.block or ()}
        for rule in fired:
            for effect in rules[rule].then:
                if effect.recommend is not None and effect.recommend not in blocked:
                    return effect.recommend
        return self.pack.manifest.default.strategy


@cache
def _plain_way(as_of: str) -> Plain:
    return Plain(dt.date.fromisoformat(as_of))


@app.task(name="plain.triage")
def triage(case_ref: str, stored: dict[str, Any], as_of: str) -> None:
    """Decide one case and commit it."""
    plain = _plain_way(as_of)
    submitted = case_facts.read_facts(plain.pack.vocabulary, stored)
    facts = derivation.derive(plain.pack, submitted, plain.as_of).facts
    strategy, fired = plain.decide(case_ref, facts)
    with Session(plain.engine) as session:
        session.add(
            PlainDecision(
                case_ref=case_ref,
                strategy=strategy,
                rules_fired=fired,
                facts=to_jsonable_python(facts),
                created_at=dt.datetime.now(dt.UTC),
            )
        )
        session.commit()
