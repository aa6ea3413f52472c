"""A warm server measures as the command does; how it dies or stalls is a verdict, and the next gets a new one."""

import sys
import time
from collections.abc import Callable

import pytest

Ratchet = Callable[..., tuple[int, str, str]]

SERVER = """import json, os, pathlib, sys, time
FINGERPRINT = {fingerprint!r}
print(json.dumps({{"ready": True, "fingerprint": FINGERPRINT, "parts": {{"libraries": FINGERPRINT}}}}), flush=True)
pathlib.Path({log!r}).open("a").write("start\\n")
for line in sys.stdin:
    request = json.loads(line)
    pathlib.Path({log!r}).open("a").write(line)
    names = {{}}
    exec(pathlib.Path(request["file"]).read_text(), names)
    act = names.get("ACT", "")
    if act == "die":
        os._exit(9)
    if act == "stall":
        time.sleep(60)
    if act == "think":
        time.sleep(1)
    if act == "babble":
        print("not json", flush=True)
        print("[1, 2]", flush=True)
    print(json.dumps({{"progress": "fold 1/5"}}), flush=True)
    extra = {{"delta_se": 0.05, "folds_won": 4, "bound": None, "reason": ""}}
    score = names["SCORE"]
    if act == "shine":
        extra["look"] = "too-good: ahead of everything"
    if act == "early":
        extra, score = {{"bound": 0.4, "reason": "stopped after 2 of 5 folds"}}, "nan"
    code = {{"reject": 4, "late": 2, "crash": 3}}.get(act, 0)
    words = {{4: "leak (label-flip: it knows)", 2: "timeout (180 CPU s)", 3: "crashed (ValueError: x)"}}
    status = words.get(code, "ok")
    out = f"hypothesis: {{names['HYPOTHESIS']}}\\nscore: {{score}}\\ncpu_time_s: 1.5\\nstatus: {{status}}\\n"
    print(json.dumps({{"exit": code, "stdout": out, "extra": extra}}), flush=True)
"""


AGENT_OF_MANY_ACTS = """import os, pathlib
n = int(os.environ["RATCHET_N"])
act = {1: "die", 2: "", 3: "stall", 4: "again"}[n]
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "idea"\\nACT = {act!r}\\nSCORE = {0.5 + n / 10}\\n')
"""


@pytest.fixture
def served(project, tmp_path):
    """The toy project, measured by a server."""
    project.log = tmp_path / "requests"
    project.log.touch()
    set_server(project, "one")
    project.configure(
        'serve = "python server.py"\nreason = "^status:"\nexits = { 2 = "timeout", 3 = "crash", 4 = "reject" }'
    )
    return project


def set_server(project, fingerprint: str) -> None:
    project.write("server.py", SERVER.format(fingerprint=fingerprint, log=str(project.log)))


def act(project, what: str, score: float = 0.6) -> None:
    project.write("model.py", f'HYPOTHESIS = "{what}"\nACT = "{what}"\nSCORE = {score}\n')


def test_the_answer_is_read_as_the_output_of_the_command(served, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    served.edit(0.6, "better")
    assert ratchet("step")[1] == "iter 1 | score=0.6000 (Δ +0.1000 ± 0.0500, clear) | KEPT — better\n"
    row = served.results()[1]
    assert (row["delta_se"], row["cpu_time_s"]) == ("0.050000", "1.50")
    assert served.journal("first")[-1]["folds_won"] == 4


WITH_DOCSTRING = """{docstring!r}
HYPOTHESIS = "idea"
ACT = {{"frozen": ""}}.get(__doc__, "reject")
SCORE = 0.6
"""


def test_what_was_refused_for_its_docstring_is_measured_when_that_is_put_back(served, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    served.write("model.py", WITH_DOCSTRING.format(docstring="mine"))
    assert "REJECTED" in ratchet("step")[1]
    served.write("model.py", WITH_DOCSTRING.format(docstring="frozen"))
    assert "KEPT" in ratchet("step")[1]


def test_an_edit_of_the_docstring_alone_is_dropped(served, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    before, tip = served.read("model.py"), served.git("rev-parse", "HEAD")
    served.write("model.py", f"'''Another.'''\n{before}")
    assert "DISCARDED (no change)" in ratchet("step")[1]
    assert (served.read("model.py"), served.git("rev-parse", "HEAD")) == (before, tip)


def test_one_server_measures_a_whole_loop(served, ratchet: Ratchet) -> None:
    served.use_agent(0.6, 0.7, 0.65)
    ratchet("loop", "-n", "3")
    assert served.log.read_text().count("start") == 1


def test_a_request_names_the_file_the_best_and_what_to_beat(served, ratchet: Ratchet) -> None:
    import json

    ratchet("start", "first")
    served.edit(0.6)
    ratchet("step")
    request = json.loads(served.log.read_text().splitlines()[-1])
    assert request["file"].endswith("/candidate/model.py")
    assert request["best"].endswith("/best/model.py")
    assert request["beat"] == 0.5
    assert request["store"].endswith("/.ratchet/first/scores")
    first = json.loads(served.log.read_text().splitlines()[1])
    assert (first["best"], first["beat"]) == (None, None)


@pytest.mark.parametrize(
    ("config", "asked"), [("", True), ("early_stop = false", False), ('early_stop = "likely"', "likely")]
)
def test_the_server_is_given_rule_stops_early(served, ratchet: Ratchet, config: str, asked: object) -> None:
    import json

    served.configure(f'serve = "python server.py"\n{config}')
    ratchet("start", "first")
    first = next(line for line in served.log.read_text().splitlines() if line.startswith("{"))
    assert json.loads(first)["stop_early"] == asked


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("reject", "score=0.6000 | REJECTED (label-flip: it knows)"),
        ("late", "score=0.6000 | TIMEOUT (180 CPU s)"),
        ("crash", "score=0.6000 | CRASHED (ValueError: x)"),
        ("early", "score≤0.4000 | DISCARDED (stopped after 2 of 5 folds)"),
        ("babble", "score=0.6000 (Δ +0.1000 ± 0.0500, clear) | KEPT"),
        ("die", "CRASHED (the measuring server died (exit status 9))"),
    ],
)
def test_whatever_the_server_says_is_a_verdict(served, ratchet: Ratchet, what: str, line: str) -> None:
    ratchet("start", "first")
    act(served, what)
    assert ratchet("step")[1].startswith(f"iter 1 | {line}")


@pytest.mark.slow
def test_after_a_death_the_next_experiment_gets_a_new_server(served, ratchet: Ratchet) -> None:
    served.write("agent.py", AGENT_OF_MANY_ACTS)
    served.write("pyproject.toml", served.read("pyproject.toml").replace("timeout = 20", "timeout = 3"))
    served.commit("shorter")
    _, out, _ = ratchet("loop", "-n", "4")
    verdicts = [line.split(" | ")[-1].split(" ")[0] for line in out.splitlines()[:5]]
    assert verdicts == ["BASELINE", "CRASHED", "KEPT", "TIMEOUT", "KEPT"]
    assert served.log.read_text().count("start") == 3


def test_a_server_that_does_not_get_ready_is_one_clear_line(served, ratchet: Ratchet) -> None:
    served.write("server.py", 'print(\'{"error": "data/x.csv: expected a table, got none"}\')\n')
    served.commit("broken")
    status, out, err = ratchet("start", "first")
    assert (status, out) == (1, "")
    assert "python server.py: the server did not start: data/x.csv: expected a table, got none." in err


def test_a_server_made_of_something_else_ends_the_comparison(served, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    first = served.root / ".ratchet/first/journal.jsonl"
    first.write_text(first.read_text().replace('{"libraries": "one"}', '{"libraries": "two"}'))
    served.edit(0.6)
    status, out, err = ratchet("step")
    assert (status, out) == (1, "")
    assert "run first: changed since the run started: libraries two → one" in err
    assert "start a new run with `uv run ratchet start NAME`" in err


def test_the_server_runs_in_the_first_commit_of_the_run(served, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    set_server(served, "two")
    served.commit("another server, committed to the run's branch")
    served.edit(0.6)
    assert ratchet("step")[1].startswith("iter 1 | score=0.6000")


def test_what_the_server_wants_looked_at_is_kept_and_stops_the_loop(served, ratchet: Ratchet) -> None:
    served.write("agent.py", AGENT_OF_MANY_ACTS.replace('1: "die"', '1: "shine"'))
    _, out, err = ratchet("loop", "-n", "3", "--agent", f'"{sys.executable}" agent.py < {{prompt}}')
    assert "iter 1 | score=0.6000" in out
    assert "iter 2" not in out
    assert "stopped: too-good: ahead of everything: look before you believe it" in out
    assert "iter 1: warning: too-good: ahead of everything" in err


def test_a_server_finds_what_it_cached_under_a_linked_name_and_nothing_else(served, ratchet: Ratchet) -> None:
    served.configure('serve = "python server.py"\nlink = ["data/*.npy"]')
    caching = "import pathlib\nfor name in ('data/table.npy', 'data/other.txt'):\n    path = pathlib.Path(name)\n"
    caching += "    path.parent.mkdir(exist_ok=True)\n"
    caching += f"    pathlib.Path({str(served.log)!r}).open('a').write(f'{{name}} {{path.exists()}}\\n')\n"
    caching += "    path.write_text('cached')\n"
    served.write("server.py", served.read("server.py").replace("FINGERPRINT =", f"{caching}FINGERPRINT =", 1))
    served.commit("cache")
    ratchet("start", "first")
    served.edit(0.6)
    ratchet("step")
    lines = [line for line in served.log.read_text().splitlines() if line.startswith("data/")]
    assert lines == ["data/table.npy False", "data/other.txt False", "data/table.npy True", "data/other.txt False"]


def test_a_pause_of_ours_is_no_timeout(served, ratchet: Ratchet, monkeypatch) -> None:
    """What a process sees that was stopped for an hour while the server measured."""
    ratchet("start", "first")
    monotonic, before = time.monotonic, served.log.read_text().count("file")

    def stopped_meanwhile() -> float:
        return monotonic() + 3600 * (served.log.read_text().count("file") > before)

    act(served, "think")
    monkeypatch.setattr("ratchet.process.time.monotonic", stopped_meanwhile)
    assert "KEPT" in ratchet("step")[1]
