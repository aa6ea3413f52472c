"""The conclusion about a whole run: one word, with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.stats.corrected_ttest import CorrectedTest
from harness.stats.selection import CorrectedGain

MAX_P_NOT_POSITIVE = 0.20
MAX_P_GREATER = 0.05


class Word(StrEnum):
    """The possible conclusions about the gain of a run."""

    SUPPORTED = "supported"
    NOT_DISTINGUISHABLE = "not distinguishable from selection noise"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """The word, its reasons, and a caveat if experiments were stopped early (else "")."""

    word: Word
    reasons: str
    caveat: str


def conclude(gain: CorrectedGain | None, test: CorrectedTest | None, *, n_stopped_early: int = 0) -> Conclusion:
    """Judge a gain by two tests that fail in different ways; it is `supported` if it passes both.

    The corrected gain accounts for selection, but not for noise that an agent kept step by step; the test on fresh
    partitions detects part of that noise, but does not correct for selection. A missing test does not pass.

    `gain`, from `bbc`, passes with fewer than .20 of its bootstraps at 0 or below; `test`, from `nadeau_bengio` on
    fresh partitions, with a one-sided p below .05. Experiments that were stopped early are left out of the correction,
    which is then too small.

    Source: measured, not derived. Accepting the winner of 100 tries by the first test alone changed the true AUC by
    .000 on two small tables with nothing to gain, and by .077, all there was, on a third; the second test accepted 12 %
    of the runs on a table of the first kind and 99 % on one of the second.
    """
    has_gain = gain is not None and gain.p_not_positive < MAX_P_NOT_POSITIVE
    has_test = test is not None and test.p_greater < MAX_P_GREATER
    return Conclusion(
        word=Word.SUPPORTED if has_gain and has_test else Word.NOT_DISTINGUISHABLE,
        reasons=f"{_say_gain(gain)}; {_say_test(test)}",
        caveat=_say_stopped(n_stopped_early),
    )


def _say_gain(gain: CorrectedGain | None) -> str:
    if gain is None:
        return "the corrected gain was not measured"
    return (
        f"corrected gain {gain.mean:+.4f} of {gain.naive:+.4f}, "
        f"P(gain <= 0) = {gain.p_not_positive:.2f} (supported below {MAX_P_NOT_POSITIVE:.2f})"
    )


def _say_test(test: CorrectedTest | None) -> str:
    if test is None:
        return "the winner was not tested on fresh partitions"
    return (
        f"on fresh partitions {test.mean:+.4f}, "
        f"one-sided p = {test.p_greater:.3f} (supported below {MAX_P_GREATER:.2f})"
    )


def _say_stopped(n_stopped_early: int) -> str:
    if not n_stopped_early:
        return ""
    were = "experiment was" if n_stopped_early == 1 else "experiments were"
    return (
        f"the corrected gain is an upper bound: {n_stopped_early} {were} stopped early and could not take part; "
        "finish them to know it"
    )
