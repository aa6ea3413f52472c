"""Remove a run: its branch, refs, worktrees and records, after writing all of them into one archive file.

Guards the user's work. Covered: a run whose branch or records are gone already; a run that a process works on, or whose
branch is checked out, is refused; result/TAG and exports stay. A clean that was interrupted is finished by another one.
"""

from __future__ import annotations

import contextlib
import shutil
import tarfile
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from ratchet.core.text import results_tsv
from ratchet.engine.parallel import subrun_folder, subrun_tags
from ratchet.errors import RatchetError
from ratchet.repo import git, journal
from ratchet.repo.run import Run, run_event

BUNDLE = "commits.bundle"
TEMPORARY = frozenset(
    {"tree", "check", "candidate", "best", "lanes", "lock"}
)  # what a run makes again when it needs it


@dataclass(frozen=True, slots=True)
class Remains:
    """All that a run and its parallel loops have left."""

    run: Run
    refs: tuple[str, ...]
    folders: tuple[Path, ...]
    worktrees: tuple[Path, ...]
    table: Path | None


def find_remains(run: Run) -> Remains:
    """Return what is left of a run. Raises RatchetError if nothing is, or its branch is checked out."""
    repo = run.worktree.repo
    events = _events(run)
    runs = [run, *(replace(run, tag=tag) for tag in subrun_tags(events))]
    refs = [ref for one in runs for ref in git.refs(repo, f"refs/ratchet/{one.tag}/")]
    refs += [one.branch for one in runs if git.resolve(repo, one.branch) is not None]
    folders = [path for one in runs for path in (one.folder, one.mirror) if path.is_dir()]
    if not refs and not any((folder / "journal.jsonl").exists() for folder in folders):
        raise RatchetError(f"TAG: there is no run {run.tag}. `uv run ratchet runs` lists them.")
    if run.branch in git.checked_out(repo):
        raise RatchetError(f"TAG: the branch of run {run.tag} is checked out. {_way_off(run)}, then clean the run.")
    worktrees = [path for one in runs if (path := subrun_folder(run, one.tag)).is_dir()]
    return Remains(run, tuple(refs), tuple(folders), tuple(worktrees), _own_table(run))


def remains_lines(remains: Remains) -> list[str]:
    """Return what will be removed, for a person to read before it is."""
    run = remains.run
    branches = [ref for ref in remains.refs if ref.startswith("refs/heads/")]
    n_commits = len(remains.refs) - len(branches)
    lines = [f"branch {ref.removeprefix('refs/heads/')}" for ref in branches]
    lines += [f"{n_commits} commit{'s' * (n_commits > 1)} under refs/ratchet/{run.tag}"] if n_commits else []
    lines += [f"worktree {path}" for path in remains.worktrees]
    lines += [f"{path} ({_megabytes(path):.1f} MB)" for path in remains.folders]
    lines += [str(remains.table)] if remains.table else []
    return lines


def write_archive(remains: Remains) -> Path:
    """Write the commits and the records of a run into one file beside its folder, and return the file."""
    run = remains.run
    names = (f"{run.tag}{end}.tar.gz" for end in ("", *(f"-{number}" for number in range(2, 1000))))
    target = next(path for name in names if not (path := run.folder.parent / name).exists())
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.ratchet~")
    with tempfile.TemporaryDirectory(prefix="ratchet-") as scratch, tarfile.open(part, "w:gz") as archive:
        bundle = Path(scratch) / BUNDLE
        if remains.refs:
            _bundle(remains, bundle)
            archive.add(bundle, f"{run.tag}/{BUNDLE}")
        done: set[str] = set()
        for folder in remains.folders:  # the folder of a run comes before its mirror, which lacks nothing of it
            for path in sorted(folder.rglob("*")):
                inside = path.relative_to(folder)
                name = f"{folder.name}/{inside.as_posix()}"
                if path.is_file() and inside.parts[0] not in TEMPORARY and name not in done:
                    done.add(name)
                    archive.add(path, name)
    part.replace(target)
    return target


def remove(remains: Remains) -> None:
    """Remove all that is left of a run; the records go last."""
    run, repo = remains.run, remains.run.worktree.repo
    with run.hold("ratchet clean"):
        for path in remains.worktrees:
            git.remove_worktree(repo, path)
        for ref in remains.refs:
            git.delete_ref(repo, ref)
        if remains.table:
            remains.table.unlink(missing_ok=True)
    for folder in (*remains.folders, run.mirror, run.folder):  # with the lock in them
        shutil.rmtree(folder, ignore_errors=True)


def _events(run: Run) -> list[journal.Event]:
    """Return the events of a run, none if its journal is damaged: that is a reason to remove it."""
    with contextlib.suppress(RatchetError):
        return journal.read_events(run.journal)
    return []


def _own_table(run: Run) -> Path | None:
    """Return results.tsv if it is the table of this run."""
    with contextlib.suppress(RatchetError, OSError):
        history = journal.read_experiments(run.journal)
        if history and run.results.read_text("utf-8") == results_tsv(history, run.worktree.config):
            return run.results
    return None


def _way_off(run: Run) -> str:
    with contextlib.suppress(RatchetError):
        origin = str(run_event(run).data.get("from") or "")
        if origin.startswith("refs/heads/"):
            return f"`git switch {origin.removeprefix('refs/heads/')}`"
    return "Switch to another branch"


def _bundle(remains: Remains, target: Path) -> None:
    """Write the commits of the refs; what the rest of the repository has too is left out where it is safe there."""
    repo, known = remains.run.worktree.repo, set(remains.refs)
    with contextlib.suppress(RatchetError):
        base = str(run_event(remains.run).data["base"])
        holders = git.call(repo.root, "for-each-ref", "--format=%(refname)", f"--contains={base}").decode().split()
        if any(ref not in known and not ref.startswith("refs/ratchet/") for ref in holders):
            known |= {f"^{parent}" for parent in git.call(repo.root, "rev-parse", f"{base}^@").decode().split()}
    lines = "".join(f"{name}\n" for name in sorted(known)).encode()
    git.call(repo.root, "bundle", "create", "--quiet", str(target), "--stdin", stdin=lines)


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6
