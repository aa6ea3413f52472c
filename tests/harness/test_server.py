"""The lines of the serving harness: each answered, none of them fatal."""

from __future__ import annotations

import io
import json

import pytest

from harness.server import Request, parse, serve


def test_each_line_is_answered_in_order_and_nonsense_too() -> None:
    read = io.StringIO('{"file": "a"}\nnonsense\n[]\n{"beat": 1}\n{"file": "b", "beat": "x"}\n{"file": "c"}\n')
    write = io.StringIO()
    serve({"ready": True}, lambda request: {"got": str(request.file)}, read=read, write=write)
    answers = [json.loads(line) for line in write.getvalue().splitlines()]
    assert answers[0] == {"ready": True}
    assert answers[1] == {"got": "a"}
    assert [sorted(answer) for answer in answers[2:6]] == [["error"]] * 4
    assert answers[6] == {"got": "c"}


def test_a_request_without_a_best_has_none() -> None:
    assert parse('{"file": "a", "best": null, "beat": null, "store": ""}') == Request(parse('{"file": "a"}').file)
    with pytest.raises(ValueError, match="expected"):
        parse("{}")
