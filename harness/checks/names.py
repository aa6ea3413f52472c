"""Resolve the names in train.py: the module that a name refers to, and the texts that it may be.

Covered: imports and their plain aliases, names and loop variables over literal texts.
Not covered: parameters and return values. Such a text is "not known", and each rule decides what follows.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Sequence

MAX_PARTS = 8  # names in a path; limits the time to resolve one
MAX_DEPTH = 10  # of names that refer to names
MAX_TEXTS = 100  # that one name may be
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPE = (*FUNCTION, *COMPREHENSION, ast.ClassDef, ast.Module)
VIEWS = {"items", "keys", "values"}


class Names:
    """The nodes of a file's syntax tree, their parents, and the bindings of its names."""

    def __init__(self, tree: ast.Module) -> None:
        self.nodes = list(ast.walk(tree))
        self.parents: dict[ast.AST, ast.AST] = {}
        self.modules: dict[str, str] = {}  # the dotted path of each imported name
        self.bindings: dict[str, list[ast.AST]] = defaultdict(list)  # the nodes that bind a name, in any scope
        self.loads: dict[str, list[ast.AST]] = defaultdict(list)
        self._local: dict[tuple[ast.AST, str], list[ast.AST]] = defaultdict(list)  # the bindings in one scope
        self._from_within: set[str] = set()  # names of an outer scope that an inner one binds
        self._known: dict[ast.AST, set[str] | None] = {}  # texts of expressions that have been resolved
        scopes: dict[ast.AST, ast.AST] = {}
        for node in self.nodes:
            scope = node if isinstance(node, SCOPE) else scopes.get(node, tree)
            for child in ast.iter_child_nodes(node):
                self.parents[child], scopes[child] = node, scope
            if name := _bound(node):
                self.bindings[name].append(node)
                self._local[scopes[node], name].append(node)
            elif isinstance(node, ast.Name):
                self.loads[node.id].append(node)
            elif isinstance(node, ast.Global | ast.Nonlocal):
                self._from_within.update(node.names)
            elif isinstance(node, ast.NamedExpr):
                self._from_within.add(final(node.target))
        self._read_modules()

    def path(self, node: ast.AST) -> str:
        """Return the dotted path of a name or attribute, or '' if it does not begin at an imported name.

        Also '' for a path longer than MAX_PARTS; the shorter paths that it begins with are checked as attributes.
        """
        parts: list[str] = []
        while isinstance(node, ast.Attribute) and len(parts) < MAX_PARTS:
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.modules:
            return ""
        return ".".join([self.modules[node.id], *reversed(parts)])

    def called(self, node: ast.AST) -> str:
        """Return the original name of what is called, also if it was imported under another name."""
        return (self.path(node) or final(node)).rpartition(".")[2]

    def texts(self, node: ast.AST | None, depth: int = 0) -> set[str] | None:
        """Return every text that an expression may be; None if that is not known."""
        if isinstance(node, ast.Constant):
            return {node.value} if isinstance(node.value, str) else None
        if node is None or depth > MAX_DEPTH:
            return None
        if node not in self._known:
            self._known[node] = None  # a name that refers to itself is not known
            self._known[node] = self._texts(node, depth + 1)
        return self._known[node]

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
        scope = self._scope_of("self", node) if isinstance(node, ast.Name) and node.id == "self" else None
        if not isinstance(scope, ast.FunctionDef) or not isinstance(self.parents[scope], ast.ClassDef):
            return False
        first = [*scope.args.posonlyargs, *scope.args.args][:1]
        return [arg.arg for arg in first] == ["self"] and len(self._local[scope, "self"]) == 1

    def _read_modules(self) -> None:
        """Collect the imported names, and the names that are assigned from one."""
        for node in self.nodes:
            match node:
                case ast.ImportFrom(module=module, names=aliases) if (module or "").count(".") <= MAX_PARTS:
                    self.modules |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in aliases}
                case ast.Import(names=aliases):
                    for alias in aliases:
                        top = alias.name.split(".")[0]
                        self.modules[alias.asname or top] = alias.name if alias.asname else top
        for node in self.nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name() | ast.Attribute() as value):
                    path = self.path(value)
                    if path and path.count(".") < MAX_PARTS:
                        self.modules.setdefault(name, path)

    def _texts(self, node: ast.AST, depth: int) -> set[str] | None:
        match node:
            case ast.IfExp(body=body, orelse=orelse):
                return self._union([body, orelse], depth)
            case ast.Subscript(value=value):
                held = self._literal(value)
                return self._union(held.values if isinstance(held, ast.Dict) else _cells(held), depth)
            case ast.Name(id=name):
                sets = [self._texts_of_binding(binding, depth) for binding in self._found(name, node)]
                return _joined(sets)
        return None

    def _union(self, cells: Sequence[ast.expr | None], depth: int) -> set[str] | None:
        return _joined([self.texts(cell, depth) for cell in cells])

    def _found(self, name: str, node: ast.AST) -> list[ast.AST]:
        """Return the bindings of a name in the scope that a node sees it in; none if an inner scope binds it too."""
        scope = self._scope_of(name, node)
        return self._local[scope, name] if scope and name not in self._from_within else []

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
                return self._union(self._cells_of_rows(rows, place), depth)
        return None

    def _cells_of_rows(self, rows: ast.expr, place: int | None) -> Sequence[ast.expr | None]:
        """Return the cells that a loop iterates over, or those at one position of its rows; none if not known."""
        match rows:
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]) if (
                place == 1 and "enumerate" not in self.bindings
            ):
                return self._cells_of_rows(inner, None)
            case ast.Call(func=ast.Name(id="zip"), args=columns) if "zip" not in self.bindings:
                column = None if place is None else _at(ast.Tuple(columns), place)
                return self._cells_of_rows(column, None) if column else []
            case ast.Call(func=ast.Attribute(value=value, attr=view), args=[]) if view in VIEWS:
                held = self._literal(value)
                return _view(held, view, place) if isinstance(held, ast.Dict) else []
        held = self._literal(rows)
        cells = held.keys if isinstance(held, ast.Dict) else _cells(held)
        return cells if place is None else [_at(cell, place) for cell in cells]

    def _literal(self, node: ast.expr) -> ast.expr | None:
        """Return the literal collection that an expression is; a name must refer to one that never changes."""
        if not isinstance(node, ast.Name):
            return node
        found = self._found(node.id, node)
        match self.parents[found[0]] if len(found) == 1 else None:
            case ast.Assign(targets=[_], value=value) | ast.AnnAssign(value=ast.expr() as value):
                is_fixed = isinstance(value, ast.Tuple) or self._is_only_read(node.id)
                inner = value.values if isinstance(value, ast.Dict) else _cells(value)
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
            if (inner, name) in self._local:
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


def defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    """Yield the parameters that have a default value, each with it."""
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(positional[::-1], arguments.defaults[::-1], strict=False)]
    for argument, value in (*pairs, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)):
        if value is not None:
            yield argument.arg, value


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
    return isinstance(scope, ast.Module)


def _is_fixed(cell: ast.expr | None) -> bool:
    """Return whether the contents of a cell cannot change."""
    if isinstance(cell, ast.Tuple):
        return all(map(_is_fixed, cell.elts))
    return not isinstance(cell, ast.List | ast.Set | ast.Dict)


def _view(held: ast.Dict, view: str, place: int | None) -> Sequence[ast.expr | None]:
    """Return the cells of a dict that a loop over one of its views iterates over."""
    wanted = place if view == "items" else None if place is not None else ("keys", "values").index(view)
    return held.keys if wanted == 0 else held.values if wanted == 1 else []


def _cells(node: ast.expr | None) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else []


def _at(row: ast.expr | None, place: int) -> ast.expr | None:
    cells = _cells(row)
    return cells[place] if place < len(cells) and not any(isinstance(cell, ast.Starred) for cell in cells) else None


def _joined(sets: list[set[str] | None]) -> set[str] | None:
    """Return all texts together; None without any, if one is not known, or if they are too many."""
    found: set[str] = set()
    for texts in sets:
        if texts is None or len(found) > MAX_TEXTS:
            return None
        found |= texts
    return found if sets else None
