"""The server answers each line, and no line ends it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from instruments import open_table
from tables import make_frame, take

from harness.server import Request, answer, answer_lines, parse
from harness.workers.pool import Runner


def test_each_line_is_answered_in_order_and_nonsense_too(tmp_path: Path, warm_runner: Runner) -> None:
    context = open_table(take(tmp_path, make_frame()).table, warm_runner)
    read = io.StringIO('{"file": "a"}\nnonsense\n[]\n{"beat": 1}\n{"file": "b", "beat": "x"}\n{"file": "c"}\n')
    write = io.StringIO()
    answer_lines(context, read=read, write=write)
    answers = [json.loads(line) for line in write.getvalue().splitlines()]
    assert answers[0]["ready"]
    assert (answers[1]["exit"], "status: rejected (a: No such file" in answers[1]["stdout"]) == (4, True)
    assert [sorted(answer) for answer in answers[2:6]] == [["error"]] * 4
    assert "status: rejected (c: No such file" in answers[6]["stdout"]


def test_the_numbers_are_those_of_the_printed_lines(tmp_path: Path, warm_runner: Runner) -> None:
    context = open_table(take(tmp_path, make_frame()).table, warm_runner)
    reply = answer(context, Request(Path(__file__).resolve().parents[2] / "train.py"))
    printed = dict(line.split(": ", 1) for line in reply["stdout"].splitlines())
    assert reply["numbers"]["val_auc"] > 0.5
    assert {name: float(printed[name]) for name in reply["numbers"]} == reply["numbers"]


def test_a_request_without_a_best_has_none() -> None:
    assert parse('{"file": "a", "best": null, "beat": null, "store": ""}') == Request(parse('{"file": "a"}').file)
    with pytest.raises(ValueError, match="it must be"):
        parse("{}")
