"""Analyses: what the engine requests from the harness besides an evaluation. Each is a function in its own file."""

from collections.abc import Mapping
from dataclasses import asdict

from harness.analyses.base import Analysis
from harness.analyses.conclude import conclude
from harness.analyses.export import export
from harness.analyses.placebo import placebo
from harness.analyses.predict import predict
from harness.analyses.reveal import reveal

ANALYSES: Mapping[str, Analysis] = {
    # the findings, the most severe first; the journal of a run keeps them for the report
    "audit": lambda harness, _request: {"findings": [asdict(finding) for finding in harness.audit()]},
    "conclude": conclude,
    "export": export,
    "placebo": placebo,
    "predict": predict,
    "reveal": reveal,
}
