"""Say whether train.py stays within its contract: read from the syntax tree, before a line of it runs.

Covered: imports beyond the declared packages, reading and writing files, processes, network, reaching into the
interpreter, tables in the source (harness/leaks/literals.py), a changed last block. Its reason is the clearest of all.
Not covered: a sentence that only looks harmless. The sandbox and the other checks stand behind it, and each of them is
tested with this one switched off.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping

from harness.leaks import literals
from harness.leaks.contract import (
    ALLOWED_DUNDERS,
    EVALUATED,
    FORBIDDEN_ATTRIBUTES,
    FORBIDDEN_NAMES,
    FORBIDDEN_PATHS,
    PACKAGES,
    STANDARD,
)
from harness.leaks.finding import Cost, Finding
from harness.leaks.lab import Lab

NAME = "editable-only"
CATCHES = "changes outside the contract, undeclared imports, file, process and network access, tables in the source"
FIX = "keep to HYPOTHESIS, PREDICTION, feature_fn, build_pipeline, helpers, and imports of the declared packages"
COST = Cost.SOURCE

DUNDER = re.compile(r"__\w+__")
INTERNAL = {  # names that mean something to Python; "__missing__" as a filled-in value means nothing
    name
    for thing in (object, type, len, Finding, lambda: None, re, Mapping, BaseException(), Iterator)
    for name in (*dir(thing), *vars(type(thing)))
    if DUNDER.fullmatch(name)
} | {"__builtins__", "__globals__", "__import__", "__subclasses__", "__bases__", "__mro__", "__code__", "__reduce__"}
REACHING = re.compile(r"@|__|\.[\s\\]*[^\W\d]")  # in a text that pandas runs: another name, or an attribute
DECIMAL = re.compile(r"(?<![\w.])[0-9][0-9_]*\.[0-9]*")  # the point in "age > 50. and sex > 0" reaches nothing
MAX_SOURCE = 100_000  # characters
MAX_PARTS = 8  # names in a path: reading one must not take longer than writing it
LAST_BLOCK = ast.dump(
    ast.parse('if __name__ == "__main__":\n    from prepare import evaluate\n\n    evaluate(__file__)').body[0]
)
Violations = Iterator[tuple[int, str]]


def run(lab: Lab) -> Finding:
    """Read the source and name the first thing that does not belong."""
    problem = first_violation(lab.source)
    return Finding(not problem, problem or "imports, names and literals are within the contract")


@functools.lru_cache(maxsize=16)  # the same file is read, and checked, and read again as the best so far
def first_violation(source: str) -> str:
    """Return what is wrong, with its line, or '' where nothing is. Raises SyntaxError."""
    if len(source) > MAX_SOURCE:
        return f"train.py has {len(source)} characters, at most {MAX_SOURCE} are read"
    found = sorted(_violations(ast.parse(source)))
    if not found:
        return ""
    line, what = found[0]
    return f"{what} (train.py:{line})" if line else what


def changed_docstring(source: str, best: str) -> str:
    """Return what is wrong with the docstring, held against that of the best so far; '' where nothing is.

    A best without a docstring holds nothing fast. Raises SyntaxError.
    """
    ours, frozen = (ast.get_docstring(ast.parse(text)) for text in (source, best))
    if not frozen or ours == frozen:
        return ""
    first = frozen.strip().split("\n")[0]
    return f"the docstring is frozen: put back the one that begins with {first!r:.120} (train.py:1)"


def _violations(tree: ast.Module) -> Violations:
    yield from _missing(tree)
    yield from literals.violations(tree)
    modules = _bound_modules(tree)
    last = [node for node in tree.body if isinstance(node, ast.If)]
    frozen = last[-1] if last and ast.dump(last[-1]) == LAST_BLOCK else None
    for statement in tree.body:
        if statement is frozen:
            continue
        yield from _prediction(statement)
        if isinstance(statement, ast.If) and "__main__" in ast.dump(statement.test):
            yield statement.lineno, "the last block is frozen: it hands over to prepare.evaluate and nothing else"
        yield from _indirect(statement)
        for node in ast.walk(statement):
            yield from _import(node)
            yield from _use(node, modules)


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
    """See that a prediction is a number: whoever reads it runs nothing."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id="PREDICTION")], value=value)
            | ast.AnnAssign(target=ast.Name(id="PREDICTION"), value=value)
        ):
            has_sign = isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.UAdd | ast.USub)
            bare = value.operand if isinstance(value, ast.UnaryOp) and has_sign else value
            is_number = isinstance(bare, ast.Constant) and type(bare.value) in {int, float}
            if not is_number:
                yield (
                    statement.lineno,
                    "PREDICTION is one number: the change of val_auc that you expect, as +0.003",
                )


def _bound_modules(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name stands for, as a dotted path."""
    paths: dict[str, str] = {}
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            if isinstance(node, ast.ImportFrom):
                paths[alias.asname or alias.name] = f"{node.module}.{alias.name}"
            else:
                top = alias.name.split(".")[0]
                paths[alias.asname or top] = alias.name if alias.asname else top
    return paths


def _indirect(statement: ast.stmt) -> Violations:
    """Find getattr with a name that is only made at run time: what it reaches cannot be read here."""
    plain = set()
    for node in ast.walk(statement):
        match node:
            case ast.Call(func=ast.Name(id="getattr") as called, args=[_, ast.Constant(value=str()), *_]):
                plain.add(id(called))
            case ast.Call(func=ast.Name(id="getattr") as called, args=[ast.Name(id="self"), *_]):
                plain.add(id(called))
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and node.id == "getattr" and id(node) not in plain:
            yield node.lineno, "getattr with a name that is made at run time: write the attribute out"


def _use(node: ast.AST, modules: Mapping[str, str]) -> Violations:
    match node:
        case ast.Call():
            yield from _call(node)
        case ast.Name(id=name):
            if name in FORBIDDEN_NAMES or (DUNDER.fullmatch(name) and name not in ALLOWED_DUNDERS):
                yield node.lineno, f"{name} is not for train.py"
        case ast.Attribute(attr=name):
            yield from _attribute(name, node.lineno)
            yield from _forbidden_path(_dotted(node, modules), node.lineno)
        case ast.MatchClass(kwd_attrs=names):
            for name in names:
                yield from _attribute(name, node.lineno)
        case ast.Constant(value=str(text)) if text in INTERNAL:
            yield from _attribute(text, node.lineno)


def _call(node: ast.Call) -> Violations:
    """Read the calls whose text is a name or a program."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value=str(name)), *_]):
            yield from _attribute(name, node.lineno)
        case ast.Call(func=ast.Attribute(attr=name), args=[ast.Constant(value=str(text)), *_]):
            if name in EVALUATED and REACHING.search(DECIMAL.sub("0", text)):
                yield node.lineno, f".{name} runs its text: no names beyond the columns, no attributes"


def _import(node: ast.AST) -> Violations:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _module(alias.name, node.lineno)
    elif isinstance(node, ast.ImportFrom):
        if node.level:
            yield node.lineno, "relative imports reach outside the contract"
            return
        for alias in node.names:
            if alias.name == "*":
                yield node.lineno, f"import of * from {node.module}: write out what is used"
            yield from _module(f"{node.module}.{alias.name}", node.lineno)


def _module(path: str, line: int) -> Violations:
    top, *parts = path.split(".")
    if len(parts) > MAX_PARTS:
        yield line, f"import of a path of {len(parts) + 1} names: no package is that deep"
        return
    if top not in PACKAGES | STANDARD:
        yield line, f"import of {top}, which is not among the declared packages"
    yield from _forbidden_path(path, line)
    for part in parts:
        yield from _attribute(part, line)


def _forbidden_path(path: str, line: int) -> Violations:
    for forbidden, reason in FORBIDDEN_PATHS.items():
        if f"{path}.".startswith(f"{forbidden}."):
            yield line, f"{forbidden} is not for train.py: {reason}"


def _dotted(node: ast.Attribute, modules: Mapping[str, str]) -> str:
    """Return the dotted path that an attribute stands for, or '' where it does not begin at an imported name.

    A longer path than any package has is '' as well: the paths that it begins with are attributes themselves.
    """
    parts, root = [node.attr], node.value
    while isinstance(root, ast.Attribute) and len(parts) < MAX_PARTS:
        parts.append(root.attr)
        root = root.value
    if not isinstance(root, ast.Name) or root.id not in modules:
        return ""
    return ".".join([modules[root.id], *reversed(parts)])


def _attribute(name: str, line: int) -> Violations:
    if name in FORBIDDEN_ATTRIBUTES:
        yield line, f".{name} is not for train.py: {FORBIDDEN_ATTRIBUTES[name].format(name=name)}"
    if DUNDER.fullmatch(name) and name not in ALLOWED_DUNDERS:
        yield line, f".{name} looks into the interpreter"
