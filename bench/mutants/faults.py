"""The faults that may stand in the place of one node of a module, each the smallest that changes what it does."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import Any, Final

_ORDER: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_SUMS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
}
_SWAPPED: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_CHAINED: Final = ("where", "order_by", "limit")


def faults(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node, each with one fault."""
    yield from _statements(node) if isinstance(node, ast.stmt) else _expressions(node)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.If():
            yield _with(node, test=ast.Constant(False))
            yield _with(node, test=ast.Constant(True))
        case ast.While():
            yield _with(node, test=ast.Constant(False))
        case ast.Return(value=value) if value is not None and not _is_nothing(value):
            yield _with(node, value=ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign() | ast.Raise() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BoolOp(op=op, values=values):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            yield from (_one_of(node, values, number) for number in range(len(values)))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BinOp(op=op) if type(op) in _SUMS and not _is_text(node):
            yield _with(node, op=_SUMS[type(op)]())
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.Call():
            yield from _calls(node)
        case _:
            yield from _parts(node)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Comparisons, slices and filters, each with one part of it changed or left out."""
    match node:
        case ast.Compare(ops=ops):
            for number, op in enumerate(ops):
                for other in _ORDER[type(op)]:
                    yield _with(node, ops=[*ops[:number], other(), *ops[number + 1 :]])
        case ast.Slice(lower=lower, upper=upper):
            yield from (_with(node, lower=None) for bound in (lower,) if bound is not None)
            yield from (_with(node, upper=None) for bound in (upper,) if bound is not None)
        case ast.comprehension(ifs=ifs):
            yield from (_with(node, ifs=[*ifs[:number], *ifs[number + 1 :]]) for number in range(len(ifs)))


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in _SWAPPED and node.args:
            yield _with(node, func=ast.Name(_SWAPPED[name], ast.Load()))
        case ast.Call(func=ast.Name(id="sorted"), args=[first, *_], keywords=keywords):
            yield ast.Call(ast.Name("list", ast.Load()), [first], [])
            if keywords:
                yield _with(node, keywords=[])
        case ast.Call(func=ast.Attribute(value=chained, attr="fromkeys"), args=[first]):
            yield first  # each once
        case ast.Call(func=ast.Attribute(value=chained, attr=name), args=args) if name in _CHAINED:
            yield chained
            for number in range(len(args) if len(args) > 1 else 0):
                yield _with(node, args=[*args[:number], *args[number + 1 :]])
    for keyword in node.keywords:
        if keyword.arg is not None and isinstance(keyword.value, ast.Constant) and keyword.value.value is not None:
            yield _with(node, keywords=[each for each in node.keywords if each is not keyword])


def _with(node: ast.AST, **changed: Any) -> ast.AST:
    twin = copy.copy(node)
    for name, value in changed.items():
        setattr(twin, name, value)
    return twin


def _one_of(node: ast.BoolOp, values: list[ast.expr], number: int) -> ast.AST:
    rest = [*values[:number], *values[number + 1 :]]
    return rest[0] if len(rest) == 1 else _with(node, values=rest)


def _is_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.JoinedStr | ast.Constant) and not _is_number(side) for side in (node.left, node.right)
    )


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _is_nothing(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
