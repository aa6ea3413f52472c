"""Find the texts of train.py that a library would run as code, look up as a name, or open as a path.

Covered, with honest code that each rule must allow:
- `.eval`, `.query`: the text must be a literal with no attributes except a few of columns. `tree.query(points, k=5)`.
- names of methods (`agg`, `apply`, `transform`, `pipe`, `methodcaller`, `attrgetter`): `methodcaller("fillna", 0)`.
- parameters that open a path (`memory=`, `init_model=`, …) must not be texts: `memory=None`, `init_model=booster`.
- vectorizers that read files: `input="content"`.
- quoted type hints must be types, not calls; `singledispatch` evaluates hints, so it gets plain types only.
- `"{0.__class__}".format(x)`: a field of a row, as in `"{0.age}"`, is harmless.
Not covered: a text that is computed at run time and passed through a parameter or a collection. In the sandbox there is
no file to open.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from harness.checks import allowlist as listed
from harness.checks.names import Names, defaults, final

DUNDER = re.compile(r"__\w+__")
ATTRIBUTE = re.compile(r"\.[\s\\]*([^\W\d]\w*)")
DECIMAL = re.compile(r"(?<![\w.])[0-9][0-9_]*\.[0-9]*")  # the point in "chol > 200. and age > 50" is no attribute
QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")  # cells: "thal == 'St. Louis'"
LEAVES_QUOTES_OPEN = re.compile(r"[\\`#]|'''|\"\"\"")  # then pandas may read other quotes than QUOTED
FIELD = re.compile(r"\{[^{}]*[.\[]_")  # of str.format: it may give access to the interpreter
TYPES = {"bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple"}
DISPATCHERS = frozenset({"singledispatch", "singledispatchmethod"})
NO_HINTS = {"Literal", "Annotated"}  # the texts in these are values
CALLS = (ast.Call, ast.Lambda, ast.Await, ast.NamedExpr, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
Violations = Iterator[tuple[int, str]]


def violations(names: Names) -> Violations:
    """Return (line, reason) for every text that a library runs, looks up or opens."""
    opens = names.mentions(listed.VECTORIZERS)
    for node in names.nodes:
        yield from _run_or_opened(node, names)
        if opens:
            yield from _vectorizer(node, names)
    yield from _hints(names)


def _run_or_opened(node: ast.AST, names: Names) -> Violations:
    match node:
        case ast.Attribute(attr=attr) if attr in listed.EVALUATED:
            yield from _evaluated(node, names)
        case ast.Attribute() | ast.Name() if names.called(node) in listed.GETTERS:
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
            for name in sorted(listed.EVALUATED & {alias.name for alias in aliases}):
                yield node.lineno, f"{name} runs its text. Call it as pd.{name}"


def attribute(name: str, line: int) -> Violations:
    """Check that an attribute is allowed in the source."""
    if name in listed.FORBIDDEN_ATTRIBUTES:
        yield line, f".{name} is not allowed in train.py: {listed.FORBIDDEN_ATTRIBUTES[name].format(name=name)}"
    if DUNDER.fullmatch(name) and name not in listed.ALLOWED_DUNDERS:
        yield line, f".{name} gives access to the interpreter"


def named(text: str, line: int) -> Violations:
    """Check that an attribute, or a path of them, may be looked up by name."""
    for name in text.split("."):
        if name in listed.EVALUATED:
            yield line, f".{name} runs its text. Write the call out, so that the text can be checked"
        yield from attribute(name, line)


def _evaluated(node: ast.Attribute, names: Names) -> Violations:
    """Check the text that `.eval` and `.query` run."""
    call = names.parents[node]
    if not (isinstance(call, ast.Call) and call.func is node):
        yield node.lineno, f".{node.attr} runs its text. Call it with a literal text, and do not pass the method on"
        return
    options = {keyword.arg for keyword in call.keywords}
    if node.attr == "query" and (_is_tree(node.value, names) or (options and options <= listed.TREE_OPTIONS)):
        return
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "expr")]
    texts = names.texts(given[0]) if len(given) == 1 else None
    if texts is None or not options <= listed.EVALUATED_OPTIONS:
        yield call.lineno, f".{node.attr} runs its text. Use a literal text and no option but engine or parser"
    elif any(_reaches(text) for text in texts):
        yield call.lineno, f".{node.attr} runs its text. Use no names but the columns, and no attributes"


def _reaches(text: str) -> bool:
    """Return whether a text for pandas uses more than columns, variables and a few methods of columns."""
    bare = DECIMAL.sub("0", text if LEAVES_QUOTES_OPEN.search(text) else QUOTED.sub("''", text))
    return "__" in bare or any(name not in listed.HARMLESS_IN_TEXT for name in ATTRIBUTE.findall(bare))


def _is_tree(node: ast.expr, names: Names) -> bool:
    """Return whether a value is only ever a neighbour tree, whose query takes points."""
    if isinstance(node, ast.Call):
        return names.path(node.func).rpartition(".")[2] in listed.TREES
    if isinstance(node, ast.Name):
        stores = names.bindings.get(node.id, [])
    else:
        same = [one for one in names.nodes if isinstance(one, ast.Attribute) and one.attr == final(node)]
        stores = [one for one in same if not isinstance(one.ctx, ast.Load)]
    return bool(stores) and all(_is_set_to_tree(store, names) for store in stores)


def _is_set_to_tree(store: ast.AST, names: Names) -> bool:
    match names.parents[store]:
        case ast.Assign(targets=[target], value=ast.Call() as made):
            return target is store and _is_tree(made, names)
    return False


def _getter(node: ast.Attribute | ast.Name, names: Names) -> Violations:
    """Check the names that operator.methodcaller and attrgetter look up."""
    if isinstance(node.ctx, ast.Store):
        return
    call, what = names.parents[node], names.called(node)
    given = call.args if isinstance(call, ast.Call) and call.func is node else []
    texts = [names.texts(argument) for argument in (given[:1] if what == "methodcaller" else given)]
    if not texts or None in texts:
        yield node.lineno, f"{what} with a name that is computed at run time. Write out the name or the attribute"
    for text in sorted(set().union(*(found or set() for found in texts))):
        yield from named(text, node.lineno)


def _call(call: ast.Call, names: Names) -> Violations:
    """Check that no text is passed to a parameter that opens, runs or looks it up."""
    called = names.called(call.func)
    if called in listed.METHOD_NAMES:
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            yield from _method_name(argument, called, names)
    for keyword in call.keywords:
        name = (keyword.arg or "").rpartition("__")[2]
        if name in listed.PATHS and called not in listed.COLUMN_CALLS and names.is_text(keyword.value):
            yield call.lineno, f"{keyword.arg}= opens a path. Leave it out"
        yield from _option(name, keyword.value, names)
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "data")]
    opening = [called, *(names.called(argument) for argument in call.args if names.path(argument))]
    opener = next((name for name in opening if name in listed.OPENING_CALLS), "")
    cells = [cell for one in given for cell in (one.elts if isinstance(one, ast.List | ast.Tuple) else [one])]
    if opener and any(map(names.is_text, cells)):
        yield call.lineno, f"{opener} opens a path. Pass rows instead"
    match call:
        case ast.Call(func=ast.Name(id="setattr"), args=[_, attr, value]) if names.is_text(value):
            for text in sorted(listed.PATHS & (names.texts(attr) or set())):
                yield call.lineno, f"{text} opens a path. Leave it out"


def _option(name: str, value: ast.expr, names: Names) -> Violations:
    match name:
        case "eval_str" if not (isinstance(value, ast.Constant) and value.value is False):
            yield value.lineno, "eval_str runs quoted hints. Leave it out"
        case "qhull_options" if any(re.search(listed.QHULL_FILES, text) for text in names.texts(value) or {"TO"}):
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield value.lineno, "qhull_options must be a literal without TI and TO, which read and write files"
        case "starting_points" if names.is_text(value) and names.texts(value) not in ({"data"}, {"static"}):
            yield value.lineno, 'starting_points opens a path after "data:". Use "data", "static" or a dict'


def _method_name(argument: ast.expr, called: str, names: Names) -> Violations:
    """Check the names of methods that pandas calls: one, a list, or one for each column."""
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
                yield argument.lineno, f".{called} with a name that is computed at run time. Write the name out"


def _dict(node: ast.Dict, names: Names) -> Violations:
    """Check the parameters in a literal dict, unless its keys are columns or cells."""
    holder = names.parents[node]
    if isinstance(holder, ast.keyword) and holder.arg:
        if holder.arg in {"columns", "value", "to_replace", "data"}:
            return
        holder = names.parents[holder]
    if isinstance(holder, ast.Call) and final(holder.func) in listed.COLUMN_CALLS:
        return
    holders = [holder]
    match holder:
        case ast.Assign(targets=[ast.Name(id=name)]):
            holders = [names.parents[load] for load in names.loads.get(name, ())]
    is_expanded = any(isinstance(one, ast.keyword) and one.arg is None for one in holders)
    paths = listed.PATHS if is_expanded else listed.PATHS_IN_DICTS
    for key, value in zip(node.keys, node.values, strict=True):
        for text in (names.texts(key) or set()) if key else ():
            name = text.rpartition("__")[2]
            if name in (paths if name == text else listed.PATHS) and names.is_text(value):
                yield value.lineno, f"{text} opens a path. Leave it out"
            yield from _option(name, value, names)


def _set(node: ast.Assign | ast.FunctionDef, names: Names) -> Violations:
    """Check that no attribute, item or default that opens a path is set to a text."""
    if isinstance(node, ast.FunctionDef):
        for name, default in defaults(node.args):
            if name in listed.PATHS and names.is_text(default):
                yield node.lineno, f"{name} opens a path. Leave it out"
        return
    for target in node.targets:
        match target:
            case ast.Attribute(attr=name) if name in listed.PATHS and names.is_text(node.value):
                yield node.lineno, f".{name} opens a path. Leave it out"
            case ast.Subscript(slice=ast.Constant(value=str(name))):
                if name in listed.PATHS_IN_DICTS and names.is_text(node.value):
                    yield node.lineno, f"{name} opens a path. Leave it out"


def _constant(node: ast.Constant, text: str, names: Names) -> Violations:
    """Check that a text is not the name of a method that runs or opens a text, nor a format of private attributes."""
    if FIELD.search(text):
        yield node.lineno, "a format with an attribute that begins with an underscore gives access to the interpreter"
    if text == "plotting.backend":
        yield node.lineno, "plotting.backend imports a module by name; train.py does not plot"
    if isinstance(names.parents[node], ast.Subscript):
        return  # a column may be called anything
    opens = "_" in text and listed.FORBIDDEN_ATTRIBUTES.get(text) == "train.py reads and writes no files"
    if text == "eval" or opens:
        yield node.lineno, f"{text!r} is the name of a method that {'opens' if opens else 'runs'} its text"


def _vectorizer(node: ast.AST, names: Names) -> Violations:
    """Check that the vectorizers of scikit-learn get texts, not file names."""
    if isinstance(node, ast.Constant):
        opens = node.value in listed.READING_MODES and not isinstance(names.parents[node], ast.Subscript)
    else:
        opens = any(names.texts(value) != {"content"} for value in _inputs(node, names))
    if opens and isinstance(node, ast.expr):
        yield node.lineno, 'a vectorizer with this input opens files. Leave input at "content"'


def _inputs(node: ast.AST, names: Names) -> Iterator[ast.expr]:
    """Yield every value that is set for a parameter called input."""
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


def _hints(names: Names) -> Violations:
    """Check that a quoted hint is a type, and that `singledispatch`, which evaluates hints, gets plain types."""
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
        elif isinstance(node, ast.Name) and node.id in listed.FORBIDDEN_NAMES:
            yield hint.lineno, f"{node.id} is not a type. Use a type as the hint"
        waiting.extend(ast.iter_child_nodes(node))


def _quoted(text: str, line: int) -> Violations:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # it cannot be evaluated
    for node in ast.walk(tree):
        is_reaching = isinstance(node, ast.Attribute | ast.Name) and "__" in final(node)
        is_builtin = isinstance(node, ast.Name) and node.id in listed.FORBIDDEN_NAMES
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
