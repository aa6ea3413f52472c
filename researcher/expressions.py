"""Python expressions as source text, laid out on lines the way a code formatter would.

The import lines that a piece of code needs, sorted as the linter sorts them.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Collection, Mapping
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
    lines = [  # the one added is the comma that follows
        f"{' ' * inner}{label}{layout(part, indent=inner, used=inner + len(label) + 1)},\n" for label, part in parts
    ]
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
    def text(self) -> str:
        """The text after `import`."""
        what = self.name or self.module
        return f"{what} as {self.alias}" if self.alias else what


_NAMES = """
itertools: combinations
lightgbm: LGBMClassifier
xgboost: XGBClassifier
sklearn.calibration: CalibratedClassifierCV
sklearn.cluster: KMeans
sklearn.compose: make_column_selector make_column_transformer
sklearn.decomposition: PCA
sklearn.discriminant_analysis: LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis
sklearn.ensemble: BaggingClassifier ExtraTreesClassifier HistGradientBoostingClassifier RandomForestClassifier
sklearn.ensemble: StackingClassifier VotingClassifier
sklearn.feature_selection: SelectPercentile
sklearn.impute: SimpleImputer
sklearn.kernel_approximation: Nystroem
sklearn.linear_model: LogisticRegression
sklearn.naive_bayes: GaussianNB
sklearn.neighbors: KNeighborsClassifier
sklearn.neural_network: MLPClassifier
sklearn.pipeline: make_pipeline make_union
sklearn.preprocessing: FunctionTransformer KBinsDiscretizer OneHotEncoder OrdinalEncoder PolynomialFeatures
sklearn.preprocessing: PowerTransformer QuantileTransformer RobustScaler SplineTransformer StandardScaler TargetEncoder
sklearn.svm: SVC
"""
KNOWN = {"np": Import("numpy", alias="np"), "pd": Import("pandas", alias="pd")} | {
    name: Import(module, name)
    for module, _, names in (line.partition(": ") for line in _NAMES.strip().splitlines())
    for name in names.split()
}


def import_block(code: str, known: Mapping[str, Import] = KNOWN) -> str:
    """Return the sorted imports that `code` needs of those `known`, standard library first, without final newline."""
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    needed = [line for bound, line in known.items() if bound in used]
    standard = {line for line in needed if line.module.split(".", maxsplit=1)[0] in sys.stdlib_module_names}
    return "\n\n".join(filter(None, (_section(standard), _section(set(needed) - standard))))


def _section(pool: Collection[Import]) -> str:
    plain = sorted(f"import {line.text}" for line in pool if not line.name)
    members = sorted((line for line in pool if line.name), key=lambda line: (line.module, _rank(line.name), line.alias))
    groups = groupby(members, lambda line: line.module)
    return "\n".join([*plain, *(_from_line(module, [line.text for line in group]) for module, group in groups)])


def _from_line(module: str, names: list[str]) -> str:
    flat = f"from {module} import {', '.join(names)}"
    if len(flat) <= WIDTH:
        return flat
    return f"from {module} import (\n    " + ",\n    ".join(names) + ",\n)"


def _rank(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name.lower()
