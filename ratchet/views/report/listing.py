"""The sections about the experiments: kinds of idea, kept hypotheses, failures, and every experiment. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from ratchet.core.records import REASON_CHARS, Experiment, Verdict, one_line
from ratchet.core.text import STATUS_WORDS, evidence_text, folds_text, seconds_text, value_text
from ratchet.views.report.markup import (
    bullets,
    code,
    entry_link,
    line,
    lines,
    pairs,
    paragraph,
    section,
    shown,
    signed,
    table,
    visible,
)
from ratchet.views.report.material import DIFF_CHARS, Material

NOTE_SHOWN = 600
LOOKED_AT = 1000  # longer names of a kind of idea are cut before they are processed
LISTED_FAILURES = 100
FAILURES = (Verdict.CRASH, Verdict.TIMEOUT, Verdict.REJECT)


def strategies_section(material: Material) -> str:
    """Return the kinds of idea with their number of tries and keeps and their best change."""
    tried = material.tried
    if not tried:
        return ""
    names = Counter(_kind(old) for old in tried)
    arms = [one_line(arm) for arm in material.config.bandit.arms] if material.config.bandit else []
    rows = [_kind_row(name, [old for old in tried if _kind(old) == name]) for name in names]
    rows += [[line(arm), "0", "0", "", "–"] for arm in arms if arm not in names]
    head = ["kind of idea", "tried", "kept", "share kept", "best change"]
    return section("kinds", "Kinds of idea tried", table(head, rows))


def _kind(old: Experiment) -> str:
    return one_line(old.strategy[:LOOKED_AT]) or "not named"


def _kind_row(name: str, tried: Sequence[Experiment]) -> list[str]:
    kept = sum(old.verdict is Verdict.KEEP for old in tried)
    changes = [(old.delta, old.metric) for old in tried if old.delta is not None and old.verdict not in FAILURES]
    gains = [(abs(delta), delta, value) for delta, value in changes]
    won = [(delta, old.metric) for old in tried if old.verdict is Verdict.KEEP and (delta := old.delta) is not None]
    top = max(won, key=lambda pair: abs(pair[0])) if won else min(gains)[1:] if gains else (None, None)
    bar = f'<meter min="0" max="{len(tried)}" value="{kept}">{kept} of {len(tried)}</meter>'
    return [line(name), str(len(tried)), str(kept), bar, signed(*top)]


def kept_section(material: Material) -> str:
    """Return the kept hypotheses, and the failures with their reasons."""
    kept = [
        f"{entry_link(old)} <b>{shown(old.metric)}</b> "
        f'<span class="soft">{escape(evidence_text(old))}</span><br>{line(old.hypothesis)}'
        for old in material.kept[-LISTED_FAILURES:]
    ]
    failed = [old for old in material.tried if old.verdict in FAILURES]
    label = [
        f'{entry_link(old)} <span class="bad">{STATUS_WORDS[old.verdict].lower()}</span>: '
        f"{line(old.reason) or 'no reason given'} – {line(old.hypothesis)}"
        for old in failed[-LISTED_FAILURES:]
    ]
    if not material.tried:
        return ""
    return section(
        "ideas",
        "Hypotheses and failures",
        "<h3>Kept</h3>",
        bullets(kept) or paragraph("No experiment was strictly better than the baseline."),
        f"<h3>Crashed, timed out or rejected ({len(failed)})</h3>",
        bullets(label) or paragraph("None."),
    )


def experiments_section(material: Material) -> str:
    """Return every listed experiment, collapsed, with its details and its change."""
    entries = "\n".join(_entry(material, old) for old in material.listed)
    n_hidden = len(material.history) - len(material.listed)
    more = f"{n_hidden} more are not listed: {code('uv run ratchet results --all')}." if n_hidden else ""
    if not material.history:
        return ""
    return section("all", "Every experiment", paragraph(more) if more else "", entries)


def _entry(material: Material, old: Experiment) -> str:
    label = value_text(old, material.config.metric) if old.metric is None else shown(old.metric)
    value = f'<span class="num">{label}</span> ' if label else ""
    evidence = escape(evidence_text(old)) if old.n else ""
    head = (
        f'<b>{old.n}</b> <span class="tag">{STATUS_WORDS[old.verdict].lower()}</span> {value}'
        f'<span class="soft">{evidence}</span> <span class="idea">{line(old.hypothesis)}</span>'
    )
    return (
        f'<details id="e{old.n}" class="{old.verdict}"><summary>{head}</summary>\n'
        f'<div class="inside">{pairs(_facts(old))}\n{_patch(material, old)}</div></details>'
    )


def _facts(old: Experiment) -> list[tuple[str, str]]:
    return [
        ("reason", line(old.reason, REASON_CHARS)),
        ("kind of idea", line(old.strategy)),
        ("note", line(old.note, NOTE_SHOWN)),
        ("warnings", line("; ".join(old.warnings))),
        ("predicted", "" if old.prediction is None else signed(old.prediction, old.metric)),
        ("folds won", folds_text(old)),
        (
            "CPU, wall",
            f"{seconds_text(old.cpu_time_s)} s, {seconds_text(old.wall_time_s)} s" if old.wall_time_s else "",
        ),
        ("by", line(old.agent)),
        ("at", line(old.at)),
        ("commit", f"<code>{line(old.commit[:12])}</code>" if old.commit else ""),
    ]


def _patch(material: Material, old: Experiment) -> str:
    patch = material.diffs.get(old.n)
    if patch is None:
        left_out = f"This change is left out to keep the page small: {code(f'uv run ratchet show {old.n}')}"
        return paragraph(left_out, "soft") if old.n else ""
    if not patch:
        return paragraph("The editable files did not change.", "soft")
    rows = [_patch_row(row) for row in patch[:DIFF_CHARS].split("\n") if not row.startswith(("index ", "diff --git"))]
    cut = len(patch) - DIFF_CHARS
    more = f"\n… {cut} more characters: uv run ratchet show {old.n}" if cut > 0 else ""
    body = "\n".join(rows).rstrip()
    return f'<pre tabindex="0" aria-label="the change of iter {old.n}">{body}{more}</pre>'


def _patch_row(row: str) -> str:
    label = lines(visible(row), DIFF_CHARS)
    if row.startswith("+"):
        return f"<ins>{label}</ins>"
    return f"<del>{label}</del>" if row.startswith("-") else label
