"""Which few lines of a train.py the static check refuses, and which it lets through: one case between two dashes."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from harness.checks.allowlist import FORBIDDEN_ATTRIBUTES, PACKAGES, STANDARD
from harness.checks.editable_only import first_violation

HERE = Path(__file__).parent
REST = "\n\ndef feature_fn(X):\n    return X\n\n\ndef build_pipeline():\n    return None\n"


def cases(name: str) -> list[str]:
    return (HERE / name).read_text(encoding="utf-8").strip("\n").split("\n---\n")


@pytest.mark.parametrize("lines", cases("editable_only_refused.txt"))
def test_what_runs_a_text_opens_a_path_or_reaches_a_builtin_is_refused(lines: str) -> None:
    assert "(train.py:" in first_violation(lines + REST)


@pytest.mark.parametrize("lines", cases("editable_only_allowed.txt"))
def test_honest_lines_are_let_through(lines: str) -> None:
    assert first_violation(lines + REST) == ""


def test_there_are_cases_enough() -> None:
    assert len(cases("editable_only_refused.txt")) >= 200
    assert len(cases("editable_only_allowed.txt")) >= 40


@pytest.mark.parametrize("name", sorted(STANDARD))
def test_a_module_hands_on_no_other_than_harmless_ones(name: str) -> None:
    """Holds for the Python that runs the test: each has imported others."""
    found = {key: value.__name__ for key, value in vars(importlib.import_module(name)).items() if is_module(value)}
    harmful = {key for key, path in found.items() if path.split(".")[0] not in PACKAGES | STANDARD}
    for key in harmful:
        assert first_violation(f"import {name}\n{name}.{key}" + REST) != ""
        assert key in FORBIDDEN_ATTRIBUTES or key.startswith("_") or key in sys.stdlib_module_names


def is_module(value: object) -> bool:
    return isinstance(value, ModuleType)


def test_a_file_made_to_be_slow_to_read_is_read_in_time() -> None:
    chain = "".join(f"t{i} = (t{i - 1}, t{i - 1}, t{i - 1})\n" for i in range(1, 500))
    many = "t0 = ('log',)\n" + chain + "for n in t499:\n    pass\n" + "f(memory=n)\n" * 3000
    assert first_violation(many + REST) == ""
    assert "getattr" in first_violation("\n".join(f"x{i} = getattr(np, n)" for i in range(3000)) + REST)
