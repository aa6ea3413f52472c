"""Studies: what the ratchet asks of the harness beside a measurement. Each is a function in a small file of its own."""

from collections.abc import Mapping

from harness.studies.conclude import conclude
from harness.studies.export import export
from harness.studies.look import look
from harness.studies.placebo import placebo
from harness.studies.predict import predict
from harness.studies.reveal import reveal
from harness.studies.study import Study

STUDIES: Mapping[str, Study] = {
    "audit": look,
    "conclude": conclude,
    "export": export,
    "placebo": placebo,
    "predict": predict,
    "reveal": reveal,
}
