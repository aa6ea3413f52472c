"""This tree as a clean clone would have it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """All that git does not ignore, committed, in a path with spaces."""
    root = tmp_path / "a place with spaces"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes((ROOT / name).read_bytes())
    someone = ["-c", "user.name=someone", "-c", "user.email=some@one"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], [*someone, "commit", "-qm", "start"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    return root
