"""A no-op edit is seen to be one, and an edit is never mistaken for a no-op."""

import pytest

from ratchet.core.records import CodeSize, Simplicity
from ratchet.core.source_code import find_hypothesis, find_number, read_code

SOURCE = b'"""Doc."""\nHYPOTHESIS = "one"\n\n\ndef f(x):\n    """Say."""\n    return x + 1  # why\n'


def code(text: bytes | None, path: str = "train.py"):
    return read_code({path: text}, "HYPOTHESIS")


@pytest.mark.parametrize(
    "same",
    [
        SOURCE.replace(b"# why", b"# because"),
        SOURCE.replace(b'"one"', b'"two"'),
        SOURCE.replace(b'"""Say."""\n    ', b""),
        SOURCE.replace(b"x + 1", b"( x+1 )"),
        SOURCE.replace(b"\n\n\n", b"\n\n"),
        SOURCE.replace(b'HYPOTHESIS = "one"\n', b'HYPOTHESIS: str = "one"\n'),
        SOURCE.replace(b"\n", b"\r\n"),
    ],
)
def test_layout_comments_docstrings_and_the_label_do_not_count(same: bytes) -> None:
    assert same != SOURCE
    assert code(same).file_hash == code(SOURCE).file_hash
    assert code(same).chars == code(SOURCE).chars


@pytest.mark.parametrize(
    "other",
    [
        SOURCE.replace(b"x + 1", b"x + 2"),
        SOURCE.replace(b"x + 1", b"1 + x"),
        SOURCE + b"\nx = 1\n",
        SOURCE.replace(b'"one"', b'print("side effect")'),
        b"",
        None,
        b"def broken(",
    ],
)
def test_what_runs_counts(other: bytes | None) -> None:
    assert code(other).file_hash != code(SOURCE).file_hash


def test_absent_and_empty_differ() -> None:
    assert code(None).file_hash != code(b"").file_hash


def test_other_text_counts_but_for_blank_lines_and_trailing_spaces() -> None:
    assert code(b"a: 1 \n\nb: 2\n", "c.yaml").file_hash == code(b"a: 1\nb: 2", "c.yaml").file_hash
    assert code(b"a: 1\n", "c.yaml").file_hash != code(b"a: 1 # note\n", "c.yaml").file_hash


def test_where_a_file_stands_counts() -> None:
    assert read_code({"a.py": b"x = 1", "b.py": b""}).file_hash != read_code({"a.py": b"", "b.py": b"x = 1"}).file_hash


def test_a_function_of_docstring_alone_still_parses() -> None:
    assert code(b'def f():\n    """Say."""\n').chars == code(b"def f():\n    pass\n").chars


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ('HYPOTHESIS = "an idea"', "an idea"),
        ('HYPOTHESIS = ("an "\n    "idea")', "an idea"),
        ('HYPOTHESIS = "two\\nlines\\tand \\x1b[0m"', "two lines and [0m"),
        ("HYPOTHESIS = 3", ""),
        ("HYPOTHESIS = f'{x}'", ""),
        ("OTHER = 'x'", ""),
        ("def broken(", ""),
        ("\0", ""),
        ("(" * 500 + ")" * 500, ""),
    ],
)
def test_the_label_is_one_line_of_text(source: str, label: str) -> None:
    assert find_hypothesis(source, "HYPOTHESIS") == label
    assert read_code({"train.py": source.encode()}, "HYPOTHESIS").hypothesis == label


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("P = 0.003", 0.003),
        ("P = +0.003", 0.003),
        ("P: float = -1", -1.0),
        ("P = -2e-3", -0.002),
        ("P = 0", 0.0),
        ("P = True", None),
        ("P = 'much'", None),
        ("P = 1 / 2", None),
        ("P = 1e999", None),
        ("P = -1e999", None),
        ("P = 3j", None),
        ("P = 1" + "0" * 400, None),
        ("def f():\n    P = 1", None),
        ("P = ", None),
        ("", None),
    ],
)
def test_a_prediction_is_a_finite_number_written_out(source: str, number: float | None) -> None:
    assert find_number(source, "P") == number


def test_a_prediction_does_not_count_as_code_unless_the_code_reads_it() -> None:
    def read(text: str):
        return read_code({"a.py": text.encode()}, "L", "P")

    plain, predicted = read("x = 1\n"), read("P = +0.01\nx = 1\n")
    assert (plain.file_hash, plain.chars) == (predicted.file_hash, predicted.chars)
    assert (plain.prediction, predicted.prediction) == (None, 0.01)
    assert read("P = 1\nx = P\n").file_hash != read("P = 2\nx = P\n").file_hash
    assert read("L = 'a'\nx = len(L)\n").file_hash != read("L = 'ab'\nx = len(L)\n").file_hash


def size(source: str, simplicity: Simplicity = Simplicity.NODES, path: str = "train.py") -> CodeSize:
    return read_code({path: source.encode()}, "HYPOTHESIS", simplicity=simplicity).size


LONG = "def fit(x):\n    model = Model(max_iter=1000, mode='slow', shift=-1)\n    return model\n"


@pytest.mark.parametrize(
    "same",
    [
        LONG.replace("1000", "900"),
        LONG.replace("1000", "1"),
        LONG.replace("-1", "1"),
        LONG.replace("'slow'", "''"),
        LONG.replace("model", "m"),
        LONG.replace("    return", "    # a comment\n\n    return"),
        f'"""Docstring."""\nHYPOTHESIS = "one"\n{LONG}',
        LONG.replace("'slow'", "f'slow'"),
    ],
)
def test_names_numbers_strings_and_comments_count_for_nothing(same: str) -> None:
    assert same != LONG
    assert size(same) == size(LONG)


@pytest.mark.parametrize(
    "smaller", [LONG.replace(", shift=-1", ""), "def fit(x):\n    return Model(max_iter=1000, mode='slow', shift=-1)\n"]
)
def test_what_is_left_out_counts(smaller: str) -> None:
    assert size(smaller).is_simpler_than(size(LONG))
    assert not size(LONG).is_simpler_than(size(smaller))


def test_lines_count_for_other_files_and_where_they_are_asked_for() -> None:
    assert size("a: 1\n\n# note\nb: 2\n", path="c.yaml") == CodeSize(lines=3)
    assert size("x = 1  # why\n\n\n# note\ny = 2\n", Simplicity.LINES) == CodeSize(lines=2)
    assert size(LONG, Simplicity.OFF) == CodeSize()
    assert size("def broken(:\n", Simplicity.NODES) == CodeSize(lines=1)
