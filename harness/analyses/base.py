"""The type of an analysis: a function of the open harness and of a request.

An analysis answers one question about a whole run, or makes something of its winner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from harness.errors import UserError
from harness.harness import Harness

Request: TypeAlias = Mapping[str, Any]  # JSON from the engine, which is trusted; the files that it names are not
Answer: TypeAlias = Mapping[str, Any]
Analysis: TypeAlias = Callable[[Harness, Request], Answer]


def path_of(request: Request, name: str) -> Path:
    """Return a path of the request. Raises UserError if it is missing."""
    if not request.get(name):
        raise UserError(f"request: {name} is missing. Use the commands of ratchet.")
    return Path(request[name])
