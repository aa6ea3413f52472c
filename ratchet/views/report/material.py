"""The data of a report: the journal of a run and the changes from git. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from ratchet.core.config import Config
from ratchet.core.records import Experiment, Verdict
from ratchet.core.table import excerpt
from ratchet.repo.journal import Event

LISTED = 1000  # experiments listed on a page; of a longer run only the kept ones and the last ones

DIFF_CHARS = 6000  # maximum of one patch
DIFFS_CHARS = 550_000  # maximum of all patches on a page, as HTML, so that 200 experiments stay under 1 MB
MARKED_CHARS = 11  # of <ins></ins> or <del></del> around a line of a patch


@dataclass(frozen=True, slots=True)
class Material:
    """The data of a page. `diffs` holds the patches by experiment, as far as they fit on the page.

    `setup` holds the text of the files that describe the table. `has_audit` shows the audit scores. With `version` the
    page asks the server every second for a newer version.
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
    def tried(self) -> list[Experiment]:
        """Every experiment but the baseline."""
        return [old for old in self.history if old.n > 0]

    @property
    def measured(self) -> list[Experiment]:
        """The experiments that were measured; one with the same code as an earlier one reuses its numbers."""
        return [old for old in self.history if old.reused is None]

    @property
    def kept(self) -> list[Experiment]:
        """The experiments that moved the branch."""
        return [old for old in self.history if old.verdict is Verdict.KEEP]

    @property
    def listed(self) -> list[Experiment]:
        """The experiments that are listed on the page."""
        return listed_of(self.history)


def listed_of(history: Sequence[Experiment]) -> list[Experiment]:
    """Return the experiments of a history that are listed on a page."""
    return excerpt(history, LISTED)


def fitting(listed: Sequence[Experiment], patches: Mapping[str, str]) -> dict[int, str]:
    """Return the patches by experiment that fit on a page, kept experiments first. `patches` are by commit."""
    chars_left, found = DIFFS_CHARS, {}
    for old in sorted(listed, key=lambda old: old.verdict is not Verdict.KEEP):
        patch = patches.get(old.commit, "")
        shown = escape(patch[:DIFF_CHARS])
        chars_left -= len(shown) + MARKED_CHARS * shown.count("\n")
        if chars_left >= 0:
            found[old.n] = patch
    return found
