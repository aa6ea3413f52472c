"""Keep the agent from stopping while the run is not done.

Reads one Stop event of the client on stdin. The answer `additionalContext` makes the agent continue and gives the
reason; no answer, or a message to the person, lets it stop. `uv run ratchet status --json` reads the journal and
decides whether the run is done. The agent's own messages do not count.

The agent may stop if there is no run, if ratchet cannot answer, if work goes on in the background, if nobody asked for
this run in the session, if the person typed something that waits for the end of the turn, and after LIMIT attempts
without a new experiment. A session without a transcript asked for nothing.

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
RATCHET: tuple[str, ...] = ("uv", "run", "ratchet")
RULES = "program.md"
TIMEOUT_S = 60
LIMIT = 8  # times in a row; the client itself ends the turn at the ninth without a tool call, with a warning
ASIDE = frozenset({"results", "report", "stop", "setup"})  # one answer, and no run to continue
THIS_RUN = ("", "inspect")  # what a person types after /autoresearch to continue the current run
INVOCATION = re.compile(
    r"\s*(?:<command-message>[^<]*</command-message>\s*)?"
    r"<command-name>/(?:ratchet:)?autoresearch</command-name>.*?<command-args>(.*?)</command-args>",
    re.DOTALL,
)
KICK_OFF = re.compile(
    r"(?is)(?=.*\bprogram\.md\b)(?=.*\b(kick\b.{0,20}\boff|get going|start|begin|go ahead|follow)\b)[^?]*"
)
START = re.compile(r"(?:uv run )?ratchet start ([A-Za-z0-9._-]+)")
LONGEST = 2000  # characters of a request in plain words; a longer text is pasted material


def main() -> int:
    """Answer on stdout, as JSON; the exit status is always 0."""
    try:
        answer = decide(json.loads(sys.stdin.buffer.read()))
    except Exception as error:
        answer = {"systemMessage": f"autoresearch: the agent may stop. {error}"}
    if answer:
        sys.stdout.write(json.dumps(answer))
    return 0


def decide(event: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a Stop event; an empty one lets the agent stop. Raises if there is no run to ask about."""
    if event.get("background_tasks"):
        return {}
    transcript = Path(event.get("transcript_path", ""))
    asked = asked_for(transcript)
    if asked is None or asked in ASIDE or has_waiting_input(transcript):
        return {}
    state = read_status()
    is_asked_for = asked in {*THIS_RUN, state["tag"]} or target(asked, state) != ""
    if state["done"] or state["working_process"] or not is_asked_for:
        return {}
    times = _count(Path(state["journal"]).with_name("sent-on.json"), [event.get("session_id"), state["experiments"]])
    if times > LIMIT:
        reason = f"the agent may stop after {LIMIT} attempts without a new experiment"
        return {"systemMessage": f"autoresearch: {reason}. {state['summary']}"}
    return {"hookSpecificOutput": {"hookEventName": "Stop", "additionalContext": _reason(state)}}


def asked_for(transcript: Path) -> str | None:
    """Return the last request of a session: a tag, results, …; "" for the current run; None without a request."""
    try:
        found = requests(transcript)
    except OSError:
        return None
    return found[-1] if found else None


def requests(transcript: Path) -> list[str]:
    """Return every request of a session. Raises OSError if the transcript cannot be read.

    A request is what the person typed after /autoresearch, or plain words that name program.md and say start. Other
    plain words count if the agent answered them by starting a run.
    """
    asked, is_plain = [], True
    for entry in map(_entry, transcript.read_text("utf-8", "replace").split("\n")):
        typed, started = _typed(entry), _started(entry)
        if found := INVOCATION.match(typed):
            is_plain = False
            asked.append(found[1].strip(" \"'\n"))
        elif typed:
            is_plain = True
            asked += [""] if _is_kick_off(typed) else []
        elif started and is_plain:
            asked.append(started)
    return asked


def has_waiting_input(transcript: Path) -> bool:
    """Return whether the person typed what the client holds back until the turn ends, as it does with /commands.

    The transcript has an `enqueue` for each, and a `remove`, `dequeue` or `popAll` once it is handed over. What
    is typed without a `dequeue` before it meets an empty queue: what an earlier session left there is gone.
    """
    waiting, is_from_queue = 0, False
    for entry in map(_parsed, transcript.read_text("utf-8", "replace").split("\n")):
        operation = entry.get("operation") if entry.get("type") == "queue-operation" else None
        if operation:
            waiting = {"enqueue": waiting + 1, "popAll": 0}.get(operation, max(waiting - 1, 0))
            is_from_queue = operation == "dequeue"
        elif _typed(_with_message(entry)):
            waiting, is_from_queue = waiting if is_from_queue else 0, False
    return waiting > 0


def target(asked: str, state: dict[str, Any]) -> str:
    """Return the editable file that the person named instead of a run; empty if it is none."""
    file = asked.lstrip("@").removeprefix("./")
    entries = [entry for entry in state.get("editable", ()) if file]
    is_editable = any(file.startswith(f"{entry.rstrip('/')}/") or Path(file).match(entry) for entry in entries)
    return file if is_editable else ""


def _entry(line: str) -> dict[str, Any]:
    return _with_message(_parsed(line))


def _parsed(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _with_message(entry: dict[str, Any]) -> dict[str, Any]:
    return entry if isinstance(entry.get("message"), dict) else {}


def _typed(entry: dict[str, Any]) -> str:
    """Return what the person typed: plain text (tool results are lists of blocks) that the client did not insert."""
    if entry.get("type") != "user" or entry.get("isMeta") or entry.get("isCompactSummary"):
        return ""
    content = entry["message"].get("content")
    return content if isinstance(content, str) else ""


def _is_kick_off(typed: str) -> bool:
    return len(typed) <= LONGEST and not typed.startswith("<") and KICK_OFF.fullmatch(typed) is not None


def _started(entry: dict[str, Any]) -> str:
    """Return the tag of the run that the agent started in an entry."""
    content = entry["message"].get("content") if entry.get("type") == "assistant" else None
    blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    given = [block.get("input") for block in blocks if block.get("type") == "tool_use" and block.get("name") == "Bash"]
    commands = [str(each.get("command")) for each in given if isinstance(each, dict)]
    return next((found[1] for command in commands if (found := START.fullmatch(command))), "")


def read_status() -> dict[str, Any]:
    """Return the state of the current run. Raises RuntimeError if there is none."""
    status = [*RATCHET, "status", "--json"]
    done = subprocess.run(status, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=TIMEOUT_S, check=False)
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
    edited, files = state["unmeasured_edit"], ", ".join(state.get("editable", ["train.py"]))
    edit = f"read the unmeasured edit in {', '.join(edited)}" if edited else f"edit {files}"
    ratchet = " ".join(RATCHET)
    return (
        f"Run {state['tag']} is not done: {state['summary']}. Experiment {state['experiments'] + 1} is next: {edit}, "
        f"then `{ratchet} step`. The rules are in {RULES}. "
        f"If a human told you to stop, or a reason to stop in {RULES} holds, run `{ratchet} stop`."
    )


if __name__ == "__main__":
    sys.exit(main())
