"""Analyses: what the engine requests from the harness besides an evaluation.

Each but the audit is a function in the file of its name. It is imported when it is asked for, since most servers only
measure.
"""

from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from typing import Any

from harness.analyses.base import Analysis, Answer
from harness.harness import Harness

ANALYSES = ("audit", "conclude", "export", "placebo", "predict", "reveal")


def find_analysis(name: str) -> Analysis:
    """Return the function of an analysis in ANALYSES."""
    if name == "audit":
        return _audit
    found: Analysis = getattr(import_module(f"harness.analyses.{name}"), name)
    return found


def _audit(harness: Harness, _request: Mapping[str, Any]) -> Answer:
    """Return the findings, the most severe first; the journal of a run keeps them for the report."""
    return {"findings": [asdict(finding) for finding in harness.audit()]}
