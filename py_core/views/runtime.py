"""What compiled templates run on where Jinja's own way takes longer than the page has: writing a value, making a call.

Only speed depends on it: every page says the same with Jinja's own context and code generator.
"""

from __future__ import annotations

import re
from types import FunctionType
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from jinja2.utils import _PassArg
from markupsafe import Markup, escape

_escapable = re.compile("[&<>\"']").search


def written(value: Any) -> str:
    """A value as it goes into the page's text: Markup and what has nothing to escape as it is, all else by `escape`.

    Of `escape` everything comes as new Markup, only to be joined: a sixth of a long list's time.
    """
    if type(value) is Markup or (type(value) is str and not _escapable(value)):
        return value
    return escape(value)


class PageCodeGenerator(CodeGenerator):
    """Compiles templates so that values go through `written`."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        self.writeline(f"from {__name__} import {written.__name__}")
        super().visit_Template(node, frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write(f"{written.__name__}(")


class PageContext(Context):
    """Makes calls with fewer questions than Jinja asks each time: they were a quarter of a long list's time.

    What takes the context gets it as it is: the language, for which ours take it, is the same in every loop and block.
    """

    def call(
        __self,  # as in Jinja: whatever is called may have a parameter `self`
        __obj: Any,
        *args: Any,
        _block_vars: Any = None,
        _loop_vars: Any = None,
        **kwargs: Any,
    ) -> Any:
        kind = type(__obj)
        if kind is Macro:
            return __obj(__self.eval_ctx, *args, **kwargs)
        if kind is FunctionType:
            wanted = __obj.__dict__.get("jinja_pass_arg")
            if wanted is None:
                return __obj(*args, **kwargs)
            if wanted is _PassArg.context:
                return __obj(__self, *args, **kwargs)
        return super().call(__obj, *args, _block_vars=_block_vars, _loop_vars=_loop_vars, **kwargs)
