"""Offer the permission rules of the plugin to a repository: a plugin cannot carry them itself.

`permissions.py` prints what is missing in .claude/settings.json of CLAUDE_PROJECT_DIR, and changes nothing;
`permissions.py --yes` adds it. Whatever is in the file stays as it is: lists get longer, a value that is set is kept.
Exit status 1: the file is not as the client takes it, and nothing was written.

Runs on any python3, also one older than the project's: standard library only, syntax of 3.9.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "hooks"))
import guard

DENY = (
    "Edit(/.claude/settings*.json)",
    "Edit(/.git/**)",
    "Edit(/.ratchet/**)",
    "Edit(/results.tsv)",
    "Read(~/.claude/projects/**)",
    "Read(/.git/**)",
    "Read(/.ratchet/**)",
    "Read(/results.tsv)",
)
TIMEOUT_MS = "2100000"  # the client's default of two minutes is shorter than most measurements
ENV = {"BASH_DEFAULT_TIMEOUT_MS": TIMEOUT_MS, "BASH_MAX_TIMEOUT_MS": TIMEOUT_MS}


def main() -> int:
    """Print the missing rules, and add them with --yes."""
    file = Path(os.environ.get("CLAUDE_PROJECT_DIR") or Path.cwd()) / ".claude/settings.json"
    try:
        settings = json.loads(file.read_text("utf-8")) if file.exists() else {}
        lines = add_missing(settings)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        sys.stderr.write(f"{file.name}: not as the client takes it ({error}). Correct it by hand; it is unchanged.\n")
        return 1
    sys.stdout.write("".join(f"+ {line}\n" for line in lines) or f"{file.name} has every rule\n")
    if lines and sys.argv[1:] == ["--yes"]:
        _write(file, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
        sys.stdout.write(f"wrote {file.name}\n")
    return 0


def allow_rules() -> list[str]:
    """Return one rule for each command of the guard, under both names of ratchet."""
    rules = [f"Bash({re.sub(' (TAG|N)$', ':*', command)})" for command in guard.COMMANDS]
    return [rule.replace("(uv run ", "(") for rule in rules] + rules


def add_missing(settings: dict[str, Any]) -> list[str]:
    """Add to settings what is missing; return one line for each addition. Raises TypeError for another shape."""
    permissions = _part(settings, "permissions", {})
    lines = []
    for key, rules in (("allow", allow_rules()), ("deny", list(DENY))):
        present = _part(permissions, key, [])
        missing = [rule for rule in rules if rule not in present]
        present += missing
        lines += [f"{key} {rule}" for rule in missing]
    env = _part(settings, "env", {})
    unset = [name for name in ENV if name not in env]
    env.update({name: ENV[name] for name in unset})
    return lines + [f"env {name}={ENV[name]}" for name in unset]


def _part(settings: dict[str, Any], key: str, empty: Any) -> Any:
    part = settings.setdefault(key, empty)
    if type(part) is not type(empty):
        raise TypeError(f"{key} is no {'list' if empty == [] else 'object'}")
    return part


def _write(file: Path, text: str) -> None:
    """Replace a file as a whole, or not at all."""
    file.parent.mkdir(exist_ok=True)
    draft = file.with_name(f"{file.name}.new")
    draft.write_text(text, "utf-8")
    draft.replace(file)


if __name__ == "__main__":
    sys.exit(main())
