"""Print what a cold `uv sync` downloads and what it takes on disk, in MB.

Run: uv run python benchmarks/install_size.py

It counts the bytes that the network cards receive while uv fills an empty cache, so avoid other downloads meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import psutil

MB = 1_000_000
ROOT = Path(__file__).resolve().parents[1]


def received() -> int:
    """Return the bytes that came in over real network cards so far."""
    cards = psutil.net_io_counters(pernic=True)
    return sum(card.bytes_recv for name, card in cards.items() if not name.startswith("lo"))


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def measure(*options: str) -> None:
    """Sync into an empty environment from an empty cache, and print one line."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "UV_CACHE_DIR": f"{folder}/cache",
            "UV_PROJECT_ENVIRONMENT": f"{folder}/venv",
            "UV_LINK_MODE": "copy",
        }
        before = received()
        subprocess.run(["uv", "sync", "--quiet", *options], cwd=ROOT, env=environment, check=True)
        down, disk = (received() - before) / MB, size(Path(folder, "venv")) / MB
        print(f"uv sync {' '.join(options) or '(with dev)'}: {down:.0f} MB down, {disk:.0f} MB on disk")


if __name__ == "__main__":
    measure()
    measure("--no-dev")
