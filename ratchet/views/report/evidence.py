"""The evidence sections of the report: leak checks, sandbox and versions, the table, the receipts. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.core.output_parser import read_words
from ratchet.core.records import Ending, Experiment, Verdict
from ratchet.engine.measure import AUDIT
from ratchet.repo.journal import Event, EventKind, latest_analysis
from ratchet.views.report.markup import line
from ratchet.views.report.material import Material

ANSWER_CHARS = 600
FINDING_CHARS = 500
RECEIPTS = 200  # the last ones
SHORT = 16  # characters of a hash
SHOWN_AS_CHAPTERS = (AUDIT, "conclude", "placebo", "reveal")  # analyses with a section of their own


def leaks(material: Material) -> dict[str, Any]:
    """Return the results of the leak checks over all measurements, and the experiments that they rejected.

    `failed` has the names of the checks, "" for another kind of rejection.
    """
    seen = [(old, words) for old in material.measured if (words := read_words(old.stdout, r"^leaks:"))]
    seen = [(old, words) for old, words in seen if old.ending is Ending.OK or words not in {"none", "nan"}]
    failed = [(old, words) for old, words in seen if words not in {"none", "nan"}]
    known = {old.n for old, _ in failed}
    counts = Counter(line(name.strip()) for _, words in failed for name in words.split(","))
    summary = (
        f"The checks ran on {len(seen)} measurement{'' if len(seen) == 1 else 's'}; {len(failed) or 'none'} failed."
    )
    if material.config.serve:
        summary += _depths([old for old, _ in seen if old.n not in known])
    rejected = [(old, "") for old in material.history if old.verdict is Verdict.REJECT and old.n not in known]
    return {"n_seen": len(seen), "summary": summary, "counts": counts.most_common(), "failed": [*failed, *rejected]}


def _depths(passed: Sequence[Experiment]) -> str:
    """Return how many checks each measurement got. A server runs the checks that refit only if a metric would win."""
    stopped = sum(old.bound is not None for old in passed)
    whole = sum(old.verdict.advances for old in passed)
    described = [
        (whole, "got all checks (the baseline and the kept experiments)"),
        (len(passed) - whole - stopped, "got at least the checks without a refit"),
        (stopped, "stopped early, with the check of the source code only"),
    ]
    return (
        f" Of those that passed, {'; '.join(f'{count} {what}' for count, what in described if count)}."
        if passed
        else ""
    )


def sandbox(material: Material) -> dict[str, Any]:
    """Return what the sandbox enforced when the run was started; no rows if the harness reported no list of guards."""
    text = str(_parts(material, EventKind.HARNESS).get("sandbox", ""))
    pieces = [piece.partition("=") for piece in text.split() if "=" in piece and not text.startswith("NOT ENFORCED")]
    return {"text": text, "rows": [(line(name), line(how)) for name, _, how in pieces]}


def fingerprints(material: Material) -> list[tuple[str, int]]:
    """Return the fingerprints that the harness printed, with their counts."""
    found = filter(None, (read_words(old.stdout, r"^fingerprint:") for old in material.measured))
    return Counter(found).most_common(5)


def parts(material: Material, kind: str) -> list[tuple[str, str]]:
    """Return the hashes of the harness and the versions of its packages, or those of what a run may not change."""
    found = _parts(material, EventKind(kind))
    return [(line(key), line(value, SHORT)) for key, value in found.items() if key != "sandbox"]


def _parts(material: Material, kind: EventKind) -> Mapping[str, Any]:
    event = next((one for one in material.events if one.kind is kind), None)
    parts = event.data.get("parts") if event else None
    return parts if isinstance(parts, Mapping) else {}


def findings(material: Material) -> list[list[str]] | None:
    """Return the findings of the table audit at the start of the run, the most severe first; None without an audit."""
    audit = latest_analysis(material.events, AUDIT)
    if audit is None:
        return None
    columns = ("severity", "check", "evidence", "advice", "leak_type")
    found = [finding for finding in audit["answer"].get("findings", []) if isinstance(finding, Mapping)]
    return [[line(finding.get(name, ""), FINDING_CHARS) for name in columns] for finding in found]


def receipts(material: Material) -> list[tuple[str, str, str]]:
    """Return the last events of the run besides its experiments: time, text, and a commit or an answer."""
    found = ((str(one.data.get("at", "")), _receipt(one, has_answers=material.has_audit)) for one in material.events)
    return [(at, *receipt) for at, receipt in found if receipt is not None][-RECEIPTS:]


def _receipt(event: Event, *, has_answers: bool) -> tuple[str, str] | None:
    data = event.data
    match event.kind:
        case EventKind.RUN:
            return "started from", line(data.get("base", ""), 12)
        case EventKind.STOP:
            return f"stopped: {line(data.get('reason', ''))}", ""
        case EventKind.RACE:
            return f"a race: {line(', '.join(map(str, data.get('lanes', []))))}", ""
        case EventKind.FINISH:
            return f"finished: branch {line(data.get('branch', ''))} at", line(data.get("commit", ""), 12)
        case EventKind.ANALYSIS:
            upto = data.get("upto")
            head = line(data.get("name", "")) + ("" if upto is None else f", up to experiment {line(upto)}")
            if data.get("name") in SHOWN_AS_CHAPTERS or not has_answers:  # an answer may contain audit numbers
                return head, ""
            return f"{head}:", line(json.dumps(data.get("answer"), ensure_ascii=False), ANSWER_CHARS)
    return None
