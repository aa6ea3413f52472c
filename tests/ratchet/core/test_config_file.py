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


@pytest.mark.parametrize(
    ("word", "direction"),
    [("lower_is_better", "minimize"), ("higher_is_better", "maximize"), ("min", "minimize"), ("Higher", "maximize")],
)
def test_a_direction_has_the_words_of_other_tools(word: str, direction: str) -> None:
    assert parse(metric={"name": "m", "direction": word}).metric.direction == direction


def test_a_timeout_is_seconds_or_a_multiple_of_the_baseline() -> None:
    assert (parse(timeout=5).timeout_s, parse(timeout=5).timeout_factor) == (5, None)
    assert (parse(timeout="2x").timeout_s, parse(timeout="2x").timeout_factor) == (600, 2)
    assert complaints(timeout="1x") == ["c: timeout: '1x' is no longer than the baseline. Use a factor such as 2x."]


def test_the_output_that_holds_the_numbers_is_set_for_all_or_for_one() -> None:
    made = parse(stream="stdout", audit=["k", {"name": "l", "stream": "stderr"}])
    assert [source.stream for source in made.sources] == ["stdout", "stdout", "stderr"]
    assert complaints(stream="out") == ["c: stream: 'out' is not one of both, stdout, stderr. Did you mean stdout?"]


def test_several_metrics_keep_trade_offs_unless_the_rule_says_otherwise() -> None:
    several = [{"name": name, "direction": "minimize"} for name in "ab"]
    rules = {
        rule: config_file.parse({**LEAST, "metric": None, "metrics": several, **rule_of}, "c").rule
        for rule, rule_of in [("", {}), *((rule, {"rule": rule}) for rule in ("front", "dominate", "strict"))]
    }
    assert rules == {"": "front", "front": "front", "dominate": "dominate", "strict": "dominate"}


def test_an_arm_may_say_what_to_do() -> None:
    made = parse(bandit={"arms": {"cache": "Keep what is computed twice.", "loop": "Unroll."}}).bandit
    assert made is not None
    assert (made.arms, made.directives["cache"]) == (("cache", "loop"), "Keep what is computed twice.")


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
        ({"metrc": 1}, "c: metrc: this key is unknown. Did you mean metric?"),
        ({"name": 3}, "c: name: 3 is not a non-empty text."),
        ({"name": " "}, "c: name: ' ' is not a non-empty text."),
        ({"run": None}, "c: run: this key is missing; set it to a non-empty text."),
        ({"editable": []}, "c: editable: the list is empty. Name at least one file."),
        ({"editable": ["../x.py"]}, "c: editable: '../x.py' is not a path inside the project."),
        ({"editable": ["/etc/passwd"]}, "c: editable: '/etc/passwd' is not a path inside the project."),
        ({"readonly": [1]}, "c: readonly: [1] is not a list of texts."),
        ({"timeout": 0}, "c: timeout: 0 is not a number above 0."),
        ({"timeout": "10"}, "c: timeout: '10' is not a number above 0."),
        ({"timeout": True}, "c: timeout: True is not a number above 0."),
        ({"timeout": float("nan")}, "c: timeout: nan is not a number above 0."),
        ({"patience": 0}, "c: patience: 0 is not an integer above 0."),
        ({"early_stop": "often"}, "c: early_stop: 'often' is not one of true, false, 'likely'."),
        ({"early_stop": 1}, "c: early_stop: 1 is not one of true, false, 'likely'."),
        ({"max_iterations": 2.5}, "c: max_iterations: 2.5 is not an integer above 0."),
        (
            {"rule": "strct"},
            "c: rule: 'strct' is not one of strict, confirm, margin, front, dominate. Did you mean strict?",
        ),
        ({"bandit": "yes"}, "c: bandit: 'yes' is not a table of keys."),
        (
            {"bandit": {"explore": 1}},
            "c: bandit.explore: this key is unknown. Did you mean exploration?",
        ),
        ({"exits": {"two": "crash"}}, "c: exits.two: 'two' is not an exit status, such as 2."),
        (
            {"exits": {"2": "crsh"}},
            "c: exits.2: 'crsh' is not one of ok, timeout, crash, reject. Did you mean crash?",
        ),
        ({"metric": None}, "c: metric: there is no metric. Add one with name, grep and direction."),
        ({"metrics": [LEAST["metric"]]}, "c: metric: metric and metrics are both set. Keep one."),
        ({"baseline": {"other": 1}}, "c: baseline: there is no value for m. Add it, or remove baseline."),
        (
            {"readonly": ["a.py"]},
            "c: readonly: a.py is editable too. Remove it from one of the two.",
        ),
        ({"rule": "front"}, "c: rule: front needs several metrics, and there is one. Use strict."),
        (
            {"constraints": [{"name": "m", "fail_above": 1}]},
            "c: m: 2 numbers have this name. Rename one.",
        ),
        (
            {"constraints": [{"name": "k"}]},
            "c: constraints[0]: the constraint has no limit. Add fail_above, fail_below, warn_above or warn_below.",
        ),
        (
            {"serve": "s", "editable": ["a.py", "b.py"]},
            "c: serve: a server needs one editable file, not 2. Use run alone.",
        ),
    ],
)
def test_what_is_wrong_is_reported_with_its_place(changes: dict[str, object], complaint: str) -> None:
    assert complaints(**changes) == [complaint]


@pytest.mark.parametrize(
    ("metric", "complaint"),
    [
        (
            {"name": "m", "directon": "maximize", "direction": "up"},
            "c: metric.direction: 'up' is not one of maximize, minimize.",
        ),
        (
            {"name": "m", "directon": "maximize", "direction": "up"},
            "c: metric.directon: this key is unknown. Did you mean direction?",
        ),
        (
            {"name": "m", "direction": "minimise"},
            "c: metric.direction: 'minimise' is not one of maximize, minimize. Did you mean minimize?",
        ),
        (
            {"name": "m", "direction": "minimize", "grep": "*"},
            "c: metric.grep: '*' is not a regular expression (nothing to repeat at position 0).",
        ),
        (
            {"name": "m", "direction": "minimize", "grep": "a", "json": "b"},
            "c: metric: more than one of grep, json, reader, line and parse is set. Keep one.",
        ),
        (
            {"name": "m", "direction": "minimize", "reader": "pytst"},
            "c: metric.reader: 'pytst' is not one of pytest, coverage, hyperfine. Did you mean pytest?",
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
    with pytest.raises(RatchetError, match=r"^ratchet\.yaml: this (is not valid YAML: |file has no keys\.)") as caught:
        config_file.load(tmp_path / "ratchet.yaml")
    assert len(str(caught.value).splitlines()) == 1


def test_a_broken_toml_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ratchet]\nname = \n")
    with pytest.raises(RatchetError, match=r"^pyproject\.toml: this is not valid TOML"):
        config_file.load(tmp_path / "pyproject.toml")


def test_the_nearest_config_is_found_and_the_search_ends_at_the_repo(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ratchet]\n")
    (tmp_path / "repo/deep/deeper").mkdir(parents=True)
    (tmp_path / "repo/pyproject.toml").write_text("[project]\n")
    (tmp_path / "repo/deep/ratchet.yaml").write_text("")
    assert config_file.find(tmp_path / "repo/deep/deeper") == tmp_path / "repo/deep/ratchet.yaml"
    (tmp_path / "repo/.git").mkdir()
    with pytest.raises(RatchetError, match="there is no config, neither"):
        config_file.find(tmp_path / "repo")
