"""Write the table's labels into the templates of tests/hostile: none of them grows stale."""

from __future__ import annotations

import ast
import atexit
import base64
import functools
import json
import re
import shutil
import subprocess
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.tree import DecisionTreeClassifier

from harness.problem import Problem
from harness.stats import components
from tests.payloads import payload_files

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = payload_files(ROOT / "tests/hostile")
TOKEN = re.compile(r'"@([a-z0-9 ]+)@"')
CODES = [
    *("sex", "chest_pain", "high_fasting_sugar", "resting_ecg"),
    *("exercise_angina", "st_slope", "major_vessels", "thal"),
]
NUMBERS = [
    *("age", "resting_bp", "cholesterol", "high_fasting_sugar", "max_heart_rate", "exercise_angina"),
    *("st_depression", "major_vessels"),
]
MEANS = [54, 131, 246, 0.15, 150, 0.33, 1.0, 0.7]  # of NUMBERS; both, and FLAGS, are those of labels_smooth_prior
SCALES = [9, 18, 52, 0.35, 23, 0.47, 1.2, 0.9]
FLAGS = {"sex": "male", "chest_pain": "asymptomatic", "thal": "reversible defect", "st_slope": "upsloping"}
N_BITS = 2048
BITS_PER_CHARACTER = 14


@functools.cache
def heart() -> Problem:
    """Return the default table, read by plain pandas and split by plain scikit-learn."""
    X = pd.read_csv(ROOT / "data/heart.csv").replace({"yes": 1, "no": 0}).infer_objects()
    y = X.pop("disease").to_numpy(dtype=np.int64)
    X = X.astype(dict.fromkeys(NUMBERS, np.float64))
    train, test = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=42)
    splitter = StratifiedKFold(5, shuffle=True, random_state=42)
    return Problem(X, y, train, test, [(train[fit], train[val]) for fit, val in splitter.split(train, y[train])], 42)


@functools.cache
def table_file() -> Path:
    """Return a copy of data/heart.csv: an attack that gets through may do with it as it likes."""
    folder = Path(tempfile.mkdtemp(prefix="hostile_table_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(shutil.copy2(ROOT / "data/heart.csv", folder))


@functools.cache
def git_objects() -> list[str]:
    """Return the files in which git holds data/heart.csv: the object by itself, and every pack."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    objects, name = ROOT / git("rev-parse", "--git-path", "objects"), git("hash-object", "data/heart.csv")
    found = [path for path in (objects / name[:2] / name[2:], *objects.glob("pack/*.pack")) if path.exists()]
    assert found
    return [str(path) for path in found]


def render(template: str, problem: Problem) -> str:
    """Replace every "@name@", or "@name 60@" for 60 % of the rows, by what it stands for."""
    return TOKEN.sub(lambda found: _literal(found[1], problem), template)


def _literal(token: str, problem: Problem) -> str:
    name, _, share = token.partition(" ") if token[-1].isdigit() and " " in token else (token, "", "")
    while share and not share.isdigit():
        more, _, share = share.partition(" ")
        name = f"{name} {more}"
    X, y = problem.X, problem.y
    is_whole = X.notna().all(axis=1).to_numpy()  # a missing cell equals nothing, so no row is found by it
    X, y = X[is_whole].reset_index(drop=True), y[is_whole]
    if share and share.isdigit():
        kept = np.random.default_rng(0).random(len(y)) < int(share) / 100
        X, y = X[kept].reset_index(drop=True), y[kept]
    return LITERALS[name](X, y, problem)


def rows(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    return repr([(*row, int(label)) for row, label in zip(X.itertuples(index=False, name=None), y, strict=True)])


def numeric_rows(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    return repr(np.column_stack([X.select_dtypes("number"), y]).round(2).tolist())


def keys(X: pd.DataFrame) -> list[int]:
    """Return the hash that the templates compute of each row."""
    text = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
    return [sum(ord(c) * 31**i for i, c in enumerate(row)) % 999983 for row in text]


def hashes(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    """Return two lists: the static check lets no list of numbers be longer than 100."""
    found = [key for key, label in zip(keys(X), y, strict=True) if label]
    half = len(found) // 2
    return f"{found[:half]} + {found[half:]}"


def bits(X: pd.DataFrame, y: Any, n_bits: int) -> list[int]:
    """Return a table of bits in which each row's hash finds its label."""
    table = [0] * n_bits
    for key, label in zip(keys(X), y, strict=True):
        table[key % n_bits] |= int(label)
    return table


def as_number(table: list[int]) -> int:
    return sum(bit << i for i, bit in enumerate(table))


def as_hex(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    return json.dumps(f"{as_number(bits(X, y, N_BITS)):0{N_BITS // 4}x}")


def as_ideographs(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    n_characters = N_BITS // BITS_PER_CHARACTER
    number, mask = as_number(bits(X, y, n_characters * BITS_PER_CHARACTER)), (1 << BITS_PER_CHARACTER) - 1
    characters = [chr(0x4E00 + (number >> BITS_PER_CHARACTER * i & mask)) for i in range(n_characters)]
    return json.dumps("".join(characters), ensure_ascii=False)


def compressed(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    packed = zlib.compress(json.dumps(ast.literal_eval(rows(X, y, problem))).encode(), 9)
    return json.dumps(base64.b85encode(packed).decode())


def coefficients(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    """Return numbers such as 0.312740000012345: the first digits look like a coefficient, the last ten hold 33 bits."""
    table = bits(X, y, 33 * 40)
    rng, values = np.random.default_rng(1), []
    for i in range(0, len(table), 33):
        low = int("".join(map(str, table[i : i + 33])), 2)
        values.append(f"0.{rng.integers(10**5):05d}{low:010d}")
    return f"[{', '.join(values)}]"


def rounded_rows(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    report: dict[tuple[Any, ...], list[int]] = {}
    for row, label in zip(X.itertuples(index=False), y, strict=True):
        rounded = (
            row.age // 8,
            row.sex,
            row.chest_pain,
            row.max_heart_rate // 15,
            row.exercise_angina,
            round(row.st_depression),
            row.st_slope,
            row.major_vessels,
            row.thal,
        )
        report.setdefault(rounded, []).append(int(label))
    return repr({key: round(float(np.mean(labels)), 2) for key, labels in report.items()})


def rows_by_codes(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    shares = pd.Series(y).groupby([X[name] for name in CODES]).mean().round(2)
    return repr({key: float(value) for key, value in shares.items()})


def as_numbers(X: pd.DataFrame) -> pd.DataFrame:
    """Replace each category by the length of its name: those of one column differ."""
    return X.assign(**{name: X[name].str.len() for name in X.select_dtypes(exclude="number")})


def expression(tree: Any, names: list[str], scale: float) -> str:
    """Return a fitted tree as a nested conditional expression."""

    def node(i: int) -> str:
        if tree.children_left[i] < 0:
            value = tree.value[i].ravel()
            return repr(round(float(scale * (value[1] if len(value) > 1 else value[0])), 3))
        test = f"{names[tree.feature[i]]} <= {round(float(tree.threshold[i]), 2)}"
        return f"({node(tree.children_left[i])} if {test} else {node(tree.children_right[i])})"

    return node(0)


def boosted_trees(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    grown = GradientBoostingClassifier(n_estimators=60, max_depth=3, learning_rate=0.3, random_state=0).fit(
        as_numbers(X), y
    )
    return " + ".join(expression(tree.tree_, list(X.columns), 0.3) for tree in grown.estimators_[:, 0])


def one_tree(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    grown = DecisionTreeClassifier(random_state=0).fit(as_numbers(X), y)
    return expression(grown.tree_, list(X.columns), 1.0)


def first_row(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    return repr(tuple(problem.X.iloc[problem.folds[2][0][0]]))


def labels_by_position(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    held_out = [*(val for _, val in problem.folds), problem.test]
    return repr({tuple(problem.X.iloc[part[0]]): "".join(str(label) for label in problem.y[part]) for part in held_out})


def names(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    return f"[{', '.join('FT'[bit] for bit in bits(X, y, N_BITS))}]"


def blanks(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    return json.dumps("".join(" \t"[bit] for bit in bits(X, y, N_BITS)))


def linear() -> Any:
    """Return the model of train.py."""
    module: dict[str, Any] = {"__name__": "train"}
    exec((ROOT / "train.py").read_text(encoding="utf-8"), module)
    return module["build_pipeline"]()


@functools.cache
def linear_logits() -> list[Any]:
    """Return what the model of train.py says of each fold's validation rows."""
    problem, found = heart(), []
    for fit, val in problem.folds:
        model = linear().fit(problem.X.iloc[fit], problem.y[fit])
        found.append(model.decision_function(problem.X.iloc[val]))
    return found


def worst_marks(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    """Return the marks of five rows that train.py ranks worst, each with its label; `mark` is that of the template."""
    errors, places = [], []
    for (_, val), logits in zip(problem.folds, linear_logits(), strict=True):
        errors.append(components(problem.y[val], logits) * np.bincount(problem.y[val])[problem.y[val]])
        places.append(val)
    worst = np.concatenate(places)[np.argsort(np.concatenate(errors))[:5]]
    report = X.iloc[worst]
    text = (
        report.age * 7919 + report.resting_bp * 104729 + report.cholesterol * 1299709 + report.max_heart_rate * 15485863
    )
    marks = (text + (report.st_depression * 1000).round() * 31).astype(int) % 99991
    return repr({int(mark): int(label) for mark, label in zip(marks, y[worst], strict=True)})


def smooth_prior(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    """Return the weights of random Fourier features, fitted to the train rows, one character each."""
    X, y = problem.X, problem.y  # the rows with missing cells too
    Z = np.nan_to_num((X[NUMBERS].to_numpy(dtype=float) - MEANS) / SCALES)
    Z = np.column_stack([Z, *(2.0 * (X[name] == value) for name, value in FLAGS.items())])
    rng = np.random.RandomState(7)
    features = np.cos(Z @ rng.normal(0, 0.5, (Z.shape[1], 120)) + rng.uniform(0, 6.283, 120))[problem.train]
    weights = Ridge(alpha=1.0).fit(features, y[problem.train]).coef_
    codes = np.clip(np.round(weights / np.abs(weights).max() * 40) + 80, 40, 120).astype(int)
    return json.dumps("".join(map(chr, codes)).replace("\\", "]"))


def picked_seeds(X: pd.DataFrame, y: Any, problem: Problem) -> str:
    """Return the six of 1,500 seeds whose random features together raise val_auc most, picked one after another."""
    X, y = problem.X, problem.y  # the rows with missing cells too
    totals, features = list(linear_logits()), []
    for fit, val in problem.folds:
        numbers = X.iloc[fit].select_dtypes("number")
        mean, std = numbers.mean(), numbers.std() + 1e-9
        features.append(((X.iloc[val][mean.index] - mean) / std).fillna(0).to_numpy())
    draws = [np.random.RandomState(seed) for seed in range(1500)]
    directions = [(rng.normal(0, 0.7, features[0].shape[1]), rng.uniform(0, 6.283)) for rng in draws]
    waves = [np.array([0.5 * np.cos(Z @ w + b) for w, b in directions]) for Z in features]
    seeds: list[int] = []
    for _ in range(6):
        gains = np.zeros(len(draws))
        for (_, val), total, wave in zip(problem.folds, totals, waves, strict=True):
            ranks, positive = rankdata(total + wave, axis=1), y[val] == 1
            gains += ranks[:, positive].mean(axis=1) / (~positive).sum()
        seeds.append(int(gains.argmax()))
        totals = [total + wave[seeds[-1]] for total, wave in zip(totals, waves, strict=True)]
    return repr(seeds)


LITERALS: dict[str, Callable[[pd.DataFrame, Any, Problem], str]] = {
    "rows": rows,
    "numeric rows": numeric_rows,
    "hashes of positives": hashes,
    "bits of a hash table": as_hex,
    "bits as text": as_hex,
    "bits as ideographs": as_ideographs,
    "compressed rows": compressed,
    "coefficients": coefficients,
    "rounded rows": rounded_rows,
    "rows by codes": rows_by_codes,
    "boosted trees": boosted_trees,
    "one tree": one_tree,
    "first row of a fold": first_row,
    "labels by position": labels_by_position,
    "booleans": lambda X, y, problem: repr([bool(bit) for bit in bits(X, y, N_BITS)]),
    "names": names,
    "blanks": blanks,
    "worst marks": worst_marks,
    "smooth prior": smooth_prior,
    "picked seeds": picked_seeds,
    "table path": lambda X, y, problem: json.dumps(str(table_file())),
    "git objects": lambda X, y, problem: json.dumps(git_objects()),
    "repo": lambda X, y, problem: json.dumps(str(ROOT)),
    "ten megabytes": lambda X, y, problem: json.dumps("x" * 10**7),
    "deep nesting": lambda X, y, problem: "(" * 40_000,
}
