"""One schema for TOML and YAML; everything that is wrong is said, with its place and the nearest right word."""

from dataclasses import fields
from pathlib import Path

import pytest

from ratchet.core import config_file
from ratchet.core.config import CODE_ARMS, KEYS, TABLE_ARMS, Config, Direction, Reader, Rule, frozen_parts
from ratchet.core.records import Ending
from ratchet.errors import RatchetError

LEAST = {"name": "x", "editable": ["a.py"], "run": "run", "metric": {"name": "m", "direction": "maximize"}}


def parse(**changes: object) -> Config:
    return config_file.parse({**LEAST, **changes}, "c")


def complaints(**changes: object) -> list[str]:
    with pytest.raises(RatchetError) as caught:
        parse(**changes)
    return str(caught.value).splitlines()


def test_the_least_config_has_the_defaults() -> None:
    made = parse()
    assert made.metric.source.grep == "^m:"
    assert (made.timeout, made.agent_timeout, made.agent, made.rule) == (600, 1800, "builtin", Rule.STRICT)
    assert made.bandit is None


def test_the_early_stop_is_exact_unless_the_lossy_rule_is_asked_for() -> None:
    assert (parse().early_stop, parse(early_stop=False).early_stop) == (True, False)
    assert parse(early_stop="likely").early_stop == "likely"


def test_every_key_is_documented_and_every_documented_key_is_read() -> None:
    documented = {key for key, _ in KEYS}
    assert documented == {field.name for field in fields(Config)} - {"origin"} | {"metric"}
    with pytest.raises(RatchetError) as caught:
        config_file.parse({**LEAST, "zzzzzzzz": 1}, "c")
    known = str(caught.value).split("Known keys: ")[1].rstrip(".").split(", ")
    assert set(known) == documented


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"metrc": 1}, "c: metrc: expected a known key, got this one. Did you mean metric?"),
        ({"name": 3}, "c: name: expected a text, got 3."),
        ({"name": " "}, "c: name: expected a text, got ' '."),
        ({"run": None}, "c: run: expected a text, got nothing."),
        ({"editable": []}, "c: editable: expected at least one file, got none."),
        ({"editable": ["../x.py"]}, "c: editable: expected a path inside the project, got '../x.py'."),
        ({"editable": ["/etc/passwd"]}, "c: editable: expected a path inside the project, got '/etc/passwd'."),
        ({"readonly": [1]}, "c: readonly: expected a list of texts, got [1]."),
        ({"timeout": 0}, "c: timeout: expected a number above 0, got 0."),
        ({"timeout": "10"}, "c: timeout: expected a number above 0, got '10'."),
        ({"timeout": True}, "c: timeout: expected a number above 0, got True."),
        ({"timeout": float("nan")}, "c: timeout: expected a number above 0, got nan."),
        ({"patience": 0}, "c: patience: expected a whole number above 0, got 0."),
        ({"early_stop": "often"}, "c: early_stop: expected true, false or 'likely', got 'often'."),
        ({"early_stop": 1}, "c: early_stop: expected true, false or 'likely', got 1."),
        ({"max_iterations": 2.5}, "c: max_iterations: expected a whole number above 0, got 2.5."),
        (
            {"rule": "strct"},
            "c: rule: expected strict or confirm or margin or front, got 'strct'. Did you mean strict?",
        ),
        ({"bandit": "yes"}, "c: bandit: expected a table of keys, got 'yes'."),
        (
            {"bandit": {"explore": 1}},
            "c: bandit.explore: expected a known key, got this one. Did you mean exploration?",
        ),
        ({"exits": {"two": "crash"}}, "c: exits.two: expected an exit status, such as 2, got 'two'."),
        (
            {"exits": {"2": "crsh"}},
            "c: exits.2: expected ok or timeout or crash or reject, got 'crsh'. Did you mean crash?",
        ),
        ({"metric": None}, "c: metric: expected at least one, got none. Add name, grep and direction."),
        ({"metrics": [LEAST["metric"]]}, "c: metric: expected metric or metrics, got both. Keep one."),
        ({"baseline": {"other": 1}}, "c: baseline: expected a value for m, got none. Add it, or remove baseline."),
        (
            {"readonly": ["a.py"]},
            "c: readonly: expected files that never change, got the editable a.py. Remove it from one.",
        ),
        ({"rule": "front"}, "c: rule: expected several metrics for 'front', got one. Use strict."),
        (
            {"constraints": [{"name": "m", "fail_above": 1}]},
            "c: m: expected each number once, got it 2 times. Rename one.",
        ),
        (
            {"constraints": [{"name": "k"}]},
            "c: constraints[0]: expected a limit, got none. Add fail_above, fail_below, warn_above or warn_below.",
        ),
        ({"serve": "s", "editable": ["a.py", "b.py"]}, "c: serve: expected one editable file, got 2. Use run alone."),
    ],
)
def test_what_is_wrong_is_reported_with_its_place(changes: dict[str, object], complaint: str) -> None:
    assert complaints(**changes) == [complaint]


@pytest.mark.parametrize(
    ("metric", "complaint"),
    [
        (
            {"name": "m", "directon": "maximize", "direction": "up"},
            "c: metric.direction: expected maximize or minimize, got 'up'.",
        ),
        (
            {"name": "m", "directon": "maximize", "direction": "up"},
            "c: metric.directon: expected a known key, got this one. Did you mean direction?",
        ),
        (
            {"name": "m", "direction": "minimise"},
            "c: metric.direction: expected maximize or minimize, got 'minimise'. Did you mean minimize?",
        ),
        (
            {"name": "m", "direction": "minimize", "grep": "*"},
            "c: metric.grep: expected a regular expression, got '*' (nothing to repeat at position 0).",
        ),
        (
            {"name": "m", "direction": "minimize", "grep": "a", "json": "b"},
            "c: metric: expected one of grep, json and reader, got several. Keep one.",
        ),
        (
            {"name": "m", "direction": "minimize", "reader": "pytst"},
            "c: metric.reader: expected pytest or coverage or hyperfine, got 'pytst'. Did you mean pytest?",
        ),
    ],
)
def test_what_is_wrong_with_a_metric_is_reported_with_its_place(metric: dict[str, str], complaint: str) -> None:
    assert complaint in complaints(metric=metric)


def test_everything_wrong_is_reported_at_once() -> None:
    assert len(complaints(timeout=-1, patience="x", foo=1, metric={"name": ""})) == 5


def test_the_long_forms_are_read() -> None:
    made = parse(
        metric=None,
        metrics=[
            {"name": "a", "direction": "minimize", "json": "x.y", "file": "out.json"},
            {"name": "b", "direction": "maximize", "reader": "pytest"},
        ],
        audit=["secret", {"name": "other", "grep": "^o (.*)"}],
        bandit={"arms": "table", "exploration": 0.5},
        exits={"2": "timeout"},
        checks="pytest -q",
    )
    assert made.metrics[0].direction is Direction.MINIMIZE
    assert (made.metrics[0].source.json, made.metrics[0].source.file) == ("x.y", "out.json")
    assert made.metrics[1].source.reader is Reader.PYTEST
    assert [source.grep for source in made.audit] == ["^secret:", "^o (.*)"]
    assert (made.bandit.arms, made.bandit.exploration) == (TABLE_ARMS, 0.5)
    assert made.exits == {2: Ending.TIMEOUT}
    assert made.checks == ("pytest -q",)


@pytest.mark.parametrize(
    ("value", "arms"), [(True, CODE_ARMS), (False, None), ({}, CODE_ARMS), ({"arms": ["a", "b"]}, ("a", "b"))]
)
def test_bandit_is_a_switch_or_a_table(value: object, arms: tuple[str, ...] | None) -> None:
    made = parse(bandit=value)
    assert (made.bandit.arms if made.bandit else None) == arms


def test_only_what_gives_numbers_their_meaning_is_frozen() -> None:
    before = frozen_parts(parse())
    assert frozen_parts(parse(context="x", agent="claude", patience=3, bandit=True, name="y")) == before
    changed = frozen_parts(parse(run="other"))
    assert {key for key in before if before[key] != changed[key]} == {"config: run"}


FIELD_YAML = """
name: "knn"
editable:
  - knn.py
readonly:
  - benchmark.py
run: "python3 benchmark.py"
metrics:
  - name: throughput
    grep: "^throughput:"
    direction: maximize
  - name: p99
    grep: "^p99:"
    direction: minimize
constraints:
  - name: accuracy
    grep: "^accuracy:"
    fail_below: 90.0
    warn_above: 100
timeout: 60
baseline:
  throughput: 380.0
  p99: 0.29
  accuracy: 100.0
context: |
  Two thousand points.
agent: "opencode run < {prompt}"
agent_timeout: 900
max_iterations: 20
patience: 5
bandit:
  exploration: 1.0
"""


def test_a_ratchet_yaml_of_the_field_loads_unchanged(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    (tmp_path / "ratchet.yaml").write_text(FIELD_YAML)
    made = config_file.load(config_file.find(tmp_path))
    assert [metric.name for metric in made.metrics] == ["throughput", "p99"]
    assert made.constraints[0].fail_below == 90
    assert made.baseline == {"throughput": 380, "p99": 0.29, "accuracy": 100}
    assert (made.agent, made.agent_timeout, made.max_iterations, made.patience) == (
        "opencode run < {prompt}",
        900,
        20,
        5,
    )
    assert made.bandit is not None
    assert made.bandit.exploration == 1.0
    assert made.context == "Two thousand points.\n"


def test_yaml_keys_that_are_numbers_are_texts(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    (tmp_path / "ratchet.yml").write_text(FIELD_YAML + "exits:\n  2: timeout\n")
    assert config_file.load(config_file.find(tmp_path)).exits == {2: Ending.TIMEOUT}


@pytest.mark.parametrize("text", ["a: [", "", "- 1\n- 2\n", "\t\t"])
def test_a_broken_yaml_is_one_line(tmp_path: Path, text: str) -> None:
    pytest.importorskip("yaml")
    (tmp_path / "ratchet.yaml").write_text(text)
    with pytest.raises(RatchetError, match=r"^ratchet\.yaml: expected") as caught:
        config_file.load(tmp_path / "ratchet.yaml")
    assert len(str(caught.value).splitlines()) == 1


def test_a_broken_toml_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ratchet]\nname = \n")
    with pytest.raises(RatchetError, match=r"^pyproject\.toml: expected TOML, got a mistake"):
        config_file.load(tmp_path / "pyproject.toml")


def test_the_nearest_config_is_found_and_the_search_ends_at_the_repo(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ratchet]\n")
    (tmp_path / "repo/deep/deeper").mkdir(parents=True)
    (tmp_path / "repo/pyproject.toml").write_text("[project]\n")
    (tmp_path / "repo/deep/ratchet.yaml").write_text("")
    assert config_file.find(tmp_path / "repo/deep/deeper") == tmp_path / "repo/deep/ratchet.yaml"
    (tmp_path / "repo/.git").mkdir()
    with pytest.raises(RatchetError, match="got neither"):
        config_file.find(tmp_path / "repo")
