"""Propose a config for a repository from the files that it has. Pure.

Source of the keys of the section `## autoresearch`: the CLAUDE.md of the field's skills (target_file, run_command, …).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ratchet.core.draft import Draft, seconds_of, where_of

SMALLER = re.compile(
    r"loss|error|bpb|perplexity|ppl|rmse|mae|mse|time|latency|second|duration|memory|_ms$|_mb$|_kb$|size|fail|cost",
    re.IGNORECASE,
)
PRINTED = re.compile(r"""["'](?:\\n)?((?:val|test|eval)_\w+|accuracy|loss|score|throughput|latency)\s*[:=]""")
DIRECTIONS = {"low": "minimize", "min": "minimize", "hig": "maximize", "max": "maximize"}  # by their first letters
SECTION = re.compile(r"^#{2,}\s*autoresearch\b.*?$(.*?)(?=^#{1,2}\s|\Z)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
ENTRY = re.compile(r"^[\s>*|-]*[`*\"]*([a-z_]+)[`*\"]*\s*[:=|]\s*(.*?)\s*\|?\s*$")


@dataclass(frozen=True, slots=True)
class Repository:
    """What a recogniser sees: the files of a repository by path, a way to read one, and the name of its folder."""

    files: Sequence[str]
    read: Callable[[str], str]
    name: str

    def has(self, path: str) -> bool:
        """Say whether there is such a file, or a folder if the path ends with a slash."""
        return any(name.startswith(path) for name in self.files) if path.endswith("/") else path in self.files

    def first(self, *paths: str) -> tuple[str, ...]:
        """Return the first of the paths that exists, in a list of one."""
        return next(((path,) for path in paths if self.has(path)), ())

    def all(self, *paths: str) -> tuple[str, ...]:
        """Return those of the paths that exist."""
        return tuple(path for path in paths if self.has(path))


def recognise(repo: Repository) -> Draft | None:
    """Return the config that the files suggest, with the section of CLAUDE.md on top; None if nothing is known."""
    found = next((draft for rule in RULES if (draft := rule(repo)) is not None), None)
    for name in ("CLAUDE.md", "AGENTS.md"):
        keys = section_keys(repo.read(name)) if repo.has(name) else {}
        if keys:
            return _with_section(found or blank(repo), keys, f"{name}, section autoresearch")
    return found


def section_keys(text: str) -> dict[str, str]:
    """Return the keys of the section `## autoresearch` of a CLAUDE.md: lines, a list, a table or YAML in a block."""
    found = SECTION.search(text)
    keys: dict[str, str] = {}
    last = ""
    for line in found.group(1).splitlines() if found else ():
        entry, item = ENTRY.match(line), re.match(r"^\s*-\s+(.+)$", line)
        if entry and entry.group(1) in FIELD_KEYS:
            last = entry.group(1)
            keys[last] = _bare(entry.group(2).split(" # ")[0])
        elif item and last and (not keys[last] or last == "readonly_files"):
            keys[last] = f"{keys[last]}, {item.group(1).strip()}".lstrip(", ")
    return {key: value for key, value in keys.items() if value}


def _bare(text: str) -> str:
    """Return a value without the bold of its key and the quotes around all of it, not one that ends a command."""
    text = text.strip().strip("*").strip()
    while len(text) > 1 and text[0] in "`\"'" and text.find(text[0], 1) == len(text) - 1:
        text = text[1:-1].strip()
    return text


FIELD_KEYS = (
    "target_file",
    "run_command",
    "metric_name",
    "metric_parse",
    "metric_direction",
    "time_budget",
    "readonly_files",
)


def _with_section(draft: Draft, keys: Mapping[str, str], source: str) -> Draft:
    """Return the draft with what the section says; it knows better than any rule."""
    metric = keys.get("metric_name", draft.metric)
    meant = DIRECTIONS.get(keys.get("metric_direction", "").lower()[:3], "")
    direction = meant or (draft.direction if metric == draft.metric else direction_of(metric))
    limit = seconds_of(keys.get("time_budget", ""))
    where = where_of(keys["metric_parse"]) if "metric_parse" in keys else None
    is_same = metric == draft.metric and where is None
    names = {"target_file": "editable", "run_command": "run", "metric_name": "metric", "metric_parse": "found"}
    names |= {"readonly_files": "readonly", "time_budget": "timeout"}
    return replace(
        draft,
        editable=listed(keys.get("target_file", "")) or draft.editable,
        run=keys.get("run_command", draft.run),
        metric=metric,
        direction=direction,
        where=draft.where if is_same else where,
        timeout=draft.timeout if limit is None else limit,
        readonly=listed(keys.get("readonly_files", "")) or draft.readonly,
        because={**draft.because, **{name: source for key, name in names.items() if key in keys}},
    )


def listed(text: str) -> tuple[str, ...]:
    """Return the paths in a list with commas, as in YAML or in prose."""
    return tuple(part for raw in text.strip("[]").split(",") if (part := raw.strip().strip("`\"' ")))


def direction_of(metric: str) -> str:
    """Guess from its name whether a smaller number is better."""
    return "minimize" if SMALLER.search(metric) else "maximize"


def blank(repo: Repository) -> Draft:
    """Return a draft that knows the name of the repository alone."""
    return Draft(repo.name, (), "", "score", "maximize")


def _train_and_prepare(repo: Repository) -> Draft | None:
    if not (repo.has("train.py") and repo.has("prepare.py")):
        return None
    printed = PRINTED.search(repo.read("train.py")) or PRINTED.search(repo.read("prepare.py"))
    metric = printed.group(1) if printed else "val_loss"
    why = "train.py and prepare.py, as in karpathy/autoresearch"
    return Draft(
        name=repo.name,
        editable=("train.py",),
        readonly=("prepare.py",),
        run="uv run train.py" if repo.has("pyproject.toml") or repo.has("uv.lock") else "python train.py",
        metric=metric,
        direction=direction_of(metric),
        because={"editable": why, "metric": f"printed by {'the code' if printed else 'nothing found: a guess'}"},
    )


def _cargo(repo: Repository) -> Draft | None:
    if not repo.has("Cargo.toml"):
        return None
    return Draft(
        name=repo.name,
        editable=repo.first("src/", "crates/"),
        readonly=repo.all("tests/", "benches/", "Cargo.toml"),
        run="cargo test",
        metric="tests_passed",
        direction="maximize",
        where=("parse", "awk '/^test result:/ {n += $4} END {print n}'"),
        exits={101: "ok"},
        because={"editable": "Cargo.toml", "run": "101: some tests failed, which the number says"},
    )


def _node(repo: Repository) -> Draft | None:
    if not repo.has("package.json"):
        return None
    package = _json(repo.read("package.json"))
    needs = {**_table(package, "dependencies"), **_table(package, "devDependencies")}
    runner = next((name for name in NODE_RUNNERS if name in needs), "")
    return Draft(
        name=str(package.get("name") or repo.name),
        editable=repo.first("src/", "lib/", "index.js", "index.ts", "main.js"),
        readonly=repo.all("test/", "tests/", "__tests__/", "spec/", "package.json"),
        run="npm test" if "test" in _table(package, "scripts") else "node --test",
        metric="tests_passed",
        direction="maximize",
        where=("grep", NODE_RUNNERS.get(runner, r"^\W*pass (\d+)")),
        exits={1: "ok"},
        because={"editable": "package.json", "found": f"what {runner or 'node --test'} prints"},
    )


NODE_RUNNERS = {
    "vitest": r"^\s*Tests\b.*?(\d+) passed",
    "jest": r"^Tests:.*?(\d+) passed",
    "mocha": r"(\d+) passing",
}


def _dart(repo: Repository) -> Draft | None:
    if not repo.has("pubspec.yaml"):
        return None
    is_flutter = re.search(r"^\s*flutter:", repo.read("pubspec.yaml"), re.MULTILINE) is not None
    return Draft(
        name=repo.name,
        editable=repo.first("lib/"),
        readonly=repo.all("test/", "pubspec.yaml"),
        run="flutter test" if is_flutter else "dart test",
        metric="tests_passed",
        direction="maximize",
        where=("grep", r"\+(\d+)(?: ~\d+)?(?: -\d+)?:"),
        exits={1: "ok"},
        because={"editable": "pubspec.yaml"},
    )


def _java(repo: Repository) -> Draft | None:
    gradle = repo.first("build.gradle", "build.gradle.kts")
    if not gradle and not repo.has("pom.xml"):
        return None
    wrapper = "./gradlew" if repo.has("gradlew") else "gradle"
    count = 'cat build/test-results/test/*.xml | grep -c "<failure" || true'
    return Draft(
        name=repo.name,
        editable=repo.first("src/main/", "src/"),
        readonly=repo.all("src/test/", "pom.xml", *gradle),
        run=f"{wrapper} test" if gradle else "mvn -B test",
        metric="tests_failed",
        direction="minimize",
        where=("parse", count) if gradle else ("grep", r"^.*Tests run: \d+, Failures: (\d+)"),
        exits={1: "ok"},
        because={"editable": gradle[0] if gradle else "pom.xml"},
    )


def _python(repo: Repository) -> Draft | None:
    tests = repo.first("tests/", "test/") or tuple(
        name for name in repo.files if re.fullmatch(r"test_\w+\.py|\w+_test\.py", name)
    )
    if not tests and not (repo.has("pyproject.toml") and "pytest" in repo.read("pyproject.toml")):
        return None
    packages = sorted({name.split("/")[0] + "/" for name in repo.files if re.fullmatch(r"\w+/__init__\.py", name)})
    packages = [name for name in packages if name not in tests]
    modules = [name for name in repo.files if re.fullmatch(r"\w+\.py", name) and name not in (*tests, "conftest.py")]
    modules = [name for name in modules if name not in {"setup.py", "noxfile.py"}]
    return Draft(
        name=repo.name,
        editable=repo.first("src/") or tuple(packages) or tuple(modules),
        readonly=(*tests, *repo.all("conftest.py", "pyproject.toml", "setup.cfg", "pytest.ini", "tox.ini")),
        run="uv run python -m pytest -q" if repo.has("uv.lock") else "python -m pytest -q",
        metric="tests_passed",
        direction="maximize",
        where=("reader", "pytest"),
        because={"editable": "the packages beside the tests", "run": "tests for pytest", "metric": "percent that pass"},
    )


RULES: Sequence[Callable[[Repository], Draft | None]] = (_train_and_prepare, _cargo, _dart, _java, _node, _python)


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _table(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}
