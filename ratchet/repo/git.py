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
# What leads to one repository (`git rev-parse --local-env-vars`): the git of an agent or a command must not follow it.
OF_ONE_REPO = re.compile(
    "GIT_(ALTERNATE_OBJECT_DIRECTORIES|OBJECT_DIRECTORY|CONFIG|DIR|WORK_TREE|IMPLICIT_WORK_TREE|GRAFT_FILE|INDEX_FILE|"
    "NO_REPLACE_OBJECTS|REPLACE_REF_BASE|PREFIX|SHALLOW_FILE|COMMON_DIR|NAMESPACE|(LITERAL|GLOB|NOGLOB|ICASE)_PATHSPECS)"
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
    r"No space left|[Qq]uota exceeded|Out of diskspace": "Free some disk space.",
    r"Permission denied|Read-only file system|insufficient permission": "Make the folder .git writable for you.",
    r"couldn't write|unable to write|write error": "The disk is full or cannot be written.",
    r"(GIT_CONFIG_\w+)": "Set {0} right, or unset it.",
    r"bad (?:numeric |boolean )?config": "Repair that line of the configuration.",
}
REMEMBERED = 32  # cached answers of git: a loop reads the best so far ten times an experiment
REMEMBERED_FILES = 1024  # their contents
FEW = 8  # files; more are compared by their hashes, in one call
_HASH = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")

GLOB = frozenset("*?[")  # characters of a glob
LITTER = ("__pycache__", "*.py[co]", ".DS_Store", "*.ratchet~", "*.sw[op]", "*~")  # nobody's work, seldom ignored

PLAIN, EXECUTABLE, LINK = "100644", "100755", "120000"  # modes of files

Files = Mapping[str, tuple[str, str] | None]  # mode and hash of each path; None where there is no file


class GitError(RatchetError):
    """Git refused; the message is git's own, with what to do about it. `status` is the exit status of git."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Repo:
    """A worktree: its root, the root of the main worktree, and the folders with git's state: its own, and all's."""

    root: Path
    main_root: Path
    git_dir: Path
    common_dir: Path


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
    return Repo(root=root, main_root=common.parent if is_linked else root, git_dir=git_dir, common_dir=common)


def head_branch(repo: Repo) -> str | None:
    """Return the full name of the current branch, or None if HEAD is detached."""
    return ask(repo, "symbolic-ref", "-q", "HEAD")


def resolve(repo: Repo, revision: str) -> str | None:
    """Return the hash of a commit, or None if it does not exist."""
    return ask(repo, "rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{commit}}")


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
    """Return the patch of `paths`, also folders and globs, between two commits."""
    specs = pathspecs(paths)
    switch = "--color=always" if color else "--no-color"
    patch = call(repo.root, "diff", "--no-ext-diff", switch, old, new, "--", *specs)
    return patch.decode("utf-8", "replace")


def count_lines(repo: Repo, old: str, new: str, paths: Sequence[str]) -> tuple[int, int]:
    """Return the number of lines added to and removed from `paths` between two commits; binary files count as 0."""
    specs = pathspecs(paths)
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


def checked_out(repo: Repo) -> dict[str, str]:
    """Return the folder of each worktree of the repo by the full name of the branch that is checked out in it."""
    found, folder = {}, ""
    for row in call(repo.root, "worktree", "list", "--porcelain").decode("utf-8", "replace").splitlines():
        key, _, value = row.partition(" ")
        if key == "worktree":
            folder = value
        elif key == "branch":
            found[value] = folder
    return found


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
    """Switch to a branch as the user would. Raises GitError if that would overwrite uncommitted work.

    Raises RatchetError if another worktree has the branch.
    """
    name = branch.removeprefix("refs/heads/")
    try:
        call(repo.root, "switch", "--quiet", name)
    except GitError as error:
        if folder := checked_out(repo).get(branch):
            raise RatchetError(
                f"{name}: the worktree {folder} holds this branch. Work there, or use another name here."
            ) from error
        raise


def add_worktree(repo: Repo, folder: Path, branch: str, commit: str) -> None:
    """Check a new branch out into a new linked worktree."""
    call(repo.root, "worktree", "add", "--quiet", "-b", branch, str(folder), commit)


def remove_worktree(repo: Repo, folder: Path) -> None:
    """Remove a linked worktree that we made, even if it has changes."""
    attempt(repo, "worktree", "remove", "--force", str(folder))
    attempt(repo, "worktree", "prune")


def is_ignored(repo: Repo, path: str) -> bool:
    """Say whether git ignores a path of the worktree, if it is not in the index."""
    return attempt(repo, "check-ignore", "-q", "--no-index", "--", path)


def exclude(repo: Repo, paths: Sequence[str]) -> None:
    """Add paths that git does not ignore yet to info/exclude, which belongs to this clone alone."""
    new = [path for path in paths if not is_ignored(repo, path)]
    if not new:
        return
    target = repo.common_dir / "info" / "exclude"
    target.parent.mkdir(exist_ok=True)
    before = target.read_text("utf-8", "surrogateescape") if target.exists() else ""
    lines = ["/" + re.sub(r"([\\*?[])", r"\\\1", path) for path in new]
    with target.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write("".join(["" if before.endswith("\n") or not before else "\n", *(f"{line}\n" for line in lines)]))


def edited(repo: Repo, commit: str, paths: Sequence[str]) -> list[str]:
    """Return the files under `paths` that differ between a commit and the worktree, as `differing` counts it."""
    if not paths:
        return []
    options = ("--no-ext-diff", "--no-renames", "--name-only", "-z")
    named = _names(call(repo.root, "diff", *options, commit, "--", *pathspecs(paths)))
    return edited_files(repo, commit, named)


def edited_files(repo: Repo, commit: str, paths: Sequence[str]) -> list[str]:
    """Return the files among `paths` that differ between a commit and the worktree; nothing is written to the repo."""
    base = files_of(repo, commit, paths)
    return differing(_store(repo, base, is_kept=False), base)


def differing(ours: Files, theirs: Files) -> list[str]:
    """Return the paths of `ours` whose content differs from `theirs`: the one meaning of an edit.

    The executable bit alone is no edit: a Windows disk and many mounts show it on every file, and no number depends
    on it.
    """
    return [path for path, held in ours.items() if _content_of(held) != _content_of(theirs.get(path))]


def _content_of(held: tuple[str, str] | None) -> tuple[str, str] | None:
    return held and (held[0][:3], held[1])  # 100 is a file, 120 a link


def touched(repo: Repo, commit: str) -> list[str]:
    """Return every file of the worktree that differs from a commit or is new and not ignored; no caches."""
    unwanted = [f"--exclude={pattern}" for pattern in LITTER]
    new = _names(call(repo.root, "ls-files", "--others", "--exclude-standard", *unwanted, "-z"))
    changed = _names(call(repo.root, "diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", commit))
    return list(dict.fromkeys([*changed, *new]))


def pathspecs(patterns: Sequence[str]) -> list[str]:
    """Return files, folders and globs in git's notation; a file may also have the characters of a glob in its name."""
    globs = [f":(top,glob){pattern}" for pattern in patterns if not GLOB.isdisjoint(pattern)]
    return [*(f":(top,literal){pattern}" for pattern in patterns), *globs]


def worktree_files(repo: Repo, folders: Sequence[str]) -> list[str]:
    """Return the files below folders of the worktree that git tracks or does not ignore; no links, no caches."""
    unwanted = [f"--exclude={pattern}" for pattern in LITTER]
    options = ("--cached", "--others", "--exclude-standard", *unwanted, "-z")
    found = dict.fromkeys(_names(call(repo.root, "ls-files", *options, "--", *_folder_specs(folders))))
    return [path for path in found if (target := repo.root / path).is_file() and not target.is_symlink()]


def commit_files(repo: Repo, commit: str, folders: Sequence[str]) -> list[str]:
    """Return the files below folders of a commit, without links and submodules."""
    read = _tree_rows if _HASH.fullmatch(commit) else _tree_rows.__wrapped__
    rows = (row.partition("\t") for row in read(repo, commit, tuple(folder for folder in folders if folder)))
    return [path for left, _, path in rows if left.startswith("100")]


def _folder_specs(folders: Sequence[str]) -> list[str]:
    return [f":(top,literal){folder}" for folder in folders if folder]


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
    unstaged = [row[3:] for row in rows if row.startswith(" ")]
    edited = edited_files(repo, "HEAD", unstaged)
    return [row[3:] for row in rows if not row.startswith(" ") or row[3:] in edited]


def tree_files(repo: Repo, commit: str) -> dict[str, str]:
    """Return the hash of every file in a commit, by path."""
    rows = _names(call(repo.root, "ls-tree", "-r", "-z", "--full-tree", commit))
    return {path: row.split()[2] for row, _, path in (row.partition("\t") for row in rows)}


def sizes(repo: Repo, commit: str, paths: Sequence[str]) -> dict[str, int | None]:
    """Return the number of bytes of each path in a commit, None if the commit lacks it."""
    rows = _names(call(repo.root, "ls-tree", "-r", "-l", "-z", "--full-tree", commit)) if paths else []
    known = {path: row.split()[3] for row, _, path in (row.partition("\t") for row in rows)}
    return {path: int(size) if (size := known.get(path, "")).isdigit() else None for path in paths}


def read_file(repo: Repo, commit: str, path: str) -> bytes | None:
    """Return a file of a commit as a checkout would write it, or None if the commit lacks it."""
    return contents(repo, files_of(repo, commit, [path]))[path]


def write_file(repo: Repo, commit: str, path: str, target: Path) -> None:
    """Write a file of a commit to `target` atomically; a missing file is written empty."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.ratchet~")
    held = files_of(repo, commit, [path])[path]
    temporary.write_bytes(_content(repo, path, held[1]) if held else b"")
    if held and held[0] == EXECUTABLE:
        temporary.chmod(_rights(repo, temporary, EXECUTABLE))
    temporary.replace(target)


def contents(repo: Repo, files: Files) -> dict[str, bytes | None]:
    """Return stored files as a checkout would write them."""
    return {path: None if held is None else _content(repo, path, held[1]) for path, held in files.items()}


def store_worktree_files(repo: Repo, paths: Sequence[str], base: str = "HEAD") -> Files:
    """Store `paths` of the worktree in git, and return their modes and hashes.

    What is as a checkout of `base` writes it, or what git would add as it is in `base`, has the hash that it has there.
    Raises GitError if git does not take a file, such as one whose filter fails.
    """
    return _store(repo, files_of(repo, base, paths))


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
    if len(files) > FEW:
        now = _store(repo, files)
        files = {path: held for path, held in files.items() if now[path] != held}
    for path in (path for path, held in files.items() if held is None):
        _remove(repo.root, path)
    for path, held in files.items():
        if held is None:
            continue
        if not _is_as_checked_out(repo, path, held) or _mode(repo, path, held[0]) != held[0]:
            _make_way(repo.root, path)
            _replace(repo, path, held)


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


@lru_cache(maxsize=REMEMBERED_FILES)
def _content(repo: Repo, path: str, name: str) -> bytes:
    return call(repo.root, "cat-file", "--filters", f"--path={path}", name)


def _store(repo: Repo, base: Files, *, is_kept: bool = True) -> Files:
    """Return what git would add for the paths of `base`, which are in the index so, and add it if it is to be kept."""
    there = [path for path in base if _is_there(repo, path)]
    few = there if len(there) <= FEW else []  # each needs a call of git, unless its content is remembered
    same = {path for path in few if _is_as_checked_out(repo, path, base[path])}
    stored = _add(repo, base, [path for path in there if path not in same], is_kept=is_kept)
    different = differing(stored, base) if not few else []
    same |= {path for path in different if _is_as_checked_out(repo, path, base[path])}
    unchanged = {path: (_mode(repo, path, held[0]), held[1]) for path in same if (held := base[path])}
    return {path: (stored | unchanged).get(path) for path in base}


def _add(repo: Repo, base: Files, paths: Sequence[str], *, is_kept: bool) -> dict[str, tuple[str, str]]:
    """Add files of the worktree to an index that holds `base`, and return their modes and hashes.

    Not by `hash-object`: it knows no index, and git leaves line ends alone that are CRLF there; nor a core.fileMode.
    """
    if not paths:
        return {}
    known = {path: held for path in paths if (held := base[path])}
    names = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    with _scratch_index(repo) as env:
        env |= {} if is_kept else _scratch_objects(repo, env)
        call(repo.root, "update-index", "-z", "--index-info", env=env, stdin=_index_info(repo, known))
        call(repo.root, "update-index", "--add", "--replace", "-z", "--stdin", env=env, stdin=names)
        rows = _names(call(repo.root, "ls-files", "--stage", "-z", env=env))
    parts = (row.partition("\t") for row in rows)
    return {path: (left.split()[0], left.split()[1]) for left, _, path in parts}


def _is_as_checked_out(repo: Repo, path: str, held: tuple[str, str] | None) -> bool:
    """Say whether a file of the worktree has the bytes that a checkout writes."""
    target = repo.root / path
    if held is None or not _is_there(repo, path) or target.is_symlink() != (held[0] == LINK):
        return False
    content = os.fsencode(target.readlink()) if held[0] == LINK else target.read_bytes()
    return content == _content(repo, path, held[1])


def _is_there(repo: Repo, path: str) -> bool:
    """Say whether git sees a file or a link at a path: it looks behind no link to a folder."""
    target = repo.root / path
    return (target.is_symlink() or target.is_file()) and not any(
        folder.is_symlink() for folder in _folders(repo.root, target)
    )


def _mode(repo: Repo, path: str, held: str) -> str:
    """Return the mode of a file in the worktree; the one that git holds where it does not ask the disk for it."""
    mode = (repo.root / path).lstat().st_mode
    shown = held if not stat.S_ISREG(mode) else EXECUTABLE if mode & stat.S_IXUSR else PLAIN
    return shown if shown == held or _trusts_modes(repo) else held


def _trusts_modes(repo: Repo) -> bool:
    return os.name == "posix" and ask(repo, "config", "--type=bool", "core.fileMode") != "false"


def _index_info(repo: Repo, files: Files) -> bytes:
    """Return lines for `git update-index --index-info`; mode 0 removes an entry."""
    nothing = ("0", "0" * len(resolve(repo, "HEAD") or "")) if None in files.values() else ()
    rows = sorted(files.items(), key=lambda row: row[1] is not None)  # removals first: a file may replace a folder
    lines = [" ".join(held or nothing) + f"\t{path}\0" for path, held in rows]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _remove(root: Path, path: str) -> None:
    """Remove a file, and the folders that are empty then, as git does."""
    target = root / path
    if any(parent.is_symlink() or parent.is_file() for parent in _folders(root, target)):
        return
    if target.is_symlink() or target.is_file():
        target.unlink()
    for folder in _folders(root, target)[::-1]:
        try:
            folder.rmdir()
        except OSError:  # it is not empty, or not there
            return


def _make_way(root: Path, path: str) -> None:
    """Remove a link or a file that stands where a file needs a folder: nothing may be written through a link."""
    for folder in _folders(root, root / path):
        if folder.is_symlink() or folder.is_file():
            folder.unlink()


def _folders(root: Path, target: Path) -> list[Path]:
    """Return the folders between the root and a file, the outermost first."""
    return [folder for folder in target.parents if folder != root and folder.is_relative_to(root)][::-1]


def _replace(repo: Repo, path: str, held: tuple[str, str]) -> None:
    """Write a stored file to the worktree, with the rights that the file there has, or a new one gets."""
    target, content = repo.root / path, _content(repo, path, held[1])
    if target.is_dir() and not target.is_symlink():
        raise RatchetError(f"{path}: a folder stands where this file belongs. Move the folder away.")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.ratchet~")  # a fixed name, so that repeated kills leave one file
    temporary.unlink(missing_ok=True)
    if held[0] == LINK:
        temporary.symlink_to(os.fsdecode(content))
    else:
        temporary.write_bytes(content)
        with contextlib.suppress(OSError):  # a disk without rights
            temporary.chmod(_rights(repo, target if target.is_file() else temporary, held[0]))
    temporary.replace(target)


def _rights(repo: Repo, like: Path, mode: str) -> int:
    rights = stat.S_IMODE(like.stat().st_mode)
    if not _trusts_modes(repo):
        return rights
    return rights | (rights & 0o444) >> 2 if mode == EXECUTABLE else rights & ~0o111


@contextlib.contextmanager
def _scratch_index(repo: Repo) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="ratchet-") as folder:
        yield {"GIT_INDEX_FILE": str(Path(folder) / "index")}


def _scratch_objects(repo: Repo, env: Mapping[str, str]) -> dict[str, str]:
    """Return variables with which git reads the objects of the repo and writes new ones beside a scratch index."""
    objects, quoted = Path(env["GIT_INDEX_FILE"]).with_name("objects"), str(repo.common_dir / "objects")
    objects.mkdir()
    quoted = quoted.replace("\\", "\\\\").replace('"', '\\"')
    return {"GIT_OBJECT_DIRECTORY": str(objects), "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{quoted}"'}


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
