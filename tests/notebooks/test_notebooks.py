"""The stored notebooks show a whole run and nothing of the machine; executed anew from a clean clone, they end well."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.audit import LeakType

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = ["01_ratchet_vs_automl", "02_leakage", "03_winners_curse", "04_your_table"]
FULL_PATH = r"(?<![\w.:/<>~}\]*)-])/(?:[\w.+-]+/)+[\w.+-]*"
OF_A_MACHINE = re.compile(
    rf"{FULL_PATH}|{re.escape(str(ROOT))}|/home/|/Users/|/root\b|/tmp/|/var/|[A-Z]:\\\\|site-packages|\.venv|ratchet-\w{{8}}/"
)
MAX_BYTES = 250_000
MAX_WORDS = 1_100  # of prose: at 150 a minute, with the code and the figures, ten minutes
TIMEOUT_S = 900  # of a cell, on a busy machine

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))  # nbformat is not among the tools of every developer


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in read(path)["cells"] if cell["cell_type"] == kind]


def outputs(path: Path) -> list[dict[str, Any]]:
    return [output for cell in cells(path, "code") for output in cell["outputs"]]


def printed(path: Path) -> str:
    return "".join("".join(output.get("text", "")) for output in outputs(path))


def prose(path: Path) -> str:
    return "\n".join("".join(cell["source"]) for cell in cells(path, "markdown"))


def test_the_four_are_there() -> None:
    assert [path.stem for path in NOTEBOOKS] == NAMES


@each
def test_every_cell_was_run_once_and_in_order(path: Path) -> None:
    counts = [cell["execution_count"] for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))


@each
def test_outputs_are_stored_without_errors_warnings_or_progress(path: Path) -> None:
    found = outputs(path)
    assert len(found) >= 5
    assert [one for one in found if one["output_type"] == "error"] == []
    assert [one["text"] for one in found if one.get("name") == "stderr"] == []
    assert "\r" not in printed(path)
    assert "Warning" not in printed(path)
    assert any("image/png" in one.get("data", {}) for one in found)


@each
def test_nothing_tells_of_the_machine(path: Path) -> None:
    texts = [json.dumps(read(path)["metadata"]), prose(path)]
    texts += ["".join(cell["source"]) for cell in cells(path, "code")]
    for output in outputs(path):
        texts += ["".join(output.get("text", ""))]
        texts += ["".join(value) for kind, value in output.get("data", {}).items() if kind.startswith("text/")]
    assert [match.group() for text in texts for match in OF_A_MACHINE.finditer(text)] == []
    assert read(path)["metadata"]["kernelspec"]["name"] == "python3"
    assert set(read(path)["metadata"]) <= {"kernelspec", "language_info"}


@each
def test_it_is_small_and_read_in_ten_minutes(path: Path) -> None:
    assert path.stat().st_size < MAX_BYTES
    assert len(prose(path).split()) < MAX_WORDS
    lines = [line for cell in cells(path, "code") for line in "".join(cell["source"]).splitlines()]
    assert max(map(len, lines)) <= 120


@each
def test_it_asks_the_class_something(path: Path) -> None:
    assert re.search(r"\*\*Questions?[.:]", prose(path))


def test_each_of_the_eight_leak_types_has_its_example_and_its_check() -> None:
    path = ROOT / "notebooks" / "02_leakage.ipynb"
    kinds = [str(one).split()[0] for one in LeakType if one is not LeakType.NONE]
    for kind in kinds:
        assert f"({kind})" in prose(path)
        report = re.search(
            rf"^{re.escape(kind)} .*: AUC ([\d.]+) with the leak, ([\d.]+) without$", printed(path), re.M
        )
        assert report is not None, kind
        assert float(report.group(1)) > float(report.group(2)) + 0.05
    assert re.findall(r"^(\S+) +FAILED", printed(path), re.M) == ["label-flip", "row-wise-features"]
    assert prose(path).count("**Fix:**") == prose(path).count("**Question:**") == len(kinds)


def test_the_wonderful_score_does_not_survive_the_audit() -> None:
    report = printed(ROOT / "notebooks" / "04_your_table.ipynb")
    first, last = map(float, re.findall(r"val_auc ([\d.]+) -> ([\d.]+)", report)[0])
    assert first > 0.99
    assert last < 0.9


@pytest.mark.slow
@each
def test_it_runs_from_scratch_and_leaves_the_clone_as_it_was(path: Path, clone: Path) -> None:
    nbformat = pytest.importorskip("nbformat", reason="uv run --group notebooks pytest -m slow tests/notebooks")
    nbclient = pytest.importorskip("nbclient")
    here = clone / "notebooks"
    made = nbformat.read(here / path.name, as_version=4)
    nbclient.NotebookClient(
        made, timeout=TIMEOUT_S, kernel_name="python3", resources={"metadata": {"path": str(here)}}
    ).execute()
    streams = [output for cell in made.cells for output in cell.get("outputs", []) if output.output_type == "stream"]
    assert [one.text for one in streams if one.name == "stderr"] == []
    assert str(clone) not in "".join(one.text for one in streams)
    state = subprocess.run(["git", "status", "--short", "--branch"], cwd=clone, capture_output=True, text=True)
    assert state.stdout.splitlines() == ["## main"]
