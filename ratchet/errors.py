"""What a user can fix: one line, `where: expected X, got Y. Fix.`, and exit status 1."""

import difflib
from collections.abc import Iterable

INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it


class RatchetError(Exception):
    """The message is the whole line that the user sees."""

    exit_status = 1


def did_you_mean(got: object, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the question after the nearest of the known words, "" where none is near."""
    near = difflib.get_close_matches(str(got), list(known), n=1, cutoff=cutoff)
    return f"Did you mean {near[0]}?" if near else ""
