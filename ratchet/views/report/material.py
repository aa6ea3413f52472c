"""What a report is made of: the journal of a run, and what git holds of it. Pure values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from ratchet.core.config import Config, Direction
from ratchet.core.records import Experiment, Verdict
from ratchet.core.table import excerpt
from ratchet.repo.journal import Event

LISTED = 1000  # experiments that a page shows one by one; of a longer run the kept ones, and its end

DIFF_CHARS = 6000  # of one patch
DIFFS_CHARS = 550_000  # of all patches on a page, as HTML
MARKED_CHARS = 11  # of the elements around a line of a patch


@dataclass(frozen=True, slots=True)
class Material:
    """All that a page may show. `diffs` holds the patch of each experiment whose patch is on the page.

    `setup` holds the text of each file that says what is measured (the table's card). With `has_audit` the numbers for
    the audit are shown; with `version` the page asks, every second, whether it is still the newest.
    """

    tag: str
    config: Config
    events: Sequence[Event]
    history: Sequence[Experiment]
    diffs: Mapping[int, str] = field(default_factory=dict)
    setup: Mapping[str, str] = field(default_factory=dict)
    has_audit: bool = False
    version: str = ""

    @property
    def is_up(self) -> bool:
        """A larger number is a better one."""
        return self.config.metric.direction is Direction.MAXIMIZE

    @property
    def tried(self) -> list[Experiment]:
        """Every experiment but the baseline."""
        return [old for old in self.history if old.n > 0]

    @property
    def measured(self) -> list[Experiment]:
        """Those that were measured themselves: what is the same code again bears the lines of its twin."""
        return [old for old in self.history if old.reused is None]

    @property
    def kept(self) -> list[Experiment]:
        """The experiments that moved the branch."""
        return [old for old in self.history if old.verdict is Verdict.KEEP]

    @property
    def listed(self) -> list[Experiment]:
        """The experiments that are shown one by one."""
        return listed_of(self.history)


def listed_of(history: Sequence[Experiment]) -> list[Experiment]:
    """Return the experiments of a history that a page shows one by one."""
    return excerpt(history, LISTED)


def fitting(listed: Sequence[Experiment], patches: Mapping[str, str]) -> dict[int, str]:
    """Return the patches, by experiment, for which a page has room; the kept come first. `patches` go by commit."""
    chars_left, found = DIFFS_CHARS, {}
    for old in sorted(listed, key=lambda old: old.verdict is not Verdict.KEEP):
        patch = patches.get(old.commit, "")
        shown = escape(patch[:DIFF_CHARS], quote=False)
        chars_left -= len(shown) + MARKED_CHARS * shown.count("\n")
        if chars_left >= 0:
            found[old.n] = patch
    return found
