"""Audit a table for leaks before anything is trained: each check is a function that yields findings with evidence.

Covered: what the columns and the split show. Not covered: what happened before the table was written, such as columns
or rows selected with the labels in view. Only the author of the table knows that.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from harness.audit.base import Check, Finding, LeakType, Progress, Severity, View
from harness.audit.duplicates import duplicates, near_duplicates
from harness.audit.groups_and_time import dates, entities
from harness.audit.quality import constant, prepared_before, rare_classes, stand_ins, unlike_parts
from harness.audit.target_leaks import identifiers, missing_cells, single_column
from harness.data.table import Integers, Table
from harness.output import printable

__all__ = ["CHECKS", "Finding", "LeakType", "Severity", "audit", "render"]

CHECKS: tuple[Check, ...] = (
    duplicates,
    near_duplicates,
    single_column,
    missing_cells,
    identifiers,
    dates,
    entities,
    prepared_before,
    unlike_parts,
    rare_classes,
    constant,
    stand_ins,
)
UNSEEN = (
    "A table cannot show whether its columns were selected with the test rows in view (L1.3), or whether its rows "
    "represent those that the model is for (L3.3): ask its author. The harness itself holds out test rows (L1.1)."
)


def audit(
    table: Table, train: Integers, test: Integers, *, seed: int, on_progress: Progress = lambda _text: None
) -> list[Finding]:
    """Audit a table and its split; return the most severe findings first.

    `train` and `test` are row positions; `seed` seeds the samples and models of the audit.
    """
    view = View(table, train, test, seed, on_progress)
    found: list[Finding] = []
    for check in CHECKS:
        on_progress(f"audit: {check.__name__.replace('_', ' ')}")
        found += check(view)
    on_progress("")
    return sorted(found, key=lambda finding: list(Severity).index(finding.severity), reverse=True)


def render(findings: Sequence[Finding]) -> str:
    """Return the findings as text of 80 columns: severity, check, leak type, evidence, and advice."""
    blocks = [_block(finding) for finding in findings] or ["Nothing found.\n"]
    return "\n".join([*blocks, textwrap.fill(UNSEEN, 80)]) + "\n"


def _block(finding: Finding) -> str:
    type_of_leak = "" if finding.leak_type is LeakType.NONE else f"  [{finding.leak_type}]"
    lines = [f"{finding.severity:<8} {finding.check}{type_of_leak}"]
    for text in (finding.evidence, finding.advice):
        lines.append(textwrap.fill(printable(text), 80, initial_indent=" " * 9, subsequent_indent=" " * 9))
    return "\n".join(lines) + "\n"
