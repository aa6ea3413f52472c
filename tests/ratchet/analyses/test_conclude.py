"""The conclusion is asked for once, kept in the journal, and said with its limits; without it a run still finishes."""

import json
import shutil
from collections.abc import Callable

import pytest

from ratchet.analyses.conclude import conclusion_lines, up_to_date
from ratchet.core.records import Experiment, Verdict
from ratchet.repo.journal import Event, EventKind

Ratchet = Callable[..., tuple[int, str, str]]
ANSWER = {
    "naive": 0.0123,
    "corrected": {
        "mean": 0.004,
        "low": -0.01,
        "high": 0.02,
        "p_not_positive": 0.38,
        "n_experiments": 7,
        "n_bootstraps": 200,
    },
    "fresh": {"mean": 0.005, "se": 0.007, "p_greater": 0.236, "n_partitions": 4, "deltas": [0.1, 0.2, 0.3, 0.4]},
    "test": {
        "baseline": {"auc": 0.925, "low": 0.823, "high": 0.97},
        "winner": {"auc": 0.922, "low": None, "high": None},
    },
    "n_comparisons": 6,
    "n_stopped_early": 1,
    "n_missing": 0,
    "word": "not distinguishable from selection noise",
    "reasons": "it is small",
    "caveat": "an upper bound",
    "calibration": {"n": 4, "sign_hits": 3, "mean_absolute_error": 0.01, "correlation": None},
}
SERVER = """import json, pathlib, sys
print(json.dumps({{"ready": True, "parts": {{}}, "asks": {asks!r}}}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "ask" in request:
        pathlib.Path({log!r}).write_text(line)
        for one in request["experiments"]:
            pathlib.Path(one["file"]).read_text()
        print(json.dumps({{"progress": "thinking"}}), flush=True)
        print(json.dumps({answer!r}), flush=True)
        continue
    names = {{}}
    exec(pathlib.Path(request["file"]).read_text(), names)
    out = f"hypothesis: {{names['HYPOTHESIS']}}\\nscore: {{names['SCORE']}}\\ntest_score: 0.1\\n"
    print(json.dumps({{"exit": 0, "stdout": out, "extra": {{"delta_se": 0.05}}}}), flush=True)
"""


@pytest.fixture
def served(project, tmp_path):
    """The toy project, whose server knows the study."""
    project.log = tmp_path / "asked"
    project.configure('serve = "python server.py"')
    serve(project)
    return project


def serve(project, *, asks: tuple[str, ...] = ("conclude",), answer: object = None) -> None:
    answer = {"answer": ANSWER} if answer is None else answer
    project.write("server.py", SERVER.format(asks=list(asks), log=str(project.log), answer=answer))
    project.commit("server")


def climb(project, ratchet: Ratchet, *scores: float) -> None:
    ratchet("start", "first")
    for score in scores:
        project.edit(score, f"idea {score}")
        ratchet("step")


def analyses(project) -> list[dict[str, object]]:
    return [event for event in project.journal("first") if event["event"] == "study"]


def test_the_server_is_given_every_experiment_and_the_journal_keeps_its_answer(served, ratchet: Ratchet) -> None:
    climb(served, ratchet, 0.6, 0.4)
    status, out, _ = ratchet("conclude", "--finish-stopped")
    assert (status, out.splitlines()[0]) == (0, "not distinguishable from selection noise")
    asked = json.loads(served.log.read_text())
    report = [(one["n"], one["verdict"], one["metric"], one["delta"]) for one in asked["experiments"]]
    assert report[:2] == [(0, "baseline", 0.5, None), (1, "keep", 0.6, pytest.approx(0.1))]
    assert report[2][:2] == (2, "discard")
    assert asked["store"].endswith("/.ratchet/first/scores")
    assert (asked["finish_stopped"], asked["sealed"]) == (True, False)
    assert [(analysis["upto"], analysis["answer"]) for analysis in analyses(served)] == [(2, ANSWER)]


def test_every_number_stands_with_its_source_and_its_limit(served, ratchet: Ratchet) -> None:
    climb(served, ratchet, 0.6)
    out = ratchet("conclude")[1]
    assert "naive gain        +0.0123 score, the best of 6 comparisons" in out
    assert "corrected gain    +0.0040 at most, 95 % interval -0.0100 to +0.0200, P(gain <= 0) = 0.38 (BBC-CV" in out
    assert "fresh partitions  +0.0050 ± 0.0070, one-sided p = 0.236 (corrected t-test, Nadeau and Bengio 2003" in out
    assert "predictions       3 of 4 had the right sign, off by 0.0100 on average" in out
    assert "not known         an upper bound" in out


def test_the_held_out_numbers_are_shown_on_request_alone(served, ratchet: Ratchet) -> None:
    climb(served, ratchet, 0.6)
    assert "0.925" not in ratchet("conclude")[1]
    assert "0.925 (0.823 to 0.970) → 0.922 (? to ?)" in ratchet("conclude", "--audit")[1]
    assert "0.925" not in ratchet("finish")[1]


def test_finish_asks_once_and_the_review_says_the_word(served, ratchet: Ratchet) -> None:
    climb(served, ratchet, 0.6)
    status, out, _ = ratchet("finish")
    assert status == 0
    assert "- look: not distinguishable from selection noise: it is small (not known: an upper bound)" in out
    assert "- Do not rely on the gain" in out
    ratchet("finish")
    assert len(analyses(served)) == 1


def test_an_experiment_after_it_makes_a_conclusion_old(served, ratchet: Ratchet) -> None:
    climb(served, ratchet, 0.6)
    ratchet("conclude")
    served.edit(0.7)
    ratchet("step")
    _, out, _ = ratchet("finish", "--no-conclude")
    assert "not distinguishable" not in out
    assert "- `uv run ratchet conclude` estimates how much of the gain is real." in out
    ratchet("finish")
    assert [analysis["upto"] for analysis in analyses(served)] == [1, 2]


def test_without_a_gain_finish_asks_nothing(served, ratchet: Ratchet) -> None:
    climb(served, ratchet, 0.4)
    ratchet("finish")
    assert analyses(served) == []


@pytest.mark.parametrize(
    ("asks", "answer", "line"),
    [
        ((), None, "this server does not support `conclude`."),
        (("conclude",), {"error": "it went\nwrong"}, "it went wrong"),
    ],
)
def test_a_server_that_cannot_conclude_is_one_clear_line_and_no_end_of_finish(
    served, ratchet: Ratchet, asks, answer, line
) -> None:
    serve(served, asks=asks, answer=answer)
    climb(served, ratchet, 0.6)
    status, out, err = ratchet("conclude")
    assert (status, out, line in err) == (1, "", True)
    assert "Traceback" not in err
    status, out, err = ratchet("finish")
    assert (status, "# Review of run first" in out) == (0, True)
    assert (line in err) is bool(asks)


def test_a_run_without_a_server_or_a_baseline_is_one_clear_line(project, ratchet: Ratchet) -> None:
    climb(project, ratchet, 0.6)
    status, _, err = ratchet("conclude")
    assert (status, "serve: the config has no server command, and `conclude` needs one." in err) == (1, True)
    project.git("switch", "--quiet", "main")
    project.edit("1 / 0")
    project.commit("broken")
    ratchet("start", "second")
    status, _, err = ratchet("conclude")
    assert (status, "the baseline has not been measured. Run `uv run ratchet step`." in err) == (1, True)


def test_an_answer_without_its_numbers_is_still_reported() -> None:
    lines = conclusion_lines({"word": "x\x1b[2J", "corrected": None, "naive": None, "n_comparisons": None}, "auc")
    assert lines[0] == "x [2J"
    assert "  corrected gain    not measured" in lines
    assert any("? auc" in line for line in lines)


def test_up_to_date_means_up_to_the_last_experiment() -> None:
    one = Experiment(3, "c", "p", Verdict.KEEP)
    made = [Event(EventKind.ANALYSIS, {"name": "conclude", "upto": 3, "answer": {"word": "w"}})]
    assert up_to_date(made, [one]) == {"word": "w"}
    assert up_to_date(made, [one, Experiment(4, "c", "p", Verdict.CRASH)]) is None
    assert up_to_date([], [one]) is None
    assert up_to_date(made, []) is None


def test_what_the_subruns_of_a_race_tried_are_comparisons_too(served, ratchet: Ratchet) -> None:
    climb(served, ratchet, 0.6, 0.4)
    state = served.root / ".ratchet"
    shutil.copytree(state / "first", state / "first-lane1")
    with (state / "first/journal.jsonl").open("a") as file:
        file.write('{"event": "race", "lanes": ["first-lane1"]}\n')
    ratchet("conclude")
    report = json.loads(served.log.read_text())["experiments"]
    assert [one["verdict"] for one in report] == ["baseline", "keep", "discard", "discard", "discard"]
    assert report[-1]["store"].endswith("/first-lane1/scores")
