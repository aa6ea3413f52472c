"""Complete the files of tests/hostile and tests/honest: each holds what is its own, payload_parts.py the rest.

A file gets the shared imports and definitions that it uses and does not define, a HYPOTHESIS after its name, and a
build_pipeline that returns its own last class, or the shared estimator that calls the function it defines, or the
honest pipeline. A file that ends in the last block of train.py is whole already; so is one whose header says `whole:`.
"""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import re
import symtable
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LAST_BLOCK = "__main__"
FIRST_FUNCTION = "ends"  # in payload_parts.py: what a payload prepares stands above it
REQUIRED = ("HYPOTHESIS", "feature_fn", "build_pipeline", LAST_BLOCK)
KEPT_WHOLE = re.compile(r"^whole: ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """A statement at the top level, with the comments above it and the name that it defines."""

    name: str
    text: str
    node: ast.stmt
    n_empty_lines: int = 0  # above it

    @property
    def is_import(self) -> bool:
        return isinstance(self.node, ast.Import | ast.ImportFrom)


@dataclass(frozen=True, slots=True)
class Names:
    """The global names that a text defines, and those that it uses."""

    defined: frozenset[str]
    used: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shared:
    """What payload_parts.py offers, in its order."""

    imports: list[ast.Import | ast.ImportFrom]
    parts: dict[str, Part]
    estimators: dict[str, str]  # the function that a payload defines: the class that calls it


def payload_files(folder: Path) -> list[Path]:
    """Return the files of a folder but those that begin with an underscore."""
    return sorted(folder.glob("[!_]*.py"))


def whole_text(path: Path) -> str:
    """Return the file that a payload stands for."""
    return complete(path.read_text(encoding="utf-8"), path.stem)


def complete(text: str, name: str) -> str:
    """Return the text of a payload with the parts that it lacks."""
    if is_whole(text):
        return text
    header, *parts = split(text)
    n_imports = next((i for i, part in enumerate(parts) if not part.is_import), len(parts))
    imports, body = parts[:n_imports], parts[n_imports:]
    body = merge(body, missing(body, name))
    names = names_of(join([*imports, *body]))
    return join([header, *imports, *shared_imports(names.used - names.defined), *body])


def is_whole(text: str) -> bool:
    return text.rstrip().endswith(shared().parts[LAST_BLOCK].text) or bool(KEPT_WHOLE.search(text))


def split(text: str) -> list[Part]:
    """Return the statements at the top level; comments belong to the statement below them."""
    lines, end, parts = text.split("\n"), 0, []
    for node in ast.parse(text).body:
        last = node.end_lineno or node.lineno
        above = "\n".join(lines[end:last])
        code = above.lstrip("\n")
        parts.append(Part(_name(node), code, node, len(above) - len(code)))
        end = last
    return parts


def join(parts: list[Part]) -> str:
    """Return the text of some parts, with two empty lines around functions and classes."""
    text = "".join(part.text + "\n" * (1 + _gap(part, below)) for part, below in itertools.pairwise(parts))
    return text + "".join(f"{part.text}\n" for part in parts[-1:])


def missing(body: list[Part], name: str) -> list[Part]:
    """Return the shared parts that a payload needs, in their order."""
    text = f'HYPOTHESIS = "{name.replace("_", " ")}"\n\n\ndef build_pipeline():\n    return {estimator(body)}()\n'
    names, pool = names_of(join(body)), shared().parts | {part.name: part for part in split(text)}
    found, wanted = set[str](), [*REQUIRED, *names.used]
    while wanted:
        one = wanted.pop()
        if one in pool and one not in names.defined | found:
            found.add(one)
            wanted += names_of(pool[one].text).used
    return [part for one, part in pool.items() if one in found]


def estimator(body: list[Part]) -> str:
    """Return what build_pipeline calls where a payload has none."""
    names = {part.name for part in body}
    shared_classes = [name for function, name in shared().estimators.items() if function in names]
    own_classes = [part.name for part in reversed(body) if isinstance(part.node, ast.ClassDef)]
    return next(iter([*shared_classes, *own_classes, "honest"]))


def merge(body: list[Part], parts: list[Part]) -> list[Part]:
    """Put each part before the first statement of the payload that stands below it in payload_parts.py."""
    order, merged = [*shared().parts], list(body)
    helper, last_class = order.index(FIRST_FUNCTION) - 0.5, order.index(LAST_BLOCK) - 0.5
    own_estimator = "" if any(part.name == "build_pipeline" for part in body) else estimator(body)

    def rank(part: Part) -> float:
        if part.name in order:
            return order.index(part.name)
        return last_class if part.name and part.name == own_estimator else helper

    for part in parts:
        below = (i for i, other in enumerate(merged) if rank(other) > rank(part))
        merged.insert(next(below, len(merged)), part)
    return merged


def names_of(text: str) -> Names:
    """Return the names of a text as the compiler sees them."""
    table = symtable.symtable(text, "payload", "exec")
    top = table.get_symbols()
    defined = {one.get_name() for one in top if one.is_assigned() or one.is_imported()}
    used = {one.get_name() for one in top if one.is_referenced()}
    return Names(frozenset(defined), frozenset(used | {*_globals_of(table)}))


def shared_imports(used: frozenset[str]) -> list[Part]:
    """Return the shared import statements, cut to the names that are used."""
    lines = []
    for node in shared().imports:
        if names := [alias for alias in node.names if (alias.asname or alias.name) in used]:
            cut = ast.ImportFrom(node.module, names, 0) if isinstance(node, ast.ImportFrom) else ast.Import(names)
            lines.append(ast.unparse(cut))
    return split("\n".join(lines))


@functools.cache
def shared() -> Shared:
    """Return what payload_parts.py offers."""
    text = Path(__file__).with_name("payload_parts.py").read_text(encoding="utf-8")
    _, *parts = split(text)
    known = names_of(text).defined | {*dir(builtins)}
    return Shared(
        imports=[part.node for part in parts if isinstance(part.node, ast.Import | ast.ImportFrom)],
        parts={part.name: part for part in parts if not part.is_import},
        estimators={
            function: part.name
            for part in parts
            if isinstance(part.node, ast.ClassDef)
            for function in names_of(part.text).used - known
        },
    )


def main(folder: Path) -> None:
    """Print the file that a payload stands for, with the labels of the table in it; without a name, list the names."""
    paths = {path.stem: path for path in payload_files(folder)}
    if not sys.argv[1:]:
        print("\n".join(paths))
        return
    if unknown := {*sys.argv[1:]} - paths.keys():
        sys.exit(f"{folder.name} has no file {', '.join(sorted(unknown))}")
    from tests.harness.templates import heart, render  # pandas and the table: needed here alone

    for name in sys.argv[1:]:
        sys.stdout.write(render(whole_text(paths[name]), heart()))


def _gap(part: Part, below: Part) -> int:
    """Return how many empty lines stand between two statements."""
    if any(isinstance(one.node, ast.FunctionDef | ast.ClassDef) for one in (part, below)):
        return 2
    return below.n_empty_lines if part.is_import == below.is_import else 1


def _globals_of(table: symtable.SymbolTable) -> Iterator[str]:
    for child in table.get_children():
        yield from (one.get_name() for one in child.get_symbols() if one.is_global() and one.is_referenced())
        yield from _globals_of(child)


def _name(node: ast.stmt) -> str:
    """Return the name that a statement defines; of an `if`, that of the last block."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.If) and "evaluate" in ast.unparse(node):
        return LAST_BLOCK
    return str(getattr(node, "name", ""))
