"""Show the person the line of an experiment: the client folds the commands of the agent.

Reads one PostToolUse event of the client on stdin, after a command. The answer `systemMessage` is shown to the person
and does not enter the conversation.

Runs on any python3, also one older than the project's: standard library only, syntax of 3.9.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

COMMAND = re.compile(r"(?:uv run )?ratchet (step|start [^ ]+)")
LINE = re.compile(r"^iter [0-9]+ \| .*$", re.MULTILINE)


def main() -> int:
    """Answer on stdout, as JSON; the exit status is always 0."""
    try:
        lines = printed_lines(json.loads(sys.stdin.buffer.read()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        lines = []  # an event of another shape: there is nothing to show
    if lines:
        sys.stdout.write(json.dumps({"systemMessage": "\n".join(lines)}))
    return 0


def printed_lines(event: dict[str, Any]) -> list[str]:
    """Return the lines of experiments that a command printed."""
    if event["tool_name"] != "Bash" or not COMMAND.fullmatch(event["tool_input"]["command"]):
        return []
    return LINE.findall(event["tool_response"]["stdout"])


if __name__ == "__main__":
    sys.exit(main())
