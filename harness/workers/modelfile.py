"""Write a fitted model, read it, and list its types. Called only in processes inside the sandbox.

The format is skops: a zip of arrays and a description of the objects, which names every type it needs and contains no
code. A class that a train.py defines is such a type. Reading the model therefore needs that train.py, which runs first,
in the same process.

Covered: the trusted side handles the model only as bytes. Not covered: what a train.py puts into its model.
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
    """Return the model in a file. Every type that it names is trusted, since this runs inside the sandbox."""
    return skops.io.loads(data, trusted=skops.io.get_untrusted_types(data=data))


def types_in(data: bytes) -> bytes:
    """Return, as JSON, the types in the file that skops does not trust by default."""
    return json.dumps(sorted(skops.io.get_untrusted_types(data=data))).encode()
