"""Load the table described by data/dataset.toml."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len
from sklearn.metrics import roc_auc_score
from tables import make_frame, take

from harness.data import source
from harness.data import table as table_module
from harness.data.build import read_table
from harness.data.config import Card, ColumnType, TableError, card_text, parse_card, read_card, write_card
from harness.data.ingest import infer, reset, write
from harness.data.options import IntakeOptions
from harness.data.preview import describe
from harness.data.split import folds, train_test
from harness.data.table import Table

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def heart(tmp_path: Path) -> Table:
    (tmp_path / "data").mkdir()
    for name in ("heart.csv", "heart.toml"):
        shutil.copy2(ROOT / "data" / name, tmp_path / "data")
    reset(tmp_path)
    return read_table(tmp_path, read_card(tmp_path))


def build_pipeline() -> object:
    sys.path.insert(0, str(ROOT))
    try:
        return importlib.import_module("train").build_pipeline()
    finally:
        sys.path.remove(str(ROOT))


def test_heart_is_read_as_plain_pandas_reads_it(heart: Table) -> None:
    frame = pd.read_csv(ROOT / "data" / "heart.csv")
    target = frame.pop("disease")
    text = {"sex", "chest_pain", "resting_ecg", "st_slope", "thal"}
    assert heart.classes == ("no", "yes")
    assert heart.y.dtype == np.int64
    assert (heart.y == (target == "yes")).all()
    assert list(heart.X.columns) == list(frame.columns)
    for name in heart.X.columns:
        cells = frame[name].replace({"yes": 1.0, "no": 0.0})
        assert (heart.X[name].isna() == cells.isna()).all()
        assert (heart.X[name].dropna() == cells.dropna()).all()
        assert pd.api.types.is_numeric_dtype(heart.X[name]) == (name not in text)


def test_heart_is_the_file_that_uci_published(heart: Table) -> None:
    """The counts of https://doi.org/10.24432/C52P4X, processed.cleveland.data; every cell was compared once."""
    X = heart.X
    assert X.shape == (303, 13)
    assert int(heart.y.sum()) == 139
    assert X.isna().sum()[X.isna().any()].to_dict() == {"major_vessels": 4, "thal": 2}
    assert X["thal"].value_counts().to_dict() == {"normal": 166, "reversible defect": 117, "fixed defect": 18}
    first = [63, "male", "typical angina", 145, 233, 1, "left ventricular hypertrophy", 150, 0, 2.3, "downsloping", 0]
    assert X.iloc[0].tolist() == [*first, "fixed defect"]
    assert not X.duplicated().any()


def test_heart_is_what_taking_its_file_in_would_make_of_it(tmp_path: Path, heart: Table) -> None:
    """The default table is read like any other."""
    card = infer(tmp_path, IntakeOptions("data/heart.csv", "disease")).card
    assert (card, list(card.kinds)) == (heart.card, list(heart.card.kinds))


def test_heart_scores_what_plain_scikit_learn_scores(heart: Table) -> None:
    train, _ = train_test(heart, test_size=0.2, seed=42)
    aucs = []
    for fit, val in folds(heart, train, n_folds=5, seed=42):
        model = build_pipeline().fit(heart.X.iloc[fit], heart.y[fit])  # type: ignore[attr-defined]
        aucs.append(roc_auc_score(heart.y[val], model.predict_proba(heart.X.iloc[val])[:, 1]))
    assert np.mean(aucs) == pytest.approx(0.9057954123171514, abs=1e-12)


def test_the_committed_file_is_read_where_it_lies_and_only_its_cache_is_written(tmp_path: Path, heart: Table) -> None:
    file = tmp_path / "data" / "heart.csv"
    before = file.stat().st_mtime_ns
    again = read_table(tmp_path, heart.card)
    assert file.stat().st_mtime_ns == before
    assert again.digest == heart.digest
    written = {path for path in file.parent.iterdir() if path.suffix != ".npy"}
    assert {path.name for path in written} == {"dataset.toml", "heart.csv", "heart.toml"}
    assert len(list(file.parent.glob("heart-*.npy"))) == 4
    assert not again.features.numbers.flags.writeable  # read from the cache
    pd.testing.assert_frame_equal(again.X, heart.X)


def test_a_table_that_is_its_own_copy_is_never_to_be_deleted(tmp_path: Path, heart: Table) -> None:
    file = tmp_path / "data" / "heart.csv"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"63,male", b"64,male"))
    way_back = r"\(if it is committed: git restore data/heart\.csv\)"
    with pytest.raises(
        TableError, match=rf"^data/heart\.csv: sha256 .* differs .* Put the right file there {way_back}"
    ):
        read_table(tmp_path, heart.card)
    file.unlink()
    with pytest.raises(TableError, match=rf"^data/heart\.csv: no such file\. Put it there {way_back}"):
        read_table(tmp_path, heart.card)
    file.write_bytes(content)
    assert read_table(tmp_path, heart.card).digest == heart.digest


def test_the_copy_of_another_table_is_written_once_and_can_be_had_again(tmp_path: Path) -> None:
    intake = take(tmp_path, make_frame())
    copy = tmp_path / "data" / "t.csv"
    before = read_table(tmp_path, intake.card).digest
    written = copy.stat().st_mtime_ns
    assert read_table(tmp_path, intake.card).digest == before
    assert copy.stat().st_mtime_ns == written
    copy.write_text(copy.read_text().replace("yes", "no", 1))
    with pytest.raises(TableError, match=r"data/t\.csv: sha256 .* differs .* Delete it to copy t\.csv again"):
        read_table(tmp_path, intake.card)
    copy.unlink()
    assert read_table(tmp_path, intake.card).digest == before


def test_the_hash_tells_any_change_of_content_or_card(tmp_path: Path) -> None:
    frame = make_frame()
    changes = [
        frame,
        frame.assign(a=frame["a"] + 1e-9),
        frame.assign(colour=frame["colour"].where(frame.index != 7, "grey")),
        frame.assign(y=frame["y"].where(frame.index != 7, "no")),
        frame.rename(columns={"a": "b"}),
        frame.iloc[::-1],
    ]
    hashes = [take(tmp_path, change, name=f"t{number}.csv").table.digest for number, change in enumerate(changes)]
    hashes.append(take(tmp_path, frame, name="t0.csv", drop=("k",)).table.digest)
    hashes.append(take(tmp_path, frame, name="t0.csv", positive="no").table.digest)
    assert len(set(hashes)) == len(hashes)
    assert take(tmp_path, frame, name="t0.csv").table.digest == hashes[0]


def test_nothing_is_filled_scaled_or_encoded(tmp_path: Path) -> None:
    frame = make_frame()
    table = take(tmp_path, frame).table
    assert (table.X["m"].isna() == frame["m"].isna()).all()
    assert np.allclose(table.X["m"], frame["m"], equal_nan=True)
    assert (table.X["colour"] == frame["colour"]).all()
    assert isinstance(table.X.index, pd.RangeIndex)


def test_a_cell_is_the_same_whatever_stands_in_other_rows(tmp_path: Path) -> None:
    frame = make_frame().assign(day="2024-03-04", flag=["True", "False"] * 100)
    whole = take(tmp_path, frame, name="whole.csv").table
    half = take(tmp_path, frame.iloc[100:], name="half.csv").table
    pd.testing.assert_frame_equal(whole.X.iloc[100:].reset_index(drop=True), half.X)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"target": "z"}, "no column 'z'"),
        ({"positive": "maybe"}, "positive is 'maybe', but the classes are no and yes"),
        ({"drop": ("gone",)}, "no column 'gone'. The columns are a, k, m, colour, y"),
        ({"time": "m"}, "rows have no time in 'm'"),
        (
            {"kinds": dict.fromkeys(("a", "k", "m", "colour"), ColumnType.NUMBER)},
            "column 'colour', row 1: '[a-z]+' is no number",
        ),
        ({"kinds": dict.fromkeys(("a", "k", "m", "colour"), ColumnType.DATE)}, "column 'a', row 1: .* is no date"),
    ],
)
def test_a_card_that_does_not_fit_its_table_is_refused(
    tmp_path: Path, change: dict[str, object], expected: str
) -> None:
    intake = take(tmp_path, make_frame())
    write(tmp_path, intake)
    with pytest.raises(TableError, match=expected) as caught:
        read_table(tmp_path, replace(intake.card, **change))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_a_column_that_the_card_does_not_name_is_refused(tmp_path: Path) -> None:
    intake = take(tmp_path, make_frame())
    write(tmp_path, intake)
    kinds = {name: kind for name, kind in intake.card.kinds.items() if name != "m"}
    with pytest.raises(TableError, match=r"data/dataset.toml: column 'm' of t.csv is not listed"):
        read_table(tmp_path, replace(intake.card, kinds=kinds))


def test_a_corrected_kind_is_read_anew(tmp_path: Path) -> None:
    intake = take(tmp_path, make_frame())
    write(tmp_path, intake)
    text = card_text(intake.card).replace('k = "number"', 'k = "category"')
    write_card(tmp_path, text)
    table = read_table(tmp_path, read_card(tmp_path))
    assert set(table.X["k"]) == {"0", "1", "2", "3", "4", "5"}


def test_a_source_that_is_gone_or_changed_is_reported_in_one_line(tmp_path: Path) -> None:
    card = take(tmp_path, make_frame()).card
    (tmp_path / "t.csv").write_text("a,y\n1,0\n")
    with pytest.raises(TableError, match=r"t\.csv: sha256 .* differs"):
        read_table(tmp_path, card)
    (tmp_path / "t.csv").unlink()
    with pytest.raises(TableError, match=r"t\.csv: no such file"):
        read_table(tmp_path, card)


@pytest.fixture
def big(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Card:
    """A table that counts as large: only the binary cache holds it."""
    monkeypatch.setattr(source, "COPY_BYTES", 1000)
    frame = make_frame(300).assign(day=np.arange(300), flag=["yes", "no"] * 150, hole="")
    frame.loc[5, "hole"] = "x"
    intake = take(tmp_path, frame, time="day")
    write(tmp_path, intake)
    return intake.card


def test_a_large_table_is_mapped_from_its_cache_without_the_source(tmp_path: Path, big: Card) -> None:
    fresh = take(tmp_path, (tmp_path / "t.csv").read_bytes(), time="day").table
    (tmp_path / "t.csv").unlink()
    table = read_table(tmp_path, big)
    pd.testing.assert_frame_equal(table.X, fresh.X)
    assert (table.y == fresh.y).all()
    assert table.times is not None
    assert (table.times == np.arange(300)).all()
    assert table.digest == fresh.digest
    assert not table.X["a"].to_numpy().flags.owndata
    assert not table.features.numbers.flags.writeable
    assert not (tmp_path / "data" / "t.csv").exists()


def test_a_large_table_is_read_from_its_source_where_there_is_no_cache(tmp_path: Path, big: Card) -> None:
    before = read_table(tmp_path, big).digest
    for path in (tmp_path / "data").glob("*.npy"):
        path.unlink()
    assert read_table(tmp_path, big).digest == before
    assert len(list((tmp_path / "data").glob("*.npy"))) == 4


def test_a_corrected_card_has_a_cache_of_its_own(tmp_path: Path, big: Card) -> None:
    changed = replace(big, kinds={**big.kinds, "k": ColumnType.CATEGORY})
    assert set(read_table(tmp_path, changed).X["k"]) == {"0", "1", "2", "3", "4", "5"}
    assert set(read_table(tmp_path, big).X["k"]) == {0.0, 1.0, 2.0, 3.0, 4.0, 5.0}


@pytest.mark.parametrize("part", ["numbers", "codes", "rows", "head"])
def test_a_damaged_cache_is_refused_in_one_line(tmp_path: Path, big: Card, part: str) -> None:
    path = table_module.paths(tmp_path, big)[part]
    data = bytearray(path.read_bytes())
    for damage in (data[:-1] + bytes([data[-1] ^ 1]), data[:200], b""):
        path.write_bytes(bytes(damage))
        with pytest.raises(TableError, match=r"^data/t-.*: the cache is damaged \(.*\)\. Delete it") as caught:
            read_table(tmp_path, big)
        assert "\n" not in str(caught.value)


def test_a_cache_that_another_code_wrote_is_written_again(
    tmp_path: Path, big: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, head = read_table(tmp_path, big), table_module.paths(tmp_path, big)["head"]
    old = table_module.Rows(1 - table.y, table.classes, table.groups, table.times)
    with monkeypatch.context() as patch:
        patch.setattr(table_module, "_code", lambda: "of a version that read another table")
        table_module.save(tmp_path, table_module.make_table(big, table.features, old))
        assert table_module.load(tmp_path, big) is not None
    assert table_module.load(tmp_path, big) is None
    assert read_table(tmp_path, big).digest == table.digest
    assert b"of a version" not in head.read_bytes()


def test_what_is_written_to_the_cache_of_a_table_in_use_changes_nothing(tmp_path: Path, big: Card) -> None:
    table, path = read_table(tmp_path, big), table_module.paths(tmp_path, big)["numbers"]
    before, data = table.X.copy(), path.read_bytes()
    with path.open("r+b") as file:  # in place: the same file, as a mapped table would see it
        file.seek(len(data) // 2)
        file.write(bytes(len(data) - len(data) // 2))
    assert path.read_bytes() != data
    pd.testing.assert_frame_equal(table.X, before)


def test_half_a_cache_is_no_cache(tmp_path: Path, big: Card) -> None:
    table_module.paths(tmp_path, big)["head"].unlink()
    assert table_module.load(tmp_path, big) is None
    assert len(read_table(tmp_path, big).y) == 300


@pytest.mark.parametrize(
    "frame",
    [
        make_frame(),
        make_frame()[["colour", "y"]].assign(other=["u", "v", None, "w"] * 50),
        make_frame()[["a", "m", "y"]],
        make_frame().assign(comment=[f"text {row}" for row in range(200)], never=[None] * 199 + [1.0], same=3),
        make_frame().join(pd.DataFrame(np.random.default_rng(1).normal(size=(200, 150))).add_prefix("b")),
        make_frame().assign(y=np.random.default_rng(3).choice(["u", "v", "w"], 200)),
    ],
    ids=["mixed", "categories", "numbers", "odd columns", "wide", "three classes"],
)
@pytest.mark.filterwarnings("ignore:Skipping features without any observed values")
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_the_baseline_works_on_every_table(tmp_path: Path, frame: pd.DataFrame) -> None:
    table = take(tmp_path, frame).table
    fit, val = np.arange(150), np.arange(150, 200)
    model = build_pipeline().fit(table.X.iloc[fit], table.y[fit])  # type: ignore[attr-defined]
    scores = model.predict_proba(table.X.iloc[val])
    assert np.isfinite(scores).all()
    assert scores.shape == (50, len(table.classes))


def test_the_preview_says_what_was_read_in_eighty_columns(tmp_path: Path) -> None:
    long = "a column with quite a long name, longer than most"
    frame = make_frame().assign(day="2024-03-04", flag=["True", "False"] * 100, **{long: range(1, 400, 2)})
    intake = take(tmp_path, frame, drop=("k",))
    report = describe(intake.table, "stratified, 20% test, 5 folds, and a remark so long that it needs a second line")
    assert max(map(len, report.splitlines())) <= 80
    for part in (
        "200 rows, 6 columns",
        "yes: ",
        "stratified",
        "dropped  k",
        "2024-03-04 to 2024-03-04",
        "true in 50.0%",
        "red ",
    ):
        assert part in report


def test_the_data_card_is_true(heart: Table) -> None:
    """What data/README.md says about the default table can be counted here."""
    text = " ".join((ROOT / "data" / "README.md").read_text(encoding="utf-8").split())
    X, n_ill = heart.X, int(heart.y.sum())
    assert f"**yes in {n_ill} rows ({n_ill / len(X):.1%}), no in {len(X) - n_ill}**".replace("%", " %") in text
    for name in ("sex", "chest_pain", "resting_ecg", "st_slope", "thal"):
        for category, count in X[name].value_counts().items():
            assert f"{category} {count}" in text
    for name in ("high_fasting_sugar", "exercise_angina"):
        assert f"yes {(X[name] == 1).sum()}, no {(X[name] == 0).sum()}" in text
    for name, count in X.isna().sum()[X.isna().any()].items():
        assert f"| {name} |" in text
        assert f"missing in {count} rows" in text
    assert f"{X.isna().sum().sum()} cells are missing" in text.lower().replace("six", "6")
    for name in X.columns:
        assert f"| {name} |" in text


def test_a_copy_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    if os.name == "nt" or os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "data").mkdir(mode=0o500)
    with pytest.raises(OSError, match="Permission"):
        source.place(b"x", tmp_path / "data" / "t.csv")


def test_parse_card_and_card_text_agree_on_a_real_card(tmp_path: Path) -> None:
    card = take(tmp_path, make_frame().assign(day=range(200)), time="day", na=("-1",)).card
    assert parse_card(card_text(card)) == card


def test_headings_stand_over_their_columns_whatever_the_letters_of_a_name(tmp_path: Path) -> None:
    for names in (["a", "b"], ["年齢", "b"], ["東" * 20, "áb"]):
        frame = pd.DataFrame({name: range(7, 207) for name in names}).assign(y=["n", "y"] * 100)
        report = describe(take(tmp_path, frame).table, "by chance").splitlines()
        head = next(line for line in report if line.startswith("column"))
        rows = report[report.index(head) + 1 :]
        assert {cell_len(row[: row.index("number")]) for row in rows} == {head.index("kind")}
        assert all(cell_len(row) <= 80 for row in rows)
