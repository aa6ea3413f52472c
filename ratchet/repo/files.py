"""Write a text file so that a reader, or a process after a kill, finds the old text or the new one."""

from __future__ import annotations

from pathlib import Path


def write_atomic(path: Path, text: str) -> None:
    """Replace a file by a temporary one in the same folder. Creates the folder. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.ratchet~")  # a fixed name: a kill leaves one file at most
    temporary.write_text(text, "utf-8", errors="replace", newline="\n")  # an agent's text may hold lone surrogates
    temporary.replace(path)
