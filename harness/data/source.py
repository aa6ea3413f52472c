"""Fetch the source of a table once, copy it to data/ if it is small, and check its sha256."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd

from harness.data.config import CARD, COPY_BYTES, Card, TableError, copy_path
from harness.data.head import open_bytes
from harness.data.reader import is_parquet
from harness.data.sniff import Survey, survey
from harness.output import write_atomic

OPENML = re.compile(r"openml:(?P<name>[^@]+)@(?P<version>\d+)")


def fetch(root: Path, card: Card) -> Path:
    """Return the path of the table's file: the copy, made if it is missing, or a large original.

    Raises
    ------
    TableError
        The source is missing, or its sha256 differs from the config.
    """
    copy = root / copy_path(card.name)
    if copy.exists() and card.source != copy_path(card.name).as_posix():
        _check(survey(copy), card, copy_path(card.name).as_posix(), f"Delete it to copy {card.source} again")
        return copy
    content = original(root, card.source)
    if isinstance(content, bytes):
        place(content, copy)
        return fetch(root, card)
    seen = survey(content)
    _check(seen, card, card.source, f"Put the right file there{_in_git(card.source)}")
    if not is_small(content, seen) or content == copy:
        return content
    place(content, copy)
    return copy


def original(root: Path, source: str) -> Path | bytes:
    """Return the path of a source, or the bytes of an OpenML table; raises TableError."""
    if match := OPENML.fullmatch(source):
        return openml_table(match["name"], int(match["version"]))[0]
    path = root / Path(source).expanduser()
    if path.is_dir():
        raise TableError(f"{source}: this is a folder. Name the file in it.")
    if not path.is_file():
        fix = f"Put it there{_in_git(source)}, or run: uv run prepare.py --reset"
        raise TableError(f"{source}: no such file. {fix}")
    return path


def openml_table(name: str, version: int) -> tuple[bytes, str]:
    """Fetch a table from OpenML with scikit-learn, and return it as CSV with the name of its target.

    Raises
    ------
    TableError
        There is no network, or no such table.
    """
    from sklearn.datasets import fetch_openml

    try:
        table = fetch_openml(name=name, version=version, as_frame=True, cache=False)
        return _csv(table.frame), ",".join(table.target_names)
    except (OSError, ValueError) as error:  # URLError is an OSError, OpenMLError a ValueError
        raise TableError(
            f"openml:{name}@{version}: the table cannot be downloaded ({str(error)[:200]}). "
            "Check the name and the connection, or use a file: uv run prepare.py --csv FILE --target COLUMN"
        ) from None


def is_small(path: Path, seen: Survey) -> bool:
    """Whether the file is text small enough to be copied."""
    return seen.n_bytes <= COPY_BYTES and not is_parquet(path)


def place(content: Path | bytes, path: Path) -> None:
    """Write `content`, uncompressed, to `path`."""
    path.parent.mkdir(exist_ok=True)
    with write_atomic(path) as part:
        if isinstance(content, bytes):
            part.write_bytes(content)
        else:
            with open_bytes(content) as read, part.open("wb") as write:
                shutil.copyfileobj(read, write)


def _check(seen: Survey, card: Card, where: str, fix: str) -> None:
    if seen.sha256 != card.sha256:
        raise TableError(
            f"{where}: sha256 {seen.sha256[:12]}… differs from {card.sha256[:12]}… in {CARD}. "
            f"{fix}, or use this content: uv run prepare.py --csv {where} --target {card.target}"
        )


def _in_git(source: str) -> str:
    """Return how to restore a committed file; the default table is one."""
    return "" if Path(source).expanduser().is_absolute() else f" (if it is committed: git restore {source})"


def _csv(frame: pd.DataFrame) -> bytes:
    return str(frame.to_csv(index=False, lineterminator="\n")).encode()
