"""A proposed config on the disk: look at the files of a repository, and write what was agreed on."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from ratchet.core import config_file
from ratchet.core.draft import Draft, toml_text, yaml_text
from ratchet.core.recognise import Repository, recognise
from ratchet.engine.agents import PRESETS
from ratchet.errors import RatchetError
from ratchet.repo import git
from ratchet.repo.files import write_atomic

READ_BYTES = 200_000  # of a file that a recogniser reads


def installed_agent() -> str:
    """Return the first known agent that is on PATH, or an empty text."""
    return next((name for name in PRESETS if shutil.which(name)), "")


def has_config(start: Path, named: Path | None) -> bool:
    """Say whether there is a config, named or found from a folder upwards."""
    try:
        return named is not None or bool(config_file.find(start.resolve()))
    except RatchetError:
        return False


def repository_of(start: Path) -> Repository:
    """Return what a recogniser sees of a folder: the files in it that git tracks or does not ignore."""
    repo, start = git.open_repo(start), start.resolve()
    inside = start.relative_to(repo.root.resolve()).as_posix()
    prefix = "" if inside == "." else f"{inside}/"
    files = [name.removeprefix(prefix) for name in git.worktree_files(repo, [inside] if prefix else [])]

    def read(path: str) -> str:
        with (start / path).open("rb") as file:
            return file.read(READ_BYTES).decode("utf-8", "replace")

    return Repository(files, read, start.name)


def proposal(repo: Repository) -> Draft:
    """Return the config that the files suggest. Raises RatchetError if they suggest none, or not all of it."""
    draft = recognise(repo)
    if draft is not None and (agent := installed_agent()):
        draft = replace(draft, agent=agent, because={**draft.because, "agent": "it is on PATH"})
    if draft is None:
        raise RatchetError(
            "init: nothing is known that says how this repository is measured. `uv run ratchet init --interview` asks "
            "for it, and `uv run ratchet instruct` prints a prompt with which an agent can write the config."
        )
    missing = [word for word, value in (("editable files", draft.editable), ("command", draft.run)) if not value]
    if missing:
        raise RatchetError(
            f"init: nothing says which {' and '.join(missing)} to use. `uv run ratchet init --interview` asks for it."
        )
    return draft


def check_target(target: Path, *, is_forced: bool) -> None:
    """Raise RatchetError if writing a file would overwrite one; a pyproject.toml without a section gets one."""
    if not target.exists() or is_forced:
        return
    if target.suffix == ".toml" and "[tool.ratchet" not in target.read_text("utf-8", "replace"):
        return
    raise RatchetError(f"{target.name}: the file exists. Use --force to overwrite it, or -o FILE.")


def write_config(target: Path, draft: Draft) -> None:
    """Write a draft as YAML, or as sections at the end of a TOML file. Raises RatchetError if it is not sound."""
    if target.suffix != ".toml":
        config_file.check_text(yaml_text(draft), target.name)
        write_atomic(target, yaml_text(draft))
        return
    before = target.read_text("utf-8") if target.exists() else ""
    if "[tool.ratchet" in before:
        raise RatchetError(f"{target.name}: it has a section [tool.ratchet]. Remove it first, or use another file.")
    text = f"{before.rstrip()}\n\n{toml_text(draft)}" if before.strip() else toml_text(draft)
    config_file.check_text(text, target.name)
    write_atomic(target, text)
