"""Print how many bits a second one worker can pass to another that runs at the same time, for each channel tried.

Run: uv run python benchmarks/side_channels.py [-n BITS] [--slot MILLISECONDS]

Sender and receiver are two guarded workers of one runner. In each slot of the common clock the sender is active or idle
by a bit drawn from a seed that both know, and the receiver takes one reading. The best threshold over all readings
gives the share of wrong bits e, and a channel carries (1 - H(e)) bits per slot. A random reading gives somewhat more
than zero, since its threshold is the best of many; the line `nothing` shows how much.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness.workers.pool import Runner, Task, TaskBudget

SOURCE = """
import os, random, threading, time
import numpy as np

def count_threads():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(threading.get_native_id()))
    thread.start(); thread.join()
    return seen[0]

def inode():
    ends = os.pipe()
    number = os.fstat(ends[0]).st_ino
    for end in ends: os.close(end)
    return number

def work(seconds):
    end, n = time.monotonic() + seconds, 0
    while time.monotonic() < end: n += 1
    return n

def many(action, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end: action()

def fill(seconds):
    with open("fill", "wb") as file: file.write(bytes(32 << 20))
    time.sleep(seconds); os.unlink("fill")

def growth(count, seconds):
    first = count()
    time.sleep(seconds)
    return count() - first

def shmem():
    return int(next(l for l in open("/proc/meminfo") if l.startswith("Shmem:")).split()[1])

def free_blocks():
    return os.statvfs("/").f_bfree

CHANNELS = {
    "nothing": (lambda s: time.sleep(s), lambda s: random.random()),
    "Shmem in /proc/meminfo": (fill, lambda s: (time.sleep(s / 2), shmem())[1]),
    "free blocks of the disk": (fill, lambda s: (time.sleep(s / 2), free_blocks())[1]),
    "numbers of threads": (lambda s: many(count_threads, s), lambda s: growth(count_threads, s)),
    "numbers of pipes": (lambda s: many(inode, s), lambda s: growth(inode, s)),
    "a busy processor": (work, work),
}

def wait_for_slot():
    time.sleep(SLOT - time.time() % SLOT)

def send(act):
    for bit in BITS:
        wait_for_slot()
        if bit: act(0.7 * SLOT)

def receive(read):
    readings = []
    for _ in BITS:
        wait_for_slot()
        readings.append(float(read(0.7 * SLOT)))
    return readings

BITS = np.random.default_rng(7).integers(0, 2, N)

class Model:
    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        act, read = CHANNELS[NAME]
        time.sleep(max(0.0, START - time.time()))
        values = (send(act), [0.0] * N)[1] if ROLE == "send" else receive(read)
        values = np.array(values)
        return np.c_[values, values]

feature_fn = lambda X: X
build_pipeline = Model
"""
NAMES = [line.split('"')[1] for line in SOURCE.splitlines() if line.startswith('    "')]


def entropy(share: float) -> float:
    """Return the binary entropy of this share, in bits."""
    sides = np.array([share, 1 - share])
    return float(-(sides[sides > 0] * np.log2(sides[sides > 0])).sum())


def error(bits: np.ndarray, readings: np.ndarray) -> float:
    """Return the share of wrong bits at the best threshold, in either direction."""
    wrong = [np.mean((readings > limit) != bits) for limit in np.unique(readings)]
    return float(min(*wrong, *(1 - np.array(wrong)), np.mean(bits)))


def measure(runner: Runner, name: str, n_bits: int, slot_s: float) -> float:
    """Let one worker send and one receive, and return the share of wrong bits."""
    head = f"N, SLOT, NAME, START = {n_bits}, {slot_s}, {name!r}, {time.time() + 4}\n"
    X = pd.DataFrame({"a": np.zeros(n_bits)})
    tasks = []
    for role in ("send", "receive"):
        job = {"task": "score", "source": f"ROLE = {role!r}\n{head}{SOURCE}", "X": X, "y": np.zeros(n_bits, int)}
        job |= {"blocks": [X], "n_classes": 2, "seed": 1, "guarded": True}
        tasks.append(Task(job, 8 * n_bits))
    answer = runner.run(tasks, TaskBudget(1000.0, 1000.0, 4096))[1]
    if answer.payload is None:
        print(f"{name:<28} closed: {answer.reason}")
        return 0.5
    bits = np.random.default_rng(7).integers(0, 2, n_bits)
    return error(bits == 1, np.frombuffer(answer.payload, "<f8"))


def main() -> None:
    """Measure every channel and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("-n", type=int, default=200, help="bits of each channel")
    parser.add_argument("--slot", type=float, default=50.0, help="milliseconds of a bit")
    options = parser.parse_args()
    slot_s = options.slot / 1000
    print(f"{'channel':<28}{'wrong bits':>12}{'bits a second':>15}")
    with Runner(2) as runner:
        measure(runner, NAMES[0], 1, slot_s)  # warms up the imports
        for name in NAMES:
            wrong = measure(runner, name, options.n, slot_s)
            print(f"{name:<28}{100 * wrong:>10.1f} %{(1 - entropy(wrong)) / slot_s:>15.1f}", flush=True)
    print(f"{options.n} bits, one each {options.slot:g} ms, by two workers at once in the sandbox")


if __name__ == "__main__":
    main()
