"""Caps in tokens and money, and a usage limit that is waited for."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ratchet.engine.usage_limit import FIRST_WAIT, LONGEST_WAIT, MARGIN, end_of_wait

Ratchet = Callable[..., tuple[int, str, str]]
PAID_AGENT = """import json, os, pathlib
n = int(os.environ["RATCHET_N"])
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "idea {n}"\\nSCORE = 0.5 + {n} / 100\\n')
usage = {"input_tokens": 1000, "output_tokens": 50}
print(json.dumps({"type": "result", "result": "strategy: guess", "total_cost_usd": 0.4, "usage": usage}))
"""
LIMITED_AGENT = """import os, pathlib, sys
tries = pathlib.Path(FOLDER, "tries")
tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
pathlib.Path("model.py").write_text('HYPOTHESIS = "half an idea"\\nSCORE = 0.9\\n')
if len(tries.read_text()) < 3 or FOREVER:
    sys.exit("You've hit your usage limit. Please retry in 0.1s.")
pathlib.Path("model.py").write_text('HYPOTHESIS = "an idea"\\nSCORE = 0.6\\n')
"""


def test_money_and_tokens_are_recorded_and_end_the_loop(project, ratchet: Ratchet) -> None:
    project.write("agent.py", PAID_AGENT)
    ratchet("start", "first")
    _, out, _ = ratchet("loop", "-n", "9", "--max-cost", "1")
    assert "stopped: --max-cost reached: the agents of this run used 3,150 tokens, 1.20 USD" in out
    verdicts = [event for event in project.journal("first") if event["event"] == "verdict"]
    assert [(event["tokens"], event["cost_usd"], event["strategy"]) for event in verdicts[1:]] == [
        (1050, 0.4, "guess")
    ] * 3
    assert "agents: 3,150 tokens, 1.20 USD" in out
    assert "agents: 3,150 tokens, 1.20 USD" in ratchet("status")[1]
    assert "3,150 tokens, 1.20 USD" in (
        ratchet("report")[0] == 0 and next(project.root.rglob("report.html")).read_text()
    )
    assert "--max-tokens reached" in ratchet("loop", "-n", "9", "--max-tokens", "3000")[1]


def test_a_cap_that_the_agent_says_nothing_about_is_not_passed_over(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.7)
    _, out, _ = ratchet("loop", "-n", "2", "--max-tokens", "1000")
    assert "stopped: the agent does not report what --max-tokens limits; use --minutes or -n" in out
    assert "iter 2" not in out


def test_a_usage_limit_is_a_failed_experiment_unless_it_is_waited_for(project, ratchet: Ratchet, tmp_path) -> None:
    project.write("agent.py", f"FOLDER, FOREVER = {str(tmp_path)!r}, True\n{LIMITED_AGENT}")
    _, out, _ = ratchet("loop", "-n", "1")
    assert "iter 1 | CRASHED (agent: usage limit: You've hit your usage limit. Please retry in 0.1s.)" in out


def test_a_try_at_a_usage_limit_is_no_experiment_if_it_is_waited_for(
    project, ratchet: Ratchet, monkeypatch, tmp_path
) -> None:
    monkeypatch.setattr("ratchet.engine.usage_limit.MARGIN", timedelta())
    project.write("agent.py", f"FOLDER, FOREVER = {str(tmp_path)!r}, False\n{LIMITED_AGENT}")
    _, out, err = ratchet("loop", "-n", "1", "--wait-for-limit")
    assert [line for line in out.splitlines() if line.startswith("iter 1")] == [
        "iter 1 | score=0.6000 (Δ +0.1000) | KEPT — an idea"
    ]
    assert err.count("usage limit: You've hit your usage limit. Please retry in 0.1s. Waiting until") == 2
    assert "half an idea" not in project.read("results.tsv")


def test_a_limit_without_a_time_is_tried_again_later_and_later() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    waits = [end_of_wait("usage limit reached", n, now) - now for n in (1, 2, 3, 50)]
    assert waits == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT, LONGEST_WAIT]
    assert end_of_wait("try again in 2 hours", 7, now) == now + timedelta(hours=2) + MARGIN
    assert end_of_wait("try again in 1s", 50, now) == now + LONGEST_WAIT  # a time that is named in vain


@pytest.mark.skipif(sys.platform == "win32", reason="the command is a shell line of POSIX")
def test_a_word_is_sent_at_the_end_of_a_loop(project, ratchet: Ratchet) -> None:
    project.configure("notify = \"printf '%s\\\\n' {text} >> told; printf '%s\\\\n' \\\"$RATCHET_TEXT\\\" >> told\"")
    project.use_agent(0.6)
    ratchet("start", "first")
    ratchet("loop", "-n", "1")
    told = project.read("told").splitlines()
    assert told[0] == told[1]
    assert told[0].startswith("run first: 1 experiment done; 1 experiment, 1 kept; best score=0.6000")


@pytest.mark.skipif(sys.platform == "win32", reason="the command is a shell line of POSIX")
def test_a_word_is_sent_when_a_loop_fails(project, ratchet: Ratchet) -> None:
    project.configure("notify = 'echo {text} >> told'")
    project.edit("1 / 0", "a baseline that crashes")
    project.commit("broken")
    assert ratchet("loop", "-n", "1")[0] == 1
    assert "the loop failed: iter 0: the baseline has no number" in project.read("told")


def test_a_word_that_cannot_be_sent_is_one_warning(project, ratchet: Ratchet) -> None:
    project.configure('notify = "echo no way >&2; exit 7"')
    project.use_agent(0.6)
    status, out, err = ratchet("loop", "-n", "1")
    assert status == 0
    assert "iter 1" in out
    assert "warning: notify: exit status 7: no way. Check notify in pyproject.toml [tool.ratchet]" in err


def test_the_agent_reads_the_end_of_the_output_of_a_crash(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit("1 / 0", "a crash")
    assert "CRASHED" in ratchet("step")[1]
    project.write("agent.py", "")
    ratchet("loop", "-n", "1", "--agent", "cat {prompt} > seen.md")
    output = project.read("seen.md").partition("## The end of its output")[2]
    assert "ZeroDivisionError: division by zero" in output
    assert "SCORE = 1 / 0" in output


def test_the_recipes_for_a_word_at_the_end_are_sound_configs() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/recipes.md").read_text("utf-8")
    recipes = re.findall(r"^```toml\n(notify = .*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(recipes) >= 3
    assert all("{text}" in tomllib.loads(recipe)["notify"] for recipe in recipes)
