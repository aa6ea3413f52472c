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


def test_a_person_who_says_stop_is_obeyed_and_the_run_goes_on_later(client: Client) -> None:
    client.type("/autoresearch my-run")
    client.use("Bash", command="uv run ratchet start my-run")
    assert client.is_sent_on()
    client.use("Bash", command="uv run ratchet stop")
    assert client.stop() == {}
    client.type("/autoresearch")
    client.use("Bash", command="uv run ratchet start my-run")
    assert client.is_sent_on()
