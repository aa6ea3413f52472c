"""The shape of a study: a function of the open harness and of what the ratchet asks for.

A study answers one question about a whole run, or makes something of its winner; measuring one file is not a study.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from harness.errors import UserError
from harness.harness import Harness

Request: TypeAlias = Mapping[str, Any]  # JSON from the ratchet, which is trusted; the files that it names are not
Answer: TypeAlias = Mapping[str, Any]


Analysis: TypeAlias = Callable[[Harness, Request], Answer]


def experiments(request: Request) -> list[tuple[int, Path]]:
    """Return the number and the train.py of every experiment that the request tells of, oldest first."""
    return [(int(one["n"]), Path(one["file"])) for one in request["experiments"]]


def path_of(request: Request, name: str) -> Path:
    """Return a path that the request must name. Raises UserError."""
    if not request.get(name):
        raise UserError(f"study: expected a path as {name}, got none. Ask by the ratchet's commands.")
    return Path(request[name])
