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
from ratchet.views.report.markup import bullets, entry_link, line, lines, pairs, paragraph, section, table
from ratchet.views.report.material import Material

SETUP_CHARS = 20_000
ANSWER_CHARS = 600
FINDING_CHARS = 500
SHORT = 16  # characters of a hash
SHOWN_AS_CHAPTERS = (AUDIT, "conclude", "placebo", "reveal")  # analyses with a section of their own


def leaks_section(material: Material) -> str:
    """Return the results of the leak checks over all measurements, and the experiments that they rejected."""
    seen = [(old, words) for old in material.measured if (words := read_words(old.stdout, r"^leaks:"))]
    seen = [(old, words) for old, words in seen if old.ending is Ending.OK or words not in {"none", "nan"}]
    failed = [(old, words) for old, words in seen if words not in {"none", "nan"}]
    rejected = [old for old in material.history if old.verdict is Verdict.REJECT]
    if not seen and not rejected:
        text = "The measuring command prints no line <code>leaks:</code>, and no experiment was rejected."
        return section("leaks", "Leak checks", paragraph(text)) if material.history else ""
    counts = Counter(name.strip() for _, words in failed for name in words.split(","))
    known = {old.n for old, _ in failed}
    rows = [
        f'{entry_link(old)} <span class="bad">{line(words)}</span> ({old.verdict}): {line(old.reason)}'
        for old, words in failed
    ]
    rows += [f"{entry_link(old)} rejected: {line(old.reason)}" for old in rejected if old.n not in known]
    head = f"The checks ran on {len(seen)} measurement{'' if len(seen) == 1 else 's'}; {len(failed) or 'none'} failed."
    if material.config.serve:
        head += _depths([old for old, _ in seen if old.n not in known])
    kinds = table(["check", "failures"], [[line(name), str(count)] for name, count in counts.most_common()])
    return section("leaks", "Leak checks", paragraph(head), kinds if counts else "", bullets(rows[:100]))


def _depths(passed: Sequence[Experiment]) -> str:
    """Return how many checks each measurement got. A server runs the checks that refit only if a metric would win."""
    stopped = sum(old.bound is not None for old in passed)
    whole = sum(old.verdict.advances for old in passed)
    described = [
        (whole, "got all checks (the baseline and the kept experiments)"),
        (len(passed) - whole - stopped, "got at least the checks without a refit"),
        (stopped, "were stopped early and got only the check of the source code"),
    ]
    return (
        f" Of those that passed, {'; '.join(f'{count} {what}' for count, what in described if count)}."
        if passed
        else ""
    )


def harness_section(material: Material) -> str:
    """Return the section about the harness: sandbox, fingerprint, versions, frozen files."""
    event = next((one for one in material.events if one.kind is EventKind.HARNESS), None)
    parts = event.data.get("parts") if event else None
    known = parts if isinstance(parts, Mapping) else {}
    prints = Counter(filter(None, (read_words(old.stdout, r"^fingerprint:") for old in material.measured)))
    rest = [(line(key), f"<code>{line(value, SHORT)}</code>") for key, value in known.items() if key != "sandbox"]
    printed = ", ".join(f"<code>{line(text)}</code> ({count}×)" for text, count in prints.most_common(5))
    return section(
        "harness",
        "Harness and sandbox",
        _sandbox(str(known.get("sandbox", ""))),
        paragraph(f"Fingerprint printed by the harness: {printed}." if printed else ""),
        f"<details><summary>Parts of the harness and versions ({len(rest)})</summary>{pairs(rest)}</details>"
        if rest
        else "",
        _frozen(material),
    )


def _sandbox(described: str) -> str:
    if not described:
        return paragraph("The measuring command reported no sandbox.")
    pieces = [piece.partition("=") for piece in described.split() if "=" in piece]
    if not pieces or described.startswith("NOT ENFORCED"):
        return paragraph(f"Sandbox: <b>{line(described, 500)}</b>", "bad")
    rows = [[line(name), line(how)] for name, _, how in pieces]
    return table(["blocked for train.py", "enforced by"], rows, n_texts=2) + paragraph(
        "Tested when the run was started.", "soft"
    )


def _frozen(material: Material) -> str:
    event = next((one for one in material.events if one.kind is EventKind.RUN), None)
    parts = event.data.get("parts") if event else None
    if not isinstance(parts, Mapping):
        return ""
    rows = [(line(key), f"<code>{line(value, SHORT)}</code>") for key, value in parts.items()]
    return f"<details><summary>Frozen config and files ({len(rows)})</summary>{pairs(rows)}</details>"


def table_section(material: Material) -> str:
    """Return the section about the table: the files that describe it, and its audit."""
    if not material.setup:
        return ""
    cards = "\n".join(
        f'<details><summary>{line(name)}</summary><pre tabindex="0">{lines(text, SETUP_CHARS)}</pre></details>'
        for name, text in material.setup.items()
    )
    audit = latest_analysis(material.events, AUDIT)
    return section("table", "The table", cards, _audit(audit["answer"]) if audit else "")


def _audit(answer: Mapping[str, Any]) -> str:
    """Return the findings of the table audit at the start of the run, the most severe first."""
    findings = [finding for finding in answer.get("findings", []) if isinstance(finding, Mapping)]
    if not findings:
        return paragraph("The audit of the table, before any training, found nothing.")
    columns = ("severity", "check", "evidence", "advice", "leak_type")
    rows = [[line(finding.get(name, ""), FINDING_CHARS) for name in columns] for finding in findings]
    return paragraph("Findings of the audit of the table, before any training:") + table(
        ["severity", "check", "evidence", "advice", "type of leak"], rows, n_texts=5
    )


def receipts_section(material: Material) -> str:
    """Return the list of events of the run besides its experiments."""
    rows = [described for event in material.events if (described := _receipt(event, has_answers=material.has_audit))]
    return section("receipts", "Receipts", bullets(rows[-200:])) if rows else ""


def _receipt(event: Event, *, has_answers: bool) -> str:
    data, at = event.data, line(event.data.get("at", ""))
    match event.kind:
        case EventKind.RUN:
            return f"{at} – started from <code>{line(data.get('base', ''), 12)}</code>"
        case EventKind.STOP:
            return f"{at} – stopped: {line(data.get('reason', ''))}"
        case EventKind.RACE:
            return f"{at} – a race: {line(', '.join(map(str, data.get('lanes', []))))}"
        case EventKind.FINISH:
            branch, commit = line(data.get("branch", "")), line(data.get("commit", ""), 12)
            return f"{at} – finished: branch {branch} at <code>{commit}</code>"
        case EventKind.ANALYSIS:
            return _analysis_receipt(data, at, has_answers=has_answers)
    return ""


def _analysis_receipt(data: Mapping[str, Any], at: str, *, has_answers: bool) -> str:
    upto = data.get("upto")
    head = f"{at} – {line(data.get('name', ''))}" + ("" if upto is None else f", up to experiment {line(upto)}")
    if data.get("name") in SHOWN_AS_CHAPTERS or not has_answers:  # an answer may contain audit numbers
        return head
    answer = line(json.dumps(data.get("answer"), ensure_ascii=False), ANSWER_CHARS)
    return f"{head}: <code>{answer}</code>"
