"""The report: one file, everything an agent wrote is text in it, and it stays small."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from ratchet.core.config import Bandit, Config, Direction, Metric, Source
from ratchet.core.records import Ending, Experiment, Verdict
from ratchet.repo.journal import Event, EventKind
from ratchet.views.report.figure import spread
from ratchet.views.report.material import LISTED, Material, fitting
from ratchet.views.report.page import render

CONFIG = Config(
    name="toy",
    editable=("m.py",),
    run="uv run prepare.py m.py",
    serve="s",
    metrics=(Metric(Source("auc"), Direction.MAXIMIZE),),
    audit=(Source("test_auc"),),
    bandit=Bandit(),
)
HOSTILE = [
    "</script><script>window.ran = 1</script>",
    '<img src=x onerror="window.ran = 1">',
    '"><svg onload=window.ran=1>',
    "' onmouseover='window.ran=1",
    "\u202egnp.exe\x00\x1b[2J\ud800",
    "</style><style>*{display:none}</style>",
    "<!--",
    "]]>",
    "&lt;script&gt;",
    "x" * 10_000_000,
]
ANALYSES = {
    "conclude": {
        "naive": 0.05,
        "corrected": {"mean": 0.01, "low": -0.02, "high": 0.04, "p_not_positive": 0.3},
        "fresh": {"mean": 0.004, "se": 0.005, "p_greater": 0.2, "n_partitions": 4},
        "test": {
            "baseline": {"auc": 0.7123, "low": 0.6, "high": 0.8},
            "winner": {"auc": 0.7234, "low": 0.6, "high": 0.8},
        },
        "n_comparisons": 12,
        "n_stopped_early": None,
        "word": "not distinguishable from selection noise",
        "reasons": "the interval holds zero",
        "caveat": "",
        "calibration": {"n": 4, "sign_hits": 3, "mean_absolute_error": 0.002, "correlation": None},
    },
    "audit": {"findings": [{"severity": "warning", "check": "dates", "evidence": "<i>x</i>", "leak_type": "L3.1"}]},
    "placebo": {"climbs": [{"name": "seeds", "val_aucs": [0.8, 0.81, None], "false_keeps": {"strict": 1}}], "n": 2},
    "export": {"file": "model.skops", "test_auc": 0.7345},
}


def made(n: int, verdict: Verdict, metric: float | None = None, **rest: object) -> Experiment:
    known = {"metrics": {"auc": metric, "test_auc": 0.7777 if metric else None}, "hypothesis": f"idea {n}"}
    return Experiment(n=n, commit=f"{n:040d}", parent="p", verdict=verdict, metric=metric, **(known | rest))


def nasty(n: int, text: str) -> Experiment:
    message = dict.fromkeys(("hypothesis", "reason", "strategy", "note", "agent", "stdout"), text)
    message["stdout"] = f"leaks: {text[:4000]}"
    return made(n, Verdict.REJECT if n % 2 else Verdict.KEEP, 0.8 + n / 100, **message, warnings=(text,), delta=0.01)


def material(history: list[Experiment], **rest: object) -> Material:
    events = [
        Event(EventKind.ANALYSIS, {"name": name, "at": "now", "upto": 1, "answer": message})
        for name, message in ANALYSES.items()
    ]
    known = {"tag": "t", "config": CONFIG, "events": events, "history": history, "has_audit": True}
    return Material(**(known | rest))


class Tags(HTMLParser):
    """Collects every element with its attributes, and notices a page that does not close what it opens."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "br", "circle", "path"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()


def test_what_an_agent_wrote_is_never_an_element_nor_an_attribute() -> None:
    history = [made(0, Verdict.BASELINE, 0.8), *(nasty(n, text) for n, text in enumerate(HOSTILE, start=1))]
    page = render(material(history, diffs={n: f"+{text}" for n, text in enumerate(HOSTILE)}, setup={"<b>": HOSTILE[0]}))
    tags = Tags(page)
    assert [tag for tag, _ in tags.found].count("script") == 1
    assert not {"img", "iframe", "object", "b-"} & {tag for tag, _ in tags.found}
    assert [name for _, attrs in tags.found for name in attrs if name.startswith("on") or name == "style"] == []
    assert all(attrs["href"].startswith("#e") for _, attrs in tags.found if "href" in attrs)
    assert tags.open == []
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800]", page)
    assert len(page) < 400_000


def test_the_policy_names_the_one_script_and_the_one_style_and_allows_nothing_else() -> None:
    page = render(material([made(0, Verdict.BASELINE, 0.8)]))
    policy = re.search('Policy" content="([^"]*)"', page).group(1)
    script, style = (re.findall(f"<{tag}>(.*?)</{tag}>", page, re.S) for tag in ("script", "style"))
    hashes = [f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in (*script, *style)]
    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src {hashes[0]}",
        f"style-src {hashes[1]}",
        "connect-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert "fetch(" not in page
    assert "http:" not in page
    assert "https:" not in page


@pytest.mark.parametrize(
    "history",
    [[], [made(0, Verdict.CRASH, reason="no")], [made(0, Verdict.BASELINE, 0.8)], [made(0, Verdict.BASELINE, 0.0)]],
    ids=["empty", "crashed", "one", "zero"],
)
@pytest.mark.parametrize("events", [[], None], ids=["without studies", "with studies"])
def test_a_run_of_any_size_has_a_report(history: list[Experiment], events: list[Event] | None) -> None:
    page = render(material(history) if events is None else material(history, events=events))
    assert Tags(page).open == []
    assert "nan" not in page.lower().replace("nant", "")


def test_two_hundred_experiments_stay_under_a_megabyte_and_ten_thousand_are_drawn() -> None:
    def run(count: int) -> list[Experiment]:
        tried = [made(n, Verdict.DISCARD, 0.7, hypothesis="why " * 50, note="n" * 4000) for n in range(1, count)]
        return [made(0, Verdict.BASELINE, 0.8), *tried, made(count, Verdict.KEEP, 0.9)]

    patches = {f"{n:040d}": "+a <line>\n" * 250 for n in range(201)}
    short = render(material(run(200), diffs=fitting(run(200), patches)))
    assert len(re.findall("<pre", short)) > 50
    assert len(short.encode()) < 1_000_000
    long = render(material(run(10_000)))
    assert len(re.findall('<details id="e', long)) <= LISTED
    assert long.count("h0M") > 9000


def test_audit_numbers_are_on_the_page_only_where_they_may_be_seen() -> None:
    history = [made(0, Verdict.BASELINE, 0.8), made(1, Verdict.KEEP, 0.85)]
    seen, hidden = render(material(history)), render(material(history, has_audit=False))
    for number in ("0.7777", "0.7234", "0.7345"):
        assert number in seen
        assert number not in hidden
    sealed = Config(**{name: getattr(CONFIG, name) for name in CONFIG.__slots__} | {"sealed": True})
    assert "0.7777" not in render(material(history, config=sealed))


def test_a_conclusion_says_its_word_and_when_it_is_out_of_date() -> None:
    page = render(
        material([made(0, Verdict.BASELINE, 0.8), made(1, Verdict.KEEP, 0.85), made(2, Verdict.DISCARD, 0.8)])
    )
    assert "<b>not distinguishable from selection noise</b>" in page
    assert "The run has continued to experiment 2." in page
    assert "3 of 4 predictions had the right sign" in page
    without = render(material([made(0, Verdict.BASELINE, 0.8), made(1, Verdict.KEEP, 0.85)], events=[]))
    assert "uv run ratchet conclude" in without


def test_the_page_says_how_far_the_checks_went_and_counts_no_reused_number() -> None:
    message = {"stdout": "leaks: none\nfingerprint: f00d"}
    history = [
        made(0, Verdict.BASELINE, 0.8, **message),
        made(1, Verdict.KEEP, 0.85, **message),
        made(2, Verdict.DISCARD, 0.84, **message),
        made(3, Verdict.DISCARD, bound=0.83, **message),
        made(4, Verdict.DISCARD, 0.85, reused=1, reason="no change", **message),
        made(5, Verdict.CRASH, ending=Ending.CRASH, **message),
        made(6, Verdict.REJECT, ending=Ending.REJECT, stdout="leaks: label-flip\nfingerprint: f00d"),
    ]
    page = render(material(history))
    assert "The checks ran on 5 measurements; 1 failed. Of those that passed, 2 got all checks (the baseline" in page
    assert "1 got at least the checks without a refit; 1 stopped early, with the check of the source code only." in page
    assert "<code>f00d</code> (6×)" in page
    plain = Config(**{name: getattr(CONFIG, name) for name in CONFIG.__slots__} | {"serve": ""})
    assert "Of those that passed" not in render(material(history, config=plain))


def test_the_audit_of_the_table_stands_on_the_page_as_text() -> None:
    page = render(material([made(0, Verdict.BASELINE, 0.8)], setup={"card.toml": "x"}))
    assert "&lt;i&gt;x&lt;/i&gt;" in page
    assert "L3.1" in page
    nothing = [Event(EventKind.ANALYSIS, {"name": "audit", "at": "now", "answer": {"findings": []}})]
    assert "found nothing" in render(material([], events=nothing, setup={"card.toml": "x"}))


def test_a_patch_that_is_too_long_is_cut_and_says_so_and_one_that_is_left_out_too() -> None:
    page = render(
        material(
            [made(0, Verdict.BASELINE, 0.8), *(made(n, Verdict.DISCARD, 0.7) for n in (1, 2))], diffs={1: "+x\n" * 9000}
        )
    )
    assert "more characters: uv run ratchet show 1" in page
    assert "<code>uv run ratchet show 2</code>" in page


def test_labels_never_lie_on_each_other() -> None:
    rows = spread([10.0, 10.0, 11.0, 200.0, 199.0], 0.0, 200.0)
    ordered = sorted(rows)
    assert all(later - earlier >= 14.9 for earlier, later in pairwise(ordered))
    assert max(rows) <= 200.0
