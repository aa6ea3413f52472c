"""The fingerprint: a hash of everything but train.py that a number depends on.

Covered: prepare.py, harness/, content and config of the table, Python, the machine type, the versions of the declared
packages, and the sandbox level. Numbers with different fingerprints cannot be compared.
Not covered: libraries of the operating system, and the linear-algebra kernels chosen for a processor.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from pathlib import Path

PACKAGES = ("flaml", "lightgbm", "numpy", "pandas", "scikit-learn", "scipy", "xgboost", "xgboost-cpu")


def collect(root: Path, *, table: str, card: str, sandbox: str) -> dict[str, str]:
    """Return the parts by name, each a short hash or a version.

    Parameters
    ----------
    root : Path
        The folder of prepare.py.
    table, card, sandbox : str
        The content hash of the table, its config as text, and the line that says what the sandbox enforces.
    """
    harness = b"".join(
        path.relative_to(root).as_posix().encode() + b"\0" + _normal(path.read_bytes())
        for path in sorted((root / "harness").rglob("*.py"))
    )
    return {
        "prepare.py": _short(_normal((root / "prepare.py").read_bytes())),
        "harness/": _short(harness),
        "table": table,
        "data/dataset.toml": _short(card.encode()),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "sandbox": sandbox,
        **{name: version for name in PACKAGES if (version := _version(name))},
    }


def shorten(parts: Mapping[str, str]) -> str:
    """Return the fingerprint of the parts: eight hexadecimal digits."""
    return _short(json.dumps(dict(sorted(parts.items()))).encode())[:8]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _normal(data: bytes) -> bytes:
    """Return the bytes with Unix line ends: git may write Windows ones."""
    return data.replace(b"\r\n", b"\n")


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
