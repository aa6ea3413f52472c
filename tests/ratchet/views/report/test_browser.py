"""The report in a real browser: dots can be pointed at, clicked and walked along by key; nothing hostile runs."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from ratchet.core.config import Config, Direction, Metric, Source
from ratchet.core.records import Experiment, Verdict
from ratchet.repo.journal import Event, EventKind
from ratchet.views.report.material import Material
from ratchet.views.report.page import render
from tests.ratchet.views.report.browser import WHY_NOT, Browser, browsing, has_browser

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not has_browser(), reason=WHY_NOT)]
CONFIG = Config(name="toy", editable=("m.py",), run="r", metrics=(Metric(Source("auc"), Direction.MAXIMIZE),))
ATTACKS = [
    "</script><script>window.ran = 1</script>",
    '<img src=x onerror="window.ran = 1">',
    '"><svg onload=window.ran=1>',
    "</title></style><style>*{display:none}</style>",
    '<iframe srcdoc="<script>parent.ran = 1</script>">',
]


def made(n: int, verdict: Verdict, metric: float | None, text: str = "a plain idea") -> Experiment:
    message = dict.fromkeys(("hypothesis", "reason", "note", "strategy", "agent"), text)
    delta = None if n == 0 or metric is None else metric - 0.8
    return Experiment(n=n, commit=f"{n:040d}", parent="p", verdict=verdict, metric=metric, delta=delta, **message)


def page() -> str:
    history = [made(0, Verdict.BASELINE, 0.80), made(1, Verdict.DISCARD, 0.79), made(2, Verdict.KEEP, 0.85)]
    history += [made(n, Verdict.KEEP, 0.85 + n / 1000, text) for n, text in enumerate(ATTACKS, start=3)]
    history += [made(8, Verdict.CRASH, None), made(9, Verdict.DISCARD, 0.81, "the last idea")]
    diffs = {n: f"-old\n+{ATTACKS[n % len(ATTACKS)]}" for n in range(10)}
    events = [Event(EventKind.STOP, {"reason": ATTACKS[0], "at": ATTACKS[1]})]
    return render(Material("t", CONFIG, events, history, diffs, {ATTACKS[0]: ATTACKS[1]}, has_audit=True))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as window:
        yield window


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Browser:
    """The page, opened from disk as a student would."""
    target = tmp_path / "report.html"
    target.write_text(page(), "utf-8")
    browser.resize(1200)
    browser.open(target.as_uri())
    return browser


def test_pointing_at_a_dot_shows_its_hypothesis_and_its_delta(shown: Browser) -> None:
    assert shown.run("return document.getElementById('tip').hidden")
    shown.hover("svg.wide a[href='#e1']")
    assert "a plain idea" in shown.text("#tip")
    assert "Δ -0.0100" in shown.text("#tip")


def test_clicking_a_dot_shows_its_change_and_escape_puts_it_away(shown: Browser) -> None:
    shown.click("svg.wide a[href='#e2']")
    assert shown.text("#chosen pre") == '-old\n+"><svg onload=window.ran=1>'
    assert shown.run("return location.hash") == "#e2"
    shown.press("Escape")
    assert shown.run("return document.getElementById('chosen').hidden")


def test_the_keyboard_goes_from_dot_to_dot_and_enter_shows_one(shown: Browser) -> None:
    for _ in range(20):
        shown.press("Tab")
        if shown.run("return document.activeElement.matches('a.dot')"):
            break
    assert shown.run("return document.activeElement.getAttribute('href')") == "#e7"
    shown.press("ArrowRight")
    shown.press("ArrowRight")
    assert "the last idea" in shown.text("#tip")
    shown.press("Enter")
    assert "the last idea" in shown.text("#chosen")


def test_nothing_that_an_agent_wrote_runs_and_nothing_is_asked_of_anybody(shown: Browser) -> None:
    for n in range(10):
        shown.click(f"svg.wide a[href='#e{n}']")
    shown.run("for (const entry of document.querySelectorAll('details')) entry.open = true")
    assert shown.run("return typeof window.ran") == "undefined"
    assert shown.run("return document.querySelectorAll('script').length") == 1
    assert shown.run("return document.querySelectorAll('img, iframe, svg svg, main style').length") == 0
    assert shown.run("return performance.getEntriesByType('resource').length") == 0
    assert shown.run("return document.querySelector('h1').offsetHeight > 0")
    assert shown.complaints() == []


def test_a_script_that_got_in_would_be_stopped_by_the_policy(browser: Browser, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text(page().replace("</main>", "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"))
    browser.open(target.as_uri())
    assert browser.run("return typeof window.ran") == "undefined"
    assert any("Content Security Policy" in line for line in browser.complaints())


def test_it_fits_a_phone_and_a_finger_finds_the_dots(shown: Browser) -> None:
    shown.resize(360, 740)
    assert shown.run("return document.documentElement.scrollWidth") <= 360
    assert shown.run("return getComputedStyle(document.querySelector('svg.wide')).display") == "none"
    shown.click("svg.narrow a[href='#e2']")
    assert "0.8500" in shown.text("#chosen")


def test_dark_and_light_differ_and_both_can_be_read(shown: Browser) -> None:
    seen = {}
    for is_dark in (False, True):
        shown.resize(1200, dark=is_dark)
        seen[is_dark] = shown.run("const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]")
    for ink, paper in seen.values():
        assert contrast(ink, paper) > 7
    assert seen[True] != seen[False]


def test_print_shows_the_change_of_what_was_kept_and_hides_the_rest(shown: Browser) -> None:
    shown.tell("Emulation.setEmulatedMedia", {"media": "print"})
    is_seen = shown.run("return [2, 9].map((n) => document.querySelector(`#e${n} pre`).checkVisibility())")
    assert is_seen == [True, False]
    pdf = base64.b64decode(shown.tell("Page.printToPDF", {})["data"])
    assert pdf.startswith(b"%PDF")


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two CSS colours."""
    light = sorted(luminance(color) for color in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


def luminance(color: str) -> float:
    channels = [int(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
