from __future__ import annotations

import ast

import pytest

from researcher.expressions import (
    KNOWN,
    WIDTH,
    Import,
    Value,
    call,
    import_block,
    layout,
    literal,
    statement,
)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (call("f"), "f()"),
        (call("f", "x", '"a"', n=1), 'f(x, "a", n=1)'),
        (call("f", call("g"), flag=True, nothing=None), "f(g(), flag=True, nothing=None)"),
        (call("f", sizes=(8,), solver="lbfgs"), 'f(sizes=(8,), solver="lbfgs")'),
    ],
)
def test_a_call_is_written_as_python(code: str, text: str) -> None:
    assert code == text


@pytest.mark.parametrize("value", ['say "no"\n', "it's", (), (8,), (("a", 1e-9), None), -0.5, True, "é"])
def test_a_literal_is_its_value_in_double_quotes(value: Value) -> None:
    assert ast.literal_eval(literal(value)) == value
    assert not literal(value).startswith("'")


def test_what_fits_stays_on_one_line() -> None:
    assert statement("return ", "f(x)") == "    return f(x)"


def test_what_is_too_long_gets_a_line_for_each_part() -> None:
    long = call("function", *["argument_of_some_length"] * 5, last=1)
    assert layout(long, indent=4, used=11).splitlines() == [
        "function(",
        *["        argument_of_some_length,"] * 5,
        "        last=1,",
        "    )",
    ]


@pytest.mark.parametrize("brackets", ["()", "[]"])
def test_a_long_tuple_or_list_keeps_its_brackets(brackets: str) -> None:
    parts = ["x" * 70, "é" * 60]
    long = f"{brackets[0]}{', '.join(parts)}{brackets[1]}"
    assert statement("y = ", long, indent=0).splitlines() == [
        f"y = {brackets[0]}",
        *[f"    {part}," for part in parts],
        brackets[1],
    ]


def test_no_line_is_wider_than_the_page_as_long_as_it_can_be_broken() -> None:
    deep = call("outer", *[call("inner", *["x" * 20] * 6)] * 3)
    lines = statement("return ", deep).splitlines()
    assert len(lines) == 26
    assert max(map(len, lines)) <= WIDTH


def test_what_has_no_parts_stays_on_its_line() -> None:
    assert statement("y = ", literal("x" * WIDTH), indent=0) == f'y = "{"x" * WIDTH}"'


def test_the_comma_that_follows_counts() -> None:
    inner = f"f({'x' * (WIDTH - len('        f(),'))})"
    assert statement("return ", call("g", inner)).splitlines()[1] == f"        {inner},"
    longer = f"f({'x' * (WIDTH - len('        f(),') + 1)})"
    assert statement("return ", call("g", longer)).splitlines()[1] == "        f("


def test_only_what_the_code_reads_is_imported() -> None:
    assert import_block("y = make_pipeline(PCA())") == (
        "from sklearn.decomposition import PCA\nfrom sklearn.pipeline import make_pipeline"
    )


def test_the_standard_library_comes_first_and_modules_before_names() -> None:
    code = "np.log1p(combinations(pd, StandardScaler))"
    assert import_block(code) == (
        "from itertools import combinations\n\n"
        "import numpy as np\nimport pandas as pd\nfrom sklearn.preprocessing import StandardScaler"
    )


def test_long_lists_of_names_are_broken() -> None:
    names = [name for name, line in KNOWN.items() if line.module == "sklearn.preprocessing"]
    block = import_block("f(" + ", ".join(names) + ")").splitlines()
    assert block[0] == "from sklearn.preprocessing import ("
    assert block[1:-1] == [f"    {name}," for name in sorted(names)]
    assert block[-1] == ")"


@pytest.mark.parametrize(
    ("line", "bound", "text"),
    [
        (Import("numpy", alias="np"), "np", "numpy as np"),
        (Import("scipy.stats"), "scipy", "scipy.stats"),
        (Import("math", "log", "ln"), "ln", "log as ln"),
    ],
)
def test_an_import_knows_its_name_in_the_code(line: Import, bound: str, text: str) -> None:
    assert (line.bound, line.text) == (bound, text)


def test_every_known_name_can_be_imported() -> None:
    space: dict[str, object] = {}
    exec(import_block("\n".join(KNOWN)), space)
    assert set(KNOWN) <= set(space)
