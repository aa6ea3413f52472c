"""`check` knows what start, step and loop know, and refuses in the same words."""

import shutil
from collections.abc import Callable

import pytest

Ratchet = Callable[..., tuple[int, str, str]]


def reconfigure(shell, old: str, new: str) -> None:
    shell.write("ratchet.yaml", shell.read("ratchet.yaml").replace(old, new))
    shell.commit("configure")


def test_a_sound_project_passes(shell, ratchet: Ratchet) -> None:
    reconfigure(shell, "timeout: 20", 'timeout: 20\nagent: "sh agent.sh"')
    status, out, _ = ratchet("check")
    assert status == 0, out


def test_a_frozen_file_committed_on_the_branch_of_the_run_is_bad(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    shell.write("bench.sh", "echo steps: 1\n")
    shell.commit("a change of the benchmark")
    status, out, _ = ratchet("check")
    assert status == 1
    assert "bad  repo: run first: changed since the run started: bench.sh" in out
    assert "changed since the run started: bench.sh" in ratchet("step")[2]


def test_a_changed_config_on_the_branch_of_the_run_is_bad(shell, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    reconfigure(shell, "timeout: 20", "timeout: 21")
    assert "bad  repo: run first: changed since the run started: config: timeout" in ratchet("check")[1]


def test_the_built_in_agent_is_refused_where_it_cannot_work(shell, ratchet: Ratchet) -> None:
    status, out, _ = ratchet("check")
    assert status == 1
    assert "bad  agent: the built-in agent writes feature_fn and build_pipeline" in out
    status, out, err = ratchet("loop", "-n", "3")
    assert (status, out) == (1, "")
    assert err.startswith("agent: the built-in agent writes feature_fn and build_pipeline")
    assert shell.git("branch", "--list", "autoresearch/*") == ""
    assert ratchet("race", "-n", "2")[0] == 1


@pytest.mark.parametrize(("n", "text"), [("3", "3 times in a row"), ("2", "2 times in a row"), ("1", "in the only")])
def test_a_loop_whose_agent_always_failed_does_not_end_with_success(shell, ratchet: Ratchet, n: str, text: str) -> None:
    status, out, _ = ratchet("loop", "-n", n, "--agent", "sh -c 'exit 3'")
    assert status == 1
    assert f"stopped: the agent failed {text}" in out


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("nosuchprogram bench.sh", "the program 'nosuchprogram' is not on PATH."),
        ("sh new.sh", "new.sh: this file is not committed, and what is measured is a commit. `git add new.sh`."),
        ("./new.sh", "new.sh: this file is not committed"),
        ("sh benhc.sh", "benhc.sh: there is no such file. Did you mean bench.sh?"),
        ("sh \\'bench.sh", "is not a line for the shell: No closing quotation."),
    ],
)
def test_a_command_that_no_checkout_can_run_is_bad(shell, ratchet: Ratchet, command: str, says: str) -> None:
    shell.write("new.sh", "echo steps: 1\n")
    (shell.root / "new.sh").chmod(0o755)
    text = shell.read("ratchet.yaml").replace("run: sh bench.sh", f"run: {command}".replace("\\'", "'"))
    shell.write("ratchet.yaml", text)
    status, out, _ = ratchet("check")
    assert status == 1
    assert says in out


@pytest.mark.parametrize(
    "command",
    ["A=1 sh bench.sh", "if true; then sh bench.sh; fi", "cd src && sh ../bench.sh", "(sh bench.sh)", "'true'"],
)
def test_a_line_of_the_shell_is_good(shell, ratchet: Ratchet, command: str) -> None:
    shell.write("ratchet.yaml", shell.read("ratchet.yaml").replace("run: sh bench.sh", f"run: {command}"))
    assert "ok   command: " in ratchet("check")[1]


def test_the_rule_margin_without_standard_errors_is_refused(shell, ratchet: Ratchet) -> None:
    reconfigure(shell, "timeout: 20", "timeout: 20\nrule: margin")
    assert "bad  config: rule margin compares with a standard error" in ratchet("check")[1]
    for command in (["start", "first"], ["loop", "--agent", "true"]):
        status, out, err = ratchet(*command)
        assert (status, out) == (1, "")
        assert err.startswith("rule margin compares with a standard error")
    assert shell.git("branch", "--list", "autoresearch/*") == ""


def test_a_repository_without_a_commit_is_named_as_such(shell, ratchet: Ratchet) -> None:
    shutil.rmtree(shell.root / ".git")
    shell.git("init", "-q")
    status, out, _ = ratchet("check")
    assert status == 1
    assert "bad  repo: HEAD: the repository has no commit. Run `git add -A && git commit -m start`." in out
    assert "bad  agent: the repository has no commit that the built-in agent can read." in out
    assert "fatal" not in out


def test_a_parse_command_that_is_not_installed_is_bad(shell, ratchet: Ratchet) -> None:
    reconfigure(shell, "  name: steps\n", '  name: steps\n  parse: "nosuchprogram run.log"\n')
    assert "bad  parse: the program 'nosuchprogram' is not on PATH." in ratchet("check")[1]
    reconfigure(shell, "nosuchprogram", "tail -n 1")
    assert "ok   parse: tail -n 1 run.log" in ratchet("check")[1]
