"""Numbers from text: whatever is missing, NaN or infinite is None."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.core.config import Reader, Source, Stream
from ratchet.core.output_parser import last_line, read_number, read_words

AUC = Source("auc", grep="^auc:")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("auc: 0.9", 0.9),
        ("auc: 0.9\nauc: 0.8", 0.8),
        ("noise\nauc:0.7 (5 folds)\nmore", 0.7),
        ("auc: -3", -3),
        ("auc: +1.5e-3", 0.0015),
        ("auc: 2E+5", 200000),
        ("auc: .5", 0.5),
        ("auc: 5.", 5),
        ("auc: 1,234,567.5", 1234567.5),
        ("auc: 98%", 98),
        ("auc: nan", None),
        ("auc: 0.9\nauc: nan", None),
        ("auc: inf", None),
        ("auc: -inf", None),
        ("auc: 1e999", None),
        ("auc:", None),
        ("auc: none", None),
        ("my auc: 0.9", None),
        ("AUC: 0.9", None),
        ("", None),
    ],
)
def test_grep_reads_the_first_number_after_the_last_match(text: str, value: float | None) -> None:
    assert read_number(text, AUC) == value


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        (r"score=(\S+)", "a score=0.5 b=0.9", 0.5),
        (r"score=(\S+)", "score=good", None),
        (r"p99", "p99 latency 12 ms", 12),
        (r"(\d+) of \d+ done", "3 of 9 done", 3),
        (r"^x(?:y)?:", "x: 4", 4),
    ],
)
def test_grep_reads_a_group_where_the_pattern_has_one(pattern: str, text: str, value: float | None) -> None:
    assert read_number(text, Source("n", grep=pattern)) == value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("results[0].mean", 1.5),
        ("results.0.mean", 1.5),
        ("$.results[-1].mean", 2.5),
        ("results[2].mean", None),
        ("results.mean", None),
        ("name", None),
        ("ok", None),
        ("nothing", None),
    ],
)
def test_json_reads_a_path(path: str, value: float | None) -> None:
    text = 'talk\n{"results": [{"mean": 1.5}, {"mean": 2.5}], "name": "1.5", "ok": true, "nothing": null}'
    assert read_number(text, Source("n", json=path)) == value


def test_json_reads_a_whole_document_over_several_lines() -> None:
    assert read_number('{\n "a": {\n "b": 3\n }\n}\n', Source("n", json="a.b")) == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("======= 3 passed in 0.12s =======", 100),
        ("3 failed, 1 passed in 2.00s", 25),
        ("== 1 failed, 2 passed, 1 skipped, 1 error in 0.5s ==", 50),
        ("no tests ran in 0.01s", None),
        ("3 passed, 1 failed", 75),
        ("= 3 passed, 2 warnings =", 100),
        ("1 failed, 3 passed, 2 subtests passed in 61.02s (0:01:01)", 75),
        ("the test says 9 passed", None),
        ("9 passed of 10", None),
        ("collected 3 items", None),
    ],
)
def test_pytest_pass_rate(text: str, value: float | None) -> None:
    assert read_number(f"....\n{text}\n", Source("n", reader=Reader.PYTEST)) == value


def test_coverage_percentage() -> None:
    table = "Name  Stmts  Miss  Cover\na.py  10  5  50%\nTOTAL  200  25  88%\n"
    assert read_number(table, Source("n", reader=Reader.COVERAGE)) == 88
    assert read_number('{"totals": {"percent_covered": 87.5}}', Source("n", reader=Reader.COVERAGE)) == 87.5
    failed = f"{table}FAIL Required test coverage of 90% not reached. Total coverage: 83.25%\n1 failed in 0.1s\n"
    assert read_number(failed, Source("n", reader=Reader.COVERAGE)) == 83.25
    assert read_number("Total coverage: 83%\n", Source("n", reader=Reader.COVERAGE)) == 83
    assert read_number("83\n", Source("n", reader=Reader.COVERAGE)) == 83  # coverage report --format=total
    assert read_number("nothing", Source("n", reader=Reader.COVERAGE)) is None


def test_hyperfine_mean_in_seconds() -> None:
    table = "  Time (mean ± σ):      12.5 ms ±   0.4 ms    [User: 9.1 ms, System: 3.0 ms]\n"
    assert read_number(table, Source("n", reader=Reader.HYPERFINE)) == pytest.approx(0.0125)
    assert read_number('{"results": [{"mean": 0.25}]}', Source("n", reader=Reader.HYPERFINE)) == 0.25
    assert read_number("nothing", Source("n", reader=Reader.HYPERFINE)) is None


@pytest.mark.parametrize(
    "line",
    [
        "auc: 0.9",
        "  auc: 0.9",
        "auc = 0.9",
        "INFO:root:auc: 0.9",
        "2026-11-29 12:00:00,123 - bench.main - INFO - auc: 0.9",
        "[2026-11-29T12:00:00Z] [worker-1] auc=0.9",
        "12:00:01.2 | INFO     | bench:main:12 - auc: 0.9",
        "WARNING auc: 0.9",
        "> auc: 0.9",
        "\x1b[32mINFO\x1b[0m \x1b[1mauc: 0.9\x1b[0m",
    ],
)
def test_the_default_pattern_passes_over_the_prefix_of_a_logger(line: str) -> None:
    assert read_number(f"{line}\n", AUC) == 0.9
    anchored = Source("auc", grep="^auc:", stream=Stream.STDOUT)
    assert read_number(line, anchored) == (0.9 if line == "auc: 0.9" else None)


@pytest.mark.parametrize(
    "line", ["best auc: 0.9", "val_auc: 0.9", "INFO train auc: 0.9", "val.auc: 0.9", "auc_se: 0.9", "auc of 0.9"]
)
def test_the_default_pattern_reads_no_other_number(line: str) -> None:
    assert read_number(line, AUC) is None


def test_a_prefix_is_matched_in_bounded_time() -> None:
    for line in ("INFO:" * 20_000, "[" * 20_000, "1:" * 20_000, "a-" * 20_000, "INFO a:" * 10_000):
        assert read_number(line, AUC) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_that_python_prints_is_read_back(value: float) -> None:
    assert read_number(f"auc: {value!r}", AUC) == value


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    for source in (AUC, Source("n", json="a.b"), *(Source("n", reader=reader) for reader in Reader)):
        read_number(text, source)


def test_words_are_one_line_of_limited_length() -> None:
    assert read_words("a\nsays: x\ty\x1b[31m\nb", "^says:") == "x y [31m"
    assert len(read_words("says: " + "x" * 999, "^says:")) == 200
    assert read_words("nothing", "^says:") == ""
    assert read_words("says: x", "") == ""


def test_the_last_line_is_the_last_that_says_something() -> None:
    assert last_line("one\ntwo\n\n  \n") == "two"
    assert last_line("") == ""
