"""Hash source code without the parts that do not run, so that edits without effect are recognised. Pure."""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from ratchet.core.records import CodeSize, Simplicity, one_line

NOTHING = CodeSize()
LARGEST = 1e300  # a larger number is not a prediction


@dataclass(frozen=True, slots=True)
class Code:
    """The editable files of one experiment: a hash, the length and the size of the code that runs.

    `hypothesis` and `prediction` (the expected gain, or None) are constants in these files.
    """

    file_hash: str
    chars: int
    hypothesis: str
    prediction: float | None = None
    size: CodeSize = NOTHING


def read_code(
    files: Mapping[str, bytes | None],
    label: str = "",
    prediction: str = "",
    simplicity: Simplicity = Simplicity.NODES,
) -> Code:
    """Return hash, length, size, hypothesis and prediction of `files` (content by path, None if missing).

    In Python files, comments, layout, docstrings and the assignments of the constants `label` and `prediction` do not
    count, unless the code reads the constants. In other files, blank lines and trailing spaces do not count. A Python
    file with a syntax error counts as it is.
    """
    digest, chars, size, words, foreseen = hashlib.sha256(), 0, CodeSize(), "", None
    for path, content in sorted(files.items()):
        if content is None:
            continue  # a deleted file is as if it had never been there
        text = content.decode("utf-8", "surrogateescape")
        is_python = path.endswith(".py")
        words = words or (find_hypothesis(text, label) if is_python else "")
        foreseen = find_number(text, prediction) if is_python and foreseen is None else foreseen
        tree = _running_code(text, (label, prediction)) if is_python else None
        essence = ast.unparse(tree) if tree else text if is_python else _without_blanks(text)
        chars += len(essence)
        size = size.plus(_size(tree, essence, simplicity))
        digest.update(f"{path}\0present\0{essence}\0".encode("utf-8", "surrogateescape"))
    return Code(file_hash=digest.hexdigest()[:16], chars=chars, hypothesis=words, prediction=foreseen, size=size)


def _size(tree: ast.Module | None, essence: str, simplicity: Simplicity) -> CodeSize:
    """Return the nodes of a syntax tree; the lines of a file that has none, or if lines are asked for."""
    if simplicity is Simplicity.OFF:
        return CodeSize()
    if tree is None or simplicity is Simplicity.LINES:
        return CodeSize(lines=sum(bool(line.strip()) for line in essence.splitlines()))
    return CodeSize(nodes=sum(map(_is_structure, ast.walk(tree))))


def _is_structure(node: ast.AST) -> bool:
    """Say whether a node counts: names, numbers and strings do not, since no value is simpler than another."""
    if isinstance(node, ast.UnaryOp | ast.UAdd | ast.USub):
        return isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant)
    return not isinstance(node, ast.Name | ast.Constant | ast.JoinedStr | ast.expr_context)


def find_hypothesis(source: str, label: str) -> str:
    """Return the text that a module assigns to `label`, as one line; empty if there is none."""
    found = (value for value in _assigned(source, label) if isinstance(value, str))
    return one_line(next(found, ""))


def find_number(source: str, name: str) -> float | None:
    """Return the finite number that a module assigns to `name`, or None."""
    for value in _assigned(source, name):
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf:
            return float(value) if abs(value) < LARGEST else None
    return None


def _assigned(source: str, name: str) -> list[object]:
    """Return the literals that a module assigns to `name` at its top level."""
    try:
        body = ast.parse(source).body if name else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = [statement.value for statement in body if _assigns(statement, name)]
    return [ast.literal_eval(value) for value in found if value is not None]


def _running_code(text: str, notes: Iterable[str]) -> ast.Module | None:
    """Return the tree of a module without docstrings and, unless it reads them, without assignments to `notes`.

    None if the text is not Python.
    """
    try:
        tree = ast.parse(text)
        read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        unread = [note for note in notes if note not in read]
        tree.body = [statement for statement in tree.body if not any(_assigns(statement, note) for note in unread)]
        for node in ast.walk(tree):
            _drop_docstring(node)
        ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree


def _assigns(statement: ast.stmt, name: str) -> TypeGuard[ast.Assign | ast.AnnAssign]:
    """Say whether a statement assigns a constant, possibly signed, to `name`."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return False
    return bool(name) and isinstance(target, ast.Name) and target.id == name and _is_constant(statement.value)


def _is_constant(value: ast.expr | None) -> bool:
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.UAdd | ast.USub):
        value = value.operand
        return isinstance(value, ast.Constant) and isinstance(value.value, int | float)
    return isinstance(value, ast.Constant)


def _drop_docstring(node: ast.AST) -> None:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = [*node.body[1:]] or ([] if isinstance(node, ast.Module) else [ast.Pass()])


def _without_blanks(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
