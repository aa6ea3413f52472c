"""Every call of git: commits, refs, HEAD, worktrees, and files between worktree, commits and index.

Guards the branch and the user's work. Covered: a ref moves only from its expected commit, by one compare-and-swap; no
call changes the index or the worktree beyond the given paths; a file in the worktree is replaced atomically. Not
covered: a user who rewrites the branch by hand; two programs that write the same file at the same time.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ratchet.errors import RatchetError

NOTHING = ""  # the expected value of a ref that must not exist
# Of git's own variables these are kept: who commits, where the configuration is, how a missing object is fetched. Any
# other changes what a call means: hooks and aliases lead to another repo, GIT_LITERAL_PATHSPECS makes a glob a name.
KEPT_VARIABLES = re.compile(
    "GIT_((AUTHOR|COMMITTER)_(NAME|EMAIL)|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_[0-9]+|VALUE_[0-9]+)|ATTR_NOSYSTEM|"
    "EXEC_PATH|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|ASKPASS|SSH(_COMMAND|_VARIANT)?|SSL_.*|HTTP_.*|LFS_.*|"
    "ALLOW_PROTOCOL|PROTOCOL)"
)
FALLBACK_NAME, FALLBACK_EMAIL = "ratchet", "ratchet@localhost"
CRUD = "".join(map(chr, range(33))) + ".,:;<>\"\\'"  # ident.c: a name of these alone is empty
BUSY_TRIES = 20
SETTINGS = ("-c", "i18n.commitEncoding=UTF-8", "-c", "i18n.logOutputEncoding=UTF-8", "-c", "log.showSignature=false")
BUSY = r"Unable to create '([^']*\.lock)': File exists"
# What git says (in English, see `call`), and what the user can do about it.
FIXES: Mapping[str, str] = {
    r"dubious ownership in repository at '([^']*)'": "If you trust it: `git config --global --add safe.directory {0}`.",
    BUSY: "Another git process works in this repository; if none does, delete {0}.",
    r"git-lfs|filter 'lfs'": "Install git-lfs, then `git lfs install`.",
    r"filter '[^']*' failed": "Repair the command of this filter: `git config --get-regexp filter` shows it.",
    r"would be replaced by C?R?LF in (.*)": "Convert the line ends of {0}, or run `git config core.safecrlf warn`.",
    r"'refs/heads/([^']*)' exists; cannot create": "Rename that branch: `git branch -m {0} NAME`.",
    r"'(refs/[^']*)' exists; cannot create": "Delete that ref: `git update-ref -d {0}`.",
    r"'(refs/[^']*)': reference broken": "Delete its damaged file; `git update-ref {0} COMMIT` makes it again.",
    r"aborted by hook": "The hook reference-transaction of this repository refuses it.",
    r"No space left|[Qq]uota exceeded": "Free some disk space.",
    r"Permission denied|Read-only file system|insufficient permission": "Make the folder .git writable for you.",
}
REMEMBERED = 32  # cached answers of git: a loop reads the best so far ten times an experiment
_HASH = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")

Files = Mapping[str, tuple[str, str] | None]  # mode and hash of each path; None where there is no file


class GitError(RatchetError):
    """Git refused; the message is git's own, with what to do about it. `status` is the exit status of git."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Repo:
    """A worktree: its root, the root of the main worktree of the same repo, and the folder with git's state."""

    root: Path
    main_root: Path
    git_dir: Path


def open_repo(start: Path) -> Repo:
    """Return the worktree that contains `start`. Raises RatchetError if there is none."""
    try:
        answer = call(start, "rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
    except GitError as error:
        if "not a git repository" not in str(error):
            raise
        raise RatchetError(
            f"{start}: this folder is not in a git repository. Run `git init && git add -A && git commit -m start`."
        ) from None
    root, git_dir, common = (Path(line) for line in answer.decode().splitlines())
    common = (start / common).resolve()
    is_linked = common != git_dir.resolve() and common.name == ".git"
    return Repo(root=root, main_root=common.parent if is_linked else root, git_dir=git_dir)


def head_branch(repo: Repo) -> str | None:
    """Return the full name of the current branch, or None if HEAD is detached."""
    return ask(repo, "symbolic-ref", "-q", "HEAD")


def resolve(repo: Repo, revision: str) -> str | None:
    """Return the hash of a commit, or None if it does not exist."""
    return ask(repo, "rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{commit}}")


def blob(repo: Repo, commit: str, path: str) -> str | None:
    """Return the hash of a file in a commit, or None if the commit lacks it."""
    return ask(repo, "rev-parse", "-q", "--verify", "--end-of-options", f"{commit}:{path}")


def is_ancestor(repo: Repo, old: str, new: str) -> bool:
    """Say whether `old` is an ancestor of `new`."""
    try:
        return ask(repo, "merge-base", "--is-ancestor", old, new) is not None
    except GitError as error:
        if "Not a valid" in str(error):  # one of them does not exist
            return False
        raise


def is_unmerged(repo: Repo) -> bool:
    """Say whether the index has merge conflicts."""
    return bool(call(repo.root, "ls-files", "--unmerged"))


def diff(repo: Repo, old: str, new: str, paths: Sequence[str], *, color: bool = False) -> str:
    """Return the patch of `paths` between two commits."""
    specs = [f":(top,literal){path}" for path in paths]
    switch = "--color=always" if color else "--no-color"
    patch = call(repo.root, "diff", "--no-ext-diff", switch, old, new, "--", *specs)
    return patch.decode("utf-8", "replace")


def count_lines(repo: Repo, old: str, new: str, paths: Sequence[str]) -> tuple[int, int]:
    """Return the number of lines added to and removed from `paths` between two commits; binary files count as 0."""
    specs = [f":(top,literal){path}" for path in paths]
    rows = call(repo.root, "diff", "--no-ext-diff", "--numstat", old, new, "--", *specs).decode("utf-8", "replace")
    pairs = [row.split("\t")[:2] for row in rows.splitlines()]
    numbers = [(int(added), int(removed)) for added, removed in pairs if added.isdigit() and removed.isdigit()]
    return sum(added for added, _ in numbers), sum(removed for _, removed in numbers)


def line_of_commits(repo: Repo, old: str, new: str) -> list[str]:
    """Return the first-parent commits from `old` (excluded) to `new`, oldest first."""
    return call(repo.root, "rev-list", "--reverse", "--first-parent", f"{old}..{new}").decode().split()


def date_and_message(repo: Repo, commit: str) -> tuple[str, str]:
    """Return the date of a commit in ISO 8601 and its message."""
    shown = call(repo.root, "show", "--no-patch", "--format=%aI%n%B", commit).decode("utf-8", "replace")
    date, _, message = shown.partition("\n")
    return date, message.rstrip("\n") + "\n"


def checked_out(repo: Repo) -> list[str]:
    """Return the full names of the branches that are checked out in any worktree of the repo."""
    rows = call(repo.root, "worktree", "list", "--porcelain").decode("utf-8", "replace").splitlines()
    return [row.removeprefix("branch ") for row in rows if row.startswith("branch ")]


def move_ref(repo: Repo, ref: str, new: str, old: str, reason: str) -> bool:
    """Point a ref at `new` if it still points at `old` (NOTHING: it does not exist); say whether it points at `new`.

    Raises GitError if git cannot write the ref, which is no matter of where it points.
    """
    try:
        _call_patiently(repo, "update-ref", "-m", reason, ref, new, old)
    except GitError as error:
        held = refs(repo, ref).get(ref, NOTHING)
        if held == old or "reference broken" in str(error):
            raise
        return held == new
    return True


def set_ref(repo: Repo, ref: str, commit: str, reason: str) -> None:
    """Point a ref of the run at a commit, wherever it points now. Raises GitError."""
    _call_patiently(repo, "update-ref", "-m", reason, ref, commit)


def delete_ref(repo: Repo, ref: str) -> None:
    """Delete a ref if it exists."""
    attempt(repo, "update-ref", "-d", ref)


def refs(repo: Repo, prefix: str) -> dict[str, str]:
    """Return the commit of each ref under a prefix, by full name."""
    lines = call(repo.root, "for-each-ref", "--format=%(refname) %(objectname)", prefix).decode().splitlines()
    return {name: commit for name, _, commit in (line.partition(" ") for line in lines)}


def point_head(repo: Repo, branch: str, reason: str) -> None:
    """Put HEAD on a branch at the same commit without touching index or files."""
    call(repo.root, "symbolic-ref", "-m", reason, "HEAD", branch)


def switch(repo: Repo, branch: str) -> None:
    """Switch to a branch as the user would. Raises GitError if that would overwrite uncommitted work."""
    call(repo.root, "switch", "--quiet", branch.removeprefix("refs/heads/"))


def add_worktree(repo: Repo, folder: Path, branch: str, commit: str) -> None:
    """Check a new branch out into a new linked worktree."""
    call(repo.root, "worktree", "add", "--quiet", "-b", branch, str(folder), commit)


def remove_worktree(repo: Repo, folder: Path) -> None:
    """Remove a linked worktree that we made, even if it has changes."""
    attempt(repo, "worktree", "remove", "--force", str(folder))
    attempt(repo, "worktree", "prune")


def edited(repo: Repo, commit: str, paths: Sequence[str]) -> list[str]:
    """Return the files under `paths` that differ between a commit and the worktree."""
    if not paths:
        return []
    specs = [f":(top,glob){path}" for path in paths]
    return _names(call(repo.root, "diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", commit, "--", *specs))


def changed(repo: Repo, old: str, new: str) -> list[str]:
    """Return the files that differ between two commits."""
    return _names(call(repo.root, "diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", old, new))


def present(repo: Repo) -> list[str]:
    """Return the files of the worktree that git tracks or would track."""
    names = _names(call(repo.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    return list(dict.fromkeys(names))


def uncommitted(repo: Repo) -> list[str]:
    """Return the tracked files that differ from HEAD in the worktree or in the index."""
    rows = _names(call(repo.root, "status", "--porcelain", "--no-renames", "--untracked-files=no", "-z"))
    return [row[3:] for row in rows]


def tree_files(repo: Repo, commit: str) -> dict[str, str]:
    """Return the hash of every file in a commit, by path."""
    rows = _names(call(repo.root, "ls-tree", "-r", "-z", "--full-tree", commit))
    return {path: row.split()[2] for row, _, path in (row.partition("\t") for row in rows)}


def read_file(repo: Repo, commit: str, path: str) -> bytes | None:
    """Return a file of a commit as a checkout would write it, or None if the commit lacks it."""
    return contents(repo, files_of(repo, commit, [path]))[path]


def write_file(repo: Repo, commit: str, path: str, target: Path) -> None:
    """Write a file of a commit to `target` atomically; a missing file is written empty."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.ratchet~")
    temporary.write_bytes(read_file(repo, commit, path) or b"")
    temporary.replace(target)


def contents(repo: Repo, files: Files) -> dict[str, bytes | None]:
    """Return stored files as a checkout would write them."""
    return {path: None if held is None else _content(repo, path, held[1]) for path, held in files.items()}


def store_worktree_files(repo: Repo, paths: Sequence[str]) -> Files:
    """Store `paths` of the worktree in git, and return their modes and hashes."""
    return {path: _store(repo, path) for path in paths}


def files_of(repo: Repo, commit: str, paths: Sequence[str]) -> Files:
    """Return the modes and hashes of `paths` in a commit."""
    read = _tree_rows if _HASH.fullmatch(commit) else _tree_rows.__wrapped__
    parts = (row.partition("\t") for row in (read(repo, commit, tuple(paths)) if paths else ()))
    held = {path: (left.split()[0], left.split()[2]) for left, _, path in parts}
    return {path: held.get(path) for path in paths}


def make_commit(repo: Repo, parent: str, files: Files, message: str, *, at: str = "") -> str:
    """Make a commit on top of `parent` that differs in `files` alone; no ref, index or worktree file changes.

    With `at`, a time in ISO 8601, the same input always gives the same commit.
    """
    with _scratch_index(repo) as env:
        call(repo.root, "read-tree", parent, env=env)
        call(repo.root, "update-index", "-z", "--index-info", env=env, stdin=_index_info(repo, files))
        tree = call(repo.root, "write-tree", env=env).decode().strip()
    arguments = ("commit-tree", tree, "-p", parent, "-F", "-")
    env = _identity(repo) | ({"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} if at else {})
    return call(repo.root, *arguments, env=env, stdin=message.encode()).decode().strip()


def settle_index(repo: Repo, commit: str, paths: Sequence[str]) -> None:
    """Set the index entries of `paths` to those of `commit`, so that `git status` is clean; no other entry changes."""
    lines = _index_info(repo, files_of(repo, commit, paths))
    _call_patiently(repo, "update-index", "-z", "--index-info", stdin=lines)


def put_back(repo: Repo, commit: str, paths: Sequence[str]) -> None:
    """Restore `paths` of `commit` in the worktree, each file atomically; files that it lacks are removed."""
    put_files(repo, files_of(repo, commit, paths))


def put_files(repo: Repo, files: Files) -> None:
    """Write stored files to the worktree, each atomically; a file that is None is removed."""
    for path, held in files.items():
        target = repo.root / path
        if held is None:
            target.unlink(missing_ok=True)
            continue
        content = _content(repo, path, held[1])
        if target.is_file() and not target.is_symlink() and target.read_bytes() == content:
            continue
        _replace(target, content, is_executable=held[0] == "100755")


def export(repo: Repo, commit: str, folder: Path) -> None:
    """Write the whole tree of a commit into an empty folder, as a checkout would."""
    with _scratch_index(repo) as env:
        call(repo.root, "read-tree", commit, env=env)
        call(repo.root, "checkout-index", "--all", "--force", f"--prefix={folder.as_posix()}/", env=env)


def ask(repo: Repo, *arguments: str) -> str | None:
    """Return the output of git, or None if its answer is no (exit status 1). Raises GitError for any other refusal."""
    try:
        return call(repo.root, *arguments).decode("utf-8", "replace").strip()
    except GitError as error:
        if error.status != 1:
            raise
        return None


def attempt(repo: Repo, *arguments: str) -> bool:
    """Call git, and say whether it did what was asked."""
    try:
        call(repo.root, *arguments)
    except GitError:
        return False
    return True


def call(cwd: Path, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> bytes:
    """Call git and return its output. Raises GitError with the line that gives the reason, and what to do about it."""
    try:
        done = subprocess.run(
            ["git", *SETTINGS, *arguments],
            cwd=cwd,
            env=environment() | dict(env or {}),
            input=stdin,
            capture_output=True,
            process_group=0 if os.name == "posix" else None,  # keeps Ctrl-C in the terminal away from it
        )
    except FileNotFoundError:
        if not cwd.is_dir():
            raise RatchetError(f"{cwd}: no such directory.") from None
        raise RatchetError("git: the command git is not on PATH. Install git.") from None
    if done.returncode != 0:
        raise GitError(f"git {arguments[0]}: {_complaint(done.stderr.decode('utf-8', 'replace'))}", done.returncode)
    return done.stdout


def environment() -> dict[str, str]:
    """Return our environment with none of git's variables but KEPT_VARIABLES, and git's messages in English."""
    kept = {key: text for key, text in os.environ.items() if key[:4] != "GIT_" or KEPT_VARIABLES.fullmatch(key)}
    return kept | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}


def _call_patiently(repo: Repo, *arguments: str, stdin: bytes = b"") -> None:
    """Call git; wait up to two seconds for another git process that holds the index or the ref for a moment."""
    for trial in range(BUSY_TRIES):
        try:
            call(repo.root, *arguments, stdin=stdin)
            return
        except GitError as error:
            if trial == BUSY_TRIES - 1 or not re.search(BUSY, str(error)):
                raise
            time.sleep(0.1)


def _complaint(stderr: str) -> str:
    """Return the lines with the error, and what to do about it; git may print advice above and below them."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [next((line for line in lines if line.startswith(kind)), "") for kind in ("error:", "fatal:")]
    stated = "; ".join(filter(None, errors)) or (lines[-1] if lines else "it failed")
    found = ((re.search(pattern, stated), fix) for pattern, fix in FIXES.items())
    fix = next((fix.format(*match.groups()) for match, fix in found if match), "")
    return f"{stated.rstrip('.')}. {fix}" if fix else stated


@lru_cache(maxsize=REMEMBERED)  # a commit that is named by its hash never changes
def _tree_rows(repo: Repo, commit: str, paths: tuple[str, ...]) -> list[str]:
    return _names(call(repo.root, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths))


@lru_cache(maxsize=REMEMBERED)
def _content(repo: Repo, path: str, name: str) -> bytes:
    return call(repo.root, "cat-file", "--filters", f"--path={path}", name)


def _store(repo: Repo, path: str) -> tuple[str, str] | None:
    target = repo.root / path
    if not target.is_file():
        return None
    name = call(repo.root, "hash-object", "-w", f"--path={path}", "--", str(target)).decode().strip()
    is_executable = os.name == "posix" and target.stat().st_mode & stat.S_IXUSR
    return "100755" if is_executable else "100644", name


def _index_info(repo: Repo, files: Files) -> bytes:
    """Return lines for `git update-index --index-info`; mode 0 removes an entry."""
    nothing = ("0", "0" * len(resolve(repo, "HEAD") or "")) if None in files.values() else ()
    lines = [" ".join(held or nothing) + f"\t{path}\0" for path, held in files.items()]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _replace(target: Path, content: bytes, *, is_executable: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.ratchet~")  # a fixed name, so that repeated kills leave one file
    temporary.write_bytes(content)
    if is_executable:
        temporary.chmod(0o755)
    temporary.replace(target)


@contextlib.contextmanager
def _scratch_index(repo: Repo) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="ratchet-") as folder:
        yield {"GIT_INDEX_FILE": str(Path(folder) / "index")}


def _identity(repo: Repo) -> dict[str, str]:
    """Return author and committer: as configured, else ours. An empty name, which git refuses, counts as none."""
    env, known = {}, _configured_identity(repo)
    for role in ("author", "committer"):
        for key, fallback in (("name", FALLBACK_NAME), ("email", FALLBACK_EMAIL)):
            variable = f"GIT_{role}_{key}".upper()
            stated = [os.environ.get(variable), known.get(f"{role}.{key}"), known.get(f"user.{key}")]
            stated += [os.environ.get("EMAIL")] if key == "email" else []
            env[variable] = next((text for text in stated if text and text.strip(CRUD)), fallback)
    return env


@lru_cache(maxsize=REMEMBERED)
def _configured_identity(repo: Repo) -> Mapping[str, str]:
    pattern = "^(user|author|committer)[.](name|email)$"
    rows = (ask(repo, "config", "-z", "--get-regexp", pattern) or "").split("\0")
    return {key: text for key, _, text in (row.partition("\n") for row in rows)}


def _names(output: bytes) -> list[str]:
    return [name for name in output.decode("utf-8", "surrogateescape").split("\0") if name]
