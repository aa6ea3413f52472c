"""Print the experiments per hour of a loop, and of the same files in new interpreters with cross_val_score.

Run: uv run python benchmarks/loop_speed.py [-n EXPERIMENTS]

A real `ratchet loop` with the built-in researcher runs on the default table in a temporary repo that holds the files as
they are here. Then every train.py that it measured runs in a new interpreter, which imports, reads the table and calls
cross_val_score with the same folds, without a sandbox, leak checks or a held-out score. Both are timed from the end of
the baseline; the time that the loop takes to start is printed separately.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLAIN = """
import sys, warnings
import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
warnings.simplefilter("ignore")
module = {"__name__": "train"}
exec(open(sys.argv[1]).read(), module)
table = pd.read_csv(sys.argv[2]).replace({"yes": 1, "no": 0}).infer_objects()
X, y = table.drop(columns="disease"), table["disease"]
X, _, y, _ = train_test_split(X, y, test_size=0.2, stratify=y, random_state=42)
folds = StratifiedKFold(5, shuffle=True, random_state=42)
print(cross_val_score(module["build_pipeline"](), module["feature_fn"](X), y, cv=folds, scoring="roc_auc").mean())
"""


@dataclass(frozen=True, slots=True)
class Loop:
    """The result of a loop: seconds to the end of its baseline, seconds from there to its end, measured files."""

    start_s: float
    wall_s: float
    measuring_s: float
    n_stopped: int
    files: list[Path]


def copy_repo(folder: Path) -> None:
    """Make a new repo from the files here, without those that git ignores."""
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    who = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")
    git(folder, *who, "commit", "--quiet", "--message=as it stands")


def git(folder: Path, *words: str) -> str:
    """Run git in a folder and return its output."""
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, check=True).stdout.decode()


def run_loop(folder: Path, n: int) -> Loop:
    """Run the loop, note the time of each line, and extract the measured files."""
    command = [sys.executable, "-m", "ratchet.cli", "loop", "-n", str(n)]
    env = {**os.environ, "PYTHONPATH": str(folder)}
    begun, seen = time.perf_counter(), []
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        seen = [time.perf_counter() for line in child.stdout if line.startswith(b"iter ")]
    if len(seen) < 2:
        sys.exit(
            f"ratchet loop: only {len(seen)} of {n + 1} lines were printed; the exit status is {child.returncode}."
        )
    journal = next((folder / ".ratchet").glob("*/journal.jsonl"))
    events = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    made = [event for event in events if event["event"] == "verdict" and event["n"] > 0]
    files = []
    for event in made:
        path = folder / ".ratchet" / f"plain_{event['n']}.py"
        path.write_text(git(folder, "show", f"{event['commit']}:train.py"), "utf-8")
        files.append(path)
    measuring_s = sum(event["wall_time_s"] or 0.0 for event in made)
    n_stopped = sum(event["bound"] is not None for event in made)
    return Loop(seen[0] - begun, seen[-1] - seen[0], measuring_s, n_stopped, files)


def run_plainly(files: list[Path]) -> float:
    """Run each file in a new interpreter with cross_val_score; return the seconds of all."""
    begun = time.perf_counter()
    for path in files:
        done = subprocess.run(
            [sys.executable, "-c", PLAIN, str(path), str(ROOT / "data/heart.csv")],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"{path.name} without the harness: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
    return time.perf_counter() - begun


def time_researcher(folder: Path, journal: Path) -> float:
    """Return the seconds that one call of the researcher takes, interpreter start included."""
    env = {**os.environ, "PYTHONPATH": str(folder), "RATCHET_JOURNAL": str(journal), "RATCHET_FILE": "scratch.py"}
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "researcher"], cwd=folder, env=env, capture_output=True, check=True)
    return time.perf_counter() - begun


def main() -> None:
    """Run both and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("-n", type=int, default=30, help="experiments")
    n = parser.parse_args().n
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        copy_repo(folder)
        loop = run_loop(folder, n)
        asking_s = time_researcher(folder, next((folder / ".ratchet").glob("*/journal.jsonl"))) * len(loop.files)
        plain_s = run_plainly(loop.files)
    done, rest_s = len(loop.files), loop.wall_s - loop.measuring_s - asking_s
    print(f"{done} experiments ({loop.n_stopped} stopped early) on {os.cpu_count()} cores")
    print(f"{'ratchet loop':<24}{3600 * done / loop.wall_s:>8.0f} an hour{loop.wall_s / done:>8.2f} s each")
    print(f"{'new interpreters':<24}{3600 * done / plain_s:>8.0f} an hour{plain_s / done:>8.2f} s each")
    print(f"{'ratio':<24}{plain_s / loop.wall_s:>8.1f}")
    print(f"the loop took {loop.start_s:.1f} s to measure its baseline; then, for each experiment:")
    print(f"{'measuring, leak checks':<24}{loop.measuring_s / done:>8.2f} s")
    print(f"{'the researcher':<24}{asking_s / done:>8.2f} s, a process of its own")
    print(f"{'git, journal, the rest':<24}{rest_s / done:>8.2f} s")


if __name__ == "__main__":
    main()
