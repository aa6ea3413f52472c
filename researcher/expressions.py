"""Python expressions as source text, laid out on lines the way a code formatter would.

The import lines that a piece of code needs, sorted as the linter sorts them.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

WIDTH = 120
STEP = 4

Value: TypeAlias = "str | int | float | bool | tuple[Value, ...] | None"


def call(function: str, *arguments: str, **settings: Value) -> str:
    """Return the source of a call on one line; the arguments are source text, the settings are values."""
    return f"{function}({', '.join([*arguments, *(f'{name}={literal(value)}' for name, value in settings.items())])})"


def literal(value: Value) -> str:
    """Return a value as source text, its strings in the double quotes of the formatters (`repr` writes single ones)."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def statement(prefix: str, code: str, *, indent: int = STEP) -> str:
    """Return `prefix` (such as `return ` or `numbers = `) and the expression, indented, without a final newline."""
    lead = " " * indent + prefix
    return lead + layout(code, indent=indent, used=len(lead))


def layout(code: str, *, indent: int, used: int) -> str:
    """Return a one-line expression as it is if it fits after the `used` characters, else with one part to a line.

    `ast.unparse` does not break lines, and it writes single quotes. The trailing comma of the long form makes it a
    fixed point of the formatters: they leave it as it is.
    """
    opening, parts = _split(code) if used + len(code) > WIDTH else ("", [])
    if not parts:
        return code
    inner = indent + STEP
    lines = []
    for label, part in parts:
        # The one added is the comma that follows.
        body = layout(part, indent=inner, used=inner + len(label) + 1)
        lines.append(f"{' ' * inner}{label}{body},\n")
    return f"{opening}\n{''.join(lines)}{' ' * indent}{code[-1]}"


def _split(code: str) -> tuple[str, list[tuple[str, str]]]:
    """Return what opens a call, a tuple or a list, and its parts, each with the `name=` before it."""
    node = ast.parse(code, mode="eval").body
    if isinstance(node, ast.Tuple | ast.List):
        return code[0], [("", _text(code, item)) for item in node.elts]
    if isinstance(node, ast.Call):
        parts = [("", _text(code, argument)) for argument in node.args]
        parts += [(f"{keyword.arg}=", _text(code, keyword.value)) for keyword in node.keywords]
        return f"{_text(code, node.func)}(", parts
    return "", []


def _text(code: str, node: ast.expr) -> str:
    return ast.get_source_segment(code, node) or ""


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name: `import module as alias` when `name` is empty, else `from module import name as alias`."""

    module: str
    name: str = ""
    alias: str = ""

    @property
    def bound(self) -> str:
        """The name that the code uses."""
        return self.alias or self.name or self.module.split(".", maxsplit=1)[0]

    @property
    def is_standard(self) -> bool:
        """Whether it comes with Python."""
        return self.module.split(".", maxsplit=1)[0] in sys.stdlib_module_names

    @property
    def text(self) -> str:
        """The text after `import`."""
        what = self.name or self.module
        return f"{what} as {self.alias}" if self.alias else what


def _from(module: str, *names: str) -> dict[str, Import]:
    return {name: Import(module, name) for name in names}


KNOWN: dict[str, Import] = {
    "np": Import("numpy", alias="np"),
    "pd": Import("pandas", alias="pd"),
    **_from("itertools", "combinations"),
    **_from("lightgbm", "LGBMClassifier"),
    **_from("xgboost", "XGBClassifier"),
    **_from("sklearn.calibration", "CalibratedClassifierCV"),
    **_from("sklearn.cluster", "KMeans"),
    **_from("sklearn.compose", "make_column_selector", "make_column_transformer"),
    **_from("sklearn.decomposition", "PCA"),
    **_from("sklearn.discriminant_analysis", "LinearDiscriminantAnalysis", "QuadraticDiscriminantAnalysis"),
    **_from(
        "sklearn.ensemble",
        "BaggingClassifier",
        "ExtraTreesClassifier",
        "HistGradientBoostingClassifier",
        "RandomForestClassifier",
        "StackingClassifier",
        "VotingClassifier",
    ),
    **_from("sklearn.feature_selection", "SelectPercentile"),
    **_from("sklearn.impute", "SimpleImputer"),
    **_from("sklearn.kernel_approximation", "Nystroem"),
    **_from("sklearn.linear_model", "LogisticRegression"),
    **_from("sklearn.naive_bayes", "GaussianNB"),
    **_from("sklearn.neighbors", "KNeighborsClassifier"),
    **_from("sklearn.neural_network", "MLPClassifier"),
    **_from("sklearn.pipeline", "make_pipeline", "make_union"),
    **_from(
        "sklearn.preprocessing",
        "FunctionTransformer",
        "KBinsDiscretizer",
        "OneHotEncoder",
        "OrdinalEncoder",
        "PolynomialFeatures",
        "PowerTransformer",
        "QuantileTransformer",
        "RobustScaler",
        "SplineTransformer",
        "StandardScaler",
        "TargetEncoder",
    ),
    **_from("sklearn.svm", "SVC"),
}


def names_used(code: str) -> set[str]:
    """Return every name that the code reads; raise SyntaxError if it is not Python."""
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def import_block(code: str, known: Mapping[str, Import] = KNOWN) -> str:
    """Return the sorted imports that `code` needs of those `known`, standard library first, without final newline."""
    used = names_used(code)
    needed = [line for bound, line in known.items() if bound in used]
    sections = [_section(line for line in needed if line.is_standard is standard) for standard in (True, False)]
    return "\n\n".join(section for section in sections if section)


def _section(imports: Iterable[Import]) -> str:
    pool = set(imports)
    plain = sorted(f"import {line.text}" for line in pool if not line.name)
    members = sorted((line for line in pool if line.name), key=lambda line: (line.module, _rank(line.name), line.alias))
    lines = [_from_line(module, [line.text for line in group]) for module, group in groupby(members, _module)]
    return "\n".join(plain + lines)


def _from_line(module: str, names: list[str]) -> str:
    flat = f"from {module} import {', '.join(names)}"
    if len(flat) <= WIDTH:
        return flat
    listed = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{listed})"


def _module(line: Import) -> str:
    return line.module


def _rank(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions."""
    if name.isupper() and len(name) > 1:
        return 0, name.lower()
    return (1 if name[0].isupper() else 2), name.lower()
