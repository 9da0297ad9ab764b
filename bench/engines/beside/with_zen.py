"""zen-engine: a decision table that collects, asked in every way that there is, and one compiled expression."""

import asyncio
import json
from typing import Any

import zen

from bench.engines.beside.timing import Hits, Way, answer, comparison, numbered

_SIGNS = {"more_than": ">", "at_least": ">=", "less_than": "<", "at_most": "<=", "equals": "==", "not_equals": "!="}


def _unary(word: str, value: Any) -> str:
    """The cell of a table."""
    if word == "one_of":
        return ", ".join(json.dumps(each) for each in value)
    if word == "equals":
        return json.dumps(value)
    return f"{'$ ' if word == 'not_equals' else ''}{_SIGNS[word]} {json.dumps(value)}"


def _said(leaf: dict[str, Any], of: str = "") -> str:
    fact, word, value = comparison(leaf)
    if word == "one_of":
        return f"{of}{fact} in {json.dumps(value)}"
    return f"{of}{fact} {_SIGNS[word]} {json.dumps(value)}"


def _expression(rules: list[dict[str, Any]], of: str = "") -> str:
    """For each rule whether it holds."""
    conjunctions = (" and ".join(_said(leaf, of) for leaf in rule["all"]) for rule in rules)
    return f"[{', '.join(f'({each})' for each in conjunctions)}]"


def _table(asked: dict[str, Any], field: str | None = None) -> dict[str, Any]:
    """A graph with one decision table; with a field, it is evaluated for each of the list that stands there."""
    facts = [*asked["numbers"], *asked["lists"]]
    rows = []
    for rule in asked["rules"]:
        cells = dict.fromkeys(facts, "")
        for leaf in rule["all"]:
            fact, word, value = comparison(leaf)
            cells[fact] = _unary(word, value)
        rows.append({"_id": rule["id"], "hit": json.dumps(rule["id"]), **cells})
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": fact, "name": fact, "field": fact} for fact in facts],
        "outputs": [{"id": "hit", "name": "hit", "field": "hit"}],
        "rules": rows,
        "passThrough": False,
        "inputField": field,
        "outputPath": None,
        "executionMode": "loop" if field else "single",
    }
    return {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "first", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "second", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


def _rows(found: list[list[dict[str, str]]]) -> Hits:
    return [[row["hit"] for row in rows] for rows in found]


def _ways(asked: dict[str, Any]) -> dict[str, Way]:
    rules, cases = asked["rules"], asked["cases"]
    texts = [json.dumps(case).encode() for case in cases]
    content = {"table": _table(asked), "loop": _table(asked, "cases")}
    engine = zen.ZenEngine({"loader": {"type": "static", "content": content}})
    alone = zen.ZenEngine().create_decision(zen.ZenDecisionContent(json.dumps(content["table"])))
    requests = [{"key": "table", "context": case} for case in cases]
    compiled = zen.compile_expression(_expression(rules))
    mapped = zen.compile_expression(f"map(cases, {_expression(rules, '#.')})")

    async def gathered() -> Any:
        return await asyncio.gather(*(engine.async_evaluate("table", case) for case in cases))

    def results(found: list[dict[str, Any]]) -> Hits:
        return _rows([each["result"] for each in found])

    return {
        "decision, evaluate": Way(lambda: [alone.evaluate(case) for case in cases], results),
        "engine, evaluate": Way(lambda: [engine.evaluate("table", case) for case in cases], results),
        "engine, evaluate, JSON": Way(lambda: [engine.evaluate("table", text) for text in texts], results),
        "engine, async_evaluate": Way(lambda: asyncio.run(gathered()), results),
        "engine, evaluate_batch": Way(
            lambda: engine.evaluate_batch(requests), lambda found: results([each["data"] for each in found])
        ),
        "table in loop mode, all cases at once": Way(
            lambda: engine.evaluate("loop", {"cases": cases}), lambda found: _rows(found["result"])
        ),
        "compiled expression": Way(
            lambda: [compiled.evaluate(case) for case in cases], lambda found: numbered(rules, found)
        ),
        "compiled expression, JSON": Way(
            lambda: [compiled.evaluate(text) for text in texts], lambda found: numbered(rules, found)
        ),
        "compiled expression, all cases at once": Way(
            lambda: mapped.evaluate({"cases": cases}), lambda found: numbered(rules, found)
        ),
    }


if __name__ == "__main__":
    answer(_ways)
