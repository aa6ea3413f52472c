"""Write the card of an exported model: what it is, how good it may be called, what it was tested for. Pure.

Texts that come from a train.py are hostile: they are escaped here, once.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.stats import Interval, NoiseFloor

COMMITTEE = (
    "This model is a committee: the mean of several models that the run tried. Its members were picked by their "
    "val_auc, so the val_auc below was picked twice over: **do not compare it with a single model's.** What it "
    "is worth, only rows that nobody picked by can say."
)
LIMITS = (
    "The model learned from all rows of the table, the held-out ones too. Every number on this card was measured on "
    "models that learned from fewer rows, so the model itself is untested: no row is left to test it on.",
    "Best of many tries: the more were made, the further val_auc is from what new rows will show. Believe the "
    "corrected gain and the held-out rows, not the best number of a climb.",
    "It is for rows like those of the table: from the same source, measured in the same way, at the same time. Who may "
    "use it for a decision about people is a question that no number here answers.",
)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the card says. None where it was not measured; `test` is None too where the test is sealed."""

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
        "How much of the climb is real": _climb(facts),
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
    """Return text as Markdown that shows it as it is: no markup, no HTML, no table cell ends."""
    return re.sub(r"([\\`*_\[\]#|~!])", r"\\\1", html.escape(text, quote=False))


def _head(facts: CardFacts) -> list[str]:
    what = "a committee" if facts.is_committee else f"experiment {facts.n}"
    fields = [
        f"- made from: {what} of run {plain(facts.tag)}, commit {facts.commit or 'none: written for this'}",
        f"- hypothesis: {plain(facts.hypothesis)}",
        f"- made at: {facts.at}",
        f"- its scores: {'probabilities' if facts.is_probability else 'values of a decision function, 0 parts them'}",
        f"- use: `{facts.use}`",
    ]
    return [*([COMMITTEE, ""] if facts.is_committee else []), *fields]


def _numbers(facts: CardFacts) -> list[str]:
    folds = ", ".join(number(value) for value in facts.fold_aucs)
    lines = [
        "The metric is the area under the ROC curve (beyond two classes: of each against the rest, on average).",
        "",
        f"- val_auc: {number(facts.val_auc)} ± {number(facts.val_auc_se)} (standard error), mean of the folds {folds}",
    ]
    if facts.baseline is not None and not facts.is_committee:
        lines.append(f"- val_auc of the baseline: {number(facts.baseline)}")
    if facts.is_sealed:
        return [*lines, "- test_auc: sealed. `uv run ratchet reveal` opens it, once; export again after that."]
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
        lines.append("- what follows was concluded of the run's single winner, not of this committee")
    lines += [f"- as measured: {signed(fields.get('naive'))} over the baseline (experiments up to {facts.upto})"]
    corrected, fresh = fields.get("corrected"), fields.get("fresh")
    if corrected:
        reach = f"{signed(corrected['low'])} to {signed(corrected['high'])}"
        chance = f"P(gain <= 0) = {number(corrected['p_not_positive'], 2)}"
        lines.append(f"- corrected for the choice: {signed(corrected['mean'])}, 95 % interval {reach}, {chance}")
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
        "`model.skops` is a zip of arrays and of names (https://skops.readthedocs.io): reading it runs no code that it "
        "carries, there is none. It builds objects of the types that it names. Those that skops asks to be told of:",
        "",
        f"- {needs}",
        "",
        "`ratchet predict` holds every file against its hash in receipt.json, then runs train.py and reads the model "
        f"in a locked-down process ({plain(facts.sandbox)}). Hashes show damage, not forgery.",
        "",
        "By hand, `skops.io.load('model.skops', trusted=[…])` trusts the types that you list"
        + (
            ", and those of train.py run train.py as you: read it first. The rows must go through its feature_fn."
            if own
            else ". The rows must go through feature_fn of train.py first, which runs as you: read it."
        ),
        "",
        f"- fingerprint: {facts.fingerprint}; {packages}. Other versions may score differently, or not at all.",
    ]


def number(value: float | None, digits: int = 4) -> str:
    """Return a number, or a word where there is none."""
    return "not measured" if value is None else f"{value:.{digits}f}"


def signed(value: float | None) -> str:
    """Return a difference with its sign, or a word where there is none."""
    return "not measured" if value is None else f"{value:+.4f}"
