"""Analyses: what the engine requests from the harness besides an evaluation.

Each is a function in the file of its name. It is imported when it is asked for, since most servers only measure.
"""

from importlib import import_module

from harness.analyses.base import Analysis

ANALYSES = ("audit", "conclude", "export", "placebo", "predict", "reveal")


def find_analysis(name: str) -> Analysis:
    """Return the function of an analysis in ANALYSES."""
    found: Analysis = getattr(import_module(f"harness.analyses.{name}"), name)
    return found
