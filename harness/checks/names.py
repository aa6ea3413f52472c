"""Say what a name in train.py stands for: a module, a builtin, the texts that it may be.

Covered: imports and their plain aliases, builtins that are loaded where nothing else is bound, names and loop variables
over texts that are written out.
Not covered: parameters, and whatever a call returns. Such a text is "not known", and each rule says what follows.
"""

from __future__ import annotations

import ast
import symtable
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

MAX_PARTS = 8  # names in a path: reading one must not take longer than writing it
MAX_DEPTH = 10  # names that stand for names
MAX_TEXTS = 100  # that one name may stand for
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPE = (*FUNCTION, *COMPREHENSION, ast.ClassDef, ast.Module)
VIEWS = {"items", "keys", "values"}


@dataclass(frozen=True, slots=True)
class Names:
    """The tree of a file, which node holds which, every node, and what the imported names stand for."""

    nodes: list[ast.AST]
    parents: Mapping[ast.AST, ast.AST]
    modules: Mapping[str, str]
    bindings: Mapping[str, list[ast.AST]]  # what binds a name, anywhere
    local: Mapping[tuple[ast.AST, str], list[ast.AST]]  # and in one scope itself
    loads: Mapping[str, list[ast.AST]]
    from_within: frozenset[str]  # names of an outer scope that an inner one binds
    known: dict[ast.AST, set[str] | None]  # every expression is read once, however many names lead to it

    def path(self, node: ast.AST) -> str:
        """Return the dotted path of a name or attribute, or '' where it does not begin at an imported name."""
        return dotted(node, self.modules)

    def called(self, node: ast.AST) -> str:
        """Return the own name of what is called, whatever it was imported as."""
        return (self.path(node) or final(node)).rpartition(".")[2]

    def texts(self, node: ast.AST | None, depth: int = 0) -> set[str] | None:
        """Return every text that an expression may be; None where that is not known."""
        if isinstance(node, ast.Constant):
            return {node.value} if isinstance(node.value, str) else None
        if node is None or depth > MAX_DEPTH:
            return None
        if node not in self.known:
            self.known[node] = None  # a name that stands for itself is not known
            self.known[node] = self._texts(node, depth + 1)
        return self.known[node]

    def _texts(self, node: ast.AST, depth: int) -> set[str] | None:
        match node:
            case ast.IfExp(body=body, orelse=orelse):
                return _union([self.texts(body, depth), self.texts(orelse, depth)])
            case ast.Subscript(value=value):
                held = self._literal(value)
                cells = held.values if isinstance(held, ast.Dict) else _cells(held)
                return _union([self.texts(cell, depth) for cell in cells]) if cells else None
            case ast.Name(id=name):
                scope = self._scope_of(name, node)
                found = self.local[scope, name] if scope and name not in self.from_within else []
                return _union([self._texts_of_binding(binding, depth) for binding in found]) if found else None
        return None

    def is_text(self, node: ast.AST | None) -> bool:
        """Say whether an expression is a text that is not empty, written out or put together at run time."""
        match node:
            case ast.JoinedStr():
                return True
            case ast.IfExp(body=body, orelse=orelse):
                return self.is_text(body) or self.is_text(orelse)
            case ast.Starred(value=ast.List(elts=cells) | ast.Tuple(elts=cells)):
                return any(self.is_text(cell) for cell in cells)
            case ast.BinOp(left=left, right=right):
                return self.is_text(left) or (isinstance(node.op, ast.Add) and self.is_text(right))
            case ast.Call(func=ast.Attribute(value=value)) | ast.Call(func=ast.Name(id="str"), args=[value, *_]):
                return self.is_text(value)
            case ast.Subscript(value=value) if self.is_text(value):
                return True
        return bool((self.texts(node) or set()) - {""})

    def is_own_self(self, node: ast.AST) -> bool:
        """Say whether a name is the `self` of a method, bound nowhere else in it."""
        if not (isinstance(node, ast.Name) and node.id == "self"):
            return False
        scope = self._scope_of(node.id, node)
        first = [*scope.args.posonlyargs, *scope.args.args][:1] if isinstance(scope, ast.FunctionDef) else []
        return (
            [arg.arg for arg in first] == ["self"]
            and scope is not None
            and isinstance(self.parents[scope], ast.ClassDef)
            and len(self.local[scope, "self"]) == 1
        )

    def _texts_of_binding(self, binding: ast.AST, depth: int) -> set[str] | None:
        holder = self.parents[binding]
        place = None
        if isinstance(holder, ast.Tuple | ast.List):
            place = next(i for i, item in enumerate(holder.elts) if item is binding)
            binding, holder = holder, self.parents[holder]
        match holder:
            case ast.Assign(targets=[target], value=value) if target is binding and place is None:
                return self.texts(value, depth)
            case ast.AnnAssign(value=value) if place is None:
                return self.texts(value, depth)
            case ast.For(target=target, iter=rows) | ast.comprehension(target=target, iter=rows) if target is binding:
                return self._texts_of_rows(rows, place, depth)
        return None

    def _texts_of_rows(self, rows: ast.expr, place: int | None, depth: int) -> set[str] | None:
        """Return the texts that a loop goes through, or those at one place of its rows."""
        match rows:
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if (
                place == 1 and "enumerate" not in self.bindings
            ):
                return self._texts_of_rows(inner, None, depth)
            case ast.Call(func=ast.Name(id="zip"), args=columns) if "zip" not in self.bindings:
                cell = _at(ast.Tuple(columns), place or 0)
                return self._texts_of_rows(cell, None, depth) if cell and place is not None else None
            case ast.Call(func=ast.Attribute(value=value, attr=view), args=[]) if view in VIEWS:
                held = self._literal(value)
                cells = _view(held, view, place) if isinstance(held, ast.Dict) else []
            case _:
                held = self._literal(rows)
                cells = list(held.keys) if isinstance(held, ast.Dict) else _cells(held)
                cells = [_at(cell, place) for cell in cells] if place is not None else cells
        return _union([self.texts(cell, depth) for cell in cells]) if cells else None

    def _literal(self, node: ast.expr) -> ast.expr | None:
        """Return the written out collection that an expression is; a name must stand for one that nothing changes."""
        if not isinstance(node, ast.Name):
            return node
        scope = self._scope_of(node.id, node)
        found = self.local[scope, node.id] if scope else []
        if len(found) != 1 or node.id in self.from_within:
            return None
        match self.parents[found[0]]:
            case ast.Assign(targets=[_], value=value) | ast.AnnAssign(value=ast.expr() as value):
                is_fixed = isinstance(value, ast.Tuple) or self._is_only_read(node.id)
                inner = [*value.values] if isinstance(value, ast.Dict) else _cells(value)
                return value if is_fixed and all(_is_fixed(cell) for cell in inner) else None
        return None

    def _is_only_read(self, name: str) -> bool:
        own = {"enumerate", "len", "zip"} & self.bindings.keys()
        return not own and all(_is_only_read(node, self.parents[node]) for node in self.loads.get(name, ()))

    def _scope_of(self, name: str, node: ast.AST) -> ast.AST | None:
        """Return the innermost scope around a node that binds a name; None where it is not clear which one does."""
        child, inner = node, node
        has_crossed = False
        while inner in self.parents:
            below, child, inner = child, inner, self.parents[inner]
            if not _is_inside(inner, child, below):
                continue
            if (inner, name) in self.local:
                if not isinstance(inner, ast.ClassDef):
                    return inner
                if not has_crossed:
                    return None
            has_crossed = has_crossed or isinstance(inner, FUNCTION)
        return None


def final(node: ast.AST) -> str:
    """Return the last part of a dotted name, or ''."""
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def read_names(tree: ast.Module) -> Names:
    """Look through a file once."""
    nodes = list(ast.walk(tree))
    parents: dict[ast.AST, ast.AST] = {}
    scopes: dict[ast.AST, ast.AST] = {}
    bindings: dict[str, list[ast.AST]] = {}
    local: dict[tuple[ast.AST, str], list[ast.AST]] = {}
    loads: dict[str, list[ast.AST]] = {}
    for node in nodes:
        scope = node if isinstance(node, SCOPE) else scopes.get(node, tree)
        for child in ast.iter_child_nodes(node):
            parents[child], scopes[child] = node, scope
        name = _bound(node)
        if name:
            bindings.setdefault(name, []).append(node)
            local.setdefault((scopes[node], name), []).append(node)
        elif isinstance(node, ast.Name):
            loads.setdefault(node.id, []).append(node)
    return Names(nodes, parents, _bound_modules(nodes), bindings, local, loads, _from_within(nodes), {})


def _from_within(nodes: list[ast.AST]) -> frozenset[str]:
    names = {name for node in nodes if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    return frozenset(names | {final(node.target) for node in nodes if isinstance(node, ast.NamedExpr)})


def dotted(node: ast.AST, modules: Mapping[str, str]) -> str:
    """Return the dotted path that an attribute stands for, or '' where it does not begin at an imported name.

    A longer path than any package has is '' as well: the paths that it begins with are attributes themselves.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < MAX_PARTS:
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in modules:
        return ""
    return ".".join([modules[node.id], *reversed(parts)])


def unbound(source: str, tree: ast.Module, names: Collection[str]) -> Iterator[tuple[int, str]]:
    """Find the loads of builtins that no binding hides, as (line, name).

    In a function a name that is bound there is never the builtin, whatever is bound first. A module and the body of a
    class fall back on the builtin as long as nothing is bound: there a plain statement must have bound it before.
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
            is_read = table.lookup(name).is_referenced() or name in augmented
            if is_read and _may_be_builtin(table, name) and (name in lost or not _is_bound_by(body, table, name)):
                found = sorted(lines[name])
                yield found[min(bisect_left(found, table.get_lineno()), len(found) - 1)], name


def _may_be_builtin(table: symtable.SymbolTable, name: str) -> bool:
    """Say whether a name of a scope is not one of a function: only a module and a class fall back on builtins."""
    symbol = table.lookup(name)
    is_of_module = table.get_type() in {"module", "class"} or symbol.is_global()
    return is_of_module and not symbol.is_free()


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _is_bound_by(node: ast.ClassDef | None, table: symtable.SymbolTable, name: str) -> bool:
    """Say whether the body of a class, with nothing that could keep its names elsewhere, binds a name first."""
    if node is None or node.keywords or table.lookup(name).is_global():
        return False
    return _binds_first(node.body, name)


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
    """Say whether a name is unbound somewhere, or a class may keep its names in a mapping of its own."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=bound, ctx=ast.Del()) | ast.ExceptHandler(name=bound) if bound == name:
                return True
            case ast.FunctionDef(name="__prepare__"):
                return True
    return False


def _bound_modules(nodes: list[ast.AST]) -> dict[str, str]:
    """Return what each imported name stands for, as a dotted path, and the names that are assigned from one."""
    paths: dict[str, str] = {}
    for node in nodes:
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if isinstance(node, ast.ImportFrom):
                if (node.module or "").count(".") > MAX_PARTS:
                    break  # no package is that deep: editable_only refuses it
                paths[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            else:
                top = alias.name.split(".")[0]
                paths[alias.asname or top] = alias.name if alias.asname else top
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name() | ast.Attribute() as value):
                path = dotted(value, paths)
                if path and path.count(".") < MAX_PARTS:
                    paths.setdefault(name, path)
    return paths


def _bound(node: ast.AST) -> str | None:
    """Return the name that a node binds in its scope."""
    match node:
        case ast.Name(id=bound, ctx=ast.Store()) | ast.arg(arg=bound):
            return bound
        case ast.MatchAs(name=bound) | ast.MatchStar(name=bound) | ast.MatchMapping(rest=bound):
            return bound
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.ExceptHandler():
            return node.name
        case ast.alias(name=name, asname=asname):
            return asname or name.split(".")[0]
    return None


def _is_only_read(node: ast.AST, holder: ast.AST) -> bool:
    match holder:
        case ast.For(iter=read) | ast.comprehension(iter=read) | ast.Subscript(value=read, ctx=ast.Load()):
            return read is node
        case ast.Call(func=ast.Name(id="enumerate" | "zip" | "len")):
            return True
        case ast.Attribute(attr=attr):
            return attr in VIEWS
    return False


def _is_inside(scope: ast.AST, child: ast.AST, below: ast.AST) -> bool:
    """Say whether a child of a scope sees its names: defaults, decorators, bases and the first rows do not."""
    match scope:
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body) | ast.ClassDef(body=body):
            return child in body
        case ast.Lambda(body=value):
            return child is value
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            return below is not scope.generators[0].iter
        case ast.Module():
            return True
    return False


def _is_fixed(cell: ast.expr | None) -> bool:
    """Say whether nothing can change what is inside a cell."""
    return not isinstance(cell, ast.Tuple | ast.List | ast.Set | ast.Dict) or (
        isinstance(cell, ast.Tuple) and all(_is_fixed(inner) for inner in cell.elts)
    )


def _view(held: ast.Dict, view: str, place: int | None) -> list[ast.expr | None]:
    """Return the cells of a dict that a loop over one of its views goes through."""
    wanted = {"items": place, "keys": 0, "values": 1}[view]
    if wanted not in {0, 1} or (place is not None and view != "items"):
        return []
    return list(held.keys) if wanted == 0 else [*held.values]


def _cells(node: ast.expr | None) -> list[ast.expr | None]:
    return [*node.elts] if isinstance(node, ast.Tuple | ast.List | ast.Set) else []


def _at(row: ast.expr | None, place: int) -> ast.expr | None:
    cells = _cells(row)
    has_star = any(isinstance(cell, ast.Starred) for cell in cells)
    return cells[place] if place < len(cells) and not has_star else None


def _union(sets: list[set[str] | None]) -> set[str] | None:
    found: set[str] = set()
    for texts in sets:
        if texts is None or len(found) > MAX_TEXTS:
            return None
        found |= texts
    return found
