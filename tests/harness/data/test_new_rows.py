"""New rows are read like the training table; an error is one line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tables import make_frame, take

from harness.data.config import TableError
from harness.data.new_rows import check_columns, read_rows


@pytest.mark.parametrize(
    "style",
    [{}, {"sep": ";", "decimal": ","}, {"sep": "\t", "na_rep": "-"}],
    ids=["plain", "semicolons and commas", "tabs and dashes"],
)
def test_the_table_read_again_as_new_rows_is_the_table(tmp_path: Path, style: dict[str, str]) -> None:
    frame = make_frame()
    table = take(tmp_path, frame.to_csv(index=False, **style), name="t.csv").table
    (tmp_path / "new.csv").write_text(frame.drop(columns="y").to_csv(index=False, **style))
    blocks = list(read_rows(tmp_path / "new.csv", table.card))
    pd.testing.assert_frame_equal(pd.concat([block.X for block in blocks], ignore_index=True), table.X)


def test_columns_may_stand_in_any_order_and_others_are_named(tmp_path: Path) -> None:
    table = take(tmp_path, make_frame()).table
    other = make_frame(20, seed=1)[["y", "colour", "m", "k", "a"]].assign(extra=1)
    other.to_csv(tmp_path / "new.csv", index=False)
    assert check_columns(tmp_path / "new.csv", table.card) == ["extra"]
    (block,) = read_rows(tmp_path / "new.csv", table.card)
    assert list(block.X) == ["a", "k", "m", "colour"]


def test_a_long_file_comes_in_blocks_that_count_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.data.new_rows.BLOCK_ROWS", 7)
    table = take(tmp_path, make_frame()).table
    blocks = list(read_rows(tmp_path / "t.csv", table.card, id_column="k"))
    assert [block.first for block in blocks[:3]] == [1, 8, 15]
    assert {len(block.X) for block in blocks[:-1]} == {7}
    assert sum(len(block.ids) for block in blocks) == 200


def test_a_missing_column_is_one_line_with_what_is_there(tmp_path: Path) -> None:
    table = take(tmp_path, make_frame()).table
    make_frame(5).drop(columns=["a", "colour"]).to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(
        TableError, match=r"2 of the 4 feature columns are missing \('a', 'colour'\)\. The file has k, m, y"
    ):
        check_columns(tmp_path / "new.csv", table.card)


def test_a_cell_of_another_kind_is_one_line_with_its_row(tmp_path: Path) -> None:
    table = take(tmp_path, make_frame()).table
    frame = make_frame(30).astype({"k": object})
    frame.loc[28, "k"] = "many\x1b[31m"
    frame.to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(TableError, match=r"new.csv: column 'k', row 29: 'many.* is no number") as caught:
        list(read_rows(tmp_path / "new.csv", table.card))
    assert "\x1b" not in str(caught.value)


def test_a_category_that_was_never_seen_is_counted_and_a_gap_is_not(tmp_path: Path) -> None:
    table = take(tmp_path, make_frame()).table
    frame = make_frame(10)
    frame["colour"] = ["red", "pink", None, "pink", "blue", "green", "red", "", "NA", "mauve"]
    frame.to_csv(tmp_path / "new.csv", index=False)
    (block,) = read_rows(tmp_path / "new.csv", table.card, categories={"colour": ["red", "green", "blue"]})
    assert block.unseen == {"colour": 3}
    assert block.X["colour"].isna().sum() == 3
