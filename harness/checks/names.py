"""Resolve the names in train.py: the module that a name refers to, and the texts that it may be.

Covered: imports and their plain aliases, names and loop variables over literal texts.
Not covered: parameters and return values. Such a text is "not known", and each rule decides what follows.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

MAX_PARTS = 8  # names in a path; limits the time to resolve one
MAX_DEPTH = 10  # of names that refer to names
MAX_TEXTS = 100  # that one name may be
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPE = (*FUNCTION, *COMPREHENSION, ast.ClassDef, ast.Module)
VIEWS = {"items", "keys", "values"}


@dataclass(frozen=True, slots=True)
class Names:
    """The nodes of a file's syntax tree, their parents, and the bindings of its names."""

    nodes: list[ast.AST]
    parents: Mapping[ast.AST, ast.AST]
    modules: Mapping[str, str]
    bindings: Mapping[str, list[ast.AST]]  # the nodes that bind a name, in any scope
    local: Mapping[tuple[ast.AST, str], list[ast.AST]]  # and in one scope
    loads: Mapping[str, list[ast.AST]]
    from_within: frozenset[str]  # names of an outer scope that an inner one binds
    known: dict[ast.AST, set[str] | None]  # texts of expressions that have been resolved

    def path(self, node: ast.AST) -> str:
        """Return the dotted path of a name or attribute, or '' if it does not begin at an imported name."""
        return dotted(node, self.modules)

    def called(self, node: ast.AST) -> str:
        """Return the original name of what is called, also if it was imported under another name."""
        return (self.path(node) or final(node)).rpartition(".")[2]

    def texts(self, node: ast.AST | None, depth: int = 0) -> set[str] | None:
        """Return every text that an expression may be; None if that is not known."""
        if isinstance(node, ast.Constant):
            return {node.value} if isinstance(node.value, str) else None
        if node is None or depth > MAX_DEPTH:
            return None
        if node not in self.known:
            self.known[node] = None  # a name that refers to itself is not known
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
        """Return whether an expression is a text that is not empty, literal or computed at run time."""
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

    def mentions(self, wanted: frozenset[str]) -> bool:
        """Return whether the file contains one of these names, as an import, an attribute or a text."""
        imported = {path.rpartition(".")[2] for path in self.modules.values()}
        written = (node.value if isinstance(node, ast.Constant) else final(node) for node in self.nodes)
        return bool(wanted & imported) or any(isinstance(name, str) and name in wanted for name in written)

    def is_own_self(self, node: ast.AST) -> bool:
        """Return whether a name is the `self` of a method and not bound again in it."""
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
        """Return the texts that a loop iterates over, or those at one position of its rows."""
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
        """Return the literal collection that an expression is; a name must refer to one that never changes."""
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
        """Return the innermost scope around a node that binds a name; None if it is not clear which one does."""
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
    """Collect the names of a file."""
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
    """Return the dotted path of an attribute, or '' if it does not begin at an imported name.

    Also '' for a path longer than MAX_PARTS; the shorter paths that it begins with are checked as attributes.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < MAX_PARTS:
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in modules:
        return ""
    return ".".join([modules[node.id], *reversed(parts)])


def _bound_modules(nodes: list[ast.AST]) -> dict[str, str]:
    """Return the dotted path of each imported name, and of the names that are assigned from one."""
    paths: dict[str, str] = {}
    for node in nodes:
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if isinstance(node, ast.ImportFrom):
                if (node.module or "").count(".") > MAX_PARTS:
                    break  # no package is that deep; editable_only refuses it
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
    """Return whether a child of a scope sees its names; defaults, decorators, bases and the first iterable do not."""
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
    """Return whether the contents of a cell cannot change."""
    return not isinstance(cell, ast.Tuple | ast.List | ast.Set | ast.Dict) or (
        isinstance(cell, ast.Tuple) and all(_is_fixed(inner) for inner in cell.elts)
    )


def _view(held: ast.Dict, view: str, place: int | None) -> list[ast.expr | None]:
    """Return the cells of a dict that a loop over one of its views iterates over."""
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
