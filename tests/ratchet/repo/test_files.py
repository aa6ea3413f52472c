"""A file is replaced as a whole, with any text, and a failure leaves the old one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ratchet.repo.files import write_atomic


def test_a_file_is_replaced_in_a_folder_that_is_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.txt"
    for text in ("first\n", "second \ud800\n"):
        write_atomic(target, text)
    assert target.read_bytes() == b"second ?\n"
    assert list(target.parent.iterdir()) == [target]


def test_a_folder_in_the_way_is_an_error_and_stays(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    (target / "kept").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        write_atomic(target, "x")
    assert (target / "kept").exists()
