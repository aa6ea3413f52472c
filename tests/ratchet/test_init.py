"""`ratchet init` where there is no config: what it recognises and asks, and that it writes nothing without a yes."""

import io
import json
import os
from collections.abc import Callable

import pytest

from ratchet.core import config_file
from ratchet.core.config import KEYS
from ratchet.core.recognise import section_keys

Ratchet = Callable[..., tuple[int, str, str]]

REPOS: dict[str, tuple[dict[str, str], dict[str, object]]] = {
    "karpathy": (
        {"train.py": 'print(f"val_bpb:          {val_bpb:.6f}")\n', "prepare.py": "", "pyproject.toml": "[project]\n"},
        {"editable": ("train.py",), "readonly": ("prepare.py",), "run": "uv run train.py", "metric": "val_bpb"},
    ),
    "pytest": (
        {"shop/__init__.py": "", "tests/test_shop.py": "", "pyproject.toml": "[project]\n"},
        {"editable": ("shop/",), "run": "python -m pytest -q", "reader": "pytest", "direction": "maximize"},
    ),
    "pytest without folders": (
        {"calc.py": "", "test_calc.py": "def test_x(): pass\n"},
        {"editable": ("calc.py",), "readonly": ("test_calc.py",), "reader": "pytest"},
    ),
    "node": (
        {
            "package.json": json.dumps(
                {"name": "x", "scripts": {"test": "vitest run"}, "devDependencies": {"vitest": "1"}}
            ),
            "src/a.js": "",
            "test/a.test.js": "",
        },
        {"editable": ("src/",), "readonly": ("test/", "package.json"), "run": "npm test"},
    ),
    "flutter": (
        {"pubspec.yaml": "name: app\nflutter:\n  uses-material-design: true\n", "lib/main.dart": "", "test/a.dart": ""},
        {"editable": ("lib/",), "run": "flutter test", "metric": "tests_passed"},
    ),
    "maven": (
        {"pom.xml": "<project/>", "src/main/java/A.java": "", "src/test/java/T.java": ""},
        {"editable": ("src/main/",), "readonly": ("src/test/", "pom.xml"), "direction": "minimize"},
    ),
    "gradle": (
        {"build.gradle": "", "gradlew": "", "src/main/java/A.java": "", "src/test/java/T.java": ""},
        {"run": "./gradlew test", "metric": "tests_failed"},
    ),
    "cargo": (
        {"Cargo.toml": "[package]\n", "src/lib.rs": "", "tests/t.rs": ""},
        {"editable": ("src/",), "readonly": ("tests/", "Cargo.toml"), "run": "cargo test"},
    ),
}


@pytest.fixture
def fresh(project):
    """A repository with one commit and no config."""
    for name in ("pyproject.toml", "model.py", "measure.py"):
        project.git("rm", "--quiet", name)
    project.commit("nothing of ours")
    return project


@pytest.mark.parametrize("name", REPOS)
def test_a_repository_is_recognised_and_its_config_is_sound(fresh, ratchet: Ratchet, name: str) -> None:
    files, expected = REPOS[name]
    for path, text in files.items():
        fresh.write(path, text)
    status, out, err = ratchet("init", "--yes")
    assert status == 0
    assert err.endswith("wrote ratchet.yaml; next: `uv run ratchet run` tries it, then commit it\n")
    made = config_file.load(fresh.root / "ratchet.yaml")
    got = {
        "editable": made.editable,
        "readonly": made.readonly,
        "run": made.run,
        "metric": made.metric.name,
        "reader": made.metric.source.reader,
        "direction": str(made.metric.direction),
    }
    assert {key: got[key] for key in expected} == expected
    rows = [line.split("  ")[0] for line in out.splitlines()]
    assert {"editable", "run", "metric", "found by", "timeout"} <= set(rows)
    assert made.run in out
    assert fresh.read("ratchet.yaml").startswith("# A config of ratchet.")


def test_an_agent_on_path_is_proposed(fresh, ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    fresh.write("test_calc.py", "")
    fresh.write("calc.py", "")
    for name in ("codex", "aider"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    ratchet("init", "--yes")
    assert config_file.load(fresh.root / "ratchet.yaml").agent == "codex"


def test_nothing_is_written_without_a_yes(fresh, ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh.write("calc.py", "")
    fresh.write("test_calc.py", "")
    for answer in ("", "\n", "n\n"):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        status, out, err = ratchet("init")
        assert status == 1
        assert "python -m pytest -q" in out
        assert "nothing was written" in err
        assert not (fresh.root / "ratchet.yaml").exists()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert ratchet("init")[0] == 0
    assert (fresh.root / "ratchet.yaml").exists()


def test_a_pyproject_gets_a_section_and_keeps_the_rest(fresh, ratchet: Ratchet) -> None:
    before = '[project]\nname = "shop"\n'
    fresh.write("pyproject.toml", before)
    fresh.write("calc.py", "")
    fresh.write("tests/test_calc.py", "")
    assert ratchet("init", "-o", "pyproject.toml", "--yes")[0] == 0
    assert fresh.read("pyproject.toml").startswith(before)
    made = config_file.load(fresh.root / "pyproject.toml")
    assert made.metric.source.reader == "pytest"


TWO_TESTS = ("def test_a(): assert add(1, 0) == 1\n", "def test_b(): assert add(1, 1) == 2\n")


def test_what_is_proposed_measures_at_once(fresh, ratchet: Ratchet) -> None:
    fresh.write("calc.py", "def add(a, b): return a - b\n")
    fresh.write(
        "test_calc.py",
        "from calc import add\ndef test_a(): assert add(1, 0) == 1\ndef test_b(): assert add(1, 1) == 2\n",
    )
    ratchet("init", "--yes")
    fresh.commit("set up")
    assert "tests_passed: 50.00 (maximize)" in ratchet("run")[1]


def test_a_config_leads_to_program_md_and_a_file_is_not_overwritten(project, ratchet: Ratchet) -> None:
    assert ratchet("init", "-o", "rules.md")[0] == 0
    assert project.read("rules.md").startswith("# toy: the program")
    status, _, err = ratchet("init", "-o", "rules.md")
    assert (status, err) == (1, "rules.md: the file exists. Use --force to overwrite it, or -o FILE.\n")


def test_an_unknown_repository_is_told_what_to_do(fresh, ratchet: Ratchet) -> None:
    status, _, err = ratchet("init")
    assert status == 1
    assert "init: nothing is known that says how this repository is measured." in err


LIST = """# A project

## autoresearch

- target_file: model/train.py
- run_command: `python bench.py`
- metric_name: latency_ms
- metric_parse: grep "^latency" run.log | awk '{print $2}'
- metric_direction: lower_is_better
- time_budget: 5 minutes
- readonly_files: bench.py, data/

## Something else

- target_file: other.py
"""
TABLE = """## Autoresearch config
| key | value |
|---|---|
| target_file | model/train.py |
| **run_command** | python bench.py |
| `metric_name` | latency_ms |
| metric_direction | lower |
"""
BLOCK = """## autoresearch
```yaml
target_file: model/train.py   # the one
run_command: "python bench.py"
metric_name: latency_ms
metric_direction: minimize
readonly_files:
  - bench.py
  - data/
```
"""


@pytest.mark.parametrize("text", [LIST, TABLE, BLOCK], ids=["list", "table", "block"])
def test_the_section_of_claude_md_is_read(fresh, ratchet: Ratchet, text: str) -> None:
    fresh.write("CLAUDE.md", text)
    fresh.write("test_calc.py", "")
    assert ratchet("init", "--yes")[0] == 0
    made = config_file.load(fresh.root / "ratchet.yaml")
    assert (made.editable, made.run, made.metric.name) == (("model/train.py",), "python bench.py", "latency_ms")
    assert made.metric.direction == "minimize"
    if text is LIST:
        assert made.metric.source.parse == """grep "^latency" run.log | awk '{print $2}'"""
        assert made.timeout == 300
    if text is not TABLE:
        assert made.readonly == ("bench.py", "data/")


def test_a_text_without_the_section_has_no_keys() -> None:
    assert section_keys("target_file: a.py\n") == {}


def test_an_interview_does_not_begin_if_its_file_exists(fresh, ratchet: Ratchet) -> None:
    fresh.write("ratchet.yaml", "name: x\n")
    status, out, err = ratchet("init", "--interview")
    assert (status, out, err) == (1, "", "ratchet.yaml: the file exists. Use --force to overwrite it, or -o FILE.\n")


ANSWERS = [
    "sort faster",
    "sort.py",
    "bench.py",
    "python bench.py",
    "throughput",
    "json:best.rate",
    "sideways",
    "maximize",
    "errors",
    "errors <= 0, memory_mb <= 500",
    "2x",
    "20",
]


def test_an_interview_asks_for_everything_and_shows_the_summary(
    fresh, ratchet: Ratchet, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [*ANSWERS, *(["lines"] if any(key == "simplicity" for key, _ in KEYS) else []), "y", "y"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(answers) + "\n"))
    status, out, err = ratchet("init", "--interview")
    assert status == 0, err
    assert "Error: maximize or minimize" in err
    assert "constraints" in out
    made = config_file.load(fresh.root / "ratchet.yaml")
    assert (made.context, made.metric.source.json, made.timeout_factor) == ("sort faster", "best.rate", 2)
    assert [(limit.name, limit.fail_above) for limit in made.constraints] == [("errors", 0), ("memory_mb", 500)]
    assert (made.max_iterations, made.web_search) == (20, True)
