"""Render the card of an exported model as Markdown: what it is, its scores, its leak checks, its limits.

Text that comes from a train.py is hostile: it is escaped here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.stats import Interval, NoiseFloor

COMMITTEE = (
    "This model is a committee: the mean of several models that the run tried. Its members were selected by their "
    "val_auc, so the val_auc below is biased twice: **do not compare it with a single model's.** Only rows that were "
    "not used for selection can measure it."
)
LIMITS = (
    "The model was fitted on all rows of the table, the held-out ones included. Every number on this card was measured "
    "on models fitted on fewer rows, so the model itself is untested: no row is left to test it on.",
    "It is the best of many tries: the more there were, the more optimistic val_auc is. Trust the corrected gain and "
    "the held-out rows, not the best val_auc.",
    "It applies to rows like those of the table: from the same source, measured in the same way, at the same time. No "
    "number here says whether it may be used for decisions about people.",
)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """The facts of the card. None if not measured; `test` is also None if the test set is sealed."""

    hypothesis: str
    tag: str
    n: int | None
    commit: str
    at: str
    use: str
    is_committee: bool
    is_sealed: bool
    table: Mapping[str, str]
    val_auc: float | None
    val_auc_se: float | None
    fold_aucs: Sequence[float | None]
    baseline: float | None
    test_auc: float | None
    test: Interval | None
    n_test: int
    n_tries: int
    noise: NoiseFloor | None
    conclusion: Mapping[str, Any] | None
    upto: int | None
    leaks: Sequence[tuple[str, str]]
    sandbox: str
    fingerprint: str
    versions: Mapping[str, str]
    types: Sequence[str]
    is_probability: bool


def render(facts: CardFacts) -> str:
    """Return the card as Markdown."""
    sections = {
        f"Model card: {plain(facts.table['name'])}": _head(facts),
        "The table": [f"- {name}: {plain(text)}" for name, text in facts.table.items()],
        "How good": _numbers(facts),
        "How much of the gain is real": _climb(facts),
        "What it was checked for": [f"- {name}: {plain(evidence)}" for name, evidence in facts.leaks],
        "What loading it trusts": _trust(facts),
        "Limits": [f"- {limit}" for limit in LIMITS],
    }
    blocks: list[str] = []
    for title, lines in sections.items():
        mark = "##" if blocks else "#"
        blocks.append("\n".join([f"{mark} {title}", "", *lines]))
    return "\n\n".join(blocks) + "\n"


def plain(text: str) -> str:
    """Escape text for Markdown: no markup, no HTML, no end of a table cell."""
    return re.sub(r"([\\`*_\[\]#|~!])", r"\\\1", html.escape(text, quote=False))


def _head(facts: CardFacts) -> list[str]:
    what = "a committee" if facts.is_committee else f"experiment {facts.n}"
    fields = [
        f"- made from: {what} of run {plain(facts.tag)}, commit {facts.commit or 'none: generated for this export'}",
        f"- hypothesis: {plain(facts.hypothesis)}",
        f"- made at: {facts.at}",
        f"- scores: {'probabilities' if facts.is_probability else 'values of a decision function, threshold 0'}",
        f"- use: `{facts.use}`",
    ]
    return [*([COMMITTEE, ""] if facts.is_committee else []), *fields]


def _numbers(facts: CardFacts) -> list[str]:
    folds = ", ".join(number(value) for value in facts.fold_aucs)
    lines = [
        "The metric is the area under the ROC curve (for more than two classes the mean one-vs-rest AUC).",
        "",
        f"- val_auc: {number(facts.val_auc)} ± {number(facts.val_auc_se)} (standard error), mean of the folds {folds}",
    ]
    if facts.baseline is not None and not facts.is_committee:
        lines.append(f"- val_auc of the baseline: {number(facts.baseline)}")
    if facts.is_sealed:
        return [*lines, "- test_auc: sealed. `uv run ratchet reveal` opens it; export again after that."]
    reach = f", 95 % interval {number(facts.test.low)} to {number(facts.test.high)} (DeLong)" if facts.test else ""
    return [*lines, f"- test_auc: {number(facts.test_auc)}{reach}, on {facts.n_test} held-out rows"]


def _climb(facts: CardFacts) -> list[str]:
    lines = [f"- tries: {facts.n_tries}"]
    if facts.noise is not None:
        lines.append(f"- {facts.noise}")
    fields = facts.conclusion
    if fields is None:
        return [
            *lines,
            "- corrected estimate: none yet. `uv run ratchet conclude` computes it; export again after that.",
        ]
    if facts.is_committee:
        lines.append("- the conclusion below is about the single winner of the run, not about this committee")
    lines += [f"- as measured: {signed(fields.get('naive'))} over the baseline (experiments up to {facts.upto})"]
    corrected, fresh = fields.get("corrected"), fields.get("fresh")
    if corrected:
        reach = f"{signed(corrected['low'])} to {signed(corrected['high'])}"
        chance = f"P(gain <= 0) = {number(corrected['p_not_positive'], 2)}"
        lines.append(f"- corrected for selection: {signed(corrected['mean'])}, 95 % interval {reach}, {chance}")
    if fresh:
        chance = f"one-sided p = {number(fresh['p_greater'], 3)}"
        lines.append(f"- on {fresh['n_partitions']} fresh partitions: {signed(fresh['mean'])}, {chance}")
    statements = [f"- conclusion: **{plain(str(fields.get('word', '')))}**"]
    return [*lines, *statements, *([f"- caveat: {plain(str(fields['caveat']))}"] if fields.get("caveat") else [])]


def _trust(facts: CardFacts) -> list[str]:
    own = [name for name in facts.types if name.startswith("train.")]
    needs = ", ".join(map(plain, facts.types)) or "none"
    packages = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    return [
        "`model.skops` is a zip of arrays and type names (https://skops.readthedocs.io). It holds no code; loading it "
        "builds objects of the types that it names. Those that skops does not trust by itself:",
        "",
        f"- {needs}",
        "",
        "`ratchet predict` checks every file against its hash in receipt.json, then runs train.py and loads the model "
        f"in a sandboxed process ({plain(facts.sandbox)}). The hashes reveal damage, not forgery.",
        "",
        "Without it, `skops.io.load('model.skops', trusted=[…])` trusts the types that you list"
        + (
            ". Types of train.py need train.py, which runs with your rights: read it first. The rows must pass its "
            "feature_fn."
            if own
            else ". The rows must pass feature_fn of train.py first, which runs with your rights: read it."
        ),
        "",
        f"- fingerprint: {facts.fingerprint}; {packages}. Other versions may score differently or fail.",
    ]


def number(value: float | None, digits: int = 4) -> str:
    """Return a number as text."""
    return "not measured" if value is None else f"{value:.{digits}f}"


def signed(value: float | None) -> str:
    """Return a difference as text with its sign."""
    return "not measured" if value is None else f"{value:+.4f}"
