"""openfisca-core: a variable a fact, a variable with a vectorial formula a rule, numpy arrays of all cases at once."""

import functools
import operator
from typing import Any

import numpy
from openfisca_core import entities, indexed_enums, periods, simulations, taxbenefitsystems, variables

from bench.engines.beside.timing import Way, answer, comparison, numbered

_OPERATORS: dict[str, Any] = {
    "more_than": operator.gt,
    "at_least": operator.ge,
    "less_than": operator.lt,
    "at_most": operator.le,
    "equals": operator.eq,
    "not_equals": operator.ne,
}
_YEAR = periods.period("2026")  # every fact and rule is of this one


def _formula(rule: dict[str, Any], lists: dict[str, Any]) -> Any:
    leaves = [comparison(leaf) for leaf in rule["all"]]

    def holds(column: Any, fact: str, word: str, value: Any) -> Any:
        if word == "one_of":
            return functools.reduce(operator.or_, (column == lists[fact][each] for each in value))
        return _OPERATORS[word](column, lists[fact][value] if fact in lists else value)

    def formula(case: Any, period: Any) -> Any:
        return functools.reduce(operator.and_, (holds(case(fact, period), fact, *rest) for fact, *rest in leaves))

    return formula


def _system(asked: dict[str, Any], lists: dict[str, Any]) -> Any:
    case = entities.Entity("case", "cases", "A case", "")
    system = taxbenefitsystems.TaxBenefitSystem([case])

    def add(name: str, **parts: Any) -> None:
        given = {"entity": case, "definition_period": periods.YEAR, "label": name, **parts}
        system.add_variable(type(name, (variables.Variable,), given))

    for name in asked["numbers"]:
        add(name, value_type=int)
    for name, values in lists.items():
        add(name, value_type=indexed_enums.Enum, possible_values=values, default_value=next(iter(values)))
    for rule in asked["rules"]:
        add(rule["id"], value_type=bool, formula=_formula(rule, lists))
    return system


def _ways(asked: dict[str, Any]) -> dict[str, Way]:
    rules, cases = asked["rules"], asked["cases"]
    lists = {name: indexed_enums.Enum(name, {each: each for each in values}) for name, values in asked["lists"].items()}
    system = _system(asked, lists)

    def columns() -> dict[str, Any]:
        numbers = {name: numpy.array([case[name] for case in cases], dtype=numpy.int32) for name in asked["numbers"]}
        listed = {name: values.encode(numpy.array([case[name] for case in cases])) for name, values in lists.items()}
        return numbers | listed

    def judged(given: dict[str, Any]) -> list[Any]:
        simulation = simulations.SimulationBuilder().build_default_simulation(system, len(cases))
        for name, column in given.items():
            simulation.set_input(name, _YEAR, column)
        return [simulation.calculate(rule["id"], _YEAR) for rule in rules]

    def hits(found: list[Any]) -> Any:
        return numbered(rules, numpy.array(found).T.tolist())

    known = columns()
    return {
        "columns in, columns out": Way(lambda: judged(known), hits),
        "cases in, hits of each out": Way(lambda: hits(judged(columns())), lambda found: found),
    }


if __name__ == "__main__":
    answer(_ways)
