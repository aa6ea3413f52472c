"""Keep the agent from stopping while the run is not done.

Reads one Stop event of the client on stdin. The answer `decision: block` makes the agent continue and gives the reason;
no answer, or a message to the person, lets it stop. `uv run ratchet status --json` reads the journal and decides
whether the run is done. The agent's own messages do not count.

The agent may stop if there is no run, if ratchet cannot answer, if work goes on in the background, if the person asked
for something else than this run, and after LIMIT attempts without a new experiment.

Runs on any python3, also one older than the project's: standard library only, syntax of 3.9.
"""

from __future__ import annotations

import json
import re
import subprocess  # noqa: TID251 - a hook imports nothing of the project
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STATUS = ("uv", "run", "ratchet", "status", "--json")
TIMEOUT_S = 60
LIMIT = 10  # times in a row; the client itself gives up after 8 that have no tool call in between
INVOCATION = re.compile(
    r"\s*(?:<command-message>[^<]*</command-message>\s*)?"
    r"<command-name>/autoresearch</command-name>.*?<command-args>(.*?)</command-args>",
    re.DOTALL,
)


def main() -> int:
    """Answer on stdout, as JSON; the exit status is always 0."""
    try:
        answer = decide(json.loads(sys.stdin.buffer.read()))
    except Exception as error:
        answer = {"systemMessage": f"autoresearch: the agent may stop. {error}"}
    if answer:
        sys.stdout.write(json.dumps(answer))
    return 0


def decide(event: dict[str, Any]) -> dict[str, str]:
    """Return the answer to a Stop event; an empty one lets the agent stop. Raises if there is no run to ask about."""
    if event.get("background_tasks"):
        return {}
    state = _read_status()
    is_asked_for = _asked_for(Path(event.get("transcript_path", ""))) in {"", state["tag"]}
    if state["done"] or state["working_process"] or not is_asked_for:
        return {}
    times = _count(Path(state["journal"]).with_name("sent-on.json"), [event.get("session_id"), state["experiments"]])
    if times > LIMIT:
        reason = f"the agent may stop after {LIMIT} attempts without a new experiment"
        return {"systemMessage": f"autoresearch: {reason}. {state['summary']}"}
    return {"decision": "block", "reason": _reason(state)}


def _asked_for(transcript: Path) -> str:
    """Return what the person typed after the last /autoresearch: a tag, results, report, …, or nothing."""
    try:
        lines = transcript.read_text("utf-8", "replace").split("\n")
    except OSError:
        return ""
    asked = [found for line in lines if "/autoresearch<" in line and (found := INVOCATION.match(_typed(line)))]
    return asked[-1][1].strip(" \"'\n") if asked else ""


def _typed(line: str) -> str:
    """Return what the person typed in a line of the transcript: plain text, while tool results are lists of blocks."""
    try:
        entry = json.loads(line)
        content = entry["message"]["content"] if entry["type"] == "user" else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return content if isinstance(content, str) else ""


def _read_status() -> dict[str, Any]:
    done = subprocess.run(STATUS, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"ratchet status ended with {done.returncode}")
    state: dict[str, Any] = json.loads(done.stdout)
    return state


def _count(file: Path, key: list[Any]) -> int:
    """Return how often in a row this was called with the same key; the count is kept in the file."""
    try:
        old_key, times = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        old_key, times = None, 0
    times = times + 1 if old_key == key else 1
    file.write_text(json.dumps([key, times]), "utf-8")
    return times


def _reason(state: dict[str, Any]) -> str:
    edit = "read the unmeasured edit in train.py" if state["unmeasured_edit"] else "edit train.py"
    return (
        f"Run {state['tag']} is not done: {state['summary']}. Experiment {state['experiments'] + 1} is next: {edit}, "
        "then `uv run ratchet step`. The rules are in program.md. "
        "If a human told you to stop, or a reason to stop in program.md holds, run `uv run ratchet stop`."
    )


if __name__ == "__main__":
    sys.exit(main())
