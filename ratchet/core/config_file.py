"""From `[tool.ratchet]` in pyproject.toml, or a ratchet.yaml, to a config or a list of what is wrong with it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ratchet.core.config import (
    AGENT,
    AGENT_TIMEOUT_S,
    CODE_ARMS,
    EXPLORATION,
    LIKELY,
    MARGIN_SES,
    TABLE_ARMS,
    TIMEOUT_S,
    Bandit,
    Config,
    Constraint,
    Direction,
    Metric,
    Reader,
    Rule,
    Source,
)
from ratchet.core.config_keys import Keys
from ratchet.core.records import Ending
from ratchet.errors import RatchetError

NAMES = ("ratchet.yaml", "ratchet.yml", "pyproject.toml")  # the first that holds a config wins


def find(start: Path) -> Path:
    """Return the config file of the directory or of the nearest one above it. Raises RatchetError if there is none."""
    for folder in (start, *start.parents):
        for name in NAMES:
            path = folder / name
            if path.is_file() and (path.suffix != ".toml" or "[tool.ratchet" in path.read_text("utf-8", "replace")):
                return path
        if (folder / ".git").exists():
            break
    raise RatchetError(
        f"{start}: expected [tool.ratchet] in pyproject.toml or a ratchet.yaml, got neither. "
        "`uv run ratchet instruct` prints a prompt that lets an agent write one."
    )


def load(path: Path) -> Config:
    """Read a config file. Raises RatchetError, one line for each thing that is wrong."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RatchetError(f"{path.name}: expected a readable text file, got {error}.") from None
    if path.suffix == ".toml":
        return parse(_toml_table(text, path.name), f"{path.name} [tool.ratchet]")
    return parse(_yaml_table(text, path.name), path.name)


def _toml_table(text: str, name: str) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(text).get("tool", {}).get("ratchet", {})
    except tomllib.TOMLDecodeError as error:
        raise RatchetError(f"{name}: expected TOML, got a mistake: {error}.") from None
    return table if isinstance(table, Mapping) else {}


def _yaml_table(text: str, name: str) -> Mapping[str, Any]:
    try:
        import yaml  # only a repo that says it in YAML needs it
    except ImportError:
        raise RatchetError(f"{name}: expected the package pyyaml to read it. `uv add --dev pyyaml`.") from None
    try:
        table = yaml.safe_load(text)
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise RatchetError(f"{name}: expected YAML, got a mistake: {problem}.") from None
    if not isinstance(table, dict):
        raise RatchetError(f"{name}: expected keys such as name, editable, run and metric, got none.")
    return {str(key): _with_text_keys(value) for key, value in table.items()}


def _with_text_keys(value: Any) -> Any:
    """YAML has numbers for keys (`2: timeout`); TOML and JSON have texts, and so have we."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def parse(table: Mapping[str, Any], origin: str) -> Config:
    """Return the config that a table of keys means. Raises RatchetError, one line for each thing that is wrong."""
    problems: list[str] = []
    config = _config(Keys(table, "", problems), origin)
    if not problems:
        problems = list(_contradictions(config))
    if problems:
        raise RatchetError("\n".join(f"{origin}: {problem}" for problem in problems))
    return config


def _config(keys: Keys, origin: str) -> Config:
    config = Config(
        name=keys.text("name"),
        editable=keys.paths("editable", required=True),
        readonly=keys.paths("readonly"),
        setup=keys.paths("setup"),
        link=keys.paths("link"),
        run=keys.text("run"),
        serve=keys.text("serve", ""),
        metrics=_metrics(keys),
        constraints=tuple(_constraint(entry) for entry in keys.tables("constraints")),
        audit=tuple(_source(entry) for entry in keys.tables("audit")),
        sealed=keys.flag("sealed", False),
        checks=keys.texts("checks"),
        inspect=keys.text("inspect", ""),
        exits=_exits(keys),
        rule=keys.choice("rule", Rule, Rule.STRICT),
        margin=keys.number("margin", MARGIN_SES, above=0),
        look_at=keys.optional_number("look_at"),
        early_stop=_early_stop(keys),
        timeout=keys.number("timeout", TIMEOUT_S, above=0),
        cpu_timeout=keys.optional_number("cpu_timeout", above=0),
        memory_mb=keys.optional_number("memory_mb", above=0),
        baseline=keys.numbers("baseline"),
        label=keys.text("label", ""),
        prediction=keys.text("prediction", ""),
        description=keys.pattern("description"),
        reason=keys.pattern("reason"),
        context=keys.text("context", ""),
        agent=keys.text("agent", AGENT),
        committee=keys.text("committee", AGENT),
        agent_timeout=keys.number("agent_timeout", AGENT_TIMEOUT_S, above=0),
        max_iterations=keys.optional_count("max_iterations"),
        patience=keys.optional_count("patience"),
        bandit=_bandit(keys),
        origin=origin,
    )
    keys.report_unknown()
    return config


def _metrics(keys: Keys) -> tuple[Metric, ...]:
    if keys.has("metric") and keys.has("metrics"):
        keys.complain("metric", "expected metric or metrics, got both. Keep one")
    entries = [*keys.tables("metric", single=True), *keys.tables("metrics")]
    if not entries:
        keys.complain("metric", "expected at least one, got none. Add name, grep and direction")
    return tuple(_metric(entry) for entry in entries)


def _metric(keys: Keys) -> Metric:
    direction = keys.choice("direction", Direction)
    return Metric(source=_source(keys), direction=direction)


def _constraint(keys: Keys) -> Constraint:
    limits = {name: keys.optional_number(name) for name in ("fail_above", "fail_below", "warn_above", "warn_below")}
    if all(limit is None for limit in limits.values()):
        keys.complain("", "expected a limit, got none. Add fail_above, fail_below, warn_above or warn_below")
    return Constraint(source=_source(keys), **limits)


def _source(keys: Keys) -> Source:
    """Read where a number stands; the default is a line that begins with its name."""
    name = keys.text("name")
    grep, path = keys.pattern("grep"), keys.text("json", "")
    reader = keys.choice("reader", Reader) if keys.has("reader") else None
    if sum((bool(grep), bool(path), reader is not None)) > 1:
        keys.complain("", "expected one of grep, json and reader, got several. Keep one")
    if not (grep or path or reader):
        grep = f"^{re.escape(name)}:"
    source = Source(name=name, grep=grep, json=path, reader=reader, file=keys.text("file", ""))
    keys.report_unknown()
    return source


def _early_stop(keys: Keys) -> bool | str:
    if keys.is_exactly("early_stop", LIKELY):
        return LIKELY
    return keys.flag("early_stop", True, words=[LIKELY])


def _exits(keys: Keys) -> dict[int, Ending]:
    table = keys.table("exits")
    return {int(code): table.choice(code, Ending) for code in table.keys_that_are(r"\d+", "an exit status, such as 2")}


def _bandit(keys: Keys) -> Bandit | None:
    if not keys.has("bandit") or keys.is_flag("bandit"):
        return Bandit() if keys.flag("bandit", False) else None
    table = keys.table("bandit")
    arms = table.texts("arms", named={"table": TABLE_ARMS, "code": CODE_ARMS}) or CODE_ARMS
    bandit = Bandit(arms=arms, exploration=table.number("exploration", EXPLORATION, above=0))
    table.report_unknown()
    return bandit


def _contradictions(config: Config) -> list[str]:
    problems = []
    names = [source.name for source in config.sources]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"{name}: expected each number once, got it {names.count(name)} times. Rename one.")
    for metric in config.metrics:
        if config.baseline and metric.name not in config.baseline:
            problems.append(f"baseline: expected a value for {metric.name}, got none. Add it, or remove baseline.")
    for path in sorted({*config.editable} & {*config.readonly}):
        problems.append(f"readonly: expected files that never change, got the editable {path}. Remove it from one.")
    if config.serve and len(config.editable) != 1:
        problems.append(f"serve: expected one editable file, got {len(config.editable)}. Use run alone.")
    if config.rule is Rule.FRONT and len(config.metrics) == 1:
        problems.append("rule: expected several metrics for 'front', got one. Use strict.")
    return problems
