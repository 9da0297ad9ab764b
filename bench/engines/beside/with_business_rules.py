"""business-rules: rules as JSON, run over the variables of a case; closed lists are variables to select from."""

from typing import Any

from business_rules.actions import BaseActions, rule_action
from business_rules.engine import run_all
from business_rules.fields import FIELD_TEXT
from business_rules.variables import BaseVariables, numeric_rule_variable, select_rule_variable

from bench.engines.beside.timing import Hits, Way, answer, comparison

_NUMBERS = {
    "more_than": "greater_than",
    "at_least": "greater_than_or_equal_to",
    "less_than": "less_than",
    "at_most": "less_than_or_equal_to",
}
_LISTS = {"equals": "contains", "not_equals": "does_not_contain"}


def _condition(leaf: dict[str, Any]) -> dict[str, Any]:
    fact, word, value = comparison(leaf)
    if word == "one_of":
        return {"any": [{"name": fact, "operator": "contains", "value": each} for each in value]}
    return {"name": fact, "operator": _NUMBERS.get(word) or _LISTS[word], "value": value}


def _variables(asked: dict[str, Any]) -> Any:
    """A class with a variable for each fact of the case that it is made with."""

    def number(name: str) -> Any:
        return numeric_rule_variable()(lambda self: self.case[name])

    def listed(name: str) -> Any:
        return select_rule_variable()(lambda self: [self.case[name]])

    def made(self: Any, case: dict[str, Any]) -> None:
        self.case = case

    parts = {name: number(name) for name in asked["numbers"]} | {name: listed(name) for name in asked["lists"]}
    return type("Variables", (BaseVariables,), {"__init__": made, **parts})


def _actions() -> Any:
    """A class that keeps the rules that were triggered."""

    def made(self: Any) -> None:
        self.hits = []

    def hit(self: Any, rule: str) -> None:
        self.hits.append(rule)

    return type("Actions", (BaseActions,), {"__init__": made, "hit": rule_action(params={"rule": FIELD_TEXT})(hit)})


def _ways(asked: dict[str, Any]) -> dict[str, Way]:
    rules = [
        {
            "conditions": {"all": [_condition(leaf) for leaf in rule["all"]]},
            "actions": [{"name": "hit", "params": {"rule": rule["id"]}}],
        }
        for rule in asked["rules"]
    ]
    variables, actions = _variables(asked), _actions()

    def run() -> Hits:
        found = []
        for case in asked["cases"]:
            kept = actions()
            run_all(rules, variables(case), kept)
            found.append(kept.hits)
        return found

    return {"run_all": Way(run, lambda hits: hits)}


if __name__ == "__main__":
    answer(_ways)
