"""What intake decides from the first rows holds for every row: else the decision changes, or a note names the row."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables import make_frame, take

from harness.data.build import read_table
from harness.data.config import ColumnType, TableError, card_text, parse_card
from harness.data.ingest import Intake, write
from harness.data.split import folds, train_test

DAYS = pd.date_range("2024-01-01", periods=60)


def table(**columns: Any) -> pd.DataFrame:
    return make_frame(60)[["a"]].assign(**columns, y=[0, 1, 1] * 20)


def settled(root: Path, content: Any, **options: Any) -> Intake:
    """Take a table in, and check that it is the same when it is read again from its config."""
    intake = take(root, content, **options)
    write(root, intake)
    assert parse_card(card_text(intake.card)) == intake.card
    for path in (root / "data").glob("*.npy"):
        path.unlink()
    assert read_table(root, intake.card).digest == intake.table.digest
    return intake


def says(intake: Intake, *parts: str) -> bool:
    return any(all(part in note for part in parts) for note in intake.notes)


def test_a_target_by_place_is_no_name_in_a_first_row_of_numbers(tmp_path: Path) -> None:
    rows = "".join(f"{row % 2 + 1},{row * 0.7:.2f},{row % 3},1\n" for row in range(60))
    assert settled(tmp_path, rows, target="1").card.target == "x1"
    assert settled(tmp_path, "0,1,2,3\n" + rows, target="0", name="u.csv").card.target == "0"


def test_a_place_counts_from_either_end(tmp_path: Path) -> None:
    assert take(tmp_path, make_frame(), target="-1").card.target == "y"
    assert take(tmp_path, make_frame(), target="5").card.target == "y"


@pytest.mark.parametrize("late", [210, 20_500])
def test_a_day_beyond_twelve_far_down_decides_the_order(tmp_path: Path, late: int) -> None:
    when = ["02/01/2024"] * late + ["13/01/2024"] * 300
    frame = pd.DataFrame({"when": when, "y": np.resize([0, 1], len(when))})
    assert settled(tmp_path, frame).table.X["when"].unique().tolist() == [19724.0, 19735.0]


def test_each_column_has_its_own_order_of_day_and_month(tmp_path: Path) -> None:
    frame = table(eu=DAYS.strftime("%d.%m.%Y"), us=DAYS.strftime("%m/%d/%Y"), oracle=DAYS.strftime("%d-%b-%y"))
    X = settled(tmp_path, frame).table.X
    for name in ("eu", "us", "oracle"):
        assert X[name].tolist() == list(range(19723, 19783))


def test_a_date_beyond_the_range_of_nanoseconds_is_a_date(tmp_path: Path) -> None:
    intake = settled(tmp_path, table(until=["9999-12-31", "2024-01-02", "1066-10-14"] * 20))
    assert intake.card.kinds["until"] is ColumnType.DATE
    assert intake.table.X["until"].tolist()[:2] == [2932896.0, 19724.0]


def test_compact_dates_are_dates_and_amounts_of_eight_digits_are_numbers(tmp_path: Path) -> None:
    intake = settled(tmp_path, table(day=DAYS.strftime("%Y%m%d"), amount=np.arange(60) * 7_919 + 20_240_000))
    assert intake.card.kinds["day"] is ColumnType.DATE
    assert intake.card.kinds["amount"] is ColumnType.NUMBER


def test_a_quote_that_is_never_closed_swallows_no_row(tmp_path: Path) -> None:
    lines = [f"{row % 2},{chr(34) * (row in (10, 30))}pipe,{row * 0.5}" for row in range(60)]
    intake = settled(tmp_path, "y,size,x\n" + "\n".join(lines) + "\n")
    assert len(intake.table.y) == 60
    assert says(intake, "quotation marks as plain text")


def test_a_quote_that_may_swallow_rows_is_reported_with_its_lines(tmp_path: Path) -> None:
    lines = [f'{row % 2},"a, b",{row}' for row in range(60)]
    lines[10:13] = ['0,"a,10', "1,c,11", '0,b",12']
    assert says(take(tmp_path, "y,size,x\n" + "\n".join(lines) + "\n"), "lines 12 to 14 are one row")


def test_a_marker_that_may_be_a_class_is_named_with_its_way_out(tmp_path: Path) -> None:
    frame = make_frame(60).assign(y=["None", "Apnea", "Insomnia"] * 20)
    with pytest.raises(TableError, match=r"20 times 'None'\). If 'None' is a class, use --keep-na 'None'"):
        take(tmp_path, frame)
    assert settled(tmp_path, frame, keep_na=("None",)).table.classes == ("Apnea", "Insomnia", "None")
    assert settled(tmp_path, frame, drop_unlabelled=True, name="u.csv").table.classes == ("Apnea", "Insomnia")


def test_a_marker_in_a_category_is_counted(tmp_path: Path) -> None:
    frame = table(garage=["NA", "brick", "wood"] * 20)
    assert says(settled(tmp_path, frame), "'NA' counts as missing in 'garage' (20 cells, the first in row 1)")
    kept = settled(tmp_path, frame, keep_na=("NA",), name="u.csv")
    assert kept.table.X["garage"].value_counts()["NA"] == 20


NUMBERS = np.arange(-30, 30) * 150.5


@pytest.mark.parametrize(
    ("write_as", "unit"),
    [
        (lambda x: f"-${-x:,.2f}" if x < 0 else f"${x:,.2f}", "$"),
        (lambda x: f"({-x:,.2f})" if x < 0 else f"{x:,.2f}", None),
        (lambda x: f"{x:.2f}".replace("-", "−"), None),
        (lambda x: f"{x:,.2f} €".replace(",", " ").replace(".", ","), "€"),
        (lambda x: f"{x:,.2f}".replace(",", "\u202f").replace(".", ","), None),
        (lambda x: f"{x:,.2f}".translate({44: 46, 46: 44}), None),
        (lambda x: f"{x:.2f} kg", "kg"),
        (lambda x: f"{x:.2f}%", "%"),
        (lambda x: f"{-x:.2f}-" if x < 0 else f"{x:.2f}", None),
    ],
)
def test_numbers_in_any_notation_are_numbers(tmp_path: Path, write_as: Any, unit: str | None) -> None:
    content = table(x=[write_as(x) for x in NUMBERS]).to_csv(index=False, sep=";")
    intake = settled(tmp_path, content)
    assert intake.table.X["x"].tolist() == NUMBERS.tolist()
    assert intake.card.format.units.get("x") == unit


@pytest.mark.parametrize(
    ("late", "expected"),
    [("1,200", 1200.0), ("$7", 7.0), ("7 %", None), ("-", np.nan), ("01234", None), ("−7", -7.0), ("7 kg", None)],
)
def test_what_first_appears_far_down_changes_the_decision_or_is_reported(
    tmp_path: Path, late: str, expected: float | None
) -> None:
    cells = [str(row % 950 + 1) for row in range(21_000)] + [late]
    intake = settled(tmp_path, pd.DataFrame({"x": cells, "y": np.resize([0, 1], len(cells))}))
    if expected is None:
        assert intake.card.kinds["x"] is ColumnType.CATEGORY
        assert says(intake, "'x' is a category because of", late.strip("7 "))
    else:
        np.testing.assert_equal(intake.table.X["x"].iloc[-1], expected)


def test_thousands_with_a_point_are_seen_beside_decimal_commas(tmp_path: Path) -> None:
    amounts = [str(row * 37) if row < 30 else f"1.{row:03}" for row in range(60)]
    content = table(p=[f"{row},5" for row in range(60)], e=amounts)[["p", "e", "y"]].to_csv(index=False, sep=";")
    X = settled(tmp_path, content).table.X
    assert X["p"].tolist()[:2] == [0.5, 1.5]
    assert X["e"].tolist()[-1] == 1059.0


def test_large_whole_numbers_are_not_merged(tmp_path: Path) -> None:
    ids = [9007199254740993 + row for row in range(60)]
    intake = settled(tmp_path, table(tweet=ids))
    assert intake.table.X["tweet"].tolist() == list(map(str, ids))
    assert says(intake, "a number keeps 15 digits")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [(["10", "1_0"], {"10", "1_0"}), (["01", "1", "02"], {"01", "1", "02"}), (["1.0", "1", "2"], {"1", "2"})],
)
def test_classes_are_as_they_are_written(tmp_path: Path, labels: list[str], classes: set[str]) -> None:
    intake = settled(tmp_path, make_frame(60).assign(y=np.resize(labels, 60)))
    assert set(intake.table.classes) == classes
    assert says(intake, "several spellings") == ("01" in classes)


def test_one_class_in_several_spellings_is_reported_and_can_be_joined(tmp_path: Path) -> None:
    frame = make_frame(120).assign(y=["yes", "No", "YES", "no"] * 30)
    assert says(settled(tmp_path, frame), "2 of its classes have several spellings", "--join-spellings")
    assert settled(tmp_path, frame, join_spellings=True, name="u.csv").table.classes == ("No", "yes")


def test_one_entity_in_several_spellings_is_one_group(tmp_path: Path) -> None:
    frame = table(pid=[f"{row // 4}{'.0' * (row % 2)}" for row in range(60)])
    intake = settled(tmp_path, frame, group="pid")
    assert intake.table.groups is not None
    assert len(np.unique(intake.table.groups)) == 15
    assert says(intake, "'pid': 15 of its values have several spellings")


def test_rows_without_a_filled_cell_are_left_out_and_short_rows_reported(tmp_path: Path) -> None:
    content = table(x=range(60), z="q")[["y", "a", "x", "z"]].to_csv(index=False) + ",,,\n" * 3 + "1,0.5\n"
    intake = settled(tmp_path, content)
    assert len(intake.table.y) == 61
    assert says(intake, "left out 3 rows without a filled cell: line 62, 63, 64")
    assert says(intake, "1 rows have fewer cells than the header", "line 65")


@pytest.mark.parametrize("above", ["sep=,\n", "Sales of 2024\n\n", "Report,,\nby me,,\n", "# one\n# two\n"])
def test_lines_above_the_header_are_left_out_and_reported(tmp_path: Path, above: str) -> None:
    frame = table(x=range(60))
    intake = settled(tmp_path, above + frame.to_csv(index=False))
    assert len(intake.table.y) == 60
    assert says(intake, "above the header left out")


def test_a_zip_holds_one_table_beside_hidden_files_and_notes(tmp_path: Path) -> None:
    with BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name in ("in/", "in/data.csv", "__MACOSX/in/._data.csv", "in/.DS_Store", "in/README.txt"):
                archive.writestr(name, make_frame().to_csv(index=False) if name == "in/data.csv" else b"\0")
        content = file.getvalue()
    assert len(settled(tmp_path, content, name="t.zip").table.y) == 200


def test_a_header_of_any_length_and_a_cell_of_any_length_are_read(tmp_path: Path) -> None:
    names = [f"a_rather_long_name_of_a_gene_{place:06}" for place in range(9000)]
    wide = pd.DataFrame(np.resize([0, 1, 3, 4, 7], (30, 9000)), columns=names).assign(y=[0, 1] * 15)
    assert len(take(tmp_path, wide, drop=tuple(names[100:])).card.kinds) == 100
    assert len(settled(tmp_path, table(text=["word " * 40_000, *["t"] * 59]), name="u.csv").table.y) == 60


def test_a_parquet_column_of_lists_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with BytesIO() as file:
        table(list=[[1, 2]] * 60).to_parquet(file)
        content = file.getvalue()
    with pytest.raises(TableError, match=r"column 'list' holds lists or records .* --drop 'list'"):
        take(tmp_path, content)
    assert "list" not in settled(tmp_path, content, drop=("list",)).card.kinds


def test_names_that_libraries_refuse_are_reported_with_the_way_out(tmp_path: Path) -> None:
    names = ["size[mm]", "p<0.05", "a:b"]
    intake = settled(tmp_path, table(**dict.fromkeys(names, range(60, 0, -1))))
    assert list(intake.table.X)[1:] == names
    assert says(intake, "LightGBM or XGBoost refuse the names 'size[mm]', 'p<0.05', 'a:b'", "rename in feature_fn")


def test_moments_too_few_for_the_folds_are_counted(tmp_path: Path) -> None:
    frame = make_frame(500).assign(year=np.repeat(range(2001, 2006), 100))
    found = take(tmp_path, frame, time="year").table
    with pytest.raises(TableError, match="'year' has 5 different values, 7 are needed"):
        folds(found, train_test(found, test_size=0.2, seed=42)[0], n_folds=5, seed=42)
