from __future__ import annotations

import pytest

from researcher.expressions import (
    KNOWN,
    WIDTH,
    Expression,
    Group,
    Import,
    Name,
    call,
    import_block,
    layout,
    one_line,
    statement,
)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (call("f"), "f()"),
        (call("f", Name("x"), "a", n=1), 'f(x, "a", n=1)'),
        (call("f", call("g"), flag=True, nothing=None), "f(g(), flag=True, nothing=None)"),
        (call("f", sizes=(8,)), "f(sizes=(8,))"),
        (Group(("a", Name("b"))), '("a", b)'),
        (Group((Name("a"),), "[]"), "[a]"),
        ('say "no"\n', r'"say \"no\"\n"'),
    ],
)
def test_an_expression_is_written_as_python(expression: Expression, text: str) -> None:
    assert one_line(expression) == text


def test_what_fits_stays_on_one_line() -> None:
    assert statement("return ", call("f", Name("x"))) == "    return f(x)"


def test_what_is_too_long_gets_a_line_for_each_part() -> None:
    long = call("function", *(Name("argument_of_some_length") for _ in range(5)), last=1)
    assert layout(long, indent=4, used=11).splitlines() == [
        "function(",
        *["        argument_of_some_length,"] * 5,
        "        last=1,",
        "    )",
    ]


def test_no_line_is_wider_than_the_page_as_long_as_it_can_be_broken() -> None:
    deep = call("outer", *(call("inner", *(Name("x" * 20) for _ in range(6))) for _ in range(3)))
    assert max(len(line) for line in statement("return ", deep).splitlines()) <= WIDTH


def test_the_comma_that_follows_counts() -> None:
    inner = call("f", Name("x" * (WIDTH - len("        f(),"))))
    assert statement("return ", call("g", inner)).splitlines()[1] == f"        {one_line(inner)},"
    longer = call("f", Name("x" * (WIDTH - len("        f(),") + 1)))
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
