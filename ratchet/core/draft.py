"""A config that is proposed and not written yet: rows for a person, and a commented ratchet.yaml or TOML. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

SECONDS = {"": 1, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
WHERE = ("grep", "json", "reader", "line", "parse")
LIMITS = {"<=": "fail_above", "<": "fail_above", ">=": "fail_below", ">": "fail_below"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed config. `where` is the key and the value that find the number, `because` says why, by field."""

    name: str
    editable: tuple[str, ...]
    run: str
    metric: str
    direction: str
    readonly: tuple[str, ...] = ()
    where: tuple[str, str | int] | None = None
    timeout: float | str = 600
    exits: Mapping[int, str] = field(default_factory=dict)
    constraints: tuple[tuple[str, str, float], ...] = ()
    checks: tuple[str, ...] = ()
    context: str = ""
    agent: str = ""
    max_iterations: int | None = None
    simplicity: str = ""
    web_search: bool | None = None
    because: Mapping[str, str] = field(default_factory=dict)


def seconds_of(text: str) -> float | str | None:
    """Return the seconds in `300`, `5 min` or `300 s`; `2x` stays as it is; None if it is neither."""
    if re.fullmatch(r"\d+(?:\.\d+)?\s*[x×]", text.strip()):
        return text.strip()
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]*?)s?", text.strip().lower())
    if found is None or found.group(2) not in SECONDS:
        return None
    value = float(found.group(1)) * SECONDS[found.group(2)]
    return int(value) if value.is_integer() else value


def where_of(text: str) -> tuple[str, str | int] | None:
    """Return the key and the value of a way to find a number, as people write it.

    `json:a.b`, `line:-1`, `reader:pytest`, `grep:PATTERN` and `parse:COMMAND` say it; otherwise a text with the words
    of a shell is a command, a path from `$` is JSON, the name of a reader is one, and the rest is a pattern.
    """
    text = text.strip().strip("`")
    key, _, value = text.partition(":")
    if key in WHERE and value.strip():
        return key, int(value) if key == "line" and re.fullmatch(r"\s*-?\d+\s*", value) else value.strip()
    if text in {"pytest", "coverage", "hyperfine"}:
        return "reader", text
    if text.startswith("$."):
        return "json", text
    if re.match(r"(grep|awk|sed|tail|head|jq|cut|python3?|cat|perl)\s", text) or " | " in text:
        return "parse", text
    return ("grep", text) if text else None


def limit_of(text: str) -> tuple[str, str, float] | None:
    """Return name, key and value of a constraint such as `errors <= 0`; None if it is none."""
    found = re.fullmatch(r"\s*([\w.-]+)\s*(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)\s*", text)
    return (found.group(1), LIMITS[found.group(2)], float(found.group(3))) if found else None


def draft_rows(draft: Draft) -> list[tuple[str, str, str]]:
    """Return field, value and reason of everything that the config will say."""
    limits = [f"{name} {key} {value:g}" for name, key, value in draft.constraints]
    found = f"{draft.where[0]}: {draft.where[1]}" if draft.where else f"a line `{draft.metric}: value`"
    rows = [
        ("name", draft.name),
        ("editable", ", ".join(draft.editable)),
        ("readonly", ", ".join(draft.readonly)),
        ("run", draft.run),
        ("metric", f"{draft.metric}, {draft.direction}"),
        ("found by", found),
        ("constraints", ", ".join(limits)),
        ("checks", "; ".join(draft.checks)),
        ("timeout", str(draft.timeout)),
        ("max_iterations", str(draft.max_iterations or "")),
        ("simplicity", draft.simplicity),
        ("web_search", "" if draft.web_search is None else str(draft.web_search).lower()),
        ("agent", draft.agent),
        ("context", draft.context),
    ]
    return [(key, value, draft.because.get(key.split()[0], "")) for key, value in rows if value]


def yaml_text(draft: Draft) -> str:
    """Return the draft as a commented ratchet.yaml."""
    lines = [
        "# A config of ratchet. `ratchet check` reads it back, `ratchet run` measures once, `ratchet instruct` prints",
        "# every key with a description.",
    ]
    for key, value, comment in _entries(draft):
        lines.append(f"{key}: {_yaml(value)}{f'  # {comment}' if comment else ''}")
    lines += ["", "metric:", *(f"  {key}: {json.dumps(value)}" for key, value in _metric(draft))]
    if draft.constraints:
        lines += ["", "constraints:  # beyond fail_* an edit is rejected, whatever the metric"]
        for name, key, value in draft.constraints:
            lines += [f"  - name: {json.dumps(name)}", f"    {key}: {value:g}"]
    return "\n".join(lines) + "\n"


def toml_text(draft: Draft) -> str:
    """Return the draft as commented sections of a pyproject.toml."""
    lines = ["# `ratchet check` reads this back, `ratchet run` measures once, `ratchet instruct` prints every key."]
    lines.append("[tool.ratchet]")
    for key, value, comment in _entries(draft):
        lines.append(f"{key} = {_toml(value)}{f'  # {comment}' if comment else ''}")
    lines += ["", "[tool.ratchet.metric]", *(f"{key} = {json.dumps(value)}" for key, value in _metric(draft))]
    for name, key, value in draft.constraints:
        lines += ["", "[[tool.ratchet.constraints]]", f"name = {json.dumps(name)}", f"{key} = {value:g}"]
    return "\n".join(lines) + "\n"


def _entries(draft: Draft) -> list[tuple[str, object, str]]:
    """Return key, value and comment of the plain keys, without those that hold nothing."""
    entries: list[tuple[str, object, str]] = [
        ("name", draft.name, ""),
        ("editable", list(draft.editable), "files, folders/ and globs that an experiment may change"),
        ("readonly", list(draft.readonly), "frozen during a run: the number would mean something else"),
        ("run", draft.run, "a shell line, run in a checkout of the commit"),
        ("exits", {str(code): what for code, what in draft.exits.items()}, "this status is no crash"),
        ("timeout", draft.timeout, 'seconds, or "2x" the baseline'),
        ("checks", list(draft.checks), "must succeed before a better number is kept"),
        (
            "agent",
            draft.agent,
            "for `ratchet loop`: a name that its --help lists, or a command with {prompt}",
        ),
        ("max_iterations", draft.max_iterations, "experiments of one loop; without it there is no limit"),
        ("simplicity", draft.simplicity, "what breaks a tie"),
        ("web_search", draft.web_search, "may an agent search the web?"),
        ("context", draft.context, ""),
    ]
    return [entry for entry in entries if entry[1] not in (None, "", [], {})]


def _metric(draft: Draft) -> list[tuple[str, str | int]]:
    where = [draft.where] if draft.where else []
    return [("name", draft.metric), *where, ("direction", draft.direction)]


def _yaml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # JSON is YAML


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {json.dumps(item)}" for key, item in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(json.dumps(item, ensure_ascii=False) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
