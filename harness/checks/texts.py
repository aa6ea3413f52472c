"""Say which texts of train.py a library would run as code, look up as a name, or open as a path.

Covered, with the honest file that the rule must let through:
- `.eval`, `.query`: a text that is written out, without attributes but a few of columns. `tree.query(points, k=5)`.
- names handed on (`agg`, `apply`, `transform`, `pipe`, `methodcaller`, `attrgetter`): `methodcaller("fillna", 0)`.
- parameters that open a path (`memory=`, `init_model=`, …) given a text: `memory=None`, `init_model=booster`.
- vectorizers that read files: `input="content"`.
- quoted hints: a type, not a call. `singledispatch` evaluates them: it gets plain types alone.
- `"{0.__class__}".format(x)`: a field of a row, as in `"{0.age}"`, is harmless.
Not covered: a text that is put together at run time and reaches its library through a parameter or a collection. The
sandbox, which has no file to open, stands behind it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from harness.checks.allowlist import (
    ALLOWED_DUNDERS,
    COLUMN_CALLS,
    EVALUATED,
    EVALUATED_OPTIONS,
    FORBIDDEN_ATTRIBUTES,
    FORBIDDEN_NAMES,
    GETTERS,
    HARMLESS_IN_TEXT,
    METHOD_NAMES,
    OPENING_CALLS,
    PATHS,
    PATHS_IN_DICTS,
    QHULL_FILES,
    READING_MODES,
    TREE_OPTIONS,
    TREES,
    VECTORIZERS,
)
from harness.checks.names import Names, final

DUNDER = re.compile(r"__\w+__")
ATTRIBUTE = re.compile(r"\.[\s\\]*([^\W\d]\w*)")
DECIMAL = re.compile(r"(?<![\w.])[0-9][0-9_]*\.[0-9]*")  # the point in "chol > 200. and age > 50" reaches nothing
QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")  # cells: "thal == 'St. Louis'"
LEAVES_QUOTES_OPEN = re.compile(r"[\\`#]|'''|\"\"\"")  # then pandas may see other quotes than QUOTED does
FIELD = re.compile(r"\{[^{}]*[.\[]_")  # of str.format: it may look into the interpreter
TYPES = {"bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple"}
DISPATCHERS = frozenset({"singledispatch", "singledispatchmethod"})
NO_HINTS = {"Literal", "Annotated"}  # the texts in these are values
CALLS = (ast.Call, ast.Lambda, ast.Await, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Violations = Iterator[tuple[int, str]]


def violations(names: Names) -> Violations:
    """Return (line, reason) for every text that becomes code, a name or a path."""
    opens, dispatches = _mentions(names, VECTORIZERS), _mentions(names, DISPATCHERS)
    for node in names.nodes:
        yield from _run_or_opened(node, names)
        yield from _hints(node)
        if opens:
            yield from _vectorizer(node, names)
        if dispatches:
            yield from _register(node, names)


def _run_or_opened(node: ast.AST, names: Names) -> Violations:
    match node:
        case ast.Attribute(attr=attr) if attr in EVALUATED:
            yield from _evaluated(node, names)
        case ast.Attribute() | ast.Name() if names.called(node) in GETTERS:
            yield from _getter(node, names)
        case ast.Call():
            yield from _call(node, names)
        case ast.Dict():
            yield from _dict(node, names)
        case ast.Assign() | ast.FunctionDef():
            yield from _set(node, names)
        case ast.Constant(value=str(text)):
            yield from _constant(node, text, names)
        case ast.ImportFrom(names=aliases):
            for name in sorted(EVALUATED & {alias.name for alias in aliases}):
                yield node.lineno, f"{name} runs its text: call it by the name of its module, pd.{name}"


def attribute(name: str, line: int) -> Violations:
    """See that an attribute may be named in the source."""
    if name in FORBIDDEN_ATTRIBUTES:
        yield line, f".{name} is not allowed in train.py: {FORBIDDEN_ATTRIBUTES[name].format(name=name)}"
    if DUNDER.fullmatch(name) and name not in ALLOWED_DUNDERS:
        yield line, f".{name} looks into the interpreter"


def named(text: str, line: int) -> Violations:
    """See that an attribute, or a path of them, may be reached by its name."""
    for name in text.split("."):
        if name in EVALUATED:
            yield line, f".{name} runs its text: write the call out, so that the text can be read"
        yield from attribute(name, line)


def _evaluated(node: ast.Attribute, names: Names) -> Violations:
    """Read the text that `.eval` and `.query` run."""
    call = names.parents[node]
    if not (isinstance(call, ast.Call) and call.func is node):
        yield node.lineno, f".{node.attr} runs its text: call it with a text that is written out, do not hand it on"
        return
    options = {keyword.arg for keyword in call.keywords}
    if node.attr == "query" and (_is_tree(node.value, names) or (options and options <= TREE_OPTIONS)):
        return
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "expr")]
    texts = names.texts(given[0]) if len(given) == 1 else None
    if texts is None or not options <= EVALUATED_OPTIONS:
        yield call.lineno, f".{node.attr} runs its text: write the text out, with no other option than engine or parser"
    elif any(_reaches(text) for text in texts):
        yield call.lineno, f".{node.attr} runs its text: no names beyond the columns, no attributes"


def _reaches(text: str) -> bool:
    """Say whether a text of pandas names more than columns, variables and a few methods of columns."""
    bare = text if LEAVES_QUOTES_OPEN.search(text) else QUOTED.sub("''", text)
    bare = DECIMAL.sub("0", bare)
    return "__" in bare or any(name not in HARMLESS_IN_TEXT for name in ATTRIBUTE.findall(bare))


def _is_tree(node: ast.expr, names: Names) -> bool:
    """Say whether a value is a tree of neighbours, whose query takes points: assigned from one, and nothing else."""
    if isinstance(node, ast.Call):
        return names.path(node.func).rpartition(".")[2] in TREES
    name = final(node)
    if isinstance(node, ast.Name):
        stores: list[ast.AST] = names.bindings.get(name, [])
    else:
        attributes = [other for other in names.nodes if isinstance(other, ast.Attribute) and other.attr == name]
        stores = [*(attribute for attribute in attributes if not isinstance(attribute.ctx, ast.Load))]
    return bool(stores) and all(_is_set_to_tree(store, names) for store in stores)


def _is_set_to_tree(store: ast.AST, names: Names) -> bool:
    match names.parents[store]:
        case ast.Assign(targets=[target], value=ast.Call() as made):
            return target is store and _is_tree(made, names)
    return False


def _getter(node: ast.Attribute | ast.Name, names: Names) -> Violations:
    """Read the names that operator.methodcaller and attrgetter look up."""
    if isinstance(node.ctx, ast.Store):
        return
    call = names.parents[node]
    what = names.called(node)
    given = call.args if isinstance(call, ast.Call) and call.func is node else []
    looked_up = given[:1] if what == "methodcaller" else given
    texts = [names.texts(argument) for argument in looked_up]
    if not texts or None in texts:
        yield node.lineno, f"{what} with a name that is made at run time: write the name out, or the attribute"
    for text in sorted(set().union(*(found or set() for found in texts))):
        yield from named(text, node.lineno)


def _call(call: ast.Call, names: Names) -> Violations:
    """See that no text is handed to a parameter that opens it, runs it or looks it up."""
    called = names.called(call.func)
    if called in METHOD_NAMES:
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            yield from _method_name(argument, called, names)
    for keyword in call.keywords:
        name = (keyword.arg or "").rpartition("__")[2]
        if name in PATHS and called not in COLUMN_CALLS and names.is_text(keyword.value):
            yield call.lineno, f"{keyword.arg}= opens the path that it is given: leave it out"
        yield from _option(name, keyword.value, names)
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "data")]
    opening = [called, *(names.called(argument) for argument in call.args if names.path(argument))]
    called = next((name for name in opening if name in OPENING_CALLS), "")
    if called and any(names.is_text(cell) for argument in given for cell in _spread(argument)):
        yield call.lineno, f"{called} opens the path that it is given: hand it rows"
    match call:
        case ast.Call(func=ast.Name(id="setattr"), args=[_, attr, value]) if names.is_text(value):
            for text in sorted(PATHS & (names.texts(attr) or set())):
                yield call.lineno, f"{text} opens the path that it is given: leave it out"


def _spread(argument: ast.expr) -> list[ast.expr]:
    return argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument]


def _option(name: str, value: ast.expr, names: Names) -> Violations:
    match name:
        case "eval_str" if not (isinstance(value, ast.Constant) and value.value is False):
            yield value.lineno, "eval_str runs quoted hints as programs: leave it out"
        case "qhull_options" if any(re.search(QHULL_FILES, text) for text in names.texts(value) or {"TO"}):
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield value.lineno, "qhull_options is written out, without TI and TO: they read and write files"
        case "starting_points" if names.is_text(value) and names.texts(value) not in ({"data"}, {"static"}):
            yield value.lineno, 'starting_points opens a path after "data:": give it "data", "static" or a dict'


def _method_name(argument: ast.expr, called: str, names: Names) -> Violations:
    """Read the names of methods that pandas is to call: one, a list, or one for each column."""
    match argument:
        case ast.List(elts=cells) | ast.Tuple(elts=cells) | ast.Dict(values=cells):
            for cell in cells:
                yield from _method_name(cell, called, names)
        case ast.Starred(value=cell):
            yield from _method_name(cell, called, names)
        case _:
            texts = names.texts(argument)
            for text in sorted(texts or ()):
                yield from named(text, argument.lineno)
            if texts is None and names.is_text(argument):
                yield argument.lineno, f".{called} with a name that is made at run time: write the name out"


def _dict(node: ast.Dict, names: Names) -> Violations:
    """Read the parameters in a dict that is written out, unless it is about columns and their cells."""
    holder = names.parents[node]
    if isinstance(holder, ast.keyword) and holder.arg:
        in_columns = holder.arg in {"columns", "value", "to_replace", "data"}
        holder = names.parents[holder]
    else:
        in_columns = False
    called = final(holder.func) if isinstance(holder, ast.Call) else ""
    if in_columns or called in COLUMN_CALLS:
        return
    is_expanded = isinstance(holder, ast.keyword)
    match holder:
        case ast.Assign(targets=[ast.Name(id=name)]):
            is_expanded = any(_is_expanded(names.parents[load]) for load in names.loads.get(name, ()))
    yield from _parameters(node, PATHS if is_expanded else PATHS_IN_DICTS, names)


def _is_expanded(holder: ast.AST) -> bool:
    return isinstance(holder, ast.keyword) and holder.arg is None


def _parameters(node: ast.Dict, paths: frozenset[str], names: Names) -> Violations:
    for key, value in zip(node.keys, node.values, strict=True):
        for text in (names.texts(key) or set()) if key else ():
            name = text.rpartition("__")[2]
            if name in (paths if name == text else PATHS) and names.is_text(value):
                yield value.lineno, f"{text} opens the path that it is given: leave it out"
            yield from _option(name, value, names)


def _set(node: ast.Assign | ast.FunctionDef, names: Names) -> Violations:
    """See that no attribute, item or default that opens a path is set to a text."""
    if isinstance(node, ast.FunctionDef):
        for name, default in _defaults(node.args):
            if name in PATHS and names.is_text(default):
                yield node.lineno, f"{name} opens the path that it is given: leave it out"
        return
    for target in node.targets:
        match target:
            case ast.Attribute(attr=name) if name in PATHS and names.is_text(node.value):
                yield node.lineno, f".{name} opens the path that it is given: leave it out"
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                if name in PATHS_IN_DICTS and names.is_text(node.value):
                    yield node.lineno, f"{name} opens the path that it is given: leave it out"


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    for argument, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        yield argument.arg, default
    for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if given is not None:
            yield argument.arg, given


def _constant(node: ast.Constant, text: str, names: Names) -> Violations:
    """See that a text is no name of a method that runs or opens a text, and no format that looks inside."""
    if FIELD.search(text):
        yield node.lineno, "a format that reaches an attribute with an underscore looks into the interpreter"
    if text == "plotting.backend":
        yield node.lineno, "plotting.backend imports the module that it is given: train.py plots nothing"
    if isinstance(names.parents[node], ast.Subscript):
        return  # a column may be called anything
    opens = "_" in text and FORBIDDEN_ATTRIBUTES.get(text) == "train.py reads and writes no files"
    if text == "eval" or opens:
        yield node.lineno, f"{text!r} is the name of a method that {'opens' if opens else 'runs'} its text"


def _hints(node: ast.AST) -> Violations:
    """Read the hints of a function or variable: a quoted one may be run by whoever asks for it."""
    match node:
        case ast.arg(annotation=ast.expr() as hint) | ast.AnnAssign(annotation=hint):
            yield from _hint(hint)
        case ast.FunctionDef(returns=ast.expr() as hint) | ast.AsyncFunctionDef(returns=ast.expr() as hint):
            yield from _hint(hint)


def _hint(hint: ast.expr) -> Violations:
    waiting: list[ast.AST] = [hint]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Subscript) and final(node.value) in NO_HINTS:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _quoted(node.value, hint.lineno)
        elif isinstance(node, ast.JoinedStr | ast.BinOp) and not _is_union(node):
            yield hint.lineno, "a hint that is made at run time: write the type out"
        elif isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            yield hint.lineno, f"{node.id} is no type: write a type as the hint"
        waiting.extend(ast.iter_child_nodes(node))


def _is_union(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)


def _quoted(text: str, line: int) -> Violations:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # nobody can run it
    for node in ast.walk(tree):
        is_reaching = isinstance(node, ast.Attribute | ast.Name) and "__" in final(node)
        is_builtin = isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES
        if isinstance(node, CALLS) or is_reaching or is_builtin:
            yield line, "a quoted hint that is more than a type: whoever asks for the hints runs it. Write the type out"
            return
    yield from (found for node in ast.walk(tree) if isinstance(node, ast.Attribute) for found in named(node.attr, line))


def _vectorizer(node: ast.AST, names: Names) -> Violations:
    """See that the vectorizers of scikit-learn are given texts, not the names of files."""
    if isinstance(node, ast.Constant):
        opens = node.value in READING_MODES and not isinstance(names.parents[node], ast.Subscript)
    else:
        opens = any(names.texts(value) != {"content"} for value in _inputs(node, names))
    if opens and isinstance(node, ast.expr):
        yield node.lineno, 'a vectorizer opens the files that it is given: leave input at "content"'


def _inputs(node: ast.AST, names: Names) -> Iterator[ast.expr]:
    """Find what a parameter called input is set to, whichever way."""
    match node:
        case ast.Call(func=ast.Name(id="setattr"), args=[_, name, value]):
            if "input" in (names.texts(name) or {"input"}):
                yield value
        case ast.Call(keywords=keywords):
            yield from (pair.value for pair in keywords if (pair.arg or "").rpartition("__")[2] == "input")
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if any(text.rpartition("__")[2] == "input" for text in names.texts(key) or ()):
                    yield value
        case ast.Attribute(attr="input", ctx=ast.Store()):
            yield node


def _register(node: ast.AST, names: Names) -> Violations:
    """See that singledispatch is given plain types: it runs the hints of a function that it is given instead."""
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
        yield node.lineno, "singledispatch runs quoted hints: write register(int), or the plain type as the hint"


def _is_registered_by_type(node: ast.Attribute, holder: ast.AST, names: Names) -> bool:
    match holder:
        case ast.Call(func=called, args=[first, *_], keywords=[]) if called is node:
            return _is_type(first, names)
        case ast.FunctionDef(decorator_list=[*_, last]) if last is node:
            return all(_is_type(hint, names) for hint in _all_hints(holder))
    return False


def _all_hints(function: ast.FunctionDef) -> list[ast.expr]:
    arguments = [node for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    return [hint for hint in (*(argument.annotation for argument in arguments), function.returns) if hint]


def _is_type(node: ast.expr, names: Names) -> bool:
    """Say whether an expression is a type at sight: a builtin one, an imported one, a class of this file."""
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
            return all(_is_plain_type(other) for other in bound) and (bool(bound) or name in TYPES)
    return False


def _is_plain_type(node: ast.AST) -> bool:
    is_plain_class = isinstance(node, ast.ClassDef) and not node.decorator_list and not node.keywords
    return is_plain_class or isinstance(node, ast.alias)


def _mentions(names: Names, wanted: frozenset[str]) -> bool:
    """Say whether a file names one of these, by an import, an attribute or a text."""
    imported = {path.rpartition(".")[2] for path in names.modules.values()}
    written = (node.value if isinstance(node, ast.Constant) else final(node) for node in names.nodes)
    return bool(wanted & imported) or any(isinstance(name, str) and name in wanted for name in written)
