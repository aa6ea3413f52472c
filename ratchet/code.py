"""What an edit comes down to: source code without what does not run, so that a no-op is seen to be one. Pure."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ratchet.records import one_line


@dataclass(frozen=True, slots=True)
class Code:
    """The editable files of one experiment: a hash of what runs, its length, and the label that names the idea."""

    file_hash: str
    chars: int
    label: str


def read_code(files: Mapping[str, bytes | None], label: str = "") -> Code:
    """Return what `files` (content by path, None where there is none) come down to.

    Of Python, comments, layout, docstrings and the assignment of the constant named `label` do not count; of other
    text, blank lines and trailing spaces. What cannot be read counts as it is.
    """
    digest, chars, words = hashlib.sha256(), 0, ""
    for path in sorted(files):
        content = files[path]
        text = "" if content is None else content.decode("utf-8", "surrogateescape")
        words = words or (find_label(text, label) if path.endswith(".py") else "")
        essence = _essence(text, label) if path.endswith(".py") else _without_blanks(text)
        chars += len(essence)
        mark = "absent" if content is None else "present"
        digest.update(f"{path}\0{mark}\0{essence}\0".encode("utf-8", "surrogateescape"))
    return Code(file_hash=digest.hexdigest()[:16], chars=chars, label=words)


def find_label(source: str, label: str) -> str:
    """Return the text that a module assigns to `label`, as one line; empty when it assigns none."""
    try:
        body = ast.parse(source).body if label else []
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for statement in body:
        if _assigns(statement, label) and isinstance(statement, ast.Assign | ast.AnnAssign):
            value = statement.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return one_line(value.value)
    return ""


def _essence(text: str, label: str) -> str:
    try:
        tree = ast.parse(text)
        tree.body = [statement for statement in tree.body if not _assigns(statement, label)]
        for node in ast.walk(tree):
            _drop_docstring(node)
        return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text


def _assigns(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return False
    return (
        bool(name) and isinstance(target, ast.Name) and target.id == name and isinstance(statement.value, ast.Constant)
    )


def _drop_docstring(node: ast.AST) -> None:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = [*node.body[1:]] or ([] if isinstance(node, ast.Module) else [ast.Pass()])


def _without_blanks(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip())
