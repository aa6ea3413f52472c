"""The hooks of the plugin: guard.py and go_on.py for any repository that has a ratchet config.

`hook.py guard` and `hook.py go_on` read one event of the client on stdin and answer as those files do. They know the
repository from CLAUDE_PROJECT_DIR, and what may be edited from `ratchet status --json`. A plugin is installed for more
than one repository, so the guard lets every call go to the client's own rules in a repository without a config, and in
a session in which the person asked for nothing, or for `setup` alone. A transcript that cannot be read counts as a
request.
Not covered: a call that the client makes before it has written the request into the transcript.

Runs on any python3, also one older than the project's: standard library only, syntax of 3.9.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "hooks"))
import go_on
import guard

CONFIGS = ("ratchet.yaml", "ratchet.yml")
SETUP = "setup"
NAMES = ("ratchet", "uv run ratchet")  # both are the same command: as a tool of its own, and in a uv project


def main() -> int:
    """Return the exit status of the hook; without a config nothing is done."""
    event = sys.stdin.buffer.read()
    root = configured(Path(os.environ.get("CLAUDE_PROJECT_DIR") or Path.cwd()).resolve())
    if root is None:
        return 0
    guard.ROOT = go_on.ROOT = root
    go_on.RULES = "the skill /ratchet:autoresearch"
    go_on.RATCHET = ("ratchet",) if shutil.which("ratchet") else go_on.RATCHET
    sys.stdin = io.TextIOWrapper(io.BytesIO(event))
    if sys.argv[1:] == ["go_on"]:
        return go_on.main()
    return _guarded(event)


def configured(start: Path) -> Path | None:
    """Return the nearest folder upwards with a ratchet config."""
    return next((folder for folder in (start, *start.parents) if _has_config(folder)), None)


def _has_config(folder: Path) -> bool:
    if any((folder / name).is_file() for name in CONFIGS):
        return True
    try:
        text = (folder / "pyproject.toml").read_text("utf-8", "replace")
    except OSError:
        return False
    return re.search(r"(?m)^\s*\[\s*tool\s*\.\s*ratchet\b", text) is not None


def _guarded(raw: bytes) -> int:
    try:
        event: dict[str, Any] = json.loads(raw)
        if not _is_asked(event):
            return 0
        guard.COMMANDS, guard.LOOKING = _both(guard.COMMANDS), _both(guard.LOOKING)
        guard.TABLES = guard.PAGES = guard.CLOSED = frozenset()  # they are sources in most repositories
        guard.CONFIG = _config(event["tool_name"] in guard.EDITORS, "timeout" in event["tool_input"])
        reason = _objection_to_another_file(event) if event["tool_name"] in guard.EDITORS else ""
    except Exception as error:
        reason = f"guard: cannot judge the call ({type(error).__name__}: {error}). The call is refused."
    if reason:
        sys.stderr.write(f"{reason}\n")
        return 2
    return guard.main()


def _is_asked(event: dict[str, Any]) -> bool:
    """Return whether the person asked for a run, or for its results, at any time in the session."""
    try:
        return any(asked != SETUP for asked in go_on.requests(Path(event.get("transcript_path", ""))))
    except OSError:
        return True


def _objection_to_another_file(event: dict[str, Any]) -> str:
    """Return why an edit is refused in a session in which the person named another file; empty otherwise."""
    file = go_on.target(go_on.asked_for(Path(event.get("transcript_path", ""))) or "", guard.CONFIG)
    edited = event["tool_input"]["file_path"]
    is_meant = not file or (Path(event["cwd"]) / edited).resolve() == (guard.ROOT / file).resolve()
    return "" if is_meant else f"{edited!a}: the person named {file} for this session. Write the idea into it."


def _both(commands: tuple[str, ...]) -> tuple[str, ...]:
    """Return the commands under both names of ratchet."""
    other = [command.replace(NAMES[1], NAMES[0], 1) for command in commands if command.startswith(NAMES[1])]
    return (*other, *commands)


def _config(is_edit: bool, has_timeout: bool) -> dict[str, Any]:
    """Return the state of the run with its config, where the call needs it. Raises RuntimeError for an edit without."""
    try:
        return go_on.read_status() if is_edit or has_timeout else {}
    except RuntimeError as error:
        if is_edit:
            raise RuntimeError(f"no file may be edited without a run: {error} Run `ratchet start TAG` first") from None
        return {}


if __name__ == "__main__":
    sys.exit(main())
