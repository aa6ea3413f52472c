"""`python -m researcher`: write one new train.py. The engine starts it in the worktree and passes the run in RATCHET_*.

With `--committee` it writes the committee of the run instead.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ratchet.errors import RatchetError
from ratchet.repo.journal import read_experiments, read_tried
from researcher.ensemble import choose, write
from researcher.history import Race
from researcher.proposal import propose

CONTRACT = ("feature_fn", "build_pipeline")  # a file without these is no train.py, and must not be replaced


def main(arguments: Sequence[str] = ()) -> int:
    """Read the journal, write the next train.py, and print its strategy and note."""
    journal = os.environ.get("RATCHET_JOURNAL", "")
    seed = os.environ.get("RATCHET_SEED", "0")
    if not journal or not seed.isdecimal():
        values = f"{journal!r} and {seed!r} are not a path and a number"
        return _complain(f"RATCHET_JOURNAL, RATCHET_SEED: {values}. Start the researcher with `uv run ratchet loop`")
    path = Path(os.environ.get("RATCHET_FILE", "train.py"))
    try:
        history = read_experiments(Path(journal))
        worktree = path.read_text(encoding="utf-8") if path.exists() else None
        if worktree is not None and not all(f"def {name}" in worktree for name in CONTRACT):
            return _complain(f"{path}: the file has no feature_fn or no build_pipeline. Name an --agent for other code")
        if "--committee" in arguments:
            _write(path, write(history, worktree=worktree))
            sys.stdout.write(f"seats: {', '.join(map(str, choose(history, worktree=worktree)))}\n")
            return 0
        arm = os.environ.get("RATCHET_STRATEGY", "")
        proposal = propose(history, seed=int(seed), arm=arm, worktree=worktree, race=_race())
        _write(path, proposal.source)
    except (RatchetError, OSError, ValueError) as error:
        return _complain(str(error).rstrip("."))
    sys.stdout.write(f"strategy: {proposal.strategy}\nnote: {proposal.note}\n")
    return 0


def _race() -> Race:
    """Return the place among the parallel loops of a run, and what the others have tried."""
    paths = [Path(path) for path in os.environ.get("RATCHET_OTHER_JOURNALS", "").split(os.pathsep) if path]
    return Race(int(os.environ.get("RATCHET_LOOP") or 0), tuple(old for path in paths for old in read_tried(path)))


def _write(path: Path, text: str) -> None:
    """Replace the file in one step, since the engine may read it at any time."""
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
