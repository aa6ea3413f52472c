"""The engine is general: other ratchets run through it for real.

Each has a scripted agent whose edits include a better one, a worse one, a crashing one and one that cheats.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from ratchet.core import config_file

Ratchet = Callable[..., tuple[int, str, str]]


def verdicts(out: str) -> list[str]:
    lines = [line for line in out.splitlines() if line.startswith("iter ")]
    return [line.split(" | ")[-1].split(" ")[0] for line in lines]


def play(project, ratchet: Ratchet, target: str, edits: list[str]) -> list[str]:
    """Have an agent write these contents of the editable file one after another, and return the verdicts."""
    project.write(
        "agent.py",
        f"import os\nEDITS = {edits!r}\nopen({target!r}, 'w').write(EDITS[int(os.environ['RATCHET_N']) - 1])\n",
    )
    status, out, err = ratchet("loop", "-n", str(len(edits)))
    assert status == 0, err
    return verdicts(out)


SORT_CONFIG = """[tool.ratchet]
name = "sort-benchmark"
editable = ["sort.py"]
readonly = ["benchmark.py"]
run = "python benchmark.py"
timeout = 20
agent = "python agent.py"

[tool.ratchet.metric]
name = "throughput"
grep = "^throughput:"
direction = "maximize"

[[tool.ratchet.constraints]]
name = "correctness"
grep = "^correctness:"
fail_below = 100.0
"""
BENCHMARK = """import random
from sort import my_sort
steps = 0
class Number(float):
    def __lt__(self, other):
        global steps
        steps += 1
        return float(self) < float(other)
rng = random.Random(1)
lists = [[Number(rng.random()) for _ in range(50)] for _ in range(4)]
good = sum(my_sort(list(numbers)) == sorted(numbers) for numbers in lists)
steps = 0
for numbers in lists:
    my_sort(list(numbers))
print("throughput:", 1e6 / (1 + steps))
print("correctness:", 100.0 * good / len(lists))
"""
BUBBLE = """def my_sort(numbers):
    for _ in numbers:
        for i in range(len(numbers) - 1):
            if numbers[i + 1] < numbers[i]:
                numbers[i], numbers[i + 1] = numbers[i + 1], numbers[i]
    return numbers
"""


def test_a_sorting_benchmark_with_correctness_as_a_hard_constraint(project, ratchet: Ratchet) -> None:
    project.write("pyproject.toml", SORT_CONFIG)
    project.write("benchmark.py", BENCHMARK)
    project.write("sort.py", BUBBLE)
    project.commit("sorting")
    better, crash, cheat = (
        "my_sort = sorted\n",
        "def my_sort(numbers): raise MemoryError\n",
        "def my_sort(numbers): return numbers\n",
    )
    worse = "def my_sort(numbers):\n    return sorted(sorted(numbers)[::-1])\n"
    assert play(project, ratchet, "sort.py", [better, worse, crash, cheat]) == [
        *("BASELINE", "KEPT", "DISCARDED", "CRASHED", "REJECTED")
    ]
    assert project.read("sort.py") == better
    assert "correctness = 0.0000 is below 100" in ratchet("results")[1]


def test_the_same_benchmark_from_a_ratchet_yaml(project, ratchet: Ratchet) -> None:
    pytest.importorskip("yaml")
    project.write(
        "ratchet.yaml",
        (
            'name: sort\neditable:\n  - sort.py\nreadonly:\n  - benchmark.py\nrun: "python3 benchmark.py"\n'
            'metric:\n  name: throughput\n  grep: "^throughput:"\n  direction: maximize\n'
            'constraints:\n  - name: correctness\n    grep: "^correctness:"\n    fail_below: 100.0\n'
            "timeout: 20\nbaseline:\n  throughput: 85.0\n  correctness: 100.0\nagent: 'python3 agent.py < {prompt}'\n"
        ),
    )
    project.write("benchmark.py", BENCHMARK)
    project.write("sort.py", BUBBLE)
    project.commit("sorting")
    assert play(project, ratchet, "sort.py", ["my_sort = sorted\n"]) == ["BASELINE", "KEPT"]
    assert project.results()[0]["throughput"] == "85.000000"


PYTEST_CONFIG = """[tool.ratchet]
name = "pass rate"
editable = ["calculator.py"]
readonly = ["test_calculator.py"]
run = "python -m pytest -q -p no:cacheprovider test_calculator.py"
timeout = 60
agent = "python agent.py"

[tool.ratchet.metric]
name = "passing"
reader = "pytest"
direction = "maximize"
"""
TESTS = """from calculator import add, double
def test_add(): assert add(2, 3) == 5
def test_add_negative(): assert add(2, -3) == -1
def test_double(): assert double(4) == 8
def test_double_text(): assert double('ab') == 'abab'
"""


@pytest.mark.slow
def test_a_pytest_pass_rate(project, ratchet: Ratchet) -> None:
    project.write("pyproject.toml", PYTEST_CONFIG)
    project.write("test_calculator.py", TESTS)
    project.write("calculator.py", "def add(a, b): return a + abs(b)\ndef double(a): return a\n")
    project.commit("a calculator with mistakes")
    better = "def add(a, b): return a + b\ndef double(a): return a * 2\n"
    worse = "def add(a, b): return a + b\ndef double(a): return 8\n"
    crash = "def add(a, b:\n"
    cheat = better + "import os, atexit\nprint('9 passed in 0.01s')\nos._exit(0)\n"
    played = play(project, ratchet, "calculator.py", [worse, better, worse + "#", crash, cheat])
    assert played[:4] == ["BASELINE", "KEPT", "KEPT", "DISCARDED"]
    assert played[4] == "CRASHED"
    assert played[5] != "KEPT"
    assert [row["passing"] for row in project.results()][:3] == ["25.000000", "75.000000", "100.000000"]


PARETO_CONFIG = """[tool.ratchet]
name = "server"
editable = ["settings.py"]
readonly = ["bench.py"]
run = "python bench.py"
timeout = 20
agent = "python agent.py"

[[tool.ratchet.metrics]]
name = "throughput"
json = "throughput"
direction = "maximize"

[[tool.ratchet.metrics]]
name = "latency"
json = "latency.p99"
direction = "minimize"
"""


def test_a_problem_with_two_metrics_under_the_strict_rule_of_dominance(project, ratchet: Ratchet) -> None:
    project.write("pyproject.toml", PARETO_CONFIG.replace("timeout = 20", 'timeout = 20\nrule = "dominate"'))
    project.write(
        "bench.py", "import json, settings as s\nprint(json.dumps({'throughput': s.T, 'latency': {'p99': s.L}}))\n"
    )
    project.write("settings.py", "T, L = 100, 10\n")
    project.commit("a server")
    edits = [
        "T, L = 110, 10",
        "T, L = 200, 11",
        "T, L = 105, 9",
        "T, L = 110, 10.0",
        "T, L = 1/0, 1",
        "T, L = 999, None",
        "T, L = 110, 5",
    ]
    assert play(project, ratchet, "settings.py", edits) == [
        *("BASELINE", "KEPT", "DISCARDED", "DISCARDED", "DISCARDED", "CRASHED", "CRASHED", "KEPT")
    ]
    assert project.read("settings.py") == "T, L = 110, 5"
    assert project.results()[-1]["latency"] == "5.000000"


@pytest.mark.parametrize("rule", ["", 'rule = "front"'])
def test_the_same_problem_keeps_trade_offs_by_default(project, ratchet: Ratchet, rule: str) -> None:
    project.write("pyproject.toml", PARETO_CONFIG.replace("timeout = 20", f"timeout = 20\n{rule}"))
    project.write(
        "bench.py", "import json, settings as s\nprint(json.dumps({'throughput': s.T, 'latency': {'p99': s.L}}))\n"
    )
    project.write("settings.py", "T, L = 100, 10\n")
    project.commit("a server")
    edits = ["T, L = 200, 11", "T, L = 150, 10.5", "T, L = 90, 10"]
    assert play(project, ratchet, "settings.py", edits) == ["BASELINE", "KEPT", "KEPT", "DISCARDED"]


def blocks(language: str) -> list[str]:
    """Return the code blocks of the engine's page in one language."""
    page = (Path(config_file.__file__).parents[1] / "README.md").read_text("utf-8")
    return [part.split("```")[0] for part in page.split(f"```{language}\n")[1:]]


@pytest.mark.parametrize("block", blocks("toml"))
def test_every_config_on_the_page_is_sound(tmp_path: Path, block: str) -> None:
    (tmp_path / "pyproject.toml").write_text(block)
    assert config_file.load(tmp_path / "pyproject.toml").metrics


def test_the_yaml_on_the_page_is_sound(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    (tmp_path / "ratchet.yaml").write_text(blocks("yaml")[0])
    assert config_file.load(tmp_path / "ratchet.yaml").metric.name == "throughput"
