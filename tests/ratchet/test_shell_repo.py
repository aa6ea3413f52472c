"""A repository in no language of ours: a shell script measures, and the engine does everything a user expects of it."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
import yaml

Ratchet = Callable[..., tuple[int, str, str]]

CONFIG = """[tool.ratchet]
name = "shell"
editable = ["work.sh"]
readonly = ["bench.sh"]
run = "sh bench.sh"
timeout = 20
agent = "sh agent.sh"
{extra}
[tool.ratchet.metric]
name = "seconds"
direction = "lower_is_better"
{where}
[[tool.ratchet.constraints]]
name = "errors"
fail_above = 0
"""
BENCH = """. ./work.sh
echo "2026-11-29 12:00:00 INFO seconds: $SECONDS_TAKEN"
echo "errors: $ERRORS" >&2
"""


def edit(project, seconds: object, errors: int = 0, more: str = "") -> None:
    project.write("work.sh", f"SECONDS_TAKEN={seconds}\nERRORS={errors}\n{more}")


def configure(project, extra: str = "", where: str = "", bench: str = BENCH) -> None:
    project.write("pyproject.toml", CONFIG.format(extra=extra, where=where))
    project.write("bench.sh", bench)
    project.commit("configure")


@pytest.fixture
def shell(project):
    edit(project, 10)
    configure(project)
    return project


def state(project) -> dict[str, object]:
    """Everything that a look must not change."""
    files = {path: path.stat().st_mtime_ns for path in project.root.rglob("*") if path.is_file()}
    files = {path: when for path, when in files.items() if "/.git/" not in str(path)}
    return {"files": files, "refs": project.git("for-each-ref"), "status": project.git("status", "--porcelain")}


def test_run_measures_the_worktree_and_writes_nothing(shell, ratchet: Ratchet) -> None:
    edit(shell, 8)
    before = state(shell)
    status, out, _ = ratchet("run")
    assert (status, out.splitlines()[0]) == (0, "command: sh bench.sh")
    assert "seconds: 8.0000 (minimize)" in out
    assert "errors: 0.0000, ok" in out
    assert state(shell) == before


def test_run_compares_with_baseline_and_best_of_the_run(shell, ratchet: Ratchet) -> None:
    ratchet("start", "t")
    edit(shell, 5)
    ratchet("step")
    edit(shell, 8, errors=2)
    before = state(shell)
    status, out, _ = ratchet("run")
    assert status == 0
    assert "against baseline 10.00: Improvement (-20.0 %)" in out
    assert "against best (iter 1) 5.0000: Regression (+60.0 %)" in out
    assert "errors: 2.0000, FAIL: errors = 2.0000 is above 0" in out
    assert state(shell) == before
    data = json.loads(ratchet("run", "--json")[1])
    assert data["metrics"] == {"seconds": 8.0, "errors": 2.0}
    assert data["against"] == {"baseline": "Improvement (-20.0 %)", "best": "Regression (+60.0 %)"}
    assert data["violations"] == ["errors = 2.0000 is above 0"]


def test_run_shows_the_end_of_the_output_of_a_command_that_fails(shell, ratchet: Ratchet) -> None:
    edit(shell, 8, more="echo because of this >&2\nexit 3\n")
    status, out, _ = ratchet("run")
    assert status == 1
    assert "status: crash (because of this)" in out
    assert "| because of this" in out
    assert "seconds: not found in the output" in out


@pytest.mark.parametrize(
    ("where", "printed", "value"),
    [
        ("", "echo seconds: 3; echo seconds: 4", 4),
        ("", "echo '[12:00:01] INFO:bench:seconds = 5' >&2", 5),
        ("", "echo seconds: nan; echo seconds: 4 >&2", None),
        ("", "echo train seconds: 4", None),
        ('stream = "stdout"', "echo seconds: 4 >&2", None),
        ('stream = "stdout"', "echo INFO seconds: 4", None),
        ('stream = "stderr"', "echo seconds: 3; echo seconds: 6 >&2", 6),
        ("line = 2", "echo 1; echo it took 7.5 s; echo 3", 7.5),
        ("line = -1", "echo 1; echo 9; echo", 9),
        ("line = 5", "echo 1", None),
        ('json = "best.seconds"', """echo '{"best": {"seconds": 2.5}}'; echo '{"event": "end"}'""", 2.5),
        ('json = "s"', """printf 'log\\n{\\n "s": 1.5,\\n "other": {"s": 9}\\n}\\nbye\\n'""", 1.5),
        ('parse = "tail -n 1 | cut -d, -f2"', "echo a,1; echo b,6.5", 6.5),
        ("parse = \"grep took run.log | awk '{print $2}'\"", "echo took 8 s", 8),
        ('parse = "exit 1"', "echo 5", None),
    ],
)
def test_a_number_is_found_where_the_config_says(shell, ratchet: Ratchet, where: str, printed: str, value) -> None:
    configure(shell, where=where, bench=f". ./work.sh\necho errors: 0 >&2\n{printed}\n")
    data = json.loads(ratchet("run", "--json")[1])
    assert data["metrics"]["seconds"] == value
    assert data["metrics"]["errors"] == 0


def test_a_limit_relative_to_the_baseline_stops_a_slow_experiment(shell, ratchet: Ratchet) -> None:
    shell.write("pyproject.toml", shell.read("pyproject.toml").replace("timeout = 20", 'timeout = "2x"'))
    shell.commit("twice the baseline")
    ratchet("start", "t")
    edit(shell, 1, more="sleep 30\n")
    out = ratchet("step")[1]
    assert "| TIMEOUT (more than 1 s, 2 times the baseline)" in out


def test_an_option_for_the_config_is_read_before_and_after_the_command(shell, ratchet: Ratchet) -> None:
    shell.write("other/work.sh", "")
    shell.write("other/ratchet.yaml", "name: [")
    for arguments in (["-c", "pyproject.toml", "check"], ["check", "--config", "pyproject.toml"]):
        assert "ok   config: pyproject.toml [tool.ratchet]: shell" in ratchet(*arguments)[1]
    assert "ratchet.yaml" in ratchet("check", "-c", "other/ratchet.yaml")[2]


def test_the_version_is_printed(ratchet: Ratchet) -> None:
    status, out, _ = ratchet("--version")
    assert status == 0
    assert out.startswith("ratchet ")


AGENT = """. ./work.sh
echo "SECONDS_TAKEN=$((SECONDS_TAKEN - 1))" > work.sh
echo "ERRORS=0" >> work.sh
"""


def test_a_loop_shows_its_limits_and_names_the_setting_that_ended_it(shell, ratchet: Ratchet) -> None:
    shell.write("agent.sh", AGENT)
    configure(shell, extra="max_iterations = 2\npatience = 9")
    status, out, err = ratchet("loop")
    assert status == 0
    cap = "max_iterations = 2 in pyproject.toml [tool.ratchet]; -n sets another"
    assert f"limits: 2 experiments ({cap}); 9 in a row without a gain; one measurement: 20 s" in err
    assert f"stopped: 2 experiments done: {cap} limit. Next:" in out
    out = ratchet("loop", "--max", "1", "-a", "sh agent.sh")[1]
    assert "stopped: 1 experiment done. Next:" in out


@pytest.mark.slow
def test_a_loop_without_a_limit_goes_on_until_something_else_ends_it(shell, ratchet: Ratchet) -> None:
    shell.write("agent.sh", AGENT)
    status, out, err = ratchet("loop", "--until", "5")
    assert status == 0
    assert "limits: no limit on experiments (-n sets one); until seconds reaches 5.0000" in err
    assert out.count("| KEPT") == 5


def run_two_steps(shell, ratchet: Ratchet, tag: str = "t") -> None:
    ratchet("start", tag)
    for seconds in (9, 7):
        edit(shell, seconds)
        ratchet("step", "-m", f"down to {seconds}")
    edit(shell, 8)
    ratchet("step", "-m", "up again")


def test_results_end_with_totals_and_the_largest_gains(shell, ratchet: Ratchet) -> None:
    run_two_steps(shell, ratchet)
    edit(shell, 1, more="exit 1")
    ratchet("step")
    lines = ratchet("results")[1].splitlines()
    assert lines[-4:] == [
        "totals: 2 kept, 1 discarded, 1 crashed",
        "largest gains:",
        "  -2.0000 iter 2: down to 7",
        "  -1.0000 iter 1: down to 9",
    ]


def test_a_run_is_shown_from_any_branch(shell, ratchet: Ratchet) -> None:
    run_two_steps(shell, ratchet)
    here = {command: ratchet(command)[1] for command in ("results", "plot", "diff", "status")}
    shell.git("switch", "--quiet", "main")
    assert {command: ratchet(command, "--run", "t")[1] for command in here} == here
    assert "iter 2 |" in ratchet("show", "2", "--run", "t")[1]
    status, _, err = ratchet("results", "--run", "u")
    assert (status, err.strip()) == (1, "TAG: there is no run u. Recorded runs: t.")
    assert "is not a run branch" in ratchet("results")[2]


def test_runs_shows_every_run_in_one_line(shell, ratchet: Ratchet) -> None:
    assert ratchet("runs") == (0, "no runs yet; `uv run ratchet start TAG` starts one\n", "")
    run_two_steps(shell, ratchet)
    ratchet("start", "u")
    shell.git("branch", "-D", "autoresearch/t")
    shell.write(".ratchet/broken/journal.jsonl", "{\n")
    shell.git("switch", "--quiet", "main")
    shown = ratchet("runs")
    rows = {line.split()[0]: line for line in shown[1].splitlines()[1:] if line.strip()}
    assert list(rows)[-3:] == ["broken", "t", "u"]
    assert "damaged journal" in rows["broken"]
    assert rows["t"].split()[3:] == ["3", "2", "10.00", "7.0000", "-30.0%", "no", "branch"]
    assert rows["u"].split()[3:] == ["0", "0", "7.0000", "7.0000"]


def test_a_diff_shows_what_has_accumulated_or_one_step(shell, ratchet: Ratchet) -> None:
    run_two_steps(shell, ratchet)

    def changes(*options: str) -> list[str]:
        lines = ratchet("diff", *options)[1].splitlines()
        return [line for line in lines if line.startswith(("-S", "+S"))]

    start, first, second, third = (f"SECONDS_TAKEN={n}" for n in (10, 9, 7, 8))
    assert changes() == changes("--best") == [f"-{start}", f"+{second}"]
    assert changes("--step") == changes("--best", "--step") == [f"-{first}", f"+{second}"]
    assert changes("--commit", "3") == [f"-{start}", f"+{third}"]
    assert changes("--commit", "3", "--step") == [f"-{second}", f"+{third}"]
    shell.write("old.tsv", shell.read("results.tsv"))
    assert changes("-r", "old.tsv") == [f"-{start}", f"+{second}"]


def test_a_table_of_another_tool_is_read(shell, ratchet: Ratchet) -> None:
    run_two_steps(shell, ratchet)
    head = "commit\tseconds\tstatus\tdescription"
    rows = [head, "a1\t12\tkeep\tbaseline", "a2\t0.0\tcrash\toops", "a3\t6\tkeep\tidea"]
    shell.write("theirs.tsv", "\n".join(rows) + "\n")
    shell.git("switch", "--quiet", "main")  # a table needs no run
    out = ratchet("results", "-r", "theirs.tsv")[1]
    assert "2 experiments, 1 kept; best seconds=6.0000 (iter 2), baseline 12.00" in out
    assert "3 crashed" not in ratchet("plot", "--results", "theirs.tsv")[1]
    shell.write("theirs.tsv", "\n".join([*rows, "a4\t5\twonderful\tidea"]) + "\n")
    assert "theirs.tsv: line 5: the status 'wonderful' is none of" in ratchet("results", "-r", "theirs.tsv")[2]
    shell.write("theirs.tsv", "a\tb\n")
    assert "theirs.tsv: there is no column 'seconds' (it has a, b)" in ratchet("results", "-r", "theirs.tsv")[2]


def test_verbose_shows_the_agent_at_work(shell, ratchet: Ratchet) -> None:
    shell.write("agent.sh", AGENT + "echo thinking aloud\n")
    assert "thinking aloud" not in ratchet("loop", "-n", "1")[2]
    assert "thinking aloud" in ratchet("loop", "-n", "1", "-v")[2]


def test_an_edit_that_crashed_is_taken_up_again(shell, ratchet: Ratchet) -> None:
    ratchet("start", "t")
    broken = "SECONDS_TAKEN=9\nERRORS=0\nif then\n"
    shell.write("work.sh", broken)
    _, out, err = ratchet("step")
    assert "| CRASHED (" in out
    assert "your edit is kept as iter 1: `uv run ratchet edit 1` puts it back into the files\n" in err
    assert shell.read("work.sh") != broken
    status, _, err = ratchet("edit", "1")
    assert (status, shell.read("work.sh")) == (0, broken)
    assert "work.sh: as in iter 1 of run t" in err
    edit(shell, 9)
    assert "| KEPT" in ratchet("step")[1]


def test_taking_up_an_experiment_replaces_no_edit_unless_it_is_kept(shell, ratchet: Ratchet) -> None:
    run_two_steps(shell, ratchet)
    edit(shell, 3)
    status, _, err = ratchet("edit", "3")
    assert status == 1
    assert err.startswith("work.sh: this edit was not measured. Run `uv run ratchet step` first, or use --force")
    status, _, err = ratchet("edit", "3", "--force")
    ref = err.split("`git show ")[1].split("`")[0]
    assert shell.git("show", f"{ref}:work.sh").startswith("SECONDS_TAKEN=3")
    assert shell.read("work.sh").startswith("SECONDS_TAKEN=8")
    assert ratchet("edit", "3")[0] == 0
    assert "N: run t has no experiment 7. Use 0 to 3." in ratchet("edit", "7")[2]


def test_another_run_is_started_only_without_an_unmeasured_edit(shell, ratchet: Ratchet) -> None:
    ratchet("start", "t")
    edit(shell, 9)
    status, _, err = ratchet("start", "u")
    assert status == 1
    assert err.startswith("work.sh: this edit was not measured in run t. Run `uv run ratchet step` first;")
    assert shell.git("symbolic-ref", "--short", "HEAD") == "autoresearch/t"
    assert shell.read("work.sh").startswith("SECONDS_TAKEN=9")
    ratchet("step")
    assert ratchet("start", "u")[0] == 0
    edit(shell, 8)
    ratchet("step")
    assert ratchet("start", "t")[0] == 0
    assert ratchet("edit", "1", "--run", "u")[0] == 0
    assert shell.read("work.sh").startswith("SECONDS_TAKEN=8")


def test_a_second_window_is_told_who_holds_the_run(shell, ratchet: Ratchet) -> None:
    ratchet("start", "t")
    code = (
        "import sys; from pathlib import Path; from ratchet.repo.run import Run, open_worktree\n"
        "with Run(open_worktree(Path.cwd()), 't').hold('ratchet loop'):\n"
        "    print('held', flush=True)\n    sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        edit(shell, 9)
        before = state(shell)
        for command in (["step"], ["loop"], ["start", "u"], ["start", "t"], ["edit", "0"], ["race"]):
            status, out, err = ratchet(*command)
            assert (status, out) == (1, "")
            assert f"run t is locked by process {holder.pid} (ratchet loop, since " in err
        assert state(shell)["refs"] == before["refs"]
        assert f"process {holder.pid} is working on it" in " ".join(ratchet("runs")[1].split())
        holder.communicate()


STRAY = """. ./work.sh
echo "SECONDS_TAKEN=4" > work.sh; echo "ERRORS=0" >> work.sh
echo changed >> notes.txt; echo mine too >> draft.txt; echo new > scratch.txt; rm model.py
echo "- **Description:** four seconds are enough"
"""


def test_a_file_outside_of_the_scope_that_was_written_again_as_it_was_is_not_changed(shell, ratchet: Ratchet) -> None:
    shell.write("agent.sh", "cp notes.txt x; cat x > notes.txt; cp draft.txt x; cat x > draft.txt; rm x\n" + AGENT)
    shell.write("notes.txt", "an edit of mine\n")
    shell.write("draft.txt", "a file of mine\n")
    _, out, err = ratchet("loop", "-n", "1")
    assert "iter 1 |" in out
    assert "outside of its scope" not in err
    assert "outside" not in shell.git("for-each-ref")


def test_what_an_agent_changed_outside_of_its_scope_is_put_back_and_kept(shell, ratchet: Ratchet) -> None:
    shell.write("agent.sh", STRAY)
    shell.write(".gitignore", shell.read(".gitignore") + "agent.sh\n")
    shell.commit("ignore the agent")
    shell.write("notes.txt", "an edit of mine\n")
    shell.write("draft.txt", "a file of mine\n")
    before = {name: shell.read(name) for name in ("notes.txt", "draft.txt", "model.py")}
    _, out, err = ratchet("loop", "-n", "1")
    assert "| KEPT — four seconds are enough" in out
    assert {name: shell.read(name) for name in before} == before
    assert shell.read("scratch.txt") == "new\n"
    assert "outside of its scope the agent changed draft.txt, model.py, notes.txt: put back" in err
    ref = err.split("`git show ")[1].split("`")[0]
    assert shell.git("show", f"{ref}:notes.txt") == "an edit of mine\nchanged"
    assert shell.git("ls-tree", "--name-only", ref, "model.py") == ""
    assert shell.git("diff", "--name-only", "HEAD~1", "HEAD") == "work.sh"


def test_an_agent_is_asked_for_a_description(shell, ratchet: Ratchet) -> None:
    shell.write("agent.sh", "cp .ratchet/*/prompt.md seen.md 2>/dev/null || cat > seen.md\n" + AGENT)
    shell.write(".gitignore", shell.read(".gitignore") + "agent.sh\nseen.md\n")
    shell.commit("ignore the agent")
    ratchet("loop", "-n", "1")
    assert "Print one line `description: WHAT`" in shell.read("seen.md")


def test_nothing_changed_is_remarked_when_it_repeats(shell, ratchet: Ratchet) -> None:
    ratchet("start", "t")
    assert "in a row" not in ratchet("step")[2]
    assert "iter 2: warning: no change 2 times in a row: edit work.sh before you measure" in ratchet("step")[2]
    assert "hint: The last 2 experiments changed nothing: edit work.sh before measuring." in ratchet("status")[1]


def test_a_hypothesis_of_the_last_experiment_is_remarked(project, ratchet: Ratchet) -> None:
    ratchet("start", "t")
    project.edit(0.6, "baseline")
    assert "iter 1: warning: HYPOTHESIS is still that of iter 0: set it to what this edit tries" in ratchet("step")[2]
    project.edit(0.7, "another idea")
    assert "HYPOTHESIS" not in ratchet("step")[2]


def test_results_are_printed_as_lines_of_json(shell, ratchet: Ratchet) -> None:
    run_two_steps(shell, ratchet)
    rows = [json.loads(line) for line in ratchet("results", "--jsonl")[1].splitlines()]
    assert [row["status"] for row in rows] == ["baseline", "keep", "keep", "discard"]
    keys = ("value", "prev", "delta", "tag", "description")
    assert {key: rows[2][key] for key in keys} == {
        "value": 7.0,
        "prev": 9.0,
        "delta": -2.0,
        "tag": "t",
        "description": "down to 7",
    }
    assert {"memory_gb", "timestamp"} <= set(rows[2])


def test_a_run_is_written_as_an_mlflow_file_store(shell, ratchet: Ratchet) -> None:
    run_two_steps(shell, ratchet)
    assert ratchet("results", "--mlflow", "mlruns")[:2] == (0, "mlruns\n")
    [experiment] = (shell.root / "mlruns").iterdir()
    meta = yaml.safe_load((experiment / "meta.yaml").read_text())
    assert (meta["name"], meta["experiment_id"], meta["lifecycle_stage"]) == ("shell/t", experiment.name, "active")
    found = {}
    for folder in [path for path in experiment.iterdir() if path.is_dir()]:
        run = yaml.safe_load((folder / "meta.yaml").read_text())
        assert (run["run_id"], run["experiment_id"]) == (folder.name, experiment.name)
        at, value, step = (folder / "metrics/seconds").read_text().split()
        assert int(at) == run["end_time"] > 1_700_000_000_000
        found[int(step)] = (float(value), (folder / "tags/mlflow.note.content").read_text())
    assert found[2] == (7.0, "down to 7")
    assert sorted(found) == [0, 1, 2, 3]
    before = sorted(path for path in experiment.rglob("*"))
    ratchet("results", "--mlflow", "mlruns")
    assert sorted(path for path in experiment.rglob("*")) == before


def test_a_run_is_written_in_the_layout_of_wandb(shell, ratchet: Ratchet) -> None:
    run_two_steps(shell, ratchet)
    ratchet("results", "--wandb", "wandb")
    [files] = (shell.root / "wandb").glob("run-*/files")
    steps = [json.loads(line) for line in (files / "wandb-history.jsonl").read_text().splitlines()]
    assert [(step["_step"], step["seconds"]) for step in steps] == [(0, 10.0), (1, 9.0), (2, 7.0), (3, 8.0)]
    assert json.loads((files / "wandb-summary.json").read_text())["best"] == 7.0
    assert yaml.safe_load((files / "config.yaml").read_text())["metric"]["value"] == "seconds"


def test_a_loop_writes_its_table_where_it_is_asked_to(shell, ratchet: Ratchet) -> None:
    shell.write("agent.sh", AGENT)
    assert ratchet("loop", "-n", "1", "-r", "theirs.tsv")[0] == 0
    assert shell.read("theirs.tsv").splitlines()[0].startswith("n\tcommit\tseconds")
    assert len(shell.read("theirs.tsv").splitlines()) == 3
    assert shell.read("results.tsv") == shell.read("theirs.tsv")
    shell.write("mine.tsv", "a file of mine\n")
    status, _, err = ratchet("loop", "-n", "1", "-r", "mine.tsv")
    assert (status, shell.read("mine.tsv")) == (1, "a file of mine\n")
    assert "mine.tsv: this file is no table of ratchet, and is not overwritten. Name another file." in err
