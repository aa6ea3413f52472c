"""A recorded run can be walked through: guessed before each verdict, hostile texts shown as they are, scored fairly."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from ratchet.views.replay import DIFF_LINES, Guess, patch_lines, printable, score_lines

Ratchet = Callable[..., tuple[int, str, str]]


class Keyboard(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def recorded(record):
    """A run with an experiment that was kept, one that was dropped and one that crashed."""
    return record((0.6, "up"), (0.4, "down"), ("1 / 0", "bang"))


def test_without_a_terminal_the_walk_is_shown_and_nothing_is_asked(recorded, ratchet: Ratchet) -> None:
    status, out, _ = ratchet("replay")
    assert status == 0
    assert "keep or drop" not in out
    assert [line for line in out.splitlines() if line.startswith("── ")] == [
        "── iter 1 | to beat: score=0.5000 (iter 0)",
        "── iter 2 | to beat: score=0.6000 (iter 1)",
        "── iter 3 | to beat: score=0.6000 (iter 1)",
    ]
    assert "   +SCORE = 0.6" in out
    assert "right" not in out


def test_each_verdict_is_shown_after_the_guess_and_the_guesses_are_scored(
    recorded, ratchet: Ratchet, monkeypatch
) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard("k\nwhat?\nd\nk\n"))
    out = ratchet("replay")[1]
    assert out.index("keep or drop?") < out.index("iter 1 | score=0.6000")
    assert out.count("keep or drop?") == 4
    assert "2 of 3 right, equal to always answering drop (2 of 3)" in out
    assert "of 1 kept experiments you recognised 1" in out


@pytest.mark.parametrize("keys", ["q\n", "", "k\nq\n"])
def test_whoever_leaves_early_is_scored_for_what_was_guessed(
    recorded, ratchet: Ratchet, monkeypatch, keys: str
) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard(keys))
    status, out, _ = ratchet("replay", "first")
    assert status == 0
    assert ("1 of 1 right" in out) == keys.startswith("k")
    assert "iter 3 |" not in out


def test_auto_asks_nobody(recorded, ratchet: Ratchet, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", Keyboard(""))
    assert "iter 3 | CRASHED" in ratchet("replay", "--auto")[1]


def test_a_run_can_be_walked_through_from_another_branch(recorded, ratchet: Ratchet) -> None:
    recorded.git("switch", "--quiet", "--force", "main")
    assert "iter 2 | score=0.4000" in ratchet("replay", "first")[1]
    assert ratchet("replay", "other")[2] == "TAG: there is no run other. Recorded runs: first.\n"
    assert "tag: '../first' is not a valid tag" in ratchet("replay", "../first")[2]


def test_a_run_without_experiments_is_one_line(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    assert ratchet("replay")[:2] == (0, "run first: no experiments to show yet\n")


def test_an_edit_cannot_paint_over_the_screen(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.write("model.py", 'HYPOTHESIS = "a\\x1b[2Jb"\nSCORE = 0.6  # \x1b[2J\x9b31m\u202e\n')
    ratchet("step")
    out = ratchet("replay")[1]
    assert not any(sign in out for sign in "\x1b\x9b\u202e")


def test_a_long_patch_is_cut_with_a_word_and_a_long_line_too() -> None:
    lines = patch_lines("diff --git a b\n--- a\n+++ b\n@@ -1 +1 @@\n" + "+x\n" * 500)
    assert (len(lines), lines[0], lines[-1]) == (
        DIFF_LINES + 1,
        "   @@ -1 +1 @@",
        f"   … {501 - DIFF_LINES} more lines",
    )
    assert len(printable("x" * 10**6)) == 160
    assert printable("\tx") == "    x"


def test_guesses_are_held_against_always_drop() -> None:
    assert score_lines([Guess(1, None, was_kept=True)]) == []
    better = [Guess(1, True, was_kept=True), Guess(2, False, was_kept=False)]
    assert "better than always answering drop" in score_lines(better)[0]
    assert "worse than" in score_lines([Guess(1, True, was_kept=False)])[0]
    assert score_lines([Guess(1, False, was_kept=False)])[1] == "no experiment was kept"
