"""Print how long the commands of the group Look take on a journal of 10,000 experiments and on a journal of one.

Run: uv run python benchmarks/journal.py [-n EXPERIMENTS]

Each figure is the wall time of a whole command, interpreter start included, the fastest of three.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ratchet.core.records import Experiment, Verdict
from ratchet.repo.journal import verdict_data

CONFIG = """name: toy
editable: [model.py]
run: python model.py
metric: {name: score, grep: "^score:", direction: maximize}
"""
COMMANDS = (["--help"], ["status"], ["results"], ["plot"], ["show", "0"])
REPEATS = 3


def make_run(folder: Path, n: int) -> None:
    """Start a run in a new repo, and append `n` discarded experiments to its journal."""
    (folder / "model.py").write_text("print('score: 0.5')\n")
    (folder / "ratchet.yaml").write_text(CONFIG)
    me = ["-c", "user.name=Student", "-c", "user.email=student@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*me, "commit", "-qm", "the project"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    call(folder, ["start", "long"])
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    commit = head.stdout.strip()
    with (folder / ".ratchet/long/journal.jsonl").open("a") as journal:
        for i in range(1, n + 1):
            known = {"metric": 0.4, "delta": -0.1, "delta_se": 0.01, "stdout": "fold_aucs: 0.9,0.9\n" * 20}
            made = Experiment(i, commit, commit, Verdict.DISCARD, metrics={"score": 0.4}, hypothesis="an idea", **known)
            journal.write(json.dumps({"event": "verdict", **verdict_data(made)}) + "\n")


def call(folder: Path, words: list[str]) -> float:
    """Run a command of the ratchet and return its seconds."""
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "ratchet.cli", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    return time.perf_counter() - begun


def main() -> None:
    """Make both runs, time every command on both, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("-n", type=int, default=10_000, help="experiments in the long journal")
    n = parser.parse_args().n
    with tempfile.TemporaryDirectory() as short, tempfile.TemporaryDirectory() as long:
        make_run(Path(short), 1)
        make_run(Path(long), n)
        print(f"{'':<10}{'1 experiment':>14}{f'{n:,} experiments':>22}{'ratio':>8}")
        for words in COMMANDS:
            few, many = (min(call(Path(folder), words) for _ in range(REPEATS)) for folder in (short, long))
            print(f"{words[0]:<10}{few:>12.2f} s{many:>20.2f} s{many / few:>8.1f}")


if __name__ == "__main__":
    main()
