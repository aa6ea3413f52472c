"""`python -m researcher`: one call, one new train.py. The engine starts it on the desk and tells it of the run.

With `--committee` the file is the mean of the best that were tried.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.repo.journal import read_experiments
from researcher.ensemble import choose, write
from researcher.proposal import propose

CONTRACT = ("feature_fn", "build_pipeline")  # what the file of a table defines; other code is not ours to replace


def main(arguments: Sequence[str] = ()) -> int:
    """Read the journal, write the next experiment to the desk, say its kind and what to remember."""
    journal = os.environ.get("RATCHET_JOURNAL", "")
    seed = os.environ.get("RATCHET_SEED", "0")
    if not journal or not seed.isdecimal():
        got = f"expected a path and a number, got {journal!r} and {seed!r}"
        return _complain(f"RATCHET_JOURNAL, RATCHET_SEED: {got}. `uv run ratchet loop` starts it with what it needs")
    path = Path(os.environ.get("RATCHET_FILE", "train.py"))
    try:
        history = read_experiments(Path(journal))
        worktree = path.read_text(encoding="utf-8") if path.exists() else None
        if worktree is not None and not all(f"def {name}" in worktree for name in CONTRACT):
            return _complain(f"{path}: expected feature_fn and build_pipeline, got other code. Name an --agent for it")
        if "--committee" in arguments:
            _write(path, write(history, worktree=worktree))
            sys.stdout.write(f"seats: {', '.join(map(str, choose(history, worktree=worktree)))}\n")
            return 0
        proposal = propose(history, seed=int(seed), arm=os.environ.get("RATCHET_STRATEGY", ""), worktree=worktree)
        _write(path, proposal.source)
    except (RatchetError, OSError, ValueError) as error:
        return _complain(str(error).rstrip("."))
    sys.stdout.write(f"strategy: {proposal.strategy}\nnote: {proposal.note}\n")
    return 0


def _write(path: Path, text: str) -> None:
    """All of it or nothing: the engine may look at any moment."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _complain(line: str) -> int:
    sys.stderr.write(f"researcher: {line}.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
