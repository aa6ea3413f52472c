"""Analyses: what the engine requests from the harness besides an evaluation. Each is a function in its own file."""

from collections.abc import Mapping

from harness.analyses.audit import look
from harness.analyses.base import Analysis
from harness.analyses.conclude import conclude
from harness.analyses.export import export
from harness.analyses.placebo import placebo
from harness.analyses.predict import predict
from harness.analyses.reveal import reveal

ANALYSES: Mapping[str, Analysis] = {
    "audit": look,
    "conclude": conclude,
    "export": export,
    "placebo": placebo,
    "predict": predict,
    "reveal": reveal,
}
