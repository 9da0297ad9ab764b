"""How templates are compiled: for one language each, with all that is the same on every page worked out beforehand.

A page of a case has five hundred messages, most of which ask for no values, and writes three thousand values, most of
which need nothing done to them. What a template says stays the same to the byte.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from web import language
from web.language import Language

_MESSAGE: Final = "t"  # the function that templates call for a message
_WRITTEN: Final = "written"
_marks = re.compile("[&<>'\"]").search


def speak(environment: Environment, lang: Language) -> None:
    """Have the templates of an environment say their messages in a language."""

    class Spoken(CodeGenerator):
        def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - by type
            super().visit_Template(_Beforehand(lang).visit(node), frame)

        def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
            if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
                super()._output_child_pre(node, frame, finalize)
            else:
                self.write(f"environment.{_WRITTEN}(")

    environment.code_generator_class = Spoken
    environment.context_class = _Calling
    setattr(environment, _WRITTEN, _written)
    environment.globals |= {"lang": lang, _MESSAGE: partial(language.message, lang)}


class _Beforehand(NodeTransformer):
    """Puts sentences in the place of calls `t('…')`, and either of two pieces in the place of a value that is one."""

    def __init__(self, lang: Language) -> None:
        self._lang = lang

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802 - by type
        """A message that asks for no values: its sentence, or a choice of two."""
        self.generic_visit(node)
        given = node.kwargs or node.dyn_args or node.dyn_kwargs
        if isinstance(node.node, nodes.Name) and node.node.name == _MESSAGE and len(node.args) == 1 and not given:
            return self._said(node.args[0]) or node
        return node

    def _said(self, key: nodes.Expr) -> nodes.Expr | None:
        if isinstance(key, nodes.Const):
            return nodes.Const(language.message(self._lang, key.value), lineno=key.lineno)
        if isinstance(key, nodes.CondExpr) and key.expr2 is not None:
            one, other = self._said(key.expr1), self._said(key.expr2)
            if one is not None and other is not None:
                return nodes.CondExpr(key.test, one, other, lineno=key.lineno)
        return None

    def visit_Output(self, node: nodes.Output) -> list[nodes.Stmt]:  # noqa: N802 - by type
        """What is written one after the other; what is written only if something is so as an `if` of its own."""
        self.generic_visit(node)
        found: list[nodes.Stmt] = []
        for each in node.nodes:
            if isinstance(each, nodes.CondExpr):
                found.append(self._either(each))
            elif found and isinstance(found[-1], nodes.Output):
                found[-1].nodes.append(each)
            else:
                found.append(nodes.Output([each], lineno=each.lineno))
        return found

    def _either(self, node: nodes.Expr) -> nodes.Stmt:
        if not isinstance(node, nodes.CondExpr):
            return nodes.Output([node], lineno=node.lineno)
        other = [] if node.expr2 is None else [self._either(node.expr2)]
        return nodes.If(node.test, [self._either(node.expr1)], [], other, lineno=node.lineno)


class _Calling(Context):
    """Calls what a template calls, which never asks for the context, without looking whether it does."""

    def call(
        self, what: Callable[..., Any], /, *args: Any, _loop_vars: Any = None, _block_vars: Any = None, **kwargs: Any
    ) -> Any:
        """What it answers."""
        return what(*args, **kwargs)


def _written(value: object) -> str:
    """A value as it stands on a page: as `escape` has it, and nothing done to what may stand there as it is."""
    if type(value) is Markup or (type(value) is str and not _marks(value)):
        return value
    return escape(value)
