from __future__ import annotations

import pytest

from researcher.expressions import WIDTH, Expression, Group, Name, call, layout, one_line, statement


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
