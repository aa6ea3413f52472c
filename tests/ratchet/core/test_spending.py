"""What agents print about themselves, in the shapes that their documentation and their users show."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from ratchet.core.spending import read_report, reset_time, spent_text

CLAUDE = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "result": "Done.\nstrategy: model\nnote: again",
    "total_cost_usd": 0.0123,
    "usage": {
        "input_tokens": 10,
        "cache_creation_input_tokens": 200,
        "cache_read_input_tokens": 3000,
        "output_tokens": 40,
        "output_tokens_details": {"thinking_tokens": 7},
    },
}
STREAM = [
    {"type": "system", "subtype": "init"},
    {"type": "assistant", "message": {"usage": {"input_tokens": 10, "output_tokens": 1}}},
    CLAUDE,
]
CODEX = [
    {"type": "thread.started", "thread_id": "t"},
    {"type": "item.completed", "item": {"type": "reasoning", "text": "thinking"}},
    {"type": "item.completed", "item": {"type": "agent_message", "text": "strategy: model"}},
    {"type": "turn.completed", "usage": {"input_tokens": 300, "cached_input_tokens": 200, "output_tokens": 21}},
]
GEMINI = {
    "response": "strategy: model",
    "stats": {
        "models": {
            "pro": {"tokens": {"prompt": 100, "candidates": 20, "total": 125}},
            "flash": {"tokens": {"prompt": 10, "candidates": 2, "total": 12}},
        },
        "tools": {"totalCalls": 1},
    },
}
GEMINI_STREAM = [
    {"type": "message", "role": "assistant", "content": "x"},
    {"type": "result", "status": "success", "stats": {"total_tokens": 150, "input_tokens": 100, "output_tokens": 50}},
]


def lines(events: list[object]) -> str:
    return "\n".join(map(json.dumps, events))


@pytest.mark.parametrize(
    ("stdout", "tokens", "cost"),
    [
        (json.dumps(CLAUDE), 3250, 0.0123),
        (lines(STREAM), 3250, 0.0123),
        (json.dumps(STREAM), 3250, 0.0123),
        (lines(CODEX), 321, None),
        ("Loaded cached credentials.\n" + json.dumps(GEMINI, indent=2), 137, None),
        (lines(GEMINI_STREAM), 150, None),
        ("strategy: model\nplain words", None, None),
        ("{not json\nstrategy: model", None, None),
        ('{"json": "of something else"}', None, None),
    ],
)
def test_tokens_and_cost_are_those_that_the_agent_reports(stdout: str, tokens: int | None, cost: float | None) -> None:
    report = read_report(stdout)
    assert (report.tokens, report.cost_usd) == (tokens, cost)


@pytest.mark.parametrize("stdout", [json.dumps(CLAUDE), lines(CODEX), json.dumps(GEMINI, indent=1), "strategy: model"])
def test_the_answer_is_read_out_of_the_json(stdout: str) -> None:
    assert "strategy: model" in read_report(stdout).answer.splitlines()


LIMITED = [
    (json.dumps({**CLAUDE, "result": "Claude AI usage limit reached|1790472600"}), "", False),
    (json.dumps({**CLAUDE, "is_error": True, "result": "You've hit your session limit · resets 5:10pm"}), "", True),
    ("5-hour limit reached ∙ resets 2am", "", False),
    (lines([{"type": "turn.failed", "error": {"message": "You've hit your usage limit. Try again later."}}]), "", True),
    ("", "ERROR: You've hit your usage limit. Upgrade to Pro or try again in 2 days 17 hours.", True),
    ("", "Error: quota exceeded for this model. Your quota will reset after 2h13m5s.", True),
    ("", '{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}', True),
]


@pytest.mark.parametrize(("stdout", "stderr", "has_failed"), LIMITED)
def test_a_usage_limit_is_known_by_its_message(stdout: str, stderr: str, has_failed: bool) -> None:
    assert read_report(stdout, stderr, has_failed=has_failed).limit


@pytest.mark.parametrize(
    ("stdout", "stderr", "has_failed"),
    [
        ("I lowered the rate limit of the optimizer.\nstrategy: tuning", "", False),
        ("", "warning: 429 files scanned", False),
        ("", "command not found", True),
        (json.dumps({**CLAUDE, "result": "The usage limit of each fold is now set."}), "", False),
    ],
)
def test_other_words_are_no_usage_limit(stdout: str, stderr: str, has_failed: bool) -> None:
    assert read_report(stdout, stderr, has_failed=has_failed).limit == ""


NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("message", "after"),
    [
        ("usage limit reached|1772366400", timedelta(hours=1)),
        ('"resetsAt":1772366400', timedelta(hours=1)),
        ('"resets_in_seconds": 90', timedelta(seconds=90)),
        ("try again in 2 days 17 hours 14 minutes.", timedelta(days=2, hours=17, minutes=14)),
        ("Please retry in 34.5s.", timedelta(seconds=34.5)),
        ("Your quota will reset after 2h13m5s.", timedelta(hours=2, minutes=13, seconds=5)),
        ("resets 5:10pm", timedelta(hours=5, minutes=10)),
        ("resets 2am", timedelta(hours=14)),
        ("resets 5pm (Asia/Tokyo)", timedelta(hours=21)),
        ("or try again at 12:30 PM.", timedelta(minutes=30)),
        ("try again at Mar 3rd, 2026 10:15 PM.", timedelta(days=2, hours=10, minutes=15)),
        ("Try again later.", None),
        ("resets 99pm", None),
    ],
)
def test_the_end_of_a_limit_is_read_from_the_message(message: str, after: timedelta | None) -> None:
    assert reset_time(message, NOW) == (None if after is None else NOW + after)


def test_what_was_spent_is_shown_as_far_as_it_is_known() -> None:
    assert spent_text(1_234_567, 1.5) == "1,234,567 tokens, 1.50 USD"
    assert spent_text(None, 0.25) == "0.25 USD"
    assert spent_text(None, None) == ""
