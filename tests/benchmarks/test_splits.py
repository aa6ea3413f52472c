"""A folder of tables: which column is the target, and what a placebo shuffles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.splits import Entry, cut, find_tables, read
from harness.errors import UserError


def put(path: Path, head: str = "a,target,b", n: int = 60) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{rng.normal():.3f},{rng.integers(2)},{rng.integers(2)}" for _ in range(n)]
    path.write_text("\n".join([head, *rows]) + "\n")


def test_the_target_is_the_one_called_so_or_the_last_column(tmp_path: Path) -> None:
    put(tmp_path / "one.csv")
    put(tmp_path / "two.csv", "a,b,c")
    assert [(entry.name, entry.target) for entry in find_tables(tmp_path)] == [("one", "target"), ("two", "c")]
    assert [entry.target for entry in find_tables(tmp_path, "b")] == ["b", "b"]
    assert [entry.target for entry in find_tables(tmp_path, "a")] == ["a", "a"]


def test_a_readme_or_a_target_file_says_it_for_each_table(tmp_path: Path) -> None:
    put(tmp_path / "one.csv", "a,b,c")
    put(tmp_path / "two.csv", "a,b,c")
    (tmp_path / "README.md").write_text("# Tables\n\n| file | rows | target |\n|---|---|---|\n| one.csv | 60 | b |\n")
    assert [entry.target for entry in find_tables(tmp_path)] == ["b", "c"]
    (tmp_path / "target.toml").write_text('two = "b"\n')
    assert [entry.target for entry in find_tables(tmp_path)] == ["c", "b"]


def test_a_folder_without_tables_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no CSV files found"):
        find_tables(tmp_path)
    with pytest.raises(UserError, match="no CSV files found"):
        find_tables(tmp_path / "nowhere")


def test_a_placebo_shuffles_the_training_labels_alone(tmp_path: Path) -> None:
    put(tmp_path / "one.csv", n=200)
    table = read(Entry(tmp_path / "one.csv", "target"))
    honest, placebo = cut(table, 3), cut(table, 3, is_placebo=True)
    assert (honest.train == placebo.train).all()
    assert (honest.y[honest.test] == placebo.y[placebo.test]).all()
    assert (honest.y[honest.train] != placebo.y[placebo.train]).any()
    assert honest.y[honest.train].sum() == placebo.y[placebo.train].sum()
    assert (cut(table, 3, is_placebo=True).y == placebo.y).all()
    assert not (cut(table, 4).test == honest.test).all()
