"""Where a table comes from: its bytes are fetched once, copied to data/ where they are few, and known by sha256."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pandas as pd

from harness.data.config import Card, TableError
from harness.data.head import open_bytes
from harness.data.reader import is_parquet
from harness.data.sniff import Survey, survey

COPY_BYTES = 8 << 20  # a text file larger than this is not copied: the binary cache is the copy
OPENML = re.compile(r"openml:(?P<name>[^@]+)@(?P<version>\d+)")


def copy_path(name: str) -> Path:
    """Where the copy of a small table lies, relative to the repository."""
    return Path("data", f"{name}.csv")


def fetch(root: Path, card: Card) -> Path:
    """Return the path of a file with the card's bytes: the copy, made if it is not there, or a large original.

    Raises
    ------
    TableError
        The source is not there, or it is not the one that the card was written for.
    """
    copy = root / copy_path(card.name)
    if copy.exists() and card.source != copy_path(card.name).as_posix():
        _check(survey(copy), card, copy_path(card.name).as_posix(), f"Delete it to have it from {card.source} again")
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
    """Return what a source names, a path or the bytes of a table that is no file here; raises TableError."""
    if match := OPENML.fullmatch(source):
        return openml_table(match["name"], int(match["version"]))[0]
    path = root / Path(source).expanduser()
    if path.is_dir():
        raise TableError(f"{source}: expected a file, got a folder. Name the file in it.")
    if not path.is_file():
        fix = f"Put it there{_in_git(source)}, or run: uv run prepare.py --reset"
        raise TableError(f"{source}: expected a file, there is none. {fix}")
    return path


def openml_table(name: str, version: int) -> tuple[bytes, str]:
    """Fetch a table from OpenML with scikit-learn's own loader, and return it as CSV with the name of its target.

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
        reason = " ".join(str(error).split())[:200]
        raise TableError(
            f"openml:{name}@{version}: expected a table from the network, got {reason}. "
            "Look at the name and the connection, or take a file: uv run prepare.py --csv FILE --target COLUMN"
        ) from None


def is_small(path: Path, seen: Survey) -> bool:
    """Whether the file is text short enough to be copied, and to be read anew at each start."""
    return seen.n_bytes <= COPY_BYTES and not is_parquet(path)


def place(content: Path | bytes, path: Path) -> None:
    """Put `content`, uncompressed, at `path`, all of it or nothing."""
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if isinstance(content, bytes):
            part.write_bytes(content)
        else:
            with open_bytes(content) as read, part.open("wb") as write:
                shutil.copyfileobj(read, write)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _check(seen: Survey, card: Card, where: str, fix: str) -> None:
    if seen.sha256 != card.sha256:
        raise TableError(
            f"{where}: expected sha256 {card.sha256[:12]}… as on the card, got {seen.sha256[:12]}…: another content. "
            f"{fix}, or take this one in: uv run prepare.py --csv {where} --target {card.target}"
        )


def _in_git(source: str) -> str:
    """Return how a committed file comes back; the default table is one."""
    return "" if Path(source).expanduser().is_absolute() else f" (if it is committed: git restore {source})"


def _csv(frame: pd.DataFrame) -> bytes:
    return str(frame.to_csv(index=False, lineterminator="\n")).encode()
