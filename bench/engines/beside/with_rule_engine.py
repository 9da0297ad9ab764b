"""rule-engine: one Rule each, asked whether it matches."""

import json
from typing import Any

import rule_engine

from bench.engines.beside.timing import Way, answer, comparison, numbered

_SIGNS = {"more_than": ">", "at_least": ">=", "less_than": "<", "at_most": "<=", "equals": "==", "not_equals": "!="}


def _said(leaf: dict[str, Any]) -> str:
    fact, word, value = comparison(leaf)
    return f"{fact} {_SIGNS.get(word, 'in')} {json.dumps(value)}"


def _ways(asked: dict[str, Any]) -> dict[str, Way]:
    rules, cases = asked["rules"], asked["cases"]
    types = dict.fromkeys(asked["numbers"], rule_engine.DataType.FLOAT)
    types |= dict.fromkeys(asked["lists"], rule_engine.DataType.STRING)
    context = rule_engine.Context(type_resolver=rule_engine.type_resolver_from_dict(types))
    texts = [" and ".join(_said(leaf) for leaf in rule["all"]) for rule in rules]

    def way(made: list[Any]) -> Way:
        return Way(
            lambda: [[rule.matches(case) for rule in made] for case in cases], lambda all_: numbered(rules, all_)
        )

    return {
        "matches": way([rule_engine.Rule(text) for text in texts]),
        "matches, types told": way([rule_engine.Rule(text, context=context) for text in texts]),
    }


if __name__ == "__main__":
    answer(_ways)
