"""Detect tables in the source, by limits on the numbers, texts and lists in it.

Covered: tables of rows, packed tables, long lists of flags, coefficients with more digits than a measurement has.
Not covered: a few hundred bits in a short text or in the structure of the code, which look like honest constants.
label-flip detects their effect on the scores.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

MAX_NUMBERS = 300
MAX_DIGITS = 1_500  # of all numbers together
MAX_PRECISE, PRECISE = 16, 9  # at most MAX_PRECISE numbers have more than PRECISE significant digits
MAX_INT = 10**12
MAX_ITEMS = 100  # of one list, without texts, since a wide table may have more column names
MAX_TEXT = 240  # bytes of one text, but characters of HYPOTHESIS, which may be in any script
MAX_TEXTS = 8_000  # bytes of all texts together
MAX_BYTES = 16
QUESTION = "is that a table of rows?"


def violations(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Return (line, reason) for everything beyond a limit. Texts that are statements (docstrings) do not count."""
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


def _numbers(nodes: Sequence[ast.Constant]) -> Iterator[tuple[int, str]]:
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


def _texts(nodes: Sequence[ast.Constant], hypothesis: ast.Constant | None) -> Iterator[tuple[int, str]]:
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


def _items(node: ast.List | ast.Tuple | ast.Set | ast.Dict) -> Iterator[tuple[int, str]]:
    items = node.values if isinstance(node, ast.Dict) else node.elts
    n_items = sum(not (isinstance(item, ast.Constant) and isinstance(item.value, str)) for item in items)
    if n_items > MAX_ITEMS:
        yield node.lineno, f"a list of {n_items} items, at most {MAX_ITEMS}: {QUESTION}"
