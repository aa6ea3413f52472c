"""The top of a report: the key numbers of the run and the figure. Pure."""

from __future__ import annotations

from ratchet.core.noise import FLOOR_SES, FLOOR_TRIES
from ratchet.core.records import baseline, best
from ratchet.core.stop_rules import since_gain
from ratchet.core.text import CLEAR_SES, number_text, ratio_text
from ratchet.core.trajectory import Climb
from ratchet.views.axes import climb_in
from ratchet.views.report.figure import NARROW, WIDE, draw
from ratchet.views.report.markup import code, line, paragraph, section, shown, signed
from ratchet.views.report.material import Material

KEYS = (
    ("kept", '<circle cx="11" cy="7" r="5.5"/>', "kept"),
    ("dropped", '<circle cx="11" cy="7" r="3.5"/>', "discarded"),
    ("stopped", '<path d="M7 4h8l-4 7z"/>', "stopped early, drawn at the best value that was still possible"),
    ("failed", '<path d="M7.5 3.5l7 7m0-7l-7 7"/>', "crashed, timed out or rejected"),
)


def tiles(material: Material) -> str:
    """Return the key numbers of the run."""
    first, top, tried = baseline(material.history), best(material.history), material.tried
    name = line(material.config.metric.name)
    found = [(str(len(tried)), "experiments"), (str(len(material.kept)), "kept")]
    if top is not None and top.metric is not None:
        found.append((number_text(top.metric), f"best {name}, iter {top.n}"))
    if top is not None and first is not None and top.metric is not None and first.metric is not None and top.n:
        ratio = ratio_text(top.metric, first.metric, material.config.metric)
        found.append(
            (signed(top.metric - first.metric, top.metric), f"over the baseline {shown(first.metric)} ({ratio})")
        )
    cpu = [old.cpu_time_s for old in material.history if old.cpu_time_s is not None]
    if cpu:
        found.append((_duration(sum(cpu)), "CPU time of all measurements"))
    if len(tried) > since_gain(tried) > 0:
        found.append((str(since_gain(tried)), "experiments since the last gain"))
    cells = "\n".join(f"<div><b>{value}</b><span>{label}</span></div>" for value, label in found)
    return f'<div class="tiles">\n{cells}\n</div>'


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def climb_section(material: Material) -> str:
    """Return the figure with its legend, and a box for the selected experiment."""
    if not material.history:
        text = f"No experiment yet. {code('uv run ratchet loop')} measures the baseline and tries ideas."
        return section("climb", "The climb", paragraph(text))
    climb = climb_in(material.events, material.history, material.config)
    listed = {old.n for old in material.listed}
    figures = "\n".join(draw(climb, frame, listed) for frame in (WIDE, NARROW))
    parts = [
        f'<div class="climbing">{figures}<div id="tip" role="status" hidden></div></div>',
        _key(),
        _how_to_read(climb),
        '<div id="chosen" aria-live="polite" hidden></div>',
    ]
    if len(listed) < len(material.history):
        n_small, n_all = len(material.history) - len(listed), len(material.history)
        parts.append(paragraph(f"{n_small} of {n_all} experiments are drawn as small dots and not listed.", "soft"))
    return section("climb", "The climb", *parts)


def _key() -> str:
    rows = "\n".join(
        f'<li><svg viewBox="0 0 22 14" aria-hidden="true"><g class="dot {kind}">{shape}</g></svg>{label}</li>'
        for kind, shape, label in KEYS
    )
    return f'<ul class="legend">\n{rows}\n</ul>'


def _how_to_read(climb: Climb) -> str:
    sentences = []
    if climb.noise is not None:
        sentences.append(
            f"The band is the best so far ± {number_text(climb.noise)} ({CLEAR_SES:g} median standard errors of a "
            "paired difference). Inside it, a single difference may be chance."
        )
    if climb.floor is not None:
        sentences.append(
            f"The noise floor is the expected best of about {FLOOR_TRIES} useless tries "
            f"(baseline plus {FLOOR_SES:g} median standard errors)."
        )
    if climb.placebos:
        sentences.append(
            "A placebo line shows experiments that cannot be better, moved to the same baseline. Its gain is chance."
        )
    sentences.append('<span class="screen">Point at a dot to read its hypothesis. Click it to see its change.</span>')
    return paragraph(" ".join(sentences), "soft")
