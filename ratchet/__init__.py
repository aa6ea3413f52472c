"""Keep an edit only if its metric is strictly better, in any repo with a command that prints a metric.

From Python: `from ratchet import run_experiment, history, verdict`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ratchet.api import (
        ExperimentResult,
        SystemExperiment,
        evaluate_result,
        get_experiment_history,
        history,
        prepare_experiment,
        run_experiment,
        verdict,
    )
    from ratchet.core.decision import Judgement
    from ratchet.core.evaluation import Evaluation
    from ratchet.core.records import Experiment, Verdict
    from ratchet.errors import RatchetError

__all__ = [
    "Evaluation",
    "Experiment",
    "ExperimentResult",
    "Judgement",
    "RatchetError",
    "SystemExperiment",
    "Verdict",
    "evaluate_result",
    "get_experiment_history",
    "history",
    "prepare_experiment",
    "run_experiment",
    "verdict",
]

_HOMES = {
    "Evaluation": "core.evaluation",
    "Experiment": "core.records",
    "ExperimentResult": "api",
    "SystemExperiment": "api",
    "evaluate_result": "api",
    "get_experiment_history": "api",
    "prepare_experiment": "api",
    "Judgement": "core.decision",
    "RatchetError": "errors",
    "Verdict": "core.records",
    "history": "api",
    "run_experiment": "api",
    "verdict": "api",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use, so that importing one class does not load the whole engine."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ratchet' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"ratchet.{_HOMES[name]}"), name)
