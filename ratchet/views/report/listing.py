"""The sections about the experiments: kinds of idea, failures, and the details of every experiment. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ratchet.core.records import REASON_CHARS, Experiment, Verdict, one_line
from ratchet.core.spending import spent_text
from ratchet.core.text import folds_text, seconds_text
from ratchet.views.report.markup import line, signed, visible
from ratchet.views.report.material import DIFF_CHARS, Material

NOTE_SHOWN = 600
LOOKED_AT = 1000  # longer names of a kind of idea are cut before they are processed
FAILURES = (Verdict.CRASH, Verdict.TIMEOUT, Verdict.REJECT)


def kinds(material: Material) -> list[dict[str, Any]]:
    """Return the kinds of idea with how often each was tried and kept and its best change, those never tried last."""
    tried: dict[str, list[Experiment]] = {}
    for old in material.tried:
        tried.setdefault(one_line(old.strategy[:LOOKED_AT]) or "not named", []).append(old)
    for arm in material.config.bandit.arms if material.config.bandit else ():
        tried.setdefault(one_line(arm), [])
    return [_kind(name, experiments) for name, experiments in tried.items()]


def failures(material: Material) -> list[Experiment]:
    """Return the experiments that crashed, timed out or were rejected."""
    return [old for old in material.tried if old.verdict in FAILURES]


def facts(old: Experiment) -> list[tuple[str, str]]:
    """Return the details of an experiment; an empty one is not shown."""
    seconds = f"{seconds_text(old.cpu_time_s)} s, {seconds_text(old.wall_time_s)} s" if old.wall_time_s else ""
    return [
        ("reason", line(old.reason, REASON_CHARS)),
        ("kind of idea", line(old.strategy)),
        ("note", line(old.note, NOTE_SHOWN)),
        ("warnings", line("; ".join(old.warnings))),
        ("predicted", "" if old.prediction is None else signed(old.prediction, old.metric)),
        ("folds won", folds_text(old)),
        ("CPU, wall", seconds),
        ("by", line(old.agent)),
        ("the agent used", spent_text(old.tokens, old.cost_usd)),
        ("at", line(old.at)),
        ("commit", line(old.commit[:12])),
    ]


def patch_of(material: Material, old: Experiment) -> dict[str, Any] | None:
    """Return the lines of a change and how many characters were cut at its end, or None if it is not on the page."""
    text = material.diffs.get(old.n)
    if text is None:
        return None
    rows = [row for row in text[:DIFF_CHARS].rstrip().split("\n") if not row.startswith(("index ", "diff --git"))]
    return {"rows": [visible(row) for row in rows] if text else [], "n_cut": max(0, len(text) - DIFF_CHARS)}


def _kind(name: str, tried: Sequence[Experiment]) -> dict[str, Any]:
    changes = [(old.delta, old.metric) for old in tried if old.delta is not None and old.verdict not in FAILURES]
    gains = [(abs(delta), delta, value) for delta, value in changes]
    kept = [old for old in tried if old.verdict is Verdict.KEEP]
    won = [(delta, old.metric) for old in kept if (delta := old.delta) is not None]
    top = max(won, key=lambda pair: abs(pair[0])) if won else min(gains)[1:] if gains else (None, None)
    return {"name": name, "n_tried": len(tried), "n_kept": len(kept), "change": signed(*top)}
