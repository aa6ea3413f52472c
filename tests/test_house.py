"""The shape of the project: who may import whom, what things are called, where commands live, what is committed."""

from __future__ import annotations

import ast
import functools
import json
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ratchet.cli import GROUPS, ratchet

ROOT = Path(__file__).resolve().parents[1]
TOP_LEVEL = ("prepare", "train", "harness", "ratchet", "researcher")
MAY_IMPORT = {
    "harness": {"harness"},
    "ratchet": {"ratchet"},
    "researcher": {"researcher", "ratchet.core", "ratchet.errors", "ratchet.repo.journal"},
    "prepare": {"harness"},
    "train": {"prepare"},
}
LAYERS = {  # from the bottom; a part imports from parts further up in this list, and from itself
    "harness": (
        "output",
        "errors",
        "stats data sandbox",
        "audit workers",
        "problem",
        "score_store checks",
        "early_stopping",
        "evaluate",
        "harness",
        "analyses",
        "server",
        "cli",
    ),
    "ratchet": ("errors", "core", "process", "repo", "engine", "api analyses", "views", "commands", "cli"),
}
# Words that the project once used for things that the field has names for, and what they are called now.
RETIRED = {
    "desk": "worktree",
    "lab": "evaluate, workers",
    "company": "the other rows of a batch",
    "room": "sandbox policy",
    "wish": "option",
    "leap": "jump",
    "lane": "worker, parallel loop",
    "handout": "row block",
    "study": "analysis",
    "told": "known, reported",
    "said": "claim",
    "door": "the function's own name",
}
RETIRED_WORD = re.compile(rf"({'|'.join(RETIRED)})(e?s)?|companies|studies", re.IGNORECASE)


def sources() -> list[Path]:
    return [
        ROOT / "prepare.py",
        ROOT / "train.py",
        *(path for top in TOP_LEVEL[2:] for path in (ROOT / top).rglob("*.py")),
    ]


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[str]:
    # Names for annotations are no imports.
    body = [
        node
        for node in parsed(path).body
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    ]
    for node in ast.walk(ast.Module(body, [])):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    top = path.relative_to(ROOT).parts[0].removesuffix(".py")
    ours = [name for name in imports(path) if name.split(".")[0] in TOP_LEVEL]
    wrong = [name for name in ours if not any(f"{name}.".startswith(f"{allowed}.") for allowed in MAY_IMPORT[top])]
    assert wrong == []


@pytest.mark.parametrize("path", sources()[2:], ids=lambda path: str(path.relative_to(ROOT)))
def test_the_layers_of_a_package_import_downwards(path: Path) -> None:
    package, *rest = path.relative_to(ROOT).with_suffix("").parts
    ranks = {part: n for n, parts in enumerate(LAYERS.get(package, ())) for part in parts.split()}
    if rest == ["__init__"] or not ranks:
        return
    assert rest[0] in ranks, f"{package}/{rest[0]}: say in LAYERS where it belongs"
    others = {name.split(".")[1] for name in imports(path) if name.startswith(f"{package}.")} - {rest[0]}
    assert [other for other in others if ranks[other] >= ranks[rest[0]]] == []


def test_no_module_imports_itself_in_a_circle() -> None:
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in sources()
    }
    graph = {
        name: {_module_of(other, modules) for other in imports(path)} - {None, name} for name, path in modules.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail, name])
        if name not in done:
            for other in graph[name]:
                visit(str(other), (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def _module_of(name: str, modules: dict[str, Path]) -> str | None:
    """Return the module that an imported name stands in. A package's face does not count: it only hands names on."""
    parts = name.split(".")
    found = (".".join(parts[:n]) for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in modules)
    module = next(found, None)
    return None if module is None or modules[module].name == "__init__.py" else module


def test_the_three_files_to_read_first_are_short() -> None:
    lines = {name: len((ROOT / name).read_text().splitlines()) for name in ("train.py", "prepare.py", "program.md")}
    assert lines["train.py"] < 50
    assert lines["prepare.py"] < 250
    assert sum(lines.values()) < 500, lines


def test_val_auc_is_computed_in_prepare_py_alone() -> None:
    """The loop over the folds, the AUC of a fold and the mean stand in one function of the file that is read first."""
    functions = {node.name: node for node in ast.parse((ROOT / "prepare.py").read_text()).body if hasattr(node, "name")}
    evaluate = functions["evaluate"]
    loops = [node for node in ast.walk(evaluate) if isinstance(node, ast.For)]
    assert any("auc(problem.y[val], scores)" in ast.unparse(loop) for loop in loops)
    assert "(fit, problem.y[fit], val)" in ast.unparse(evaluate)  # the labels that go to a worker, and no others
    assert "mean_auc(fold_aucs)" in ast.unparse(evaluate)
    assert "np.mean" in ast.unparse(functions["mean_auc"])
    others = [path for path in sources() if "harness" in path.parts and "def mean_auc" in path.read_text()]
    assert others == []


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_is_longer_than_forty_lines(path: Path) -> None:
    functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef)]
    long = {node.name: n for node in functions if (n := (node.end_lineno or 0) - node.body[0].lineno + 1) > 40}
    assert long == {}


def test_ratchet_starts_light() -> None:
    code = (
        "import sys, ratchet.cli; print([m for m in ('numpy', 'pandas', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True).stdout
        == "[]\n"
    )


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(ratchet, info_name="ratchet")
    found = {name: ratchet.get_command(context, name) for name in ratchet.list_commands(context)}
    return [(name, command) for name, command in found.items() if command is not None]


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_command_explains_itself_with_an_example(name: str, command: click.Command) -> None:
    assert command.help
    report = command.get_help(click.Context(command, info_name=f"ratchet {name}"))
    assert f"ratchet {name}" in report.split("\n", 1)[1], report
    assert f"`{name}" in (ROOT / "docs/architecture.md").read_text()


def help_texts() -> dict[str, str]:
    """Return what `ratchet --help`, `ratchet COMMAND --help` and `prepare.py --help` print."""
    texts = {name: command.get_help(click.Context(command, info_name=name)) for name, command in commands()}
    texts["ratchet"] = ratchet.get_help(click.Context(ratchet, info_name="ratchet"))
    words = [sys.executable, "prepare.py", "--help"]
    texts["prepare.py"] = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    return texts


def test_no_help_text_holds_a_retired_word() -> None:
    texts = help_texts()
    assert "Usage: prepare.py" in texts["prepare.py"]
    found = {
        name: [word for word in re.findall(r"[A-Za-z]+", text) if RETIRED_WORD.fullmatch(word)]
        for name, text in texts.items()
    }
    assert {name: words for name, words in found.items() if words} == {}, RETIRED


def assigned_names(tree: ast.AST) -> Iterator[str]:
    """Yield the name of every class, function, parameter, variable, attribute and alias that the code defines."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name


def has_retired_word(name: str) -> bool:
    """Whether a word of a snake_case or CamelCase name is retired: `TestLab` and `open_desks`, but not `label`."""
    return any(RETIRED_WORD.fullmatch(word) for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


@pytest.mark.parametrize(
    "code",
    [
        "class TestLab: pass",
        "def open_door(): pass",
        "def f(*, lanes): pass",
        "STUDIES = 1",
        "self.desk = 1",
        "for wish in (): pass",
        "import numpy as leap",
    ],
)
def test_a_retired_word_is_found_in_every_kind_of_name(code: str) -> None:
    assert any(map(has_retired_word, assigned_names(ast.parse(code))))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_name_holds_a_retired_word(path: Path) -> None:
    names = {path.stem, *assigned_names(parsed(path))}
    assert [name for name in names if has_retired_word(name)] == [], RETIRED


def test_no_two_classes_have_the_same_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sources():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(path.relative_to(ROOT).as_posix())
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_every_command_lives_in_the_file_of_its_group() -> None:
    files = {path.stem for path in (ROOT / "ratchet/commands").glob("*.py")} - {"__init__"}
    modules = {title: f"ratchet.commands.{title.lower().replace(' ', '')}" for title in GROUPS}
    assert {f"ratchet.commands.{file}" for file in files} == set(modules.values())
    listed = {name: modules[title] for title, names in GROUPS.items() for name in names}
    assert {name: command.callback.__module__ for name, command in commands() if command.callback} == listed
    defined = {path: path.read_text().count("@click.command(") for path in (ROOT / "ratchet").rglob("*.py")}
    assert sum(defined.values()) == len(listed)  # none is left out of the help, and none is defined elsewhere


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT, check=False)
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_nothing_is_committed_that_belongs_to_one_machine() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert not [name for name in names if re.search(r"(^|/)(uv\.lock|results\.tsv|__pycache__|\.ratchet)(/|$)", name)]
    tables = {name for name in names if name.startswith("data/") and name.endswith((".csv", ".feather", ".npy"))}
    assert tables == {"data/heart.csv"}  # the default table alone


def test_nothing_that_is_committed_names_a_registry() -> None:
    """Packages come from wherever the reader's uv and pip look: a class may have a mirror of its own, or none."""
    hosts = re.compile(rb"(py(pi)|python(hosted)|npm(js)|ana(conda))\.(org|com)|[/.](mcr|ghcr|quay)\.")
    assert [path.relative_to(ROOT).as_posix() for path in tracked() if hosts.search(path.read_bytes())] == []


def test_nothing_destroys_work() -> None:
    forbidden = re.compile(r"""["'](reset|clean|stash)["']|--hard""")
    for path in sources():
        if path.is_relative_to(ROOT / "ratchet"):
            assert not forbidden.search(path.read_text()), path


@pytest.mark.slow
def test_the_way_of_a_kept_step_grows_no_longer(tmp_path: Path) -> None:
    """Count the files that one kept `ratchet step` enters, in the engine and in the server that measures for it."""
    clone, engine, server = tmp_path / "clone", tmp_path / "engine.txt", tmp_path / "server.txt"
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "clone", "--quiet", str(ROOT), str(clone)], check=True)
    config, way = clone / "pyproject.toml", [sys.executable, str(ROOT / "tests/way.py")]
    serve = f"serve = {json.dumps(shlex.join([*way, str(server), 'prepare.py', '--serve']))}"
    text = re.sub(r"(?m)^serve = .*$", lambda _: serve, config.read_text())
    config.write_text(text)
    subprocess.run([*git, "commit", "--quiet", "--all", "--message", "count"], cwd=clone, check=True)

    def ratchet(out: Path, *arguments: str) -> str:
        command = [*way, str(out), "ratchet.cli", *arguments]
        return subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True).stdout

    ratchet(tmp_path / "start.txt", "start", "way")
    train = clone / "train.py"
    train.write_text(train.read_text().replace("LogisticRegression(max_iter", "LogisticRegression(C=0.3, max_iter"))
    assert "KEPT" in ratchet(engine, "step")
    entered = {*engine.read_text().split(), *server.read_text().split()}
    # 19 files are the engine's and 26 the harness's; there were 75.
    assert len(entered) <= 45, sorted(entered)
