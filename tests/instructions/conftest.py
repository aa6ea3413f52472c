"""A stand-in for the client: a scratch repo with our instructions in it, and tool calls that go through its hooks.

Of the client's layers only the hooks are here. What they refuse is refused without any help from the permission rules.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRAIN = 'HYPOTHESIS = "baseline"\nSCORE = 0.5\n'
PREPARE = """import train
print("hypothesis:", train.HYPOTHESIS)
print("val_auc:", train.SCORE)
"""
CONFIG = """[tool.ratchet]
name = "toy"
editable = ["train.py"]
readonly = ["prepare.py"]
run = "python prepare.py"
timeout = 60
label = "HYPOTHESIS"
description = "^hypothesis:"
max_iterations = 3

[tool.ratchet.metric]
name = "val_auc"
direction = "maximize"
"""
UV_THAT_RUNS_RATCHET = """#!/bin/sh
[ "$1 $2" = "run ratchet" ] || exit 9
shift 2
exec "{python}" -m ratchet.cli "$@"
"""


@dataclass
class Client:
    """Calls a tool as the client does: first the hooks of settings.json, then, if none objects, the tool itself."""

    root: Path
    env: dict[str, str]
    transcript: list[dict[str, Any]] = field(default_factory=list)

    def read(self, name: str) -> str:
        return (self.root / name).read_text("utf-8")

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def install(self, name: str, script: str) -> None:
        """Put a program on the PATH of the hooks and of the tools."""
        program = Path(self.env["PATH"].split(os.pathsep)[0]) / name
        program.write_text(script, "utf-8")
        program.chmod(0o755)

    def run_hook(self, command: str, event: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command], input=event, cwd=self.root, env=self.env, capture_output=True, text=True, check=False
        )

    def ask_guard(self, event: str) -> subprocess.CompletedProcess[str]:
        """Show an event, as raw text, to the one hook that settings.json runs before a tool."""
        return self.run_hook(self.hook("PreToolUse"), event)

    def hook(self, event: str) -> str:
        """Return the command of the one hook that settings.json has for an event."""
        [group] = json.loads(self.read(".claude/settings.json"))["hooks"][event]
        [hook] = group["hooks"]
        return str(hook["command"])

    def refusal(self, tool: str, given: dict[str, Any]) -> str:
        """Return why the hook refuses a call, or an empty text. No other exit status than 0 and 2 may come."""
        common = {"hook_event_name": "PreToolUse", "session_id": "s", "transcript_path": "", "cwd": str(self.root)}
        done = self.ask_guard(json.dumps(common | {"tool_name": tool, "tool_input": given}))
        assert done.returncode in {0, 2}, done
        assert bool(done.stderr) == bool(done.returncode), done
        return done.stderr

    def is_allowed_by_guard(self, tool: str, given: dict[str, Any]) -> bool:
        """Return whether the hook itself allows a call, as measured: where it does, the client needs no allow list."""
        event = {"hook_event_name": "PreToolUse", "cwd": str(self.root), "tool_name": tool, "tool_input": given}
        done = self.ask_guard(json.dumps(event))
        answer = json.loads(done.stdout or "{}").get("hookSpecificOutput", {})
        assert answer.get("hookEventName", "PreToolUse") == "PreToolUse"
        return done.returncode == 0 and answer.get("permissionDecision") == "allow"

    def use(self, tool: str, **given: Any) -> str:
        """Call a tool; return what it answers, or REFUSED."""
        if self.refusal(tool, given):
            return "REFUSED"
        if tool == "Bash":
            done = self.run_hook(given["command"], "")
            return done.stdout + done.stderr
        path = self.root / given["file_path"]
        path.write_text(given.get("content") or path.read_text().replace(given["old_string"], given["new_string"]))
        return "written"

    def shown_after(self, command: str, stdout: str) -> str:
        """Return what the person is shown after a command that printed this."""
        response = {"stdout": stdout, "stderr": "", "interrupted": False, "isImage": False}
        event = {"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {"command": command}}
        done = self.run_hook(self.hook("PostToolUse"), json.dumps(event | {"tool_response": response}))
        assert (done.returncode, done.stderr) == (0, "")
        return str(json.loads(done.stdout or "{}").get("systemMessage", ""))

    def type(self, prompt: str) -> None:
        """Write down in the transcript what a person typed: /autoresearch and its words, or plain text."""
        if not prompt.startswith("/"):
            self.transcript.append({"type": "user", "message": {"role": "user", "content": prompt}})
            return
        name, _, words = prompt.partition(" ")
        content = f"<command-name>{name}</command-name>\n<command-args>{words}</command-args>"
        self.transcript.append({"type": "user", "message": {"role": "user", "content": content}})

    def call(self, command: str) -> None:
        """Write down in the transcript that the agent ran a command."""
        block = {"type": "tool_use", "name": "Bash", "input": {"command": command}}
        self.transcript.append({"type": "assistant", "message": {"role": "assistant", "content": [block]}})

    def stop(self, session: str = "s", **more: Any) -> dict[str, Any]:
        """Say that the agent wants to stop; return what the hook answers."""
        lines = "".join(f"{json.dumps(entry)}\n" for entry in self.transcript)
        transcript = self.root.parent / "transcript.jsonl"
        transcript.write_text(lines, "utf-8")
        event = {"hook_event_name": "Stop", "session_id": session, "transcript_path": str(transcript), **more}
        done = self.run_hook(self.hook("Stop"), json.dumps({"cwd": str(self.root), "background_tasks": [], **event}))
        assert done.returncode == 0, done
        answer: dict[str, Any] = json.loads(done.stdout or "{}")
        return answer

    def sent_on_by(self, **more: Any) -> str:
        """Return the sentence that makes the agent continue, or an empty text if it may stop."""
        answer = self.stop(**more).get("hookSpecificOutput", {})
        assert answer.get("hookEventName", "Stop") == "Stop"
        return str(answer.get("additionalContext", ""))

    def is_sent_on(self, **more: Any) -> bool:
        return bool(self.sent_on_by(**more))


@pytest.fixture(scope="session")
def make_client(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Client]:
    """Return what makes a client in a committed scratch repo, in a path with a space and a letter that is not ASCII."""
    if sys.platform == "win32":
        pytest.skip("the stand-ins are shell scripts")

    def make() -> Client:
        place = tmp_path_factory.mktemp("client")
        root = place / "my prôject"
        shutil.copytree(ROOT / ".claude", root / ".claude")
        path = os.pathsep.join([str(place / "bin"), os.environ["PATH"]])
        env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "CLAUDE_PROJECT_DIR": str(root), "HOME": str(place)}
        client = Client(root, env)
        (place / "bin").mkdir()
        client.install("python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        client.install("uv", UV_THAT_RUNS_RATCHET.format(python=sys.executable))
        files = {"train.py": TRAIN, "prepare.py": PREPARE, "pyproject.toml": CONFIG, "harness/score.py": "# frozen\n"}
        for name, text in (files | {".gitignore": ".ratchet/\nresults.tsv\n__pycache__/\n"}).items():
            client.write(name, text)
        client.git("init", "--quiet", "--initial-branch=main")
        client.git("add", "--all")
        client.git("-c", "user.name=someone", "-c", "user.email=some@one", "commit", "--quiet", "-m", "start")
        return client

    return make


@pytest.fixture
def client(make_client: Callable[[], Client]) -> Client:
    """A client of its own, for a test that changes something."""
    return make_client()


@pytest.fixture(scope="session")
def quiet_client(make_client: Callable[[], Client]) -> Client:
    """A client that many tests share: they ask its guard, and change nothing."""
    return make_client()
