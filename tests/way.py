"""Count the files of this repository that a command enters: python tests/way.py OUT SCRIPT [ARGUMENT …].

A file counts when one of its functions is called outside of an import. OUT gets one path a line, when the command ends.
"""

from __future__ import annotations

import atexit
import runpy
import sys
import threading
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import FrameType

ROOT = Path.cwd().resolve()
PACKAGES = ("harness", "ratchet", "researcher", "prepare.py", "train.py")
entered: dict[str, bool] = {}


def is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def note(frame: FrameType, event: str, _argument: object) -> None:
    code = frame.f_code
    if event == "call" and code.co_flags & CO_OPTIMIZED and not entered.get(code.co_filename):
        entered[code.co_filename] = not is_importing(frame)


def ours() -> list[str]:
    """Return the entered files by their path in the repository, wherever its checkout stands."""
    found = set()
    for name in (name for name, is_entered in entered.items() if is_entered):
        parts = Path(name).parts
        starts = [n for n, part in enumerate(parts) if part in PACKAGES and ".venv" not in parts]
        if starts:
            found.add("/".join(parts[starts[-1] if parts[-1] in PACKAGES else starts[0] :]))
    return sorted(found)


def main() -> None:
    out, script, *arguments = sys.argv[1:]
    atexit.register(lambda: Path(out).write_text("\n".join(ours()) + "\n"))
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent) if script.endswith(".py") else str(ROOT)
    threading.setprofile(note)
    sys.setprofile(note)
    if script.endswith(".py"):
        runpy.run_path(script, run_name="__main__")
    else:
        runpy.run_module(script, run_name="__main__")


if __name__ == "__main__":
    main()
