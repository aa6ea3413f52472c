"""Check that train.py keeps to its contract, from its syntax tree and before it runs.

Covered: imports beyond the declared packages, files, processes, network, access to the interpreter, tables in the
source (tables of rows, packed tables, long lists of flags, coefficients with more digits than a measurement has), a
changed last block. No other check gives so clear a reason.
Not covered: code that only looks harmless. The sandbox and the other checks are tested with this check switched off. A
few hundred bits in a short text or in the structure of the code look like honest constants; label-flip detects their
effect on the scores.

| rule | honest file that it rejects | without it |
|---|---|---|
| imports: an allow list | any other package | the sandbox gives no access to file, process or network |
| builtins: a name that is not bound in the file | a module-level `match` or loop that binds `open` | the sandbox |
| attributes refused by name | a column read as `X.io`; `X["io"]` is allowed | the sandbox |
| private modules of a package, except scikit-learn's | `numpy._core` | the sandbox |
| getattr: the name is written out | a name that is a parameter, except on `self` | the sandbox |
| texts: harness/checks/texts.py | `memory="cache"`, `log_file_name="log"` | the sandbox: the file fails to open |
| tables: limits on numbers, texts and lists | more than 300 numbers | label-flip |
| dunders of the interpreter | `type(x).__mro__` | the sandbox |
"""

from __future__ import annotations

import ast
import functools
import re
import symtable
import sys
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from harness.checks import texts
from harness.checks.allowlist import (
    ALLOWED_DUNDERS,
    FORBIDDEN_NAMES,
    FORBIDDEN_PATHS,
    ONLY,
    OPEN_INSIDE,
    PACKAGES,
    STANDARD,
)
from harness.checks.base import CheckResult, Cost
from harness.checks.context import CheckContext
from harness.checks.names import MAX_PARTS, Names

NAME = "editable-only"
CATCHES = "changes outside the contract, undeclared imports, file, process and network access, tables in the source"
FIX = "keep to HYPOTHESIS, PREDICTION, feature_fn, build_pipeline, helpers, and imports of the declared packages"
COST = Cost.SOURCE

INTERNAL = {  # names with a meaning in Python, unlike "__missing__" as a filled-in value
    name
    for thing in (object, type, len, CheckResult, lambda: None, re, Mapping, BaseException(), Iterator)
    for name in (*dir(thing), *vars(type(thing)))
    if texts.DUNDER.fullmatch(name)
} | {"__builtins__", "__globals__", "__import__", "__subclasses__", "__bases__", "__mro__", "__code__", "__reduce__"}
MAX_SOURCE = 100_000  # characters
MAX_NUMBERS = 300
MAX_DIGITS = 1_500  # of all numbers together
MAX_PRECISE, PRECISE = 16, 9  # at most MAX_PRECISE numbers have more than PRECISE significant digits
MAX_INT = 10**12
MAX_ITEMS = 100  # of one list, without texts, since a wide table may have more column names
MAX_TEXT = 240  # bytes of one text, but characters of HYPOTHESIS, which may be in any script
MAX_TEXTS = 8_000  # bytes of all texts together
MAX_BYTES = 16
QUESTION = "is that a table of rows?"
LAST_BLOCK = ast.dump(
    ast.parse('if __name__ == "__main__":\n    from prepare import evaluate\n\n    evaluate(__file__)').body[0]
)
Violations = Iterator[tuple[int, str]]


def run(context: CheckContext) -> CheckResult:
    """Return the first violation of the contract in the source."""
    problem = first_violation(context.source)
    return CheckResult(not problem, problem or "imports, names and literals are within the contract")


@functools.lru_cache(maxsize=16)  # a file is read when it is measured, checked, and compared with
def first_violation(source: str) -> str:
    """Return the first violation with its line, or '' if there is none. Raises SyntaxError."""
    if len(source) > MAX_SOURCE:
        return f"train.py has {len(source)} characters, more than the limit of {MAX_SOURCE}"
    found = sorted(_violations(source, ast.parse(source)))
    if not found:
        return ""
    line, what = found[0]
    return f"{what} (train.py:{line})" if line else what


def changed_docstring(source: str, best: str) -> str:
    """Return a message if the docstring differs from that of the best file so far, else ''. Raises SyntaxError.

    If the best file has no docstring, any docstring is allowed.
    """
    ours, frozen = (ast.get_docstring(ast.parse(text)) for text in (source, best))
    if not frozen or ours == frozen:
        return ""
    first = frozen.strip().split("\n")[0]
    return f"the docstring is frozen: put back the one that begins with {first!r:.120} (train.py:1)"


def _violations(source: str, tree: ast.Module) -> Violations:
    yield from _missing(tree)
    yield from _literals(tree)
    last = [node for node in tree.body if isinstance(node, ast.If)]
    frozen = last[-1] if last and ast.dump(last[-1]) == LAST_BLOCK else None
    for statement in tree.body:
        yield from _prediction(statement)
        if isinstance(statement, ast.If) and statement is not frozen and "__main__" in ast.dump(statement.test):
            yield statement.lineno, "the last block is frozen; it only calls prepare.evaluate"
    yield from _builtins(source, tree)
    names = Names(ast.Module([node for node in tree.body if node is not frozen], []))
    yield from texts.violations(names)
    for node in names.nodes:
        yield from _import(node)
        yield from _indirect(node, names)
        yield from _use(node, names)


def _missing(tree: ast.Module) -> Violations:
    bound = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in node.names}
        bound |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
    for required in ("feature_fn", "build_pipeline"):
        if required not in bound:
            yield 0, f"train.py must define {required}"


def _prediction(statement: ast.stmt) -> Violations:
    """Require a literal number, so that it can be read without running the file."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id="PREDICTION")], value=value)
            | ast.AnnAssign(target=ast.Name(id="PREDICTION"), value=value)
        ):
            has_sign = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.UAdd | ast.USub)
            bare = value.operand if isinstance(value, ast.UnaryOp) and has_sign else value
            if not (isinstance(bare, ast.Constant) and type(bare.value) in {int, float}):
                reason = "PREDICTION is one number, the change of val_auc that you expect, such as +0.003"
                yield statement.lineno, reason


def _indirect(node: ast.AST, names: Names) -> Violations:
    """Check the names that getattr looks up. On `self`, an object of the file, any name is allowed."""
    if not (isinstance(node, ast.Name) and node.id == "getattr"):
        return
    call = names.parents[node]
    given = call.args if isinstance(call, ast.Call) and call.func is node else []
    found = names.texts(given[1]) if len(given) > 1 else None
    for name in sorted(found or ()):
        yield from texts.named(name, node.lineno)
    if found is None and not (given and names.is_own_self(given[0])):
        yield node.lineno, "getattr with a name that is computed at run time. Write the attribute out"


def _use(node: ast.AST, names: Names) -> Violations:
    match node:
        case ast.Name(id=name):
            if texts.DUNDER.fullmatch(name) and name not in ALLOWED_DUNDERS:
                yield node.lineno, f"{name} is not allowed in train.py"
        case ast.Attribute(attr="__dict__", value=ast.Name() as owner, ctx=ast.Load()) if names.is_own_self(owner):
            return
        case ast.Attribute(attr=name):
            yield from texts.attribute(name, node.lineno)
            yield from _path(names.path(node), node.lineno)
        case ast.MatchClass(kwd_attrs=attributes):
            for name in attributes:
                yield from texts.attribute(name, node.lineno)
        case ast.Constant(value=str(text)) if text in INTERNAL:
            yield from texts.attribute(text, node.lineno)


def _import(node: ast.AST) -> Violations:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _module(alias.name, node.lineno)
    elif isinstance(node, ast.ImportFrom):
        if node.level:
            yield node.lineno, "relative imports are outside the contract"
            return
        for alias in node.names:
            if alias.name == "*":
                yield node.lineno, f"import of * from {node.module}. Name what is used"
            yield from _module(f"{node.module}.{alias.name}", node.lineno)


def _module(path: str, line: int) -> Violations:
    top, *parts = path.split(".")
    if len(parts) > MAX_PARTS:
        yield line, f"import of a path of {len(parts) + 1} names; no package is that deep"
        return
    if top not in PACKAGES | STANDARD:
        yield line, f"import of {top}, which is not among the declared packages"
    yield from _path(path, line)
    for part in parts:
        yield from texts.attribute(part, line)


def _path(path: str, line: int) -> Violations:
    """Check a dotted path that begins at an imported name."""
    for forbidden, reason in FORBIDDEN_PATHS.items():
        if f"{path}.".startswith(f"{forbidden}."):
            yield line, f"{forbidden} is not allowed in train.py: {reason}"
    top, *parts = path.split(".")
    if top in ONLY and parts and parts[0] not in ONLY[top]:
        yield line, f"{top}.{parts[0]} is not allowed in train.py: only {', '.join(sorted(ONLY[top]))} are"
    for part in parts:
        is_module = top in STANDARD and part.strip("_") in sys.stdlib_module_names - STANDARD
        is_private = part.startswith("_") and not texts.DUNDER.fullmatch(part) and top not in OPEN_INSIDE
        if top in PACKAGES | STANDARD and (is_module or is_private):
            yield line, f"{top}.{part} is not part of the public interface of {top}"


def _builtins(source: str, tree: ast.Module) -> Violations:
    """Check the builtins that the file uses, among names that it may bind itself.

    In a function a name that is bound anywhere in it is never the builtin. A module and the body of a class use the
    builtin until the name is bound, so there a plain statement must bind it before its first use. A name that is bound
    only in a branch or a loop counts as not bound.
    """
    lines: dict[str, list[int]] = {}
    augmented = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) if name in FORBIDDEN_NAMES:
                lines.setdefault(name, []).append(node.lineno)
            case ast.AugAssign(target=ast.Name(id=name)) if name in FORBIDDEN_NAMES:
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
                line = found[min(bisect_left(found, table.get_lineno()), len(found) - 1)]
                yield line, f"{name} is not allowed in train.py"


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


def _literals(tree: ast.Module) -> Violations:
    """Check the numbers, texts and lists against their limits. Texts that are statements (docstrings) do not count."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone]
    yield from _numbers([node for node in constants if type(node.value) in {int, float, complex}])
    hypothesis = find_hypothesis(tree)
    n_characters = len(str(hypothesis.value)) if hypothesis else 0
    if hypothesis and n_characters > MAX_TEXT:
        yield hypothesis.lineno, f"HYPOTHESIS of {n_characters} characters. Write one line of at most 200"
    yield from _texts([node for node in constants if isinstance(node.value, str | bytes)], hypothesis)
    for node in ast.walk(tree):
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            yield from _items(node)


def find_hypothesis(tree: ast.Module) -> ast.Constant | None:
    """Return the text of HYPOTHESIS if it is a literal."""
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="HYPOTHESIS")], value=ast.Constant(value=str()) as text)
                | ast.AnnAssign(target=ast.Name(id="HYPOTHESIS"), value=ast.Constant(value=str()) as text)
            ):
                return text
    return None


def _numbers(nodes: Sequence[ast.Constant]) -> Violations:
    digits = [_n_digits(node.value) for node in nodes]
    precise = [node for node, n in zip(nodes, digits, strict=True) if n > PRECISE]
    if len(nodes) > MAX_NUMBERS:
        yield nodes[MAX_NUMBERS].lineno, f"{len(nodes)} numbers in the source, at most {MAX_NUMBERS}: {QUESTION}"
    if sum(digits) > MAX_DIGITS:
        yield nodes[-1].lineno, f"numbers of {sum(digits)} digits in all, at most {MAX_DIGITS}: {QUESTION}"
    if len(precise) > MAX_PRECISE:
        reason = f"{len(precise)} numbers of more than {PRECISE} digits, at most {MAX_PRECISE}: do they hide something?"
        yield precise[MAX_PRECISE].lineno, reason
    for node in nodes:
        if isinstance(node.value, int) and abs(node.value) > MAX_INT:
            yield node.lineno, "a number of more than twelve digits: is that a packed table?"


def _n_digits(value: object) -> int:
    if isinstance(value, int) and abs(value) > MAX_INT:
        return PRECISE + 1  # Python refuses to print the longest ones
    return max(1, len("".join(c for c in repr(value) if c.isdigit()).strip("0")))


def _texts(nodes: Sequence[ast.Constant], hypothesis: ast.Constant | None) -> Violations:
    total = 0
    for node in nodes:
        if isinstance(node.value, bytes):
            if len(node.value) > MAX_BYTES:
                yield node.lineno, "bytes in the source: is that a packed table?"
            continue
        size = len(str(node.value).encode(errors="replace"))
        total += size
        if size > MAX_TEXT and node is not hypothesis:
            yield node.lineno, f"a text of {size} bytes, at most {MAX_TEXT}: is that a packed table?"
    if total > MAX_TEXTS:
        yield 0, f"{total} bytes of text in the source, at most {MAX_TEXTS}: {QUESTION}"


def _items(node: ast.List | ast.Tuple | ast.Set | ast.Dict) -> Violations:
    items = node.values if isinstance(node, ast.Dict) else node.elts
    n_items = sum(not (isinstance(item, ast.Constant) and isinstance(item.value, str)) for item in items)
    if n_items > MAX_ITEMS:
        yield node.lineno, f"a list of {n_items} items, at most {MAX_ITEMS}: {QUESTION}"
