"""The top of a report: the key numbers of the run and the figure. Pure."""

from __future__ import annotations

from ratchet.core.records import baseline, best
from ratchet.core.spending import spent, spent_text
from ratchet.core.stop_rules import since_gain
from ratchet.core.text import number_text, ratio_text
from ratchet.views.axes import climb_in
from ratchet.views.report.figure import NARROW, WIDE, Drawing
from ratchet.views.report.markup import line, shown, signed
from ratchet.views.report.material import Material


def tiles(material: Material) -> list[tuple[str, str]]:
    """Return the key numbers of the run, each with its label."""
    first, top, tried = baseline(material.history), best(material.history), material.tried
    name = line(material.config.metric.name)
    found = [(str(len(tried)), "experiments"), (str(len(material.kept)), "kept")]
    if top is not None and top.metric is not None:
        found.append((number_text(top.metric), f"best {name}, iter {top.n}"))
    if top is not None and first is not None and top.metric is not None and first.metric is not None and top.n:
        gain, ratio = top.metric - first.metric, ratio_text(top.metric, first.metric, material.config.metric)
        found.append((signed(gain, top.metric), f"over the baseline {shown(first.metric)} ({ratio})"))
    cpu = [old.cpu_time_s for old in material.history if old.cpu_time_s is not None]
    if cpu:
        seconds = sum(cpu)
        duration = f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"
        found.append((duration, "CPU time of all measurements"))
    if used := spent_text(*spent(material.history)):
        found.append((used, "used by all agents, as they report it"))
    if len(tried) > since_gain(tried) > 0:
        found.append((str(since_gain(tried)), "experiments since the last gain"))
    return found


def figures(material: Material) -> list[Drawing]:
    """Return the figure for a wide and for a narrow window."""
    climb = climb_in(material.events, material.history, material.config)
    listed = {old.n for old in material.listed}
    return [Drawing(climb, frame, listed) for frame in (WIDE, NARROW)]
