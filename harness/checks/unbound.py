"""Find the builtins that train.py uses, among names that it may bind itself.

Covered: functions, classes and the module, with the scopes of the symtable module.
Not covered: a name that is bound only in a branch or a loop counts as not bound.
"""

from __future__ import annotations

import ast
import symtable
from bisect import bisect_left
from collections.abc import Collection, Iterator


def unbound(source: str, tree: ast.Module, names: Collection[str]) -> Iterator[tuple[int, str]]:
    """Yield (line, name) for every use of a builtin that no binding hides.

    In a function a name that is bound anywhere in it is never the builtin. A module and the body of a class use the
    builtin until the name is bound, so there a plain statement must bind it before its first use.
    """
    lines: dict[str, list[int]] = {}
    augmented = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name in names:
                lines.setdefault(name, []).append(node.lineno)
            case ast.AugAssign(target=ast.Name(id=name)) if name in names:
                lines.setdefault(name, []).append(node.lineno)
                augmented.add(name)
    if not lines:
        return
    kept = {name for name in lines if _binds_first(tree.body, name)}
    lost = {name for name in lines if _is_deleted(tree, name)}
    classes = {(node.name, node.lineno): node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for table in _tables(symtable.symtable(source, "train.py", "exec")):
        body = classes.get((table.get_name(), table.get_lineno())) if table.get_type() == "class" else None
        for name in (lines.keys() - (kept - lost)) & set(table.get_identifiers()):
            symbol = table.lookup(name)
            if not (symbol.is_referenced() or name in augmented) or not _may_be_builtin(table, name):
                continue
            # the body of a class, without keywords such as a metaclass, that binds the name before it is used
            is_bound = body is not None and not (body.keywords or symbol.is_global()) and _binds_first(body.body, name)
            if name in lost or not is_bound:
                found = sorted(lines[name])
                yield found[min(bisect_left(found, table.get_lineno()), len(found) - 1)], name


def _may_be_builtin(table: symtable.SymbolTable, name: str) -> bool:
    """Return whether a name is not local to a function; only a module and a class body fall back to builtins."""
    symbol = table.lookup(name)
    is_of_module = table.get_type() in {"module", "class"} or symbol.is_global()
    return is_of_module and not symbol.is_free()


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _binds_first(body: list[ast.stmt], name: str) -> bool:
    for statement in body:
        if _reads(statement, name):
            return False
        match statement:
            case ast.FunctionDef(name=bound) | ast.ClassDef(name=bound) if bound == name:
                return True
            case ast.Assign(targets=targets) if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                return True
            case ast.AnnAssign(target=ast.Name(id=bound), value=ast.expr()) if bound == name:
                return True
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                if any((alias.asname or alias.name.split(".")[0]) == name for alias in aliases):
                    return True
    return False


def _reads(statement: ast.stmt, name: str) -> bool:
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=read, ctx=ast.Load()) | ast.AugAssign(target=ast.Name(id=read)) if read == name:
                return True
    return False


def _is_deleted(tree: ast.Module, name: str) -> bool:
    """Return whether a name is deleted somewhere, or a class may store its names in a custom mapping."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=bound, ctx=ast.Del()) | ast.ExceptHandler(name=bound) if bound == name:
                return True
            case ast.FunctionDef(name="__prepare__"):
                return True
    return False
