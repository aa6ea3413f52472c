"""Read `[tool.ratchet]` in pyproject.toml, or a ratchet.yaml, and report every error in it with its place."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

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
    Stream,
    Times,
)
from ratchet.core.output_parser import is_number
from ratchet.core.records import Ending, Simplicity
from ratchet.errors import RatchetError, did_you_mean

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")
DIRECTIONS = {
    **dict.fromkeys(("lower_is_better", "lower", "min"), Direction.MINIMIZE),
    **dict.fromkeys(("higher_is_better", "higher", "max"), Direction.MAXIMIZE),
}
NAMES = ("ratchet.yaml", "ratchet.yml", "pyproject.toml")  # the first that holds a config wins


def to_direction(word: str) -> Direction:
    """Return the direction that a word means. Raises RatchetError for one that is unknown."""
    known = {**DIRECTIONS, **{str(direction): direction for direction in Direction}}
    if word.lower() not in known:
        raise RatchetError(f"direction: {word!r} is not one of {', '.join(known)}. Use maximize or minimize.")
    return known[word.lower()]


def find(start: Path) -> Path:
    """Return the config file of the folder or of its nearest parent. Raises RatchetError if there is none."""
    for folder in (start, *start.parents):
        for name in NAMES:
            path = folder / name
            if path.is_file() and (path.suffix != ".toml" or "[tool.ratchet" in path.read_text("utf-8", "replace")):
                return path
        if (folder / ".git").exists():
            break
    raise RatchetError(
        f"{start}: there is no config, neither [tool.ratchet] in pyproject.toml nor a ratchet.yaml. "
        "`uv run ratchet init` proposes one."
    )


def load(path: Path) -> Config:
    """Read a config file. Raises RatchetError with one line for each error."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise RatchetError(
            f"{path}: cannot read this file: {error.strerror}. Name another one with --config."
        ) from None
    except UnicodeDecodeError as error:
        raise RatchetError(f"{path.name}: cannot read this file: {error}. Save it as UTF-8.") from None
    return check_text(text, path.name)


def check_text(text: str, name: str) -> Config:
    """Return the config in the text of a file of that name. Raises RatchetError with one line for each error."""
    if name.endswith(".toml"):
        return parse(_toml_table(text, name), f"{name} [tool.ratchet]")
    return parse(_yaml_table(text, name), name)


def _toml_table(text: str, name: str) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(text).get("tool", {}).get("ratchet", {})
    except tomllib.TOMLDecodeError as error:
        raise RatchetError(f"{name}: this is not valid TOML: {error}.") from None
    return table if isinstance(table, Mapping) else {}


def _yaml_table(text: str, name: str) -> Mapping[str, Any]:
    try:
        import yaml  # only a repo with a YAML config needs it
    except ImportError:
        raise RatchetError(f"{name}: reading YAML needs the package pyyaml. Run `uv add --dev pyyaml`.") from None
    try:
        table = yaml.safe_load(text)
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise RatchetError(f"{name}: this is not valid YAML: {problem}.") from None
    if not isinstance(table, dict):
        raise RatchetError(f"{name}: this file has no keys. Add name, editable, run and metric.")
    return {str(key): _with_text_keys(value) for key, value in table.items()}


def _with_text_keys(value: Any) -> Any:
    """Return a YAML value with text keys, as TOML has them: YAML reads the 2 of `2: timeout` as a number."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def parse(table: Mapping[str, Any], origin: str) -> Config:
    """Return the config of a table of keys. Raises RatchetError with one line for each error."""
    problems: list[str] = []
    config = _config(Keys(table, "", problems), origin)
    if not problems:
        problems = list(_contradictions(config))
    if problems:
        raise RatchetError("\n".join(f"{origin}: {problem}" for problem in problems))
    return config


def _config(keys: Keys, origin: str) -> Config:
    stream = keys.choice("stream", Stream, Stream.BOTH)
    metrics = _metrics(keys, stream)
    config = Config(
        name=keys.text("name"),
        editable=keys.paths("editable", required=True),
        readonly=keys.paths("readonly"),
        setup=keys.paths("setup"),
        link=keys.paths("link"),
        run=keys.text("run"),
        serve=keys.text("serve", ""),
        metrics=metrics,
        constraints=tuple(_constraint(entry, stream) for entry in keys.tables("constraints")),
        audit=tuple(_source(entry, stream) for entry in keys.tables("audit")),
        stream=stream,
        sealed=keys.flag("sealed", False),
        checks=keys.texts("checks"),
        inspect=keys.text("inspect", ""),
        exits=_exits(keys),
        rule=_rule(keys, len(metrics)),
        margin=keys.number("margin", MARGIN_SES, above=0),
        simplicity=_simplicity(keys),
        look_at=keys.optional_number("look_at"),
        early_stop=_early_stop(keys),
        timeout=_timeout(keys),
        cpu_timeout=keys.optional_number("cpu_timeout", above=0),
        memory_mb=keys.optional_number("memory_mb", above=0),
        baseline=keys.numbers("baseline"),
        label=keys.text("label", ""),
        prediction=keys.text("prediction", ""),
        description=keys.pattern("description"),
        reason=keys.pattern("reason"),
        origin=origin,
    )
    config = _with_agent(config, keys)
    keys.report_unknown()
    return config


def _with_agent(config: Config, keys: Keys) -> Config:
    """Read the keys that no number depends on."""
    return replace(
        config,
        context=keys.text("context", ""),
        agent=keys.text("agent", AGENT),
        committee=keys.text("committee", AGENT),
        agent_timeout=keys.number("agent_timeout", AGENT_TIMEOUT_S, above=0),
        web_search=keys.flag("web_search", False),
        notify=keys.text("notify", ""),
        max_iterations=keys.optional_count("max_iterations"),
        patience=keys.optional_count("patience"),
        bandit=_bandit(keys),
    )


def _metrics(keys: Keys, stream: Stream) -> tuple[Metric, ...]:
    if keys.has("metric") and keys.has("metrics"):
        keys.complain("metric", "metric and metrics are both set. Keep one")
    entries = [*keys.tables("metric", single=True), *keys.tables("metrics")]
    if not entries:
        keys.complain("metric", "there is no metric. Add one with name, grep and direction")
    return tuple(_metric(entry, stream) for entry in entries)


def _metric(keys: Keys, stream: Stream) -> Metric:
    direction = keys.choice("direction", Direction, also=DIRECTIONS)
    return Metric(source=_source(keys, stream), direction=direction)


def _constraint(keys: Keys, stream: Stream) -> Constraint:
    limits = {name: keys.optional_number(name) for name in ("fail_above", "fail_below", "warn_above", "warn_below")}
    if all(limit is None for limit in limits.values()):
        keys.complain("", "the constraint has no limit. Add fail_above, fail_below, warn_above or warn_below")
    return Constraint(source=_source(keys, stream), **limits)


def _source(keys: Keys, stream: Stream) -> Source:
    """Read where to find a number; the default is a line with its name."""
    name = keys.text("name")
    grep, path, parse = keys.pattern("grep"), keys.text("json", ""), keys.text("parse", "")
    reader = keys.choice("reader", Reader) if keys.has("reader") else None
    line = keys.line("line")
    if sum(map(bool, (grep, path, reader, line, parse))) > 1:
        keys.complain("", "more than one of grep, json, reader, line and parse is set. Keep one")
    if not (grep or path or reader or line or parse):
        grep = f"^{re.escape(name)}:"
    source = Source(
        name=name,
        grep=grep,
        json=path,
        reader=reader,
        file=keys.text("file", ""),
        line=line,
        parse=parse,
        stream=keys.choice("stream", Stream, stream),
    )
    keys.report_unknown()
    return source


def _rule(keys: Keys, n_metrics: int) -> Rule:
    """Read the rule; several metrics keep trade-offs unless it says otherwise, and strict means dominance for them."""
    rule = keys.choice("rule", Rule, Rule.FRONT if n_metrics > 1 else Rule.STRICT)
    return Rule.DOMINATE if rule is Rule.STRICT and n_metrics > 1 else rule


def _timeout(keys: Keys) -> float | Times:
    """Read the seconds of one measurement; `2x` is a multiple of the duration of the baseline."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*[x×]\s*", keys.text("timeout") if keys.is_text("timeout") else "")
    if found is None:
        return keys.number("timeout", TIMEOUT_S, above=0)
    if float(found.group(1)) <= 1:
        keys.complain("timeout", f"{found.group().strip()!r} is no longer than the baseline. Use a factor such as 2x")
    return Times(float(found.group(1)))


def _simplicity(keys: Keys) -> Simplicity:
    if keys.is_flag("simplicity") and not keys.flag("simplicity", False):
        return Simplicity.OFF  # YAML reads off as false
    return keys.choice("simplicity", Simplicity, Simplicity.NODES)


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
    directives = table.table("arms").all_texts() if table.is_table("arms") else {}
    arms = tuple(directives) or table.texts("arms", named={"table": TABLE_ARMS, "code": CODE_ARMS}) or CODE_ARMS
    bandit = Bandit(arms, table.number("exploration", EXPLORATION, above=0), directives)
    table.report_unknown()
    return bandit


def _contradictions(config: Config) -> list[str]:
    problems = []
    names = [source.name for source in config.sources]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"{name}: {names.count(name)} numbers have this name. Rename one.")
    for metric in config.metrics:
        if config.baseline and metric.name not in config.baseline:
            problems.append(f"baseline: there is no value for {metric.name}. Add it, or remove baseline.")
    for path in sorted({*config.editable} & {*config.readonly}):
        problems.append(f"readonly: {path} is editable too. Remove it from one of the two.")
    if config.serve and len(config.editable) != 1:
        problems.append(f"serve: a server needs one editable file, not {len(config.editable)}. Use run alone.")
    elif config.serve and re.search(r"[*?[]|/$", config.editable[0]):
        problems.append(f"serve: a server needs one editable file, not {config.editable[0]}. Use run alone.")
    if config.rule in {Rule.FRONT, Rule.DOMINATE} and len(config.metrics) == 1:
        problems.append(f"rule: {config.rule} needs several metrics, and there is one. Use strict.")
    for source in config.sources if config.serve else ():
        if source.parse:
            problems.append(
                f"{source.name}: parse has no effect with serve, whose server sends the numbers. Remove it."
            )
    return problems


class Keys:
    """A table of keys, read key by key. Errors are collected with their place; a key that nobody read is unknown."""

    def __init__(self, values: Mapping[str, Any], place: str, problems: list[str]) -> None:
        self._values = values
        self._place = place
        self._problems = problems
        self._known: list[str] = []

    def complain(self, key: str, what: str) -> None:
        """Collect an error of a key, or of the whole table if the key is empty."""
        place = ".".join(part for part in (self._place, key) if part)
        end = "" if what.endswith("?") else "."
        self._problems.append(f"{place}: {what}{end}" if place else f"{what}{end}")

    def report_unknown(self) -> None:
        """Collect an error for every unknown key, with the most similar known key."""
        for key in self._values:
            if key not in self._known:
                known = f"Known keys: {', '.join(sorted(set(self._known)))}"
                hint = did_you_mean(key, self._known, cutoff=0.5) or known
                self.complain(str(key), f"this key is unknown. {hint}")

    def has(self, key: str) -> bool:
        """Say whether the key has a value."""
        self._known.append(key)
        return self._values.get(key) is not None

    def is_flag(self, key: str) -> bool:
        """Say whether the value is true or false."""
        return isinstance(self._values.get(key), bool)

    def is_text(self, key: str) -> bool:
        """Say whether the value is a text."""
        return isinstance(self._values.get(key), str)

    def is_table(self, key: str) -> bool:
        """Say whether the value is a table."""
        return isinstance(self._values.get(key), Mapping)

    def is_exactly(self, key: str, word: str) -> bool:
        """Say whether the value is this word."""
        self._known.append(key)
        return self._values.get(key) == word

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default the key is required."""
        value = self._get(key, default)
        if isinstance(value, str) and (value.strip() or default is not None):
            return value
        return self._wrong(key, "a non-empty text", value, "")

    def texts(self, key: str, named: Mapping[str, tuple[str, ...]] | None = None) -> tuple[str, ...]:
        """Return a list of texts, or the list with a name in `named`; a single text is a list of one."""
        value = self._get(key, [])
        if isinstance(value, str) and named and value in named:
            return named[value]
        if isinstance(value, str) and not named:
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
            return tuple(value)
        words = f"{' or '.join(repr(name) for name in named)} or " if named else ""
        return self._wrong(key, f"{words}a list of texts", value, (), _nearest(value, named or ()))

    def paths(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """Return paths inside the project, in the notation of git."""
        found = self.texts(key)
        if required and not found:
            self.complain(key, "the list is empty. Name at least one file")
        for path in found:
            pure = PurePosixPath(path.replace("\\", "/"))
            if pure.is_absolute() or ".." in pure.parts or ":" in path:
                self.complain(key, f"{path!r} is not a path inside the project")
        return tuple(_tidy(path) for path in found)

    def pattern(self, key: str) -> str:
        """Return a valid regular expression, or an empty text."""
        value = self.text(key, "")
        try:
            re.compile(value)
        except re.error as error:
            return self._wrong(key, "a regular expression", value, "", f" ({error})")
        return value

    def choice(self, key: str, choices: type[E], default: E | None = None, *, also: Mapping[str, E] | None = None) -> E:
        """Return one of a closed set, or what a synonym in `also` means; without a default the key is required."""
        value = self._get(key, default)
        if also and isinstance(value, str) and value.lower().replace("-", "_") in also:
            return also[value.lower().replace("-", "_")]
        try:
            return choices(value)
        except ValueError:
            names = [str(choice) for choice in choices]
            first: E = next(iter(choices))
            return self._wrong(key, f"one of {', '.join(names)}", value, first, _nearest(value, names))

    def flag(self, key: str, default: bool, *, words: Sequence[str] = ()) -> bool:
        """Return true or false; `words` are the other valid values, for an error message."""
        value = self._get(key, default)
        if isinstance(value, bool):
            return value
        expected = f"one of {', '.join(['true', 'false', *map(repr, words)])}"
        return self._wrong(key, expected, value, default, _nearest(value, ["true", "false", *words]))

    def optional_number(self, key: str, *, above: float = -math.inf) -> float | None:
        """Return a finite number, or None if the key is absent."""
        return self.number(key, 0.0, above=above) if self.has(key) else None

    def number(self, key: str, default: float, *, above: float = -math.inf) -> float:
        """Return a finite number, larger than `above`."""
        value = self._get(key, default)
        if is_number(value) and (value > above or key not in self._values):
            return float(value)
        return self._wrong(key, "a number" if above == -math.inf else f"a number above {above:g}", value, default)

    def line(self, key: str) -> int:
        """Return the number of a line, which may count from the end, or 0 if the key is absent."""
        value = self._get(key, None)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value != 0):
            return value or 0
        return self._wrong(key, "the number of a line, such as 1, or -1 for the last", value, 0)

    def all_texts(self) -> dict[str, str]:
        """Return every key of the table with its text."""
        return {str(key): self.text(str(key)) for key in self._values}

    def optional_count(self, key: str) -> int | None:
        """Return an integer of at least 1, or None if the key is absent."""
        value = self._get(key, None)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
            return value
        return self._wrong(key, "an integer above 0", value, None)

    def numbers(self, key: str) -> dict[str, float]:
        """Return a table of numbers by name."""
        table = self.table(key)
        return {name: table.number(name, 0.0) for name in table.keys_that_are(".+", "a name")}

    def table(self, key: str) -> Keys:
        """Return the table under a key, empty if the key is absent."""
        value = self._get(key, {})
        if not isinstance(value, Mapping):
            value = self._wrong(key, "a table of keys", value, {})
        return Keys(value, ".".join(part for part in (self._place, key) if part), self._problems)

    def tables(self, key: str, *, single: bool = False) -> list[Keys]:
        """Return the entries of a list of tables; a text is short for a table with that name."""
        value = self._get(key, [])
        entries = [value] if single and isinstance(value, Mapping | str) else value
        if not isinstance(entries, list) or not all(isinstance(entry, Mapping | str) for entry in entries):
            entries = self._wrong(key, "a table" if single else "a list of tables", value, [])
        place = ".".join(part for part in (self._place, key) if part)
        return [
            Keys(
                {"name": entry} if isinstance(entry, str) else entry,
                place if single else f"{place}[{index}]",
                self._problems,
            )
            for index, entry in enumerate(entries)
        ]

    def keys_that_are(self, pattern: str, what: str) -> list[str]:
        """Return the keys that match a pattern; collect an error for each other key."""
        good = []
        for key in map(str, self._values):
            if re.fullmatch(pattern, key):
                good.append(key)
            else:
                self.complain(key, f"{key!r} is not {what}")
        return good

    def _get(self, key: str, default: Any) -> Any:
        self._known.append(key)
        value = self._values.get(key)
        return default if value is None else value

    def _wrong(self, key: str, expected: str, value: Any, stand_in: T, hint: str = "") -> T:
        found = "this key is missing; set it to" if value is None else f"{value!r} is not"
        self.complain(key, f"{found} {expected}{hint}")
        return stand_in


def _nearest(value: object, known: Iterable[str]) -> str:
    hint = did_you_mean(value, known)
    return f". {hint}" if hint else ""


def _tidy(path: str) -> str:
    """Return a path in the notation of git; a directory keeps its final slash."""
    posix = path.replace("\\", "/")
    return str(PurePosixPath(posix)) + ("/" if posix.endswith("/") else "")
