"""Find the type hints of train.py that a library would evaluate as code.

Covered: a quoted hint must be a type, not a call. `singledispatch` evaluates hints, so it gets plain types only.
Not covered: the same texts outside of hints (harness/checks/texts.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from harness.checks.allowlist import FORBIDDEN_NAMES
from harness.checks.names import Names, final
from harness.checks.texts import named

TYPES = {"bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple"}
DISPATCHERS = frozenset({"singledispatch", "singledispatchmethod"})
NO_HINTS = {"Literal", "Annotated"}  # the texts in these are values
CALLS = (ast.Call, ast.Lambda, ast.Await, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Violations = Iterator[tuple[int, str]]


def violations(names: Names) -> Violations:
    """Return (line, reason) for every hint that would run code."""
    dispatches = names.mentions(DISPATCHERS)
    for node in names.nodes:
        hint = getattr(node, "annotation", None) or getattr(node, "returns", None)
        if hint is not None:
            yield from _hint(hint)
        if dispatches:
            yield from _register(node, names)


def _hint(hint: ast.expr) -> Violations:
    """Check the type hint of a function or variable; libraries may evaluate a quoted one."""
    waiting: list[ast.AST] = [hint]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Subscript) and final(node.value) in NO_HINTS:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _quoted(node.value, hint.lineno)
        elif isinstance(node, ast.JoinedStr) or (isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr)):
            yield hint.lineno, "a type hint that is computed at run time. Write the type out"
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            yield hint.lineno, f"{node.id} is not a type. Use a type as the hint"
        waiting.extend(ast.iter_child_nodes(node))


def _quoted(text: str, line: int) -> Violations:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # it cannot be evaluated
    for node in ast.walk(tree):
        is_reaching = isinstance(node, ast.Attribute | ast.Name) and "__" in final(node)
        is_builtin = isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES
        if isinstance(node, CALLS) or is_reaching or is_builtin:
            yield line, "a quoted type hint that is more than a type, and may be evaluated. Write the type out"
            return
    yield from (found for node in ast.walk(tree) if isinstance(node, ast.Attribute) for found in named(node.attr, line))


def _register(node: ast.AST, names: Names) -> Violations:
    """Check that singledispatch gets plain types, since it evaluates the hints of a function."""
    match node:
        case ast.Attribute(attr="register"):
            is_plain = _is_registered_by_type(node, names.parents[node], names)
        case ast.Call(func=ast.Name(id="setattr" | "getattr"), args=[_, name, *_]):
            is_plain = names.texts(name) is not None
        case ast.Constant(value="register"):
            is_plain = False
        case ast.MatchClass(kwd_attrs=attributes):
            is_plain = "register" not in attributes
        case _:
            return
    if not is_plain and isinstance(node, ast.expr | ast.pattern):
        yield node.lineno, "singledispatch evaluates quoted hints. Write register(int), or a plain type as the hint"


def _is_registered_by_type(node: ast.Attribute, holder: ast.AST, names: Names) -> bool:
    match holder:
        case ast.Call(func=called, args=[first, *_], keywords=[]) if called is node:
            return _is_type(first, names)
        case ast.FunctionDef(decorator_list=[*_, last]) if last is node:
            arguments = [one.annotation for one in ast.walk(holder.args) if isinstance(one, ast.arg)]
            return all(_is_type(hint, names) for hint in (*arguments, holder.returns) if hint)
    return False


def _is_type(node: ast.expr, names: Names) -> bool:
    """Return whether an expression is a builtin or imported type, or a class of this file."""
    match node:
        case ast.Constant(value=None):
            return True
        case ast.Subscript(value=value):
            return _is_type(value, names)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _is_type(left, names) and _is_type(right, names)
        case ast.Attribute():
            return bool(names.path(node))
        case ast.Name(id=name):
            bound = names.bindings.get(name, [])
            classes = [one for one in bound if not isinstance(one, ast.alias)]
            is_plain = all(
                isinstance(one, ast.ClassDef) and not (one.decorator_list or one.keywords) for one in classes
            )
            return is_plain and (bool(bound) or name in TYPES)
    return False
