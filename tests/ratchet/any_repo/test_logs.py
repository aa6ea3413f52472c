"""Each experiment keeps what its commands printed, bounded; -v shows it while it is printed."""

import subprocess
import sys
from collections.abc import Callable

Ratchet = Callable[..., tuple[int, str, str]]


def reconfigure(shell, **keys: str) -> None:
    """Replace the scripts by one file that is run, and set keys of the config."""
    text = shell.read("ratchet.yaml").replace("  - src/\n", "  - src/one.sh\n")
    lines = [line for line in text.splitlines() if line.split(":")[0] not in keys]
    shell.write("ratchet.yaml", "\n".join([*lines, *(f"{key}: {value}" for key, value in keys.items())]) + "\n")
    shell.commit("configure")


def test_the_log_of_an_experiment_holds_both_streams(shell, ratchet: Ratchet) -> None:
    reconfigure(shell)
    ratchet("start", "first")
    log = ratchet("show", "0", "--log")[1]
    assert log.startswith("$ sh bench.sh\nexit status 0")
    assert "--- stdout ---\nsteps: 51\n" in log
    assert "--- stderr ---\nmeasuring\n" in log


def test_a_crash_names_file_and_line_and_keeps_its_log(shell, ratchet: Ratchet) -> None:
    reconfigure(shell, run="bash bench.sh")
    ratchet("start", "first")
    shell.write("src/one.sh", "echo half way\nhyperfine --x || exit 3\n")
    line = ratchet("step")[1]
    assert "CRASHED (hyperfine: command not found (src/one.sh:2))" in line
    log = ratchet("show", "1", "--log")[1]
    assert "exit status 3" in log
    assert "half way" in log


def test_verbose_shows_the_output_of_the_command(shell, ratchet: Ratchet) -> None:
    reconfigure(shell)
    status, out, err = ratchet("start", "first", "-v")
    assert status == 0
    assert out.startswith("iter 0 | steps=51")
    assert "measuring\n" in err
    assert "steps: 51\n" in err
    shell.write("src/one.sh", "value=10\n")
    assert "measuring" not in ratchet("step")[2]


def test_verbose_output_comes_while_the_command_runs(shell) -> None:
    waiting = f"echo first >&2; until test -e {shell.root}/go; do sleep 0.05; done; sh bench.sh"
    reconfigure(shell, run=f"'{waiting}'", timeout="60")
    command = [sys.executable, "-m", "ratchet.cli", "start", "first", "-v"]
    with subprocess.Popen(command, cwd=shell.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stderr
        assert child.stderr.readline() == "first\n"
        shell.write("go", "")  # only now can the command end
        child.stderr.close()  # nobody looks any more, and the command goes on
        assert child.stdout.read().startswith("iter 0 | steps=51")


def test_a_log_is_bounded(shell, ratchet: Ratchet) -> None:
    reconfigure(shell, run="'seq 1 60000 >&2; seq 1 60000; sh bench.sh'")
    ratchet("start", "first")
    log = ratchet("show", "0", "--log")[1]
    assert 64_000 < len(log) < 140_000
    assert "steps: 51" in log
    assert "characters are left out" in log


def test_the_log_holds_the_checks_too(shell, ratchet: Ratchet) -> None:
    reconfigure(shell, checks="['echo looked >&2; test ! -e src/bad.sh && grep -q 10 src/one.sh']")
    ratchet("start", "first")
    shell.write("src/one.sh", "value=9\n")
    assert "REJECTED (check failed" in ratchet("step")[1]
    assert "looked" in ratchet("show", "1", "--log")[1]


def test_the_log_holds_no_audit_number(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    log = ratchet("show", "0", "--log")[1]
    assert "score: 0.5" in log
    assert "test_score" not in log


def test_reused_code_shows_the_log_of_its_measurement(shell, ratchet: Ratchet) -> None:
    reconfigure(shell)
    ratchet("start", "first")
    for text in ("value=90\n", "value=90\n\n"):
        shell.write("src/one.sh", text)
        ratchet("step")
    assert ratchet("show", "2", "--log")[1].startswith("iter 2 is the same code as iter 1:\n$ sh bench.sh")
