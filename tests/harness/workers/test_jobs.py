"""Jobs: the process reads what the harness wrote, and its changes stay in the process."""

from __future__ import annotations

import mmap
import os
import tempfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.workers import jobs
from harness.workers.jobs import Part


@pytest.fixture(params=[0, jobs.SMALL_BYTES], ids=["taken apart", "whole"], autouse=True)
def small_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Whether frames as small as these are taken apart."""
    monkeypatch.setattr(jobs, "SMALL_BYTES", request.param)
    return int(request.param)


COLUMNS: dict[str, Any] = {
    "age": [63.0, np.nan, 41.0, 56.0],
    "sex": [1, 0, 1, 1],
    "place": ["Bonn", np.nan, "Köln", "Bonn"],
    "weight": [70.5, 81.0, np.nan, 66.0],
    "is_old": [True, False, False, True],
    "kind": pd.Categorical(["a", "b", None, "a"]),
    "seen": pd.to_datetime(["2020-01-01", "2021-05-05", None, "2022-02-02"]),
    "sex again": np.array([1, 2, 3, 4], dtype=np.int8),
}


def memory_of(X: pd.DataFrame) -> Any:
    """Return what numpy says that the numbers of a frame lie in."""
    memory: Any = X.to_numpy()
    while getattr(memory, "base", None) is not None:
        memory = memory.base
    return memory


def handed_over(job: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile() as file:
        jobs.write(job, file)
        return jobs.read(file.fileno())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(list(COLUMNS)), unique=True), positions=st.lists(st.integers(0, 3), max_size=9))
def test_a_frame_and_a_part_of_it_come_out_as_they_went_in(names: list[str], positions: list[int]) -> None:
    X = pd.DataFrame(COLUMNS)[names]
    rows = np.array(positions, dtype=np.int64)
    read = handed_over({"X": X, "part": Part(X, rows), "y": rows, "words": ["a", 1]})
    pd.testing.assert_frame_equal(read["X"], X)
    pd.testing.assert_frame_equal(read["part"], X.iloc[rows].reset_index(drop=True))
    assert (read["y"] == rows).all()
    assert read["words"] == ["a", 1]


def test_a_frame_without_columns_keeps_its_rows() -> None:
    assert handed_over({"X": pd.DataFrame(index=range(3))})["X"].shape == (3, 0)


def test_rows_may_be_changed_in_place_and_the_file_stays_as_it_is() -> None:
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    with tempfile.TemporaryFile() as file:
        jobs.write({"X": X}, file)
        first = jobs.read(file.fileno())["X"]
        first["a"] /= 2
        first.iloc[0, 1] = 9.0
        assert first.to_numpy().tolist() == [[0.5, 9.0], [1.0, 4.0]]
        pd.testing.assert_frame_equal(jobs.read(file.fileno())["X"], X)


def test_numbers_lie_in_one_block_as_they_do_in_the_table(small_bytes: int) -> None:
    X = pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=["a", "b", "c"])
    read = handed_over({"X": Part(X, np.array([2, 0]))})["X"]
    assert read.to_numpy().flags.f_contiguous
    assert not read.to_numpy().flags.owndata
    if not small_bytes:
        assert isinstance(memory_of(read).obj, mmap.mmap)


def test_from_one_frame_no_way_leads_to_another() -> None:
    X = pd.DataFrame(np.arange(12.0).reshape(4, 3))
    read = handed_over({"X": Part(X, np.array([0, 1])), "blocks": [Part(X, np.array([2]))]})
    assert bytes(memory_of(read["X"])) == X.iloc[:2].to_numpy().T.tobytes()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the size of a file in memory")
def test_a_part_is_written_once() -> None:
    X = pd.DataFrame(np.zeros((10_000, 10)))
    with os.fdopen(os.memfd_create("job"), "w+b") as file:
        jobs.write({"X": Part(X, np.arange(5_000))}, file)
        assert os.fstat(file.fileno()).st_size < 1.01 * 8 * 10 * 5_000 + 5_000
