"""Refuse every tool call that may change something, except edits of editable files and the commands of program.md.

Reads one PreToolUse event of the client on stdin. Exit status 2 refuses the call, with the reason for the agent on
stderr. Exit status 0 with `permissionDecision: allow` on stdout allows a command of COMMANDS or LOOKING, or an edit of
an editable file, also where the client ignores the allow list (an untrusted folder, a turn after the first). Exit
status 0 alone leaves the call to the rules in settings.json. What they deny stays denied in both cases.

Covered: every tool by its name (an unknown one is refused), paths that reach another file through `..` or a link,
files outside of the repository, tables and whatever may hold test_auc in any of the reading tools, commands with
anything added to them, commands in the background, and failures of this file, which refuse the call.
Not covered: what `uv run ratchet` does (it measures a commit in a sandbox of its own), and what a person does.

Runs on any python3, also one older than the project's: standard library only, syntax of 3.9.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
EDITABLE = ("train.py",)  # if the config names nothing else
OWN = (
    ".git/",
    ".ratchet/",
    ".claude/",
    ".agents/",
    ".gemini/",
    ".venv/",
    "pyproject.toml",
    "ratchet.yaml",
    "results.tsv",
    "program.md",
)
COMMANDS = (  # the same as in program.md, settings.json and commands/autoresearch.md
    "uv run ratchet start TAG",
    "uv run ratchet status",
    "uv run ratchet status --json",
    "uv run ratchet step",
    "uv run ratchet show N",
    "uv run ratchet diff",
    "uv run ratchet diff --best",
    "uv run ratchet diff --commit N",
    "uv run ratchet results",
    "uv run ratchet plot",
    "uv run ratchet conclude",
    "uv run ratchet check",
    "uv run ratchet instruct",
    "uv run ratchet stop",
    "uv run ratchet finish",
)
LOOKING = (  # write nothing; this file alone allows them, since no permission rule can tell which FILE is open
    "ls",
    "ls FOLDER",
    "git status",
    "git diff",
    "git log --oneline",
    "git log --oneline -n N",
    "grep -n PATTERN FILE",
    "uv run ratchet COMMAND --help",
)
MEASURING = re.compile(r"uv run ratchet (start|step|conclude|finish)\b.*")  # take as long as an experiment
EXPERIMENT_S = 900  # wall-clock limit of an experiment, if the config names none
BLANKS = {  # what may replace a word of a command
    "TAG": r"(?![^ ]*\.\.)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,58}[A-Za-z0-9_-])?(?<!\.lock)",
    "N": "[0-9]{1,6}",
    "COMMAND": "[a-z]{2,20}",
    "PATTERN": "(?:" r"[A-Za-z0-9_.]+|'[^'\n\r\0-][^'\n\r\0]*'|" r'"[^"$`\\!\n\r\0-][^"$`\\!\n\r\0]*"' ")",
    "FILE": r"(?P<place>[A-Za-z0-9_./][A-Za-z0-9_./-]*)",
    "FOLDER": r"(?P<place>[A-Za-z0-9_./][A-Za-z0-9_./-]*)",
}
TABLES = frozenset({".csv", ".tsv", ".txt", ".data", ".parquet", ".feather", ".arrow", ".npy", ".npz", ".xlsx"})
PAGES = frozenset({".html", ".htm", ".mhtml", ".pdf", ".ipynb"})  # reports and stored outputs hold test_auc
CLOSED = frozenset({"benchmarks", "exports", "notebooks"})  # folders with test_auc in them
PACKED = frozenset({".gz", ".bz2", ".xz", ".zst", ".zip"})
ALLOWED = {
    "hookEventName": "PreToolUse",
    "permissionDecision": "allow",
    "permissionDecisionReason": "a command of program.md, or an edit of an editable file",
}
EDITORS = frozenset({"Edit", "MultiEdit", "Write"})
READERS = frozenset(  # change nothing outside the conversation
    {"Read", "Glob", "Grep", "LS", "ToolSearch", "TodoRead", "TodoWrite"}
    | {"TaskCreate", "TaskGet", "TaskList", "TaskUpdate", "TaskOutput", "TaskStop", "BashOutput", "KillShell"}
)


def main() -> int:
    """Return the exit status: 0 or 2, never another, since the client allows the call on all others."""
    event: dict[str, Any] = {}
    try:
        event = json.loads(sys.stdin.buffer.read())
        reason = objection(event)
    except Exception as error:
        reason = f"guard: cannot read the event of the client ({type(error).__name__}: {error}). The call is refused."
    if reason:
        sys.stderr.write(f"{reason}\n")
        return 2
    if event["tool_name"] in EDITORS | {"Bash"}:
        sys.stdout.write(json.dumps({"hookSpecificOutput": ALLOWED}))
    return 0


def objection(event: dict[str, Any]) -> str:
    """Return why the call is refused, or an empty text. Raises any exception on a malformed event."""
    tool, given = event["tool_name"], event["tool_input"]
    if tool in EDITORS:
        return _objection_to_edit(given["file_path"], Path(event.get("cwd", "")))
    if tool == "Bash":
        return _objection_to_command(given["command"], Path(event.get("cwd", ""))) or _objection_to_waiting(given)
    if tool in READERS:
        named = given.get("file_path") or given.get("path") or ""
        if tool == "Glob" and re.search(r"^[/~\\\\]|\.\.|^.:", given.get("pattern", "")):
            return f"{given['pattern']!a}: this may leave the repository. Give a pattern relative to its root."
        return _objection_to_reading(tool, named, Path(event.get("cwd", "")) / named)
    if tool == "StructuredOutput":
        return "StructuredOutput: no answer of a fixed form is wanted here. Write the report as plain text."
    if "memory" in tool.lower():
        return f"{tool}: this project keeps no memory between sessions. `uv run ratchet results` has what was tried."
    return f"{tool}: this tool is not allowed here. Use Read, Edit or Bash."


def _objection_to_edit(file: str, cwd: Path) -> str:
    path = cwd / file
    entries, frozen = _named("editable") or list(EDITABLE), _named("readonly") + _named("setup") + list(OWN)
    inside = _place(path)
    is_editable = any(_covers(entry, inside) for entry in entries)
    is_frozen = inside not in entries and any(_covers(entry, inside) for entry in frozen)
    if not is_editable or is_frozen or ".." in path.parts:
        return f"{file!a}: only {', '.join(entries)} may be edited. Write the idea into it."
    if path.is_symlink() or (path.exists() and (path.is_dir() or path.stat().st_nlink > 1)):
        return f"{file!a}: this is a link to another file. Ask a human to replace it by a plain file."
    return ""


def _place(path: Path) -> str:
    """Return a path relative to the repository, where its folder really lies; empty outside of it."""
    folder = path.parent.resolve()
    if not path.is_absolute() or (folder != ROOT and ROOT not in folder.parents):
        return ""
    return (folder / path.name).relative_to(ROOT).as_posix()


def _covers(entry: str, inside: str) -> bool:
    """Return whether a file, a folder/ or a glob of the config names a path; `*` and `?` stop at a slash, as in git."""
    if not inside or not entry.strip("./"):
        return bool(inside) and entry in (".", "./")
    plain = entry.rstrip("/")
    if inside == plain or (entry.endswith("/") and inside.startswith(plain + "/")):
        return True
    if not set(entry) & set("*?["):
        return (ROOT / plain).is_dir() and inside.startswith(plain + "/")
    known = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?)", entry + ("**" if entry.endswith("/") else ""))
    return re.fullmatch("".join(known.get(part) or re.escape(part) for part in parts), inside) is not None


def _named(key: str) -> list[str]:
    """Return a list of [tool.ratchet] in pyproject.toml; empty if there is none, or it is no plain list of texts."""
    pattern = rf"^{key}\s*=\s*\[((?:\s|,|\"[^\"\\\n]*\"|'[^'\n]*')*)\]"
    found = re.search(pattern, _section(), re.MULTILINE)
    return [one or other for one, other in re.findall(r"\"([^\"]+)\"|'([^']+)'", found.group(1))] if found else []


def _section() -> str:
    """Return [tool.ratchet] of pyproject.toml as text; empty if there is none."""
    try:
        section = (ROOT / "pyproject.toml").read_text("utf-8").split("[tool.ratchet]", 1)[1]
    except (OSError, IndexError, UnicodeDecodeError):
        return ""
    return re.split(r"(?m)^\[", section)[0]


def _objection_to_reading(tool: str, named: str, path: Path) -> str:
    """Refuse tables, `.git`, which holds them too, and whatever may hold test_auc: records, reports, other sessions."""
    real = path.resolve()
    if named and (named.startswith("~") or (real != ROOT and ROOT not in real.parents)):
        return f"{named!a}: this is outside of the repository. Read a file of program.md."
    if tool == "Grep" and not path.is_file():
        return f"Grep in {named or '.'!a}: this is a folder, which may hold tables. Give the path of one file."
    kinds = set(map(str.lower, _kinds(path) | _kinds(real)))
    is_table = bool(named) and not path.is_dir() and not (TABLES | PAGES).isdisjoint(kinds)
    if is_table or any(map(_is_record, (path, real))):
        return f"{named!a}: tables and the run's records are closed to agents. Read train.py or program.md."
    return ""


def _is_record(path: Path) -> bool:
    """Return whether a path leads to git's objects, to the records of a run, or to a page with numbers of the test."""
    parts = [part.lower() for part in (path.relative_to(ROOT) if ROOT in (path, *path.parents) else path).parts]
    if not {".git", ".ratchet"}.isdisjoint(parts) or path.name.lower() in {"results.tsv", "model_card.md"}:
        return True
    is_key = parts[:1] == ["lessons"] and any(part.startswith("key") for part in parts)
    return is_key or not CLOSED.isdisjoint(parts[:1])


def _kinds(path: Path) -> set[str]:
    """Return the suffixes that name the file type; all of them for a compressed file."""
    return set(path.suffixes) if path.suffix.lower() in PACKED else {path.suffix}


def _objection_to_command(command: str, cwd: Path) -> str:
    if any(re.fullmatch(_pattern(known), command) for known in COMMANDS):
        return ""
    for found in (re.fullmatch(_pattern(known), command) for known in LOOKING):
        if found:
            place = found.groupdict().get("place") or "."
            return _objection_to_reading("Grep" if command.startswith("grep") else "LS", place, cwd / place)
    known = "; ".join(COMMANDS + LOOKING)
    return f"{command[:80]!a}: this command is not allowed. Run exactly one of these, alone: {known}."


def _objection_to_waiting(given: dict[str, Any]) -> str:
    """Refuse what the client would continue in the background: the turn that follows loses its rules, or kills it."""
    if given.get("run_in_background"):
        return "run_in_background: a command in the background can end the run. Leave run_in_background out."
    measuring, timeout, limit = MEASURING.fullmatch(given["command"]), given.get("timeout"), 1000 * _experiment_s()
    if measuring and timeout is not None and not float(timeout) >= limit:
        return f"timeout: {measuring.group(1)} may take {limit} ms, and {timeout} is shorter. Leave timeout out."
    return ""


def _experiment_s() -> int:
    """Return the wall-clock limit of an experiment in seconds."""
    found = re.search(r"^timeout\s*=\s*([0-9]{1,6})\b", _section(), re.MULTILINE)
    return int(found.group(1)) if found else EXPERIMENT_S


def _pattern(command: str) -> str:
    return " ".join(BLANKS.get(word) or re.escape(word) for word in command.split())


if __name__ == "__main__":
    sys.exit(main())
