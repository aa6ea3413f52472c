"""Run the `notify` command of the config at the end of a loop, also when it ends by an error."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Callable, Iterator

from ratchet import process
from ratchet.core.output_parser import last_line
from ratchet.engine.measure import user_env
from ratchet.process import Budget
from ratchet.repo.run import Run

LONGEST_S = 30.0
QUOTE = '"'
ENDS: dict[type[BaseException], str] = {KeyboardInterrupt: "stopped by Ctrl-C", SystemExit: "ended by a signal"}


@contextlib.contextmanager
def notifying(run: Run, what: str, say: Callable[[str], None]) -> Iterator[Callable[[str], None]]:
    """Yield a function that sets the text for the end; an error that ends the block is the text otherwise."""
    texts: list[str] = []
    try:
        yield texts.append
    except BaseException as error:
        reason = ENDS.get(type(error)) or (str(error).splitlines() or [type(error).__name__])[0]
        _notify(run, f"run {run.tag}: {what} failed: {reason}", say)
        raise
    for text in texts[-1:]:
        _notify(run, f"run {run.tag}: {text}", say)


def _notify(run: Run, text: str, say: Callable[[str], None]) -> None:
    """Run the command, at most for LONGEST_S; its failure is a warning."""
    command = run.worktree.config.notify
    if not command:
        return
    quoted = f'"{text.replace(QUOTE, "")}"' if sys.platform == "win32" else shlex.quote(text)
    outcome = process.run(
        command.replace("{text}", quoted),
        cwd=run.worktree.root,
        env={**user_env(run.worktree), "RATCHET_TEXT": text},
        budget=Budget(wall_s=LONGEST_S),
    )
    if not outcome.is_ok:
        how = f"more than {LONGEST_S:g} s" if outcome.stopped_by else f"exit status {outcome.exit_code}"
        why = outcome.failure or last_line(outcome.stderr)
        say(f"warning: notify: {how}{f': {why}' if why else ''}. Check notify in {run.worktree.config.origin}")
