"""Python expressions as values, laid out on lines the way a code formatter would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 120
STEP = 4

Value: TypeAlias = "str | int | float | bool | tuple[Value, ...] | None"
Expression: TypeAlias = "Name | Call | Group | Value"


@dataclass(frozen=True, slots=True)
class Name:
    """A variable or a function, written as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of `function` with positional and keyword arguments, in the order given."""

    function: str
    arguments: tuple[Expression, ...] = ()
    keywords: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A tuple (brackets `()`) or a list (brackets `[]`) of expressions."""

    items: tuple[Expression, ...]
    brackets: str = "()"


def call(function: str, *arguments: Expression, **keywords: Expression) -> Call:
    """Return a Call, spelled as the call itself would be."""
    return Call(function, arguments, tuple(keywords.items()))


def statement(prefix: str, expression: Expression, *, indent: int = STEP) -> str:
    """Return `prefix` (such as `return ` or `numbers = `) and the expression, indented, without a final newline."""
    lead = " " * indent + prefix
    return lead + layout(expression, indent=indent, used=len(lead))


def layout(expression: Expression, *, indent: int, used: int) -> str:
    """Return the expression on one line if it fits beside the `used` characters, else one part to a line.

    The trailing comma of the long form makes it a fixed point of the formatters: what we write stays as it is.
    """
    flat = one_line(expression)
    parts = _parts(expression)
    if used + len(flat) <= WIDTH or not parts:
        return flat
    inner = indent + STEP
    lines = []
    for label, part in parts:
        # The one added is the comma that follows.
        body = layout(part, indent=inner, used=inner + len(label) + 1)
        lines.append(f"{' ' * inner}{label}{body},\n")
    opening, closing = _brackets(expression)
    return f"{opening}\n{''.join(lines)}{' ' * indent}{closing}"


def one_line(expression: Expression) -> str:
    """Return the expression as Python source on a single line."""
    if isinstance(expression, Name):
        return expression.text
    if not isinstance(expression, Call | Group):
        return _literal(expression)
    parts = [label + one_line(part) for label, part in _parts(expression)]
    opening, closing = _brackets(expression)
    # A tuple of one needs its comma.
    comma = "," if opening == "(" and len(parts) == 1 else ""
    return f"{opening}{', '.join(parts)}{comma}{closing}"


def _parts(expression: Expression) -> list[tuple[str, Expression]]:
    if isinstance(expression, Call):
        positional: list[tuple[str, Expression]] = [("", argument) for argument in expression.arguments]
        return positional + [(f"{name}=", argument) for name, argument in expression.keywords]
    if isinstance(expression, Group):
        return [("", item) for item in expression.items]
    return []


def _brackets(expression: Call | Group | Expression) -> tuple[str, str]:
    if isinstance(expression, Call):
        return f"{expression.function}(", ")"
    return ("[", "]") if isinstance(expression, Group) and expression.brackets == "[]" else ("(", ")")


def _literal(value: Value) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return one_line(Group(value))
    return repr(value)
