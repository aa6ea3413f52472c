"""Keep an edit only if the number it leads to is strictly better: the engine, for any repo with such a number.

From Python: `from ratchet import run_experiment, history, verdict`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ratchet.api import history, run_experiment, verdict
    from ratchet.core.decision import Judgement
    from ratchet.core.records import Experiment, Verdict
    from ratchet.errors import RatchetError

__all__ = ["Experiment", "Judgement", "RatchetError", "Verdict", "history", "run_experiment", "verdict"]

_HOMES = {
    "Experiment": "core.records",
    "Judgement": "core.decision",
    "RatchetError": "errors",
    "Verdict": "core.records",
    "history": "api",
    "run_experiment": "api",
    "verdict": "api",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for: whoever wants one noun need not wait for the whole engine."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ratchet' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"ratchet.{_HOMES[name]}"), name)
