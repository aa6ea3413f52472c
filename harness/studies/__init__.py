"""Studies: what the ratchet asks of the harness beside a measurement. Each is a function in a small file of its own."""

from collections.abc import Mapping

from harness.studies.study import Study

STUDIES: Mapping[str, Study] = {}
