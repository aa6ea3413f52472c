"""The profile of a table: one page without scripts, without a label of a held-out row, safe with any name or cell."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tables import make_frame, take

from harness.audit import audit
from harness.audit.page import render_page, write_page
from harness.audit.profile import MAX_DRAWN, make_profile
from harness.data.split import folds, train_test
from harness.data.table import Table
from harness.errors import UserError


def page(table: Table) -> str:
    train, test = train_test(table, test_size=0.2, seed=42)
    profile = make_profile(table, train, audit(table, train, test, seed=42))
    return render_page(table, profile, (train, test), folds(table, train, n_folds=5, seed=42))


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_hostile_names_and_cells_are_text(tmp_path: Path) -> None:
    frame = make_frame().rename(columns={"a": "</style><script>x()</script>", "k": '"><img src=x onerror=x()>'})
    frame["colour"] = frame["colour"].replace({"red": "<iframe src=//x>", "blue": "it's \u202e back"})
    frame["y"] = frame["y"].replace({"yes": "<b onclick=x()>", "no": "{{ 7*7 }}"})
    copied = pd.concat([frame, frame.iloc[:40].assign(m=frame["m"] + 1e-9)])
    text = page(take(tmp_path, copied).table)
    tags = Tags(text)
    assert not tags.names & {"script", "img", "iframe", "b onclick", "link"}
    assert not {name for name in tags.attributes if name.startswith("on")} | (tags.attributes & {"src", "href"})
    assert "&lt;script&gt;" in text
    assert "{{ 7*7 }}" in text
    assert "\u202e" not in text


def test_no_label_of_a_held_out_row_is_on_the_page(tmp_path: Path) -> None:
    more = np.random.default_rng(1).normal(size=(400, 4))
    frame = make_frame(400).drop(columns="m").assign(**{f"b{i}": more[:, i] for i in range(4)})
    frame = pd.concat([frame, frame.iloc[:60].assign(a=lambda rows: rows["a"] + 1e-9)], ignore_index=True)
    table = take(tmp_path, frame).table
    _, test = train_test(table, test_size=0.2, seed=42)
    shuffled = table.y.copy()
    shuffled[test] = np.random.default_rng(0).permutation(table.y[test])
    assert (shuffled != table.y).any()
    train = train_test(table, test_size=0.2, seed=42)[0]
    parts = folds(table, train, n_folds=5, seed=42)
    pages = []
    for y in (table.y, shuffled):
        other = replace(table, y=y)
        findings = audit(other, train, test, seed=42)
        assert any(finding.rows for finding in findings)
        pages.append(render_page(other, make_profile(other, train, findings), (train, test), parts))
    assert pages[0] == pages[1]


def test_the_rows_of_a_finding_are_training_rows(tmp_path: Path) -> None:
    frame = make_frame(300)
    table = take(tmp_path, pd.concat([frame, frame.iloc[:100]], ignore_index=True)).table
    train, test = train_test(table, test_size=0.2, seed=42)
    profile = make_profile(table, train, audit(table, train, test, seed=42))
    shown = [row - 1 for evidence in profile.findings for row, _, _ in evidence.rows]
    assert shown
    assert set(shown) <= set(train.tolist())
    first = next(evidence for evidence in profile.findings if evidence.rows)
    row, label, cells = first.rows[0]
    assert label == table.classes[table.y[row - 1]]
    assert cells[0] == f"{table.X['a'].iloc[row - 1]:.10g}"


def test_the_bars_of_a_column_count_each_training_row_once(tmp_path: Path) -> None:
    table = take(tmp_path, make_frame(300)).table
    train, _ = train_test(table, test_size=0.2, seed=42)
    for column in make_profile(table, train, []).columns:
        assert column.counts.sum(axis=0).tolist() == np.bincount(table.y[train]).tolist()
        assert len(column.bars) == len(column.counts)


def test_a_wide_table_is_drawn_in_part_and_the_rest_is_named(tmp_path: Path) -> None:
    cells = np.random.default_rng(0).normal(size=(60, 1000))
    table = take(tmp_path, pd.DataFrame(cells).add_prefix("g").assign(y=np.arange(60) % 2)).table
    train, _ = train_test(table, test_size=0.2, seed=42)
    profile = make_profile(table, train, [])
    assert len(profile.columns) == MAX_DRAWN
    assert profile.listed[-1] == "g999"


def test_a_profile_is_replaced_and_another_file_is_not(tmp_path: Path) -> None:
    path, text = tmp_path / "data" / "t.profile.html", page(take(tmp_path, make_frame()).table)
    write_page(path, text)
    write_page(path, text)
    assert path.read_text() == text
    path.write_text("<p>notes of the user</p>")
    with pytest.raises(UserError, match="is no profile"):
        write_page(path, text)
    assert path.read_text() == "<p>notes of the user</p>"
