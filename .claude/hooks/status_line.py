"""Print the status line of the client: the run, its experiments, how many were kept, and the best.

Prints nothing without a run. Runs on any python3, also one older than the project's: standard library only, syntax of
3.9.
"""

from __future__ import annotations

import sys

from go_on import read_status


def main() -> int:
    """Print one line on stdout; the exit status is always 0."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr] # stdout of a script is a text file
    try:
        state = read_status()
        line = f"{state['tag']}: {state['summary']}"
    except Exception:  # whatever failed: a line without a run is empty, and the client shows no traceback
        line = ""
    if line:
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
