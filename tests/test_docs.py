"""The script of docs/val_auc.md is run as it stands, and held against the harness."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "val_auc.md").read_text("utf-8")
SCRIPT = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)[0]


def test_plain_scikit_learn_computes_the_same_val_auc(measured: subprocess.CompletedProcess[str]) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines() == [line for line in measured.stdout.splitlines() if line.startswith("val_auc: ")]
    assert f"`{done.stdout.strip()}`" in PAGE


def test_the_script_is_short_and_uses_nothing_of_the_harness() -> None:
    assert len(SCRIPT.splitlines()) <= 30
    assert not re.search(r"\b(harness|prepare)\b(?! *,)", re.sub(r"#.*", "", SCRIPT))
