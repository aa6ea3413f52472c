"""Write a fitted model, read it back, say what stands in its file: called in locked-down processes alone.

The format is skops: a zip of arrays and a description of how to put them together, which names every type it needs and
carries no code. A class that a train.py defines is such a type; reading it back takes that train.py, which therefore
runs first, in the same process and nowhere else.

Covered: the trusted side never reads the model but as bytes. Not covered: what a train.py puts into its model.
"""

from __future__ import annotations

import json
import struct
from typing import Any
from zipfile import ZIP_DEFLATED

import skops.io

HEADER = struct.Struct("<q")  # bytes of scores before the model


def write(model: Any) -> bytes:
    """Return a fitted model as the bytes of its file. Raises TypeError for one that skops cannot write."""
    try:
        return bytes(skops.io.dumps(model, compression=ZIP_DEFLATED, compresslevel=6))
    except Exception as error:
        raise TypeError(f"skops cannot write this model: {type(error).__name__}: {error}") from error


def read(data: bytes) -> Any:
    """Return the model that was written; every type that it names is trusted, since the sandbox is the guard."""
    return skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))


def types_in(data: bytes) -> bytes:
    """Return, as JSON, the types in the file that skops does not trust by itself."""
    return json.dumps(sorted(skops.io.get_untrusted_types(data=data))).encode()
