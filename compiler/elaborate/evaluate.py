"""Evaluates expressions and statements.  Sequence computation is not run: it becomes nodes of the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from ...rasp_grammar import tree
from ...rasp_grammar.diagnostics import did_you_mean, error, shortened
from ...rasp_grammar.foreign_words import NAMES
from ...rasp_grammar.span import Span
from ..graph.graph import Constant, Indices, Node, Selector, SOp, Tokens
from ..graph.values import Scalar, is_scalar
from . import operators
from .apply import apply_to_input
from .scope import (
    Builtin,
    BuiltinSOp,
    Deferred,
    Function,
    LibraryValue,
    Object,
    Poison,
    Poisoned,
    Scope,
    kind,
)
from .workspace import Workspace

#: Runs a `load` in a scope.  Raises RaspError.
Loader = Callable[[tree.Load, Scope], None]

#: Called with an expression of the program and its value, each time that it is evaluated.
Observer = Callable[[tree.Expression, Object], None]


class Evaluator:
    """Evaluates expressions and statements in scopes; the graph grows in `workspace`.

    prelude: the scope of the library.  load: see `Loader`; without it, no file can be loaded.
    observer: see `Observer`; it is not told of expressions of the library."""

    def __init__(self, prelude: Scope, load: Loader | None = None, observer: Observer | None = None) -> None:
        self.workspace = Workspace(self._length)
        self._prelude = prelude
        self._load = load
        self._observer = observer

    def _length(self, span: Span) -> SOp:
        value = self._resolve(self._prelude.names["length"], "length", span)
        assert isinstance(value, SOp)
        return value

    # --- expressions

    def evaluate(self, expression: tree.Expression, scope: Scope) -> Object:
        workspace = self.workspace
        site = workspace.call_site
        span = expression.span if site is None else site  # as `Workspace.at`, without a call for each expression
        budget = workspace.budget
        budget.enter(span, steps=1)
        result = self._evaluate(expression, scope, span)
        budget.leave()
        if site is None and self._observer is not None:
            self._observer(expression, result)
        return result

    def _evaluate(self, expression: tree.Expression, scope: Scope, span: Span) -> Object:
        match expression:
            case tree.Name(name=name):
                return self._look_up(name, scope, span)
            case tree.Number(value=number):
                return number if isinstance(number, int) or number.denominator != 1 else number.numerator
            case tree.Text(value=text):
                return text
            case tree.Boolean(value=truth):
                return truth
            case tree.Group(inner=inner):
                return self.evaluate(inner, scope)
            case tree.Unary(operator=sign, operand=operand):
                return operators.unary(self.workspace, sign, self.evaluate(operand, scope), span)
            case tree.Binary(operator=sign, left=left, right=right):
                first = self.evaluate(left, scope)
                second = self.evaluate(right, scope)
                spans = self.workspace.at(left), self.workspace.at(right)
                return operators.binary(self.workspace, sign, first, second, span, spans)
            case tree.Call():
                return self._call(expression, scope, span)
            case tree.Index(target=target, index=index):
                indexed = self.evaluate(target, scope)
                return operators.index(self.workspace, indexed, self.evaluate(index, scope), span)
            case tree.Ternary():
                return self._ternary(expression, scope, span)
            case tree.Membership(item=item, container=container):
                member = self.evaluate(item, scope)
                return operators.contains(self.workspace, member, self.evaluate(container, scope), span)
            case tree.ListDisplay(items=items):
                return tuple([self.evaluate(item, scope) for item in items])
            case tree.DictDisplay(entries=entries):
                return dict([self._entry(entry, scope) for entry in entries])
            case tree.ListComprehension(item=item, names=names, iterable=iterable):
                inner_scope = Scope(scope)
                listed: list[Object] = []
                for element in self._iterable(iterable, scope):
                    self._bind_loop(names, element, inner_scope)
                    listed.append(self.evaluate(item, inner_scope))
                return tuple(listed)
            case tree.DictComprehension(entry=entry, names=names, iterable=iterable):
                inner_scope = Scope(scope)
                mapped: dict[Scalar, Object] = {}
                for element in self._iterable(iterable, scope):
                    self._bind_loop(names, element, inner_scope)
                    key, value = self._entry(entry, inner_scope)
                    mapped[key] = value
                return mapped
        assert_never(expression)

    def _look_up(self, name: str, scope: Scope, span: Span) -> Object:
        found = scope.find(name)
        if found is None:
            raise self._unknown(name, scope, span)
        return self._resolve(found, name, span)

    def _resolve(self, value: Object | Deferred | Poison, name: str, span: Span) -> Object:
        match value:
            case Poison():
                raise Poisoned
            case BuiltinSOp(make=make):
                return make(self.workspace.graph, span)
            case LibraryValue(expression=expression, scope=scope):
                # Its nodes get the span of the use in the program.
                before = self.workspace.call_site
                self.workspace.call_site = span
                made = self.evaluate(expression, scope)
                self.workspace.call_site = before
                if isinstance(made, Node):
                    self._give_name(made, name)
                return made
            case _:
                return value

    def _unknown(self, name: str, scope: Scope, span: Span) -> Exception:
        hint = "give it a value first: `name = ...;`"
        near = did_you_mean(name, scope.visible(), None)
        if name in NAMES:
            hint = NAMES[name]
        elif near is not None:
            hint = near
        elif name.startswith("_"):
            hint = "names that begin with `_` are known only in their own file"
        return error("unknown-name", f"`{shortened(name)}` is not defined", span, hint)

    def _ternary(self, expression: tree.Ternary, scope: Scope, span: Span) -> Object:
        condition = self.evaluate(expression.condition, scope)
        if isinstance(condition, SOp):
            then = self.evaluate(expression.then, scope)
            return operators.where(self.workspace, condition, then, self.evaluate(expression.otherwise, scope), span)
        # With a plain condition the other branch is not evaluated, so that recursion can end.
        holds = operators.truth(condition, self.workspace.at(expression.condition))
        return self.evaluate(expression.then if holds else expression.otherwise, scope)

    def _entry(self, entry: tree.Entry, scope: Scope) -> tuple[Scalar, Object]:
        key = self.evaluate(entry.key, scope)
        if not is_scalar(key):
            hint = "use numbers, strings or booleans as keys"
            raise error("wrong-key", f"{kind(key)} cannot be a key", self.workspace.at(entry.key), hint)
        return key, self.evaluate(entry.value, scope)

    # --- calls

    def _call(self, call: tree.Call, scope: Scope, span: Span) -> Object:
        function = self.evaluate(call.function, scope)
        arguments: list[Object] = []
        for argument in call.arguments:
            if isinstance(argument, tree.Operator):
                arguments.append(argument)
            else:
                arguments.append(self.evaluate(argument, scope))
        match function:
            case Builtin():
                self._check_count(function, len(arguments), span)
                return function.run(self.workspace, arguments, call)
            case Function():
                return self._run(function, arguments, span)
            case SOp() | Selector():
                return apply_to_input(self.workspace, function, arguments, span)
            case _:
                hint = "only functions, s-ops and selectors can be called"
                raise error("not-callable", f"{kind(function)} cannot be called", span, hint)

    def _check_count(self, function: Builtin, count: int, span: Span) -> None:
        if count >= function.least and (function.most is None or count <= function.most):
            return
        most = function.most
        expected = f"{function.least}" if function.least == most else f"{function.least} or more"
        if most is not None and most != function.least:
            expected = f"{function.least} to {most}"
        message = f"`{function.name}` takes {expected} {_arguments(expected)}, not {count}"
        raise error("argument-count", message, span, f"write `{function.usage}`")

    def _run(self, function: Function, arguments: Sequence[Object], span: Span) -> Object:
        parameters = function.definition.parameters
        if len(parameters) != len(arguments):
            expected = f"{len(parameters)}"
            message = f"`{shortened(function.name)}` takes {expected} {_arguments(expected)}, not {len(arguments)}"
            usage = f"{function.name}({', '.join([parameter.name for parameter in parameters])})"
            raise error("argument-count", message, span, f"write `{shortened(usage)}`")
        scope = Scope(function.scope)
        for parameter, argument in zip(parameters, arguments, strict=True):
            scope.names[parameter.name] = argument
        workspace = self.workspace
        before = workspace.call_site, workspace.library_function
        if function.owner is not None:
            workspace.call_site, workspace.library_function = span, function.owner
        result = self._block(function.definition.body, scope, span)
        workspace.call_site, workspace.library_function = before
        # The parser refuses a function that does not end with `return`.
        assert result is not None
        return result

    # --- statements

    def _block(self, statements: Sequence[tree.Statement], scope: Scope, span: Span) -> Object | None:
        """Runs the statements of a function or loop at `span`.  Returns what its `return` gives; None without one."""
        self.workspace.budget.enter(span)
        returned: Object | None = None
        for statement in statements:
            returned = self.execute(statement, scope)
            if returned is not None:
                break
        self.workspace.budget.leave()
        return returned

    def execute(self, statement: tree.Statement, scope: Scope) -> Object | None:
        """Runs one statement.  Returns the value of its `return`, or None if none was run."""
        match statement:
            case tree.ExpressionStatement(expression=expression):
                self.evaluate(expression, scope)
            case tree.Assignment(names=names, values=values):
                self._assign(names, self._values(values, scope), scope, self.workspace.at(statement))
            case tree.Return(values=values):
                return self._values(values, scope)
            case tree.Definition(name=name):
                scope.names[name.name] = Function(statement, scope, self.workspace.library_function)
            case tree.Loop(names=names, iterable=iterable, body=body):
                span = self.workspace.at(iterable)
                for element in self._iterable(iterable, scope):
                    self._bind_loop(names, element, scope)
                    returned = self._block(body, scope, span)
                    if returned is not None:
                        return returned
            case tree.Load():
                assert self._load is not None, "a single expression holds no `load`"
                self._load(statement, scope)
            case _:
                assert_never(statement)
        return None

    def _values(self, expressions: Sequence[tree.Expression], scope: Scope) -> Object:
        """One value as it is, several as a list."""
        values = [self.evaluate(expression, scope) for expression in expressions]
        return values[0] if len(values) == 1 else tuple(values)

    def _assign(self, names: Sequence[tree.Name], value: Object, scope: Scope, span: Span) -> None:
        if len(names) == 1:
            self.bind(names[0].name, value, scope)
            return
        for name, item in zip(names, self._unpacked(names, value, span), strict=True):
            self.bind(name.name, item, scope)

    def _unpacked(self, names: Sequence[tree.Name], value: Object, span: Span) -> tuple[Object, ...]:
        """The items of a list, the characters of a string or the keys of a dict, one for each name."""
        if not isinstance(value, (tuple, str, dict)):
            hint = "give one value for each name, or a list"
            raise error("wrong-count", f"{len(names)} names cannot share {kind(value)}", span, hint)
        if len(value) != len(names):
            hint = "give one value for each name"
            raise error("wrong-count", f"{len(names)} names for {len(value)} values", span, hint)
        return tuple(value)

    def bind(self, name: str, value: Object, scope: Scope) -> None:
        """Binds a name in a scope.  An s-op or selector keeps the first name that it is bound to."""
        scope.names[name] = value
        if isinstance(value, Node):
            function = self.workspace.library_function
            self._give_name(value, name if function is None else f"{function}.{name}")

    def _give_name(self, node: Node, name: str) -> None:
        # After `x = tokens;` the node is still best called `tokens`.
        if not isinstance(node, (Tokens, Indices, Constant)):
            self.workspace.graph.set_name(node, name)

    def _iterable(self, expression: tree.Expression, scope: Scope) -> Sequence[Object]:
        return operators.items_of(self.evaluate(expression, scope), self.workspace.at(expression))

    def _bind_loop(self, names: Sequence[tree.Name], element: Object, scope: Scope) -> None:
        span = self.workspace.at(names[0])
        self.workspace.budget.spend(1, span)
        if len(names) == 1:
            scope.names[names[0].name] = element
            return
        for name, item in zip(names, self._unpacked(names, element, span), strict=True):
            scope.names[name.name] = item


def _arguments(count: str) -> str:
    return "argument" if count == "1" else "arguments"
