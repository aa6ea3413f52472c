"""What an agent prints in JSON: its answer, its tokens, what it cost, and the usage limit that it has reached. Pure.

Covered: `claude --print` and `gemini`, both with `--output-format json` or `stream-json`, and `codex exec --json`. Any
other output is the answer itself, and has no tokens and no cost. Tokens are all that the agent
counts, with those of the prompt that its provider had cached.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ratchet.core.output_parser import is_number
from ratchet.core.records import Experiment, one_line

TOKENS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
SHORT_CHARS = 400  # an answer of more is no message about a limit
LIMIT = re.compile(
    r"usage limit|(?:session|weekly|daily|hourly|monthly|\d+-hour) limit|hit your [\w ]*limit|limit reached"
    r"|quota (?:exceeded|exhausted)|exceeded your current quota|exhausted your (?:daily )?quota|resource_exhausted"
    r"|resource (?:has been )?exhausted|rate.?limit|too many requests|\b429\b",
    re.IGNORECASE,
)
# Some agents end well with such a message as their whole answer.
WHOLE_ANSWER = re.compile(r"(?:Claude (?:AI )?usage limit|You've (?:hit|reached) your|\d+-hour limit)", re.IGNORECASE)
EPOCH = re.compile(r"(?:\||resetsAt\"?\s*:\s*|resets_at\"?\s*:\s*)(\d{10})\b")
SECONDS = re.compile(r"resets_in_seconds\"?\s*:\s*(\d+)")
SPAN = re.compile(
    r"(?:try again|retry|resets?) (?:in|after)\s+((?:\d+(?:\.\d+)?\s*(?:d|h|m|s)[a-z]*[\s,]*(?:and )?)+)", re.IGNORECASE
)
PART = re.compile(r"(\d+(?:\.\d+)?)\s*([dhms])", re.IGNORECASE)
UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
DATE = re.compile(r"try again at (\w{3}) (\d{1,2})(?:st|nd|rd|th),? (\d{4}) (\d{1,2}:\d\d [AP]M)", re.IGNORECASE)
TIME = re.compile(
    r"(?:try again|resets?)(?: at)?\s+(\d{1,2})(?::(\d\d))?\s*([ap]m)?(?:\s*\(([\w/+-]+)\))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of an agent, and what it says about its use; None if it says nothing.

    `error` is its own message about a failure, `limit` the one about a usage limit.
    """

    answer: str
    tokens: int | None = None
    cost_usd: float | None = None
    error: str = ""
    limit: str = ""


def read_report(stdout: str, stderr: str = "", *, has_failed: bool = False) -> Report:
    """Return what an agent has printed. `has_failed`: it exited with an error."""
    events = list(_events(stdout))
    answers = [text for event in events if (text := _answer(event))]
    answer = answers[-1] if answers else "" if events else stdout
    tokens = [count for event in events if (count := _tokens(event)) is not None]
    costs = [cost for event in events if (cost := _cost(event)) is not None]
    error = next((text for event in reversed(events) if (text := _error(event))), "")
    limit = _limit(answer, error, f"{stderr}\n{stdout}", has_failed=has_failed)
    return Report(answer, sum(tokens) if tokens else None, sum(costs) if costs else None, error, limit)


def reset_time(message: str, now: datetime) -> datetime | None:
    """Return when a usage limit ends, as the message says it, or None. `now` has a time zone."""
    if found := EPOCH.search(message):
        return datetime.fromtimestamp(int(found[1]), now.tzinfo)
    if found := SECONDS.search(message):
        return now + timedelta(seconds=int(found[1]))
    if found := SPAN.search(message):
        return now + timedelta(seconds=sum(float(n) * UNITS[unit.lower()] for n, unit in PART.findall(found[1])))
    if found := DATE.search(message):
        with suppress(ValueError):
            text = f"{found[1]} {found[2]} {found[3]} {found[4]}"
            return datetime.strptime(text, "%b %d %Y %I:%M %p").replace(tzinfo=now.tzinfo)
    found = TIME.search(message)
    return _next_time(found, now) if found else None


def spent(history: Sequence[Experiment]) -> tuple[int | None, float | None]:
    """Return the tokens and the US dollars that all agents reported, None if no agent did."""
    tokens = [old.tokens for old in history if old.tokens is not None]
    costs = [old.cost_usd for old in history if old.cost_usd is not None]
    return sum(tokens) if tokens else None, sum(costs) if costs else None


def spent_text(tokens: int | None, cost_usd: float | None) -> str:
    """Return tokens and cost in words, "" if both are unknown."""
    parts = [f"{tokens:,} tokens" if tokens is not None else "", f"{cost_usd:.2f} USD" if cost_usd is not None else ""]
    return ", ".join(part for part in parts if part)


def _events(stdout: str) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON objects of an output: one over several lines, a list of them, or one on each line."""
    start = re.search(r"^[\[{]", stdout, re.MULTILINE)
    whole = _parse(stdout[start.start() :]) if start else None
    if whole is None:
        whole = [_parse(line) for line in stdout.splitlines() if line.startswith("{")]
    yield from (event for event in (whole if isinstance(whole, list) else [whole]) if isinstance(event, dict))


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _inner(event: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    found: Any = event
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _answer(event: Mapping[str, Any]) -> str:
    item = _inner(event, "item")
    message = item.get("text") if item.get("type") == "agent_message" else ""
    texts = (event.get("result"), event.get("response"), message)
    return next((text for text in texts if isinstance(text, str) and text), "")


def _tokens(event: Mapping[str, Any]) -> int | None:
    """Return the tokens of a last event: of claude, of codex, or of gemini with its models."""
    usage, stats = _inner(event, "usage"), _inner(event, "stats")
    if event.get("type") == "turn.completed":  # cached and reasoning tokens are parts of these two
        return _sum(usage, ("input_tokens", "output_tokens"))
    if event.get("type") == "result" and usage:
        return _sum(usage, TOKENS)
    if "total_tokens" in stats:
        return _sum(stats, ("total_tokens",))
    models = [_sum(_inner(stats, "models", name, "tokens"), ("total",)) for name in _inner(stats, "models")]
    counted = [count for count in models if count is not None]
    return sum(counted) if counted else _sum(stats, ("input_tokens", "output_tokens"))


def _sum(counts: Mapping[str, Any], names: Sequence[str]) -> int | None:
    found = [int(counts[name]) for name in names if is_number(counts.get(name))]
    return sum(found) if found else None


def _cost(event: Mapping[str, Any]) -> float | None:
    value = event.get("total_cost_usd", _inner(event, "stats").get("total_cost_usd"))
    return float(value) if is_number(value) else None


def _error(event: Mapping[str, Any]) -> str:
    """Return the message of an event that reports a failure."""
    if event.get("is_error") is True:
        return one_line(str(event.get("result") or event.get("subtype") or "error"))
    message = _inner(event, "error").get("message") or (event.get("type") == "error" and event.get("message"))
    return one_line(str(message)) if message else ""


def _limit(answer: str, error: str, output: str, *, has_failed: bool) -> str:
    """Return the message about a usage limit, "" if there is none."""
    if len(answer) <= SHORT_CHARS and WHOLE_ANSWER.match(answer.strip()):
        return one_line(answer)
    if error and LIMIT.search(error):
        return error
    return one_line(_around(output)) if has_failed and LIMIT.search(output[-SHORT_CHARS * 10 :]) else ""


def _around(output: str) -> str:
    """Return the last line of an output that names a limit, with the time that any of its lines gives."""
    lines = [line for line in output.splitlines() if LIMIT.search(line)]
    timed = next((line for line in reversed(output.splitlines()) if SPAN.search(line) or EPOCH.search(line)), "")
    last = lines[-1] if lines else ""
    return last if timed in {"", last} else f"{last}; {timed}"


def _next_time(found: re.Match[str], now: datetime) -> datetime | None:
    """Return the next time of day that a message names, in the zone that it names, else in that of `now`."""
    zone = now.tzinfo
    with suppress(Exception):  # an unknown zone, or a system without a list of zones
        zone = ZoneInfo(found[4]) if found[4] else zone
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if hour > (12 if half else 23) or minute > 59:
        return None
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    local = now.astimezone(zone)
    then = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return then if then > local else then + timedelta(days=1)
