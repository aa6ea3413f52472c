"""Copy this repository into a temporary folder for a notebook. Your own branch and table stay as they are."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # import the harness of this checkout, whichever copy of the repo is installed

from harness.data.ingest import reset
from ratchet.process import Budget, Outcome, run
from ratchet.repo.run import current_run, open_worktree, run_event

WALL_LIMIT_S = 600
WIDTH = 110
LAST_INDENT = 40
COMMANDS = {
    "prepare.py": [sys.executable, "prepare.py"],
    "ratchet": [sys.executable, "-m", "ratchet.cli"],
}


class Playground:
    """A clone of the committed files on a branch of its own, with the heart table; deleted when the notebook ends.

    If HEAD is on a run, the clone is at the commit where that run started. Raises RuntimeError if git cannot clone.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ratchet-", ignore_cleanup_errors=True)
        self.root = Path(self._folder.name, "lab")
        self._git(["clone", "--quiet", "--no-checkout", str(ROOT), str(self.root)], ROOT)
        self._git(["checkout", "--quiet", "-B", "class", _begin()], self.root)
        reset(self.root)

    def __call__(self, command: str) -> None:
        """Run `uv run prepare.py …` or `uv run ratchet …` in the copy, as in a terminal, and print its output."""
        outcome = self.run(command)
        for line in (outcome.stderr + outcome.stdout).splitlines():
            print(_wrapped(line.rstrip().replace(str(self.root), ".")))

    def run(self, command: str) -> Outcome:
        """Run the same without printing; the result has `.stdout`, and `.cpu_s` of all processes that it started."""
        name, *arguments = shlex.split(command.removeprefix("uv run "))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("RATCHET_")}
        env = inherited | {"COLUMNS": str(WIDTH), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
        return run([*COMMANDS[name], *arguments], cwd=self.root, env=env, budget=Budget(wall_s=WALL_LIMIT_S))

    def write(self, name: str, text: str) -> Path:
        """Write a file into the copy and return its path."""
        path = self.root / name
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, name: str) -> str:
        """Return the text of a file of the copy."""
        return (self.root / name).read_text(encoding="utf-8")

    def _git(self, arguments: list[str], where: Path) -> None:
        done = run(["git", *arguments], cwd=where, env=dict(os.environ))
        if not done.is_ok:
            why = " ".join((done.stderr or done.failure).split())
            raise RuntimeError(f"git {arguments[0]}: this repository cannot be copied. {why}")


def _wrapped(line: str) -> str:
    """Wrap a long line; its continuation is indented to where the last column of text begins."""
    columns = [match.end() for match in re.finditer(" {2,}", line[:LAST_INDENT])]
    return "\n".join(textwrap.wrap(line, WIDTH, subsequent_indent=" " * max(columns, default=4)))


def _begin() -> str:
    """Return the commit to check out: HEAD, or the start of the run if HEAD is on one."""
    at = current_run(open_worktree(ROOT))
    return str(run_event(at).data["base"]) if at else "HEAD"
