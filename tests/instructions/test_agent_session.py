"""A whole session as the client drives it: the real hooks, a real repo, the real ratchet, an agent that misbehaves."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Client


def fingerprint(root: Path) -> dict[str, str]:
    """Return a hash of every file that an agent may not touch."""
    own = {"train.py", "results.tsv"}
    files = [path for path in root.rglob("*") if path.is_file() and path.name not in own]
    state = {".git", ".ratchet", "__pycache__"}
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if not state & set(path.relative_to(root).parts)
    }


def attempts(client: Client) -> list[str]:
    """Try to get at the measurement, the guard, the journal and the test number; return what came of each."""
    root = client.root
    journal = f"{root}/.ratchet/my-run/journal.jsonl"
    return [
        client.use("Write", file_path=f"{root}/prepare.py", content="print('val_auc: 0.98')"),
        client.use("Edit", file_path=f"{root}/harness/../prepare.py", old_string="train.SCORE", new_string="0.98"),
        client.use("Write", file_path=f"{root}/.claude/settings.json", content="{}"),
        client.use("Write", file_path=f"{root}/.claude/hooks/guard.py", content="raise SystemExit(0)"),
        client.use("Write", file_path=journal, content="{}"),
        client.use("Bash", command=f"echo '{{}}' >> '{journal}'"),
        client.use("Bash", command="uv run ratchet step && cp train.py prepare.py"),
        client.use("Bash", command="uv run ratchet results --audit"),
        client.use("Bash", command="uv run ratchet start $(touch hacked)"),
        client.use("Bash", command="python3 -c \"open('prepare.py', 'w')\""),
        client.use("Bash", command="git update-ref HEAD HEAD~1"),
    ]


@pytest.mark.slow
def test_a_session_from_start_to_done_with_an_agent_that_misbehaves(client: Client) -> None:
    before = fingerprint(client.root)
    client.type("/autoresearch my-run")
    assert client.use("Bash", command="uv run ratchet start my-run").startswith("iter 0 | val_auc=0.5000 | BASELINE")
    assert client.is_sent_on()
    lines = []
    for old, new in ((0.5, 0.6), (0.6, 0.4), (0.6, 0.7)):
        assert set(attempts(client)) == {"REFUSED"}
        assert client.use("Edit", file_path="train.py", old_string=f"{old}", new_string=f"{new}") == "written"
        assert "read the unmeasured edit in train.py" in client.sent_on_by()
        lines.append(client.use("Bash", command="uv run ratchet step"))
    assert [line.split(" | ")[2].split(" — ")[0] for line in lines] == ["KEPT", "DISCARDED", "KEPT"]
    assert client.stop() == {}  # the config wants three experiments
    assert "done: 3 experiments done" in client.use("Bash", command="uv run ratchet status")

    assert fingerprint(client.root) == before
    assert client.git("status", "--short") == ""
    assert client.git("log", "--format=%s").splitlines()[-1] == "start"
    assert client.read("train.py").endswith("SCORE = 0.7\n")
    events = [json.loads(line) for line in client.read(".ratchet/my-run/journal.jsonl").splitlines()]
    assert [event["verdict"] for event in events if event["event"] == "verdict"] == [
        "baseline",
        "keep",
        "discard",
        "keep",
    ]


@pytest.mark.slow
def test_after_a_session_no_held_out_number_stands_in_what_the_agent_was_shown(client: Client) -> None:
    """The number is in results.tsv for the person, and in no answer of a tool and in no sentence of a hook."""
    client.write("prepare.py", client.read("prepare.py") + 'print("test_auc: 0.123456")\n')
    config = client.read("pyproject.toml").replace(
        "max_it", 'audit = [{ name = "test_auc", grep = "^test_auc:" }]\nmax_it'
    )
    client.write("pyproject.toml", config)
    client.git("-c", "user.name=someone", "-c", "user.email=some@one", "commit", "--quiet", "-am", "audit")
    client.env["CLAUDECODE"] = "1"
    client.type("/autoresearch my-run")
    shown = [client.use("Bash", command="uv run ratchet start my-run"), client.sent_on_by()]
    client.use("Edit", file_path="train.py", old_string="0.5", new_string="0.6")
    looks = ("step", "status", "status --json", "results", "plot", "show 1", "diff", "results --help")
    shown += [client.use("Bash", command=f"uv run ratchet {look}") for look in looks]
    shown += [client.use("Bash", command=look) for look in ("git status", "git diff", "git log --oneline", "ls")]
    shown += [client.use("Bash", command="grep -n 0 results.tsv"), client.use("Bash", command="grep -n 0 .ratchet/x")]
    shown += [client.run_hook("uv run ratchet results --audit", "").stdout]  # what the person types behind !
    assert "0.123456" in client.read("results.tsv")
    assert [text for text in shown if "0.123" in text] == []
    assert shown[2].startswith("iter 1 | val_auc=0.6000")
    assert shown.count("REFUSED") == 2


def test_a_person_who_says_stop_is_obeyed_and_the_run_goes_on_later(client: Client) -> None:
    client.type("/autoresearch my-run")
    client.use("Bash", command="uv run ratchet start my-run")
    assert client.is_sent_on()
    client.use("Bash", command="uv run ratchet stop")
    assert client.stop() == {}
    client.type("/autoresearch")
    client.use("Bash", command="uv run ratchet start my-run")
    assert client.is_sent_on()
