"""drools_jpy: Drools in a Java virtual machine, each case an event that every rule may match."""

import json
from functools import partial
from typing import Any

from drools.rule import Rule
from drools.ruleset import Ruleset, RulesetCollection

from bench.engines.beside.timing import Hits, Way, answer, comparison

_WORDS = {
    "more_than": "GreaterThanExpression",
    "at_least": "GreaterThanOrEqualToExpression",
    "less_than": "LessThanExpression",
    "at_most": "LessThanOrEqualToExpression",
    "equals": "EqualsExpression",
    "not_equals": "NotEqualsExpression",
    "one_of": "ItemInListExpression",
}


def _literal(value: Any) -> Any:
    if isinstance(value, list):
        return [_literal(each) for each in value]
    return {"String" if isinstance(value, str) else "Integer": value}


def _expression(leaves: list[dict[str, Any]]) -> dict[str, Any]:
    *before, last = leaves
    fact, word, value = comparison(last)
    found = {_WORDS[word]: {"lhs": {"Event": fact}, "rhs": _literal(value)}}
    return {"AndExpression": {"lhs": _expression(before), "rhs": found}} if before else found


def _ways(asked: dict[str, Any]) -> dict[str, Way]:
    texts = [json.dumps(case) for case in asked["cases"]]
    definition = {
        "name": "table",
        "hosts": ["all"],
        "sources": [],
        "match_multiple_rules": True,
        "rules": [
            {
                "Rule": {
                    "name": rule["id"],
                    "condition": {"AllCondition": [_expression(rule["all"])]},
                    "action": {"Action": {"action": "none", "action_args": {}}},
                    "enabled": True,
                }
            }
            for rule in asked["rules"]
        ],
    }
    ruleset = Ruleset("table", json.dumps(definition))
    hits: list[str] = []
    for rule in asked["rules"]:
        ruleset.add_rule(Rule(rule["id"], partial(_hit, hits, rule["id"])))

    def run() -> Hits:
        found = []
        for text in texts:
            hits.clear()
            ruleset.assert_event(text)
            found.append(sorted(hits))
        return found

    return {"assert_event": Way(run, lambda found: found)}


def _hit(hits: list[str], rule: str, _: Any) -> None:
    hits.append(rule)


if __name__ == "__main__":
    answer(_ways)
    RulesetCollection.shutdown()  # or its threads keep the process
