"""The parts of an existing train.py that are kept: the frozen parts, and hand-written row features.

The docstring and the last block are kept unchanged. A hand-written feature_fn is kept as `features_by_hand`, with the
imports and helpers that it needs.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from researcher.expressions import Import

_DOCSTRING = '''\
"""The one file that changes: a hypothesis, the features, the model.

`uv run train.py` measures it. Everything outside HYPOTHESIS, PREDICTION, feature_fn, build_pipeline and the imports and
helpers they need is frozen, this docstring included.
"""'''

_LAST_BLOCK = """\
if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)"""

BY_HAND = "features_by_hand"


@dataclass(frozen=True, slots=True)
class FrozenParts:
    """The parts of train.py that no experiment may change, as text without a final newline."""

    docstring: str
    last_block: str


PLAIN_FRAME = FrozenParts(_DOCSTRING, _LAST_BLOCK)


@dataclass(frozen=True, slots=True)
class HandWork:
    """Row features written by hand: `features_by_hand`, its helpers, and the imports that they may need."""

    source: str
    names: frozenset[str]
    imports: Mapping[str, Import]

    @property
    def digest(self) -> str:
        """Eight hex digits that identify the source."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:8]


def read_frame(source: str) -> FrozenParts:
    """Return the frozen parts of a train.py, or the default ones if it has none or is not Python."""
    nodes = _top_level(source)
    docstring = next((_text(source, node) for node in nodes[:1] if _is_docstring(node)), _DOCSTRING)
    blocks = [node for node in nodes if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)]
    return FrozenParts(docstring, _text(source, blocks[0]) if blocks else _LAST_BLOCK)


def read_hand(source: str) -> HandWork | None:
    """Return the hand-written row features of a train.py, or None if feature_fn returns X unchanged."""
    nodes = _top_level(source)
    by_name = {name: node for node in nodes for name in _defined(node)}
    own = by_name.get(BY_HAND, by_name.get("feature_fn"))
    if not isinstance(own, ast.FunctionDef) or _is_identity(own):
        return None
    kept = _closure(own, by_name)
    texts = [_text(source, node) for node in nodes if node in kept]
    code = "\n\n\n".join(texts).replace("def feature_fn(", f"def {BY_HAND}(")
    names = frozenset(name for node in kept for name in _defined(node))
    return HandWork(code, names, {line.bound: line for node in nodes for line in _imports(node)})


def same_code(one: str, other: str) -> bool:
    """Whether two train.py have the same code, apart from docstring, comments and hypothesis."""
    return _code(one) == _code(other)


def _code(source: str) -> list[str]:
    nodes = _top_level(source)
    return [ast.dump(node) for node in nodes if not _is_docstring(node) and "HYPOTHESIS" not in _defined(node)]


def _top_level(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):
        return []


def _text(source: str, node: ast.stmt) -> str:
    """The node's lines, decorators included."""
    decorators = [item.lineno for item in getattr(node, "decorator_list", [])]
    return "\n".join(source.split("\n")[min([node.lineno, *decorators]) - 1 : node.end_lineno])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_identity(function: ast.FunctionDef) -> bool:
    """Whether the body, apart from its docstring, returns the first argument."""
    body = [node for node in function.body if not _is_docstring(node)]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or not function.args.args:
        return False
    returned = body[0].value
    return isinstance(returned, ast.Name) and returned.id == function.args.args[0].arg


def _closure(own: ast.stmt, by_name: Mapping[str, ast.stmt]) -> set[ast.stmt]:
    """The node and every other top-level definition that it needs, directly or through another."""
    kept: set[ast.stmt] = set()
    waiting = [own]
    while waiting:
        node = waiting.pop()
        if node in kept:
            continue
        kept.add(node)
        used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        waiting += [by_name[name] for name in used if name in by_name]
    return kept


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _imports(node: ast.stmt) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(item.name, alias=item.asname or "") for item in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from (Import(node.module, item.name, item.asname or "") for item in node.names)
