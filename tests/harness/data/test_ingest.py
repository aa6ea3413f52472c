"""Ingest tables: real dialects are read, and invalid files leave everything unchanged."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import shutil
import zipfile
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import make_frame, take

from harness.audit import audit
from harness.data import infer_types, source
from harness.data.build import read_table
from harness.data.columns import MisfitError
from harness.data.config import CARD, DEFAULT_CARD, ColumnType, TableError, card_text, read_card, write_card
from harness.data.ingest import Intake, infer, reset, write
from harness.data.options import OPTIONS, IntakeOptions, make_options
from harness.data.sniff import Hints
from harness.data.split import folds, train_test
from harness.data.table import Table

ROOT = Path(__file__).resolve().parents[3]


def settle(root: Path, intake: Intake) -> None:
    """Check that an ingested table can be written, read back unchanged, and split."""
    write(root, intake)
    assert read_card(root) == intake.card
    table = read_table(root, intake.card)
    assert table.digest == intake.table.digest
    folds(table, train_test(table, test_size=0.2, seed=42)[0], n_folds=5, seed=42)


def test_a_plain_file_becomes_a_card_a_copy_and_a_table(tmp_path: Path) -> None:
    intake = take(tmp_path, make_frame(), name="churn rate.csv")
    settle(tmp_path, intake)
    assert intake.card.name == "churn-rate"
    assert intake.card.source == "churn rate.csv"
    assert intake.card.positive == "yes"
    assert intake.card.kinds == {
        "a": ColumnType.NUMBER,
        "k": ColumnType.NUMBER,
        "m": ColumnType.NUMBER,
        "colour": ColumnType.CATEGORY,
    }
    assert (tmp_path / "data" / "churn-rate.csv").read_bytes() == (tmp_path / "churn rate.csv").read_bytes()


def test_nothing_is_written_before_write(tmp_path: Path) -> None:
    take(tmp_path, make_frame())
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def zipped(content: bytes) -> bytes:
    with BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("t.csv", content)
        return file.getvalue()


@pytest.mark.parametrize(
    "pack", [gzip.compress, bz2.compress, lzma.compress, zipped], ids=["gzip", "bzip2", "xz", "zip"]
)
def test_a_packed_file_is_the_file_in_it(tmp_path: Path, pack: Any) -> None:
    plain = take(tmp_path, make_frame())
    packed = take(tmp_path, pack(make_frame().to_csv(index=False).encode()), name="p.csv.gz")
    settle(tmp_path, packed)
    assert packed.card.sha256 == plain.card.sha256
    assert packed.card.name == "p"


DIALECTS = {
    "semicolons and decimal commas": lambda frame: frame.to_csv(index=False, sep=";", decimal=","),
    "tabs": lambda frame: frame.to_csv(index=False, sep="\t"),
    "Windows line ends": lambda frame: frame.to_csv(index=False, lineterminator="\r\n"),
    "byte order mark": lambda frame: "\ufeff" + frame.to_csv(index=False),
    "Latin-1": lambda frame: frame.to_csv(index=False).encode("latin-1"),
    "UTF-16": lambda frame: frame.to_csv(index=False).encode("utf-16"),
    "every cell in quotes": lambda frame: frame.to_csv(index=False, quoting=1),
    "question marks": lambda frame: frame.to_csv(index=False, na_rep="?"),
    "NA": lambda frame: frame.to_csv(index=False, na_rep="NA"),
    "blanks after commas": lambda frame: frame.to_csv(index=False).replace(",", ", "),
    "row numbers without a name": lambda frame: frame.to_csv(),
    "row names as R writes them": lambda frame: frame.to_csv().removeprefix(","),
    "blank lines": lambda frame: "\n" + frame.to_csv(index=False).replace("\n", "\n\n"),
}


@pytest.mark.parametrize("write_as", DIALECTS.values(), ids=list(DIALECTS))
def test_a_table_is_the_same_however_it_is_written(tmp_path: Path, write_as: Any) -> None:
    frame = make_frame().assign(colour=lambda table: table["colour"].replace("green", "grün"))
    plain = take(tmp_path, frame, name="plain.csv").table
    other = take(tmp_path, write_as(frame), name="other.csv")
    settle(tmp_path, other)
    pd.testing.assert_frame_equal(other.table.X, plain.X)
    assert (other.table.y == plain.y).all()


def test_a_file_without_a_header_is_named_by_place(tmp_path: Path) -> None:
    intake = take(tmp_path, make_frame().to_csv(index=False, header=False), target="5")
    settle(tmp_path, intake)
    assert intake.card.target == "x5"
    assert list(intake.table.X.columns) == ["x1", "x2", "x3", "x4"]
    assert "read with no header" in intake.notes


def test_columns_of_every_kind_become_numbers_or_text(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = make_frame().assign(
        price=[f"{number:,}" for number in rng.integers(1000, 9_000_000, 200)],
        share=[f"{number} %" for number in rng.integers(1, 99, 200)],
        zip=[f"0{number}" for number in rng.integers(1000, 9999, 200)],
        active=rng.choice(["TRUE", "FALSE"], 200),
        since=pd.Timestamp("2020-02-03").strftime("%d/%m/%Y"),
        born=[
            f"{day}.{month}.1990" for day, month in zip(rng.integers(1, 28, 200), rng.integers(1, 12, 200), strict=True)
        ],
        name=[f"person {row}" for row in range(200)],
        same="x",
    )
    intake = take(tmp_path, frame)
    settle(tmp_path, intake)
    kinds = intake.card.kinds
    assert [kinds[name] for name in ("price", "share", "zip", "active", "since", "born", "name", "same")] == [
        ColumnType.NUMBER,
        ColumnType.NUMBER,
        ColumnType.CATEGORY,
        ColumnType.BOOLEAN,
        ColumnType.DATE,
        ColumnType.DATE,
        ColumnType.CATEGORY,
        ColumnType.CATEGORY,
    ]
    assert intake.table.X["price"].min() >= 1000
    assert intake.table.X["since"].unique().tolist() == [18295.0]  # the third of February, since born says so


def test_columns_that_no_model_can_use_are_dropped_and_named(tmp_path: Path) -> None:
    frame = make_frame().assign(empty=np.nan, row=range(1, 201))
    intake = take(tmp_path, frame)
    settle(tmp_path, intake)
    assert intake.card.drop == ("empty", "row")
    assert "dropped 'empty': every cell is missing" in intake.notes
    assert "dropped 'row': it is a row number" in intake.notes


def test_a_column_that_is_kept_from_being_numbers_by_one_cell_is_named(tmp_path: Path) -> None:
    frame = make_frame().astype({"a": str})
    frame.loc[7, "a"] = "none seen"
    intake = take(tmp_path, frame)
    assert intake.card.kinds["a"] is ColumnType.CATEGORY
    assert (
        "'a' is a category because of 'none seen' (row 8); if that means missing, use --na 'none seen'" in intake.notes
    )
    again = take(tmp_path, frame, na=("none seen",))
    settle(tmp_path, again)
    assert again.card.kinds["a"] is ColumnType.NUMBER
    assert np.isnan(again.table.X["a"][7])


@pytest.mark.parametrize(
    ("header", "options"), [("a,b,y,y", {}), ("g,g,b,y", {"group": "g"}), ("b,b,c,y", {"time": "b"})]
)
def test_a_name_that_two_columns_share_cannot_be_target_group_or_time(
    tmp_path: Path, header: str, options: dict[str, Any]
) -> None:
    with pytest.raises(TableError, match=r"t\.csv: several columns are named '[ygb]'\. Rename"):
        take(tmp_path, "\n".join([header, *["1,2,3,no", "3,2,1,yes"] * 20]), **options)


def test_a_second_column_of_one_name_is_reported(tmp_path: Path) -> None:
    intake = take(tmp_path, "\n".join(["a,a,y", *["1,2,no", "3,2,yes"] * 20]))
    assert list(intake.card.kinds) == ["a", "a_2"]
    assert "renamed a second column 'a' to 'a_2'" in intake.notes


def test_text_after_the_sample_makes_a_category(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infer_types, "SAMPLE_ROWS", 50)
    frame = make_frame().assign(late=[*range(1000, 1199), "x"], day=["2020-01-01"] * 199 + ["soon"])
    intake = take(tmp_path, frame)
    settle(tmp_path, intake)
    assert intake.card.kinds["late"] is intake.card.kinds["day"] is ColumnType.CATEGORY
    assert "'late' is a category because of 'x' (row 200); if that means missing, use --na 'x'" in intake.notes
    with pytest.raises(MisfitError, match=r"'day' is a category because of 'soon' \(row 200\)"):
        take(tmp_path, frame, time="day")


@pytest.mark.parametrize(
    ("classes", "option", "positive"),
    [
        (["0", "1"], "", "1"),
        (["1", "2"], "", "2"),
        (["-1.0", "1.0"], "", "1"),
        (["no", "Yes"], "", "Yes"),
        (["neg", "pos"], "", "pos"),
        (["ok", "ok", "bad"], "", "bad"),
        (["0.0", "1.0"], "0", "0"),
        (["0", "1"], "0.0", "0"),
        (["'a'", "'b'"], "a", "'a'"),
        (["Yes", "No"], "no", "No"),
    ],
)
def test_the_positive_class_is_the_one_a_person_would_mean(
    tmp_path: Path, classes: list[str], option: str, positive: str
) -> None:
    labels = np.resize(classes, 200)
    intake = take(tmp_path, make_frame().assign(y=labels), positive=option)
    settle(tmp_path, intake)
    assert intake.card.positive == intake.table.classes[1] == positive
    rare = [label for label in classes if label.strip("'") == positive.strip("'") or label == f"{positive}.0"]
    assert intake.table.y.sum() == np.isin(labels, rare).sum()


def test_more_than_two_classes_are_reported_and_ordered(tmp_path: Path) -> None:
    intake = take(tmp_path, make_frame().assign(y=np.resize([10, 9, 2], 200)))
    settle(tmp_path, intake)
    assert intake.table.classes == ("2", "9", "10")
    assert intake.card.positive == ""
    assert "3 classes: val_auc is the mean one-vs-rest AUC" in intake.notes


FRAME = make_frame()


@pytest.mark.parametrize(
    ("frame", "options", "expected"),
    [
        (FRAME, {"target": "Y"}, None),
        (FRAME, {"target": "yy"}, "no column 'yy'. The columns are a, k, m, colour, y. Did you mean 'y'?"),
        (FRAME, {"drop": ("q",)}, "no column 'q'"),
        (FRAME, {"group": "q"}, "no column 'q'"),
        (FRAME, {"drop": ("y",)}, "column 'y' is given as --target and as --drop. Leave one out."),
        (
            FRAME,
            {"group": "k", "time": "a"},
            "--group 'k' and --time 'a' cannot be combined. Leave one",
        ),
        (FRAME, {"time": "colour"}, "column 'colour' holds text, no times. Choose another --time."),
        (FRAME, {"time": "m"}, "rows have no time in 'm'"),
        (
            FRAME,
            {"positive": "maybe"},
            "positive is 'maybe', but the classes are no and yes. Name one of them with --positive, or in data",
        ),
        (FRAME, {"drop": ("a", "k", "m", "colour")}, "no feature column is left besides 'y'"),
        (FRAME[["y"]], {}, "no feature column is left besides 'y'"),
        (FRAME.assign(y=1), {}, "target 'y' has the single class 1"),
        (
            FRAME.assign(y=["u", None] * 100),
            {},
            "100 rows have no label in 'y', the first is row 2",
        ),
        (FRAME.assign(y=FRAME["a"]), {}, "target 'y' has 200 different numbers"),
        (FRAME.assign(y=[f"c{row}" for row in range(200)]), {}, "target 'y' has 200 classes"),
        (
            FRAME.assign(y=np.resize(["u", "v", "w"], 200)),
            {"positive": "u"},
            "positive is 'u', but the target has 3 classes",
        ),
        (FRAME.iloc[:0], {}, "the file has a header and no rows"),
        (FRAME.assign(a=FRAME["a"] * 1e300), {}, "column 'a', row 1: 1.25"),
        (
            FRAME.assign(k=["7"] * 150 + ["-1e39"] * 50),
            {},
            "column 'k', row 151: -1e+39 exceeds 3e+38. If it means missing",
        ),
    ],
)
def test_what_cannot_be_measured_is_reported_in_one_line_with_the_way_out(
    tmp_path: Path, frame: pd.DataFrame, options: dict[str, Any], expected: str | None
) -> None:
    if expected is None:
        assert take(tmp_path, frame, **options).card.target == "y"
        return
    with pytest.raises(TableError) as caught:
        take(tmp_path, frame, **options)
    message = str(caught.value)
    assert expected in message
    assert "\n" not in message
    assert message.startswith("t.csv: ")
    assert message[-1] in ".?"


def test_another_table_of_the_same_name_keeps_its_copy(tmp_path: Path) -> None:
    settle(tmp_path, take(tmp_path, make_frame(seed=1)))
    first = (tmp_path / "data" / "t.csv").read_bytes()
    second = take(tmp_path, make_frame(seed=2))
    settle(tmp_path, second)
    assert second.card.name == "t-2"
    assert "named 't-2': data/t.csv holds another table" in second.notes
    assert (tmp_path / "data" / "t.csv").read_bytes() == first
    assert take(tmp_path, make_frame(seed=1)).card.name == "t"
    with pytest.raises(TableError, match=r"data/t\.csv: another table has this name\. Choose another --name"):
        take(tmp_path, make_frame(seed=3), called="t")


def test_reset_returns_to_the_default_table_and_keeps_the_copies(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for name in ("heart.csv", "heart.toml"):
        shutil.copy2(ROOT / "data" / name, tmp_path / "data")
    settle(tmp_path, take(tmp_path, make_frame()))
    reset(tmp_path)
    assert (tmp_path / CARD).read_bytes() == (ROOT / DEFAULT_CARD).read_bytes()
    assert read_table(tmp_path, read_card(tmp_path)).card.name == "heart"
    assert (tmp_path / "data" / "t.csv").exists()


def test_reset_without_the_card_of_the_default_table_is_reported_in_one_line(tmp_path: Path) -> None:
    settle(tmp_path, take(tmp_path, make_frame()))
    before = (tmp_path / CARD).read_bytes()
    with pytest.raises(
        TableError, match=r"^data/heart\.toml: the file is missing\. Restore it: git restore data/heart\.toml$"
    ):
        reset(tmp_path)
    assert (tmp_path / CARD).read_bytes() == before


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(TableError, match=r"^folder: this is a folder\. Name the file in it\.$"):
        infer(tmp_path, IntakeOptions("folder", "y"))


def test_a_source_outside_the_repository_is_named_by_its_whole_path(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "repo", tmp_path / "some where ü"
    root.mkdir()
    elsewhere.mkdir()
    make_frame().to_csv(elsewhere / "t.csv", index=False)
    intake = infer(root, IntakeOptions(str(elsewhere / "t.csv"), "y"))
    settle(root, intake)
    assert intake.card.source == (elsewhere / "t.csv").resolve().as_posix()


def test_no_network_is_reported_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OSError("<urlopen error [Errno -3] Temporary failure in name resolution>")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", refuse)
    with pytest.raises(
        TableError, match=r"openml:credit-g@1: the table cannot be downloaded \(.*name resolution"
    ) as caught:
        infer(tmp_path, IntakeOptions("openml:credit-g@1", ""))
    assert "\n" not in str(caught.value)


def test_a_table_of_openml_is_taken_in_with_its_own_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = make_frame().astype({"colour": "category", "y": "category"})

    class Found:
        target_names = ("y",)

    Found.frame = frame  # type: ignore[attr-defined]
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda **_: Found)
    intake = infer(tmp_path, IntakeOptions("openml:credit-g@1", ""))
    settle(tmp_path, intake)
    assert (intake.card.name, intake.card.target) == ("credit-g", "y")
    (tmp_path / "data" / "credit-g.csv").unlink()
    assert read_table(tmp_path, intake.card).digest == intake.table.digest


def test_parquet_is_read_with_pyarrow(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    frame = make_frame().assign(flag=[True, False] * 100, day=pd.date_range("2024-01-01", periods=200))
    frame.to_parquet(tmp_path / "t.parquet")
    intake = infer(tmp_path, IntakeOptions("t.parquet", "y"))
    settle(tmp_path, intake)
    assert intake.card.kinds["flag"] is ColumnType.BOOLEAN
    assert intake.card.kinds["day"] is ColumnType.DATE
    (tmp_path / "t.parquet").unlink()
    assert read_table(tmp_path, intake.card).X["day"][0] == 19723.0


def test_parquet_without_pyarrow_says_how_to_run_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(
        TableError, match=r"pyarrow, which is not installed\. Run: uv run --with pyarrow prepare\.py --csv"
    ):
        take(tmp_path, b"PAR1 and more PAR1", name="t.parquet")


@click.command(params=list(OPTIONS))
def command(**options: Any) -> None:
    """Stand in for prepare.py."""
    click.echo(repr(make_options(options)))


def run(*arguments: str) -> str:
    done = CliRunner().invoke(command, arguments)
    return str(done.exception) if isinstance(done.exception, TableError) else done.output.strip()


def test_the_options_are_parsed() -> None:
    assert run() == run("--reset") == "None"
    report = run(
        "--csv", "t.csv", "--target", "y", "--drop", "a", "--drop", "b", "--sep", "tab", "--na", "-1", "--no-header"
    )
    assert report == repr(IntakeOptions("t.csv", "y", drop=("a", "b"), hints=Hints("\t", header=False, na=("-1",))))
    assert run("--source", "openml:a@1") == repr(IntakeOptions("openml:a@1", ""))
    assert "source='t.csv'" in run("--csv", "t.csv", "--target", "y", "--dry-run")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--target", "y"], "--target: no table is given. Add --csv FILE."),
        (["--dry-run"], "--dry-run: no table is given. Add --csv FILE."),
        (["--csv", "t.csv"], "--csv: no label column is given. Add --target COLUMN."),
        (
            ["--csv", "t.csv", "--source", "openml:a@1", "--target", "y"],
            "--csv, --source and --reset exclude each other",
        ),
        (["--csv", "t.csv", "--target", "y", "--reset"], "--csv, --source and --reset exclude each other"),
        (
            ["--csv", "t.csv", "--target", "y", "--sep", "ab"],
            "--sep: 'ab' is no separator. Use one character, tab or space.",
        ),
        (["--source", "kaggle:a", "--target", "y"], "--source: 'kaggle:a' is not of the form openml:NAME@VERSION"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[str], expected: str) -> None:
    assert expected in run(*arguments)


CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            "?",
            "1",
            "0",
            "-3.5",
            "1e400",
            "nan",
            "inf",
            "yes",
            "no",
            "2020-01-01",
            "31/12/99",
            "1,5",
            '"',
            "'",
            "=1+1",
        ]
    ),
    st.text(st.characters(codec="utf-8"), max_size=6),
)
TEXTS = st.builds(
    lambda rows, sep, end, head: head + end.join(sep.join(row) for row in rows),
    st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=40),
    st.sampled_from([",", ";", "\t", "|", " ", ",,"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "a,b,y\n", "y\n", "\ufeffa;y\n", '"a\nb",y\n', "y,y,y\n"]),
)
ENCODED = st.builds(
    lambda text, encoding: text.encode(encoding, errors="replace"),
    TEXTS,
    st.sampled_from(["utf-8", "latin-1", "utf-16", "utf-8-sig"]),
)
PACKED = st.builds(lambda content, cut: gzip.compress(content)[: cut or None], ENCODED, st.integers(-20, 0))
FILES = st.one_of(
    ENCODED, PACKED, st.binary(max_size=200), st.builds(lambda data: b"PK\x03\x04" + data, st.binary(max_size=50))
)
HINTS = st.builds(
    Hints,
    sep=st.sampled_from(["", "", "", ";", "\t", r"\s+"]),
    header=st.sampled_from([None, None, True, False]),
    na=st.lists(CELLS, max_size=1).map(tuple),
)


def contents(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "data").iterdir()}


def feed(root: Path, content: bytes, hints: Hints, target: str) -> Table | None:
    """Ingest a file, or check that the error is one line and nothing changed."""
    before, refusal = contents(root), ""
    (root / "t.csv").write_bytes(content)
    try:
        intake = infer(root, IntakeOptions("t.csv", target, hints=hints))
        train_test(intake.table, test_size=0.2, seed=1)
    except TableError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert contents(root) == before
    if refusal:
        return None
    write(root, intake)
    assert read_table(root, read_card(root)).digest == intake.table.digest
    kept = {name: data for name, data in before.items() if name != "dataset.toml"}
    assert kept.items() <= contents(root).items()
    for path in (root / "data").glob("t*.csv"):
        path.unlink()
    return intake.table


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("fuzzed")
    (root / "data").mkdir()
    for name in ("heart.csv", "heart.toml"):
        shutil.copy2(ROOT / "data" / name, root / "data")
    reset(root)
    read_table(root, read_card(root))
    return root


quick = settings(
    max_examples=10 * settings().max_examples, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.mark.filterwarnings("error")
@quick
@given(content=FILES, hints=HINTS, target=st.sampled_from(["y", "a", "2", "x1"]))
def test_a_thousand_odd_files_end_in_a_table_or_in_one_line(
    fuzzed: Path, content: bytes, hints: Hints, target: str
) -> None:
    feed(fuzzed, content, hints, target)


def well_written(columns: list[list[str]], sep: str, end: str) -> bytes:
    """Return a proper CSV file of sixty rows: odd cells in two columns, a number in the third, two classes."""
    with StringIO(newline="") as file:
        writer = csv.writer(file, delimiter=sep, lineterminator=end)
        writer.writerow(["a", "b", "c", "y"])
        for row in range(60):
            writer.writerow([*(column[row % len(column)] for column in columns), row * row, "yn"[row % 2]])
        return file.getvalue().encode()


COLUMNS = st.lists(st.lists(CELLS, min_size=1, max_size=60), min_size=2, max_size=2)


@pytest.mark.filterwarnings("error")
@settings(quick, max_examples=3 * settings().max_examples)
@given(columns=COLUMNS, sep=st.sampled_from([",", ";", "\t", "|"]), end=st.sampled_from(["\n", "\r\n"]))
def test_odd_cells_in_a_proper_file_end_in_a_table_or_in_one_line(
    fuzzed: Path, columns: list[list[str]], sep: str, end: str
) -> None:
    table = feed(fuzzed, well_written(columns, sep, end), Hints(sep=sep), "y")
    if table is not None:
        assert table.y.tolist() == [1, 0] * 30
        assert table.X["c"].tolist() == [row * row for row in range(60)]


SIZES = st.lists(
    st.sampled_from(["", "0", "1e-320", "-3.5", "2.5e19", "-3e38", "3e38", "1e39", "-3e300", "1e400"]),
    min_size=1,
    max_size=60,
)


@pytest.mark.filterwarnings("error")
@settings(quick, max_examples=settings().max_examples // 3)
@given(columns=st.lists(SIZES, min_size=2, max_size=2))
def test_numbers_of_any_size_are_audited_or_refused_in_one_line(fuzzed: Path, columns: list[list[str]]) -> None:
    table = feed(fuzzed, well_written(columns, ",", "\n"), Hints(), "y")
    is_huge = any(cell in ("1e39", "-3e300") for column in columns for cell in column[:60])
    assert (table is None) == is_huge
    if table is not None:
        train, test = train_test(table, test_size=0.2, seed=1)
        audit(table, train, test, seed=1)


def spoil(data: bytes, edits: list[tuple[int, bytes]]) -> bytes:
    spoiled = bytearray(data)
    for place, put in edits:
        at = place % (len(spoiled) + 1)
        spoiled[at : at + (place % 3)] = put
    return bytes(spoiled)


EDITS = st.lists(
    st.tuples(
        st.integers(0, 10**6),
        st.sampled_from([b"", b",", b'"', b"\n", b"\r", b"\xff", b"\x00", b";", b"?", b"1e999", b"'"]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.filterwarnings("error")
@settings(quick, max_examples=3 * settings().max_examples)
@given(edits=EDITS)
def test_a_good_file_with_a_few_wrong_bytes_ends_in_a_table_or_in_one_line(
    fuzzed: Path, edits: list[tuple[int, bytes]]
) -> None:
    feed(fuzzed, spoil(FRAME.iloc[:60].to_csv(index=False).encode(), edits), Hints(), "y")


@settings(quick, max_examples=4 * settings().max_examples)
@given(edits=EDITS)
def test_a_good_card_with_a_few_wrong_bytes_ends_in_a_table_or_in_one_line(
    fuzzed: Path, edits: list[tuple[int, bytes]]
) -> None:
    (fuzzed / CARD).write_bytes(spoil((fuzzed / DEFAULT_CARD).read_bytes(), edits))
    before, refusal, n_rows = contents(fuzzed), "", 303
    try:
        n_rows = len(read_table(fuzzed, read_card(fuzzed)).y)
    except TableError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert n_rows == 303
    assert before.items() <= contents(fuzzed).items()
    reset(fuzzed)


def test_a_card_can_be_corrected_and_is_kept(tmp_path: Path) -> None:
    intake = take(tmp_path, make_frame())
    write(tmp_path, intake)
    write_card(
        tmp_path,
        card_text(intake.card)
        .replace('colour = "category"', "")
        .replace('target = "y"', 'target = "y"\ndrop = ["colour"]'),
    )
    assert list(read_table(tmp_path, read_card(tmp_path)).X.columns) == ["a", "k", "m"]


def test_a_large_file_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "COPY_BYTES", 1000)
    settle(tmp_path, take(tmp_path, make_frame()))
    assert sorted(path.suffix for path in (tmp_path / "data").iterdir()) == [".npy"] * 4 + [".toml"]
