"""The audit finds one planted leak of each type, and nothing in clean tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from tables import make_frame, take

from harness.audit import CHECKS, Finding, LeakType, Severity, audit, render, unlike_parts
from harness.audit.base import View
from harness.audit.duplicates import near_pairs
from harness.data.build import read_table
from harness.data.config import DEFAULT_CARD, ColumnType, parse_card
from harness.data.split import train_test
from harness.data.table import Table

ROOT = Path(__file__).resolve().parents[3]
N_ROWS = 400


def clean(seed: int = 0) -> pd.DataFrame:
    return make_frame(N_ROWS, seed)


def look(root: Path, frame: pd.DataFrame, target: str = "y", **options: Any) -> list[Finding]:
    return audit_table(take(root, frame, target, **options).table)


def look_at_columns(root: Path, frame: pd.DataFrame) -> list[Finding]:
    """Run all checks but the comparison of train and test rows: its 300 trees take three quarters of an audit."""
    table = take(root, frame).table
    view = View(table, *train_test(table, test_size=0.2, seed=42), 42)
    return [finding for check in CHECKS if check is not unlike_parts for finding in check(view)]


def audit_table(table: Table) -> list[Finding]:
    train, test = train_test(table, test_size=0.2, seed=42)
    return audit(table, train, test, seed=42)


def alarms(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is not Severity.INFO]


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_a_clean_table_raises_no_alarm_and_no_remark(tmp_path: Path, seed: int) -> None:
    assert look(tmp_path, clean(seed)) == []


@pytest.mark.parametrize(
    "name",
    [pytest.param("iris", marks=pytest.mark.slow), "wine", pytest.param("breast_cancer", marks=pytest.mark.slow)],
)
def test_well_known_clean_tables_raise_no_alarm(tmp_path: Path, name: str) -> None:
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    assert alarms(look(tmp_path, frame, "target")) == []


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_a_split_by_group_or_time_raises_no_alarm_on_a_clean_table(tmp_path: Path, seed: int) -> None:
    frame = clean(seed).assign(who=[f"p{row // 2}" for row in range(N_ROWS)], when=range(N_ROWS))
    assert alarms(look(tmp_path, frame, group="who", drop=("when",))) == []
    assert alarms(look(tmp_path, frame, time="when", drop=("who",))) == []


rng = np.random.default_rng(7)
is_yes = clean()["y"].eq("yes").to_numpy()
noise = rng.normal(size=N_ROWS)


def wide() -> pd.DataFrame:
    return clean().assign(b=noise.round(6))


def some(share: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return rng.random(N_ROWS) < share


PLANTED: dict[str, tuple[Callable[[], pd.DataFrame], str, LeakType, str]] = {
    "near copies, all numbers moved a little": (
        lambda: pd.concat([wide(), wide().iloc[:40].assign(a=lambda t: t["a"] + 1e-4, m=lambda t: t["m"] - 1e-4)]),
        "near-duplicates",
        LeakType.DUPLICATES,
        "pairs of rows agree",
    ),
    "near copies, one cell changed": (
        lambda: pd.concat([wide(), wide().iloc[:40].assign(k=9)]),
        "near-duplicates",
        LeakType.DUPLICATES,
        "0 of train rows differ in class",
    ),
    "the target by another name": (
        lambda: clean().assign(outcome=np.where(is_yes, 17, 4)),
        "gives-the-answer-away",
        LeakType.FEATURES,
        "'outcome': each of its values corresponds to one class",
    ),
    "the target with one cell in twenty flipped": (
        lambda: clean().assign(outcome=np.where(some(0.04), ~is_yes, is_yes)),
        "gives-the-answer-away",
        LeakType.FEATURES,
        "'outcome': alone it has AUC",
    ),
    "the target behind a number": (
        lambda: clean().assign(days=np.where(is_yes, 100, 20) + rng.normal(size=N_ROWS) * 9),
        "gives-the-answer-away",
        LeakType.FEATURES,
        "'days': alone it has AUC",
    ),
    "cells missing because of the answer": (
        lambda: clean().assign(lab=np.where(is_yes & some(0.7), np.nan, noise)),
        "telling-missingness",
        LeakType.FEATURES,
        "'lab' is missing in",
    ),
    "a few cells missing in one class alone": (
        lambda: clean().assign(lab=np.where(is_yes & some(0.2), np.nan, noise)),
        "telling-missingness",
        LeakType.FEATURES,
        "100% of them are class 'yes'",
    ),
    "a number for each row": (
        lambda: clean().assign(member=rng.permutation(N_ROWS) + 5000),
        "identifier",
        LeakType.FEATURES,
        "'member' has 400 different values in 400 rows, with hardly any gaps",
    ),
    "a name for each row": (
        lambda: clean().assign(name=[f"person {row}" for row in range(N_ROWS)]),
        "identifier",
        LeakType.FEATURES,
        "all text",
    ),
    "dates without a time split": (
        lambda: clean().assign(sold=pd.date_range("2023-01-01", periods=N_ROWS, freq="9h").strftime("%Y-%m-%d %H:%M")),
        "no-time-split",
        LeakType.TEMPORAL,
        "'sold' looks like a time",
    ),
    "people with several rows, by name": (
        lambda: clean().assign(patient_id=rng.permutation(np.arange(N_ROWS) // 4)),
        "no-group-split",
        LeakType.DEPENDENCE,
        "'patient_id' has 100 values in 400 rows",
    ),
    "people with several rows, by likeness": (
        lambda: clean().assign(
            x=[f"z{row // 4}" for row in range(N_ROWS)],
            a=np.repeat(noise[:100], 4) + 0.05 * rng.normal(size=N_ROWS),
            m=np.repeat(noise[100:200], 4),
            colour=np.repeat(rng.choice(["red", "blue"], 100), 4),
        ),
        "no-group-split",
        LeakType.DEPENDENCE,
        "'x' has 100 values in 400 rows",
    ),
    "numbers that were scaled": (
        lambda: clean().assign(a=lambda table: (table["a"] - table["a"].mean()) / table["a"].std()),
        "prepared-before",
        LeakType.PREPROCESSING,
        "'a': scaled to mean 0 and SD 1",
    ),
    "cells that were filled": (
        lambda: clean().assign(m=lambda table: table["m"].fillna(table["m"].mean())),
        "prepared-before",
        LeakType.PREPROCESSING,
        "'m': imputed with the mean or median",
    ),
    "a class too rare to measure": (
        lambda: clean().assign(y=np.where(is_yes & some(0.12), "yes", "no")),
        "rare-class",
        LeakType.NO_TEST_SET,
        "class 'yes' has",
    ),
}


SECOND = {  # of a check that another case is found by
    *("near copies, one cell changed", "the target with one cell in twenty flipped", "a name for each row"),
    *("a few cells missing in one class alone", "people with several rows, by likeness", "cells that were filled"),
}


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=name, marks=pytest.mark.slow if name in SECOND else []) for name, case in PLANTED.items()],
)
def test_a_planted_leak_is_found_with_its_type_and_evidence(
    tmp_path: Path, case: tuple[Callable[[], pd.DataFrame], str, LeakType, str]
) -> None:
    make, check, leak_type, evidence = case
    found = [finding for finding in alarms(look_at_columns(tmp_path, make())) if finding.check == check]
    assert [finding.leak_type for finding in found] == [leak_type]
    assert evidence in found[0].evidence


def test_copies_that_the_split_keeps_together_are_counted_without_alarm(tmp_path: Path) -> None:
    frame = pd.concat([clean(), clean().iloc[:50], clean().iloc[:3].assign(y=["yes", "no", "yes"])])
    (found,) = look_at_columns(tmp_path, frame)
    assert (found.check, found.severity, found.leak_type) == ("duplicates", Severity.INFO, LeakType.DUPLICATES)
    assert found.evidence.startswith("53 of 453 rows are duplicates of another; 0 test rows have a duplicate")


def test_copies_that_the_split_cannot_keep_together_are_an_alarm(tmp_path: Path) -> None:
    frame = pd.concat([clean(), clean().iloc[:50]]).assign(when=np.random.default_rng(0).permutation(450))
    found = {finding.check: finding for finding in look(tmp_path, frame, time="when")}
    assert found["duplicates"].severity is Severity.WARNING
    assert "Earlier rows recur later" in found["duplicates"].advice


def test_a_test_part_of_other_people_is_an_alarm(tmp_path: Path) -> None:
    who = np.repeat(np.arange(8), 50)
    frame = clean().assign(who=who, a=clean()["a"] + 5.0 * (who == who[-1]) - 5.0 * (who == 3), k=who * 3)
    found = {
        finding.check: finding
        for finding in look(tmp_path, frame.drop(columns="a").assign(a=who**3 + clean()["a"]), group="who")
    }
    assert found["test-unlike-train"].leak_type is LeakType.SAMPLING
    assert "standard deviations" in found["test-unlike-train"].evidence


def test_a_table_that_changes_with_time_is_a_remark(tmp_path: Path) -> None:
    frame = clean().assign(when=range(N_ROWS), a=clean()["a"] + np.arange(N_ROWS) / 40)
    found = {finding.check: finding for finding in look(tmp_path, frame, time="when")}
    assert found["test-unlike-train"].severity is Severity.INFO
    assert "a model tells test rows from train rows with AUC" in found["test-unlike-train"].evidence


def test_columns_without_information_are_a_remark(tmp_path: Path) -> None:
    (found,) = look_at_columns(tmp_path, clean().assign(same="x", one=1))
    assert (found.check, found.severity) == ("constant-columns", Severity.INFO)
    assert found.advice == "No model can learn from it. --drop 'same' --drop 'one'"


def test_a_date_that_is_split_by_is_no_finding(tmp_path: Path) -> None:
    make, *_ = PLANTED["dates without a time split"]
    assert alarms(look(tmp_path, make(), time="sold")) == []


def test_a_date_of_birth_says_nothing_of_when(tmp_path: Path) -> None:
    frame = clean().assign(birth_date=pd.date_range("1960-01-01", periods=N_ROWS, freq="9D").strftime("%Y-%m-%d"))
    intake = take(tmp_path, frame)
    assert intake.card.kinds["birth_date"] is ColumnType.DATE
    assert alarms(look_at_columns(tmp_path, frame)) == []


def test_nothing_is_found_in_the_default_table() -> None:
    card = parse_card((ROOT / DEFAULT_CARD).read_text(encoding="utf-8"))
    assert audit_table(read_table(ROOT, card)) == []


def test_near_copies_planted_in_the_default_table_are_found(tmp_path: Path) -> None:
    frame = pd.read_csv(ROOT / "data/heart.csv")
    copies = frame.dropna().iloc[:6]
    planted = pd.concat([frame, copies.assign(st_depression=copies["st_depression"] + 0.1)])
    findings = look(tmp_path, planted, "disease")
    assert [finding.check for finding in findings] == ["near-duplicates"]
    assert findings[0].evidence.startswith("6 pairs of rows agree more than chance explains (rows ")


def test_near_pairs_are_none_by_chance() -> None:
    n_pairs = 0
    for seed in range(50):
        some = np.random.default_rng(seed)
        columns = [some.normal(size=300).round(2), some.integers(0, 50, 300).astype(float), some.integers(0, 4, 300)]
        n_pairs += len(near_pairs([*columns, some.normal(size=300)])[0])
    assert n_pairs <= 2


def test_columns_that_follow_from_each_other_do_not_make_near_pairs() -> None:
    size = np.random.default_rng(0).gamma(3, size=2000)
    columns = [(size**power * np.random.default_rng(power).normal(1, 0.02, 2000)).round(2) for power in (1, 2, 3)]
    assert len(near_pairs([*columns, columns[0] * 2, columns[1] + 1])[0]) < 20


def test_missing_cells_do_not_make_rows_alike() -> None:
    columns = [np.where(np.arange(200) < 5, np.nan, np.random.default_rng(seed).normal(size=200)) for seed in range(6)]
    assert len(near_pairs(columns)[0]) == 0


def test_the_worst_comes_first_and_all_of_it_is_shown(tmp_path: Path) -> None:
    frame = pd.concat([clean(), clean().iloc[:9]]).assign(same=1)
    frame["outcome"] = frame["y"] == "yes"
    findings = look(tmp_path, frame)
    assert [finding.severity for finding in findings] == ["severe", "info", "info"]
    report = render(findings)
    assert max(map(len, report.splitlines())) <= 80
    assert report.startswith("severe   gives-the-answer-away  [L2 illegitimate features]\n")
    assert "--drop 'outcome'" in report
    assert "A table cannot show" in report
    assert json.loads(json.dumps([asdict(finding) for finding in findings]))[0]["leak_type"].startswith("L2")


def test_nothing_found_is_reported() -> None:
    assert render([]).startswith("Nothing found.\n")


def found_in(root: Path, frame: pd.DataFrame, **options: Any) -> dict[str, Finding]:
    return {finding.check: finding for finding in look(root, frame, **options)}


def test_several_columns_that_give_the_answer_away_do_not_hide_each_other(tmp_path: Path) -> None:
    wrong = rng.random((N_ROWS, 3)) < 0.02
    flipped = np.where(wrong, ~is_yes[:, None], is_yes[:, None])
    frame = clean().assign(
        a=noise, status=flipped[:, 0] + 7, state=np.where(flipped[:, 1], "closed", "open"), z=flipped[:, 2]
    )
    severe = [finding for finding in look_at_columns(tmp_path, frame) if finding.severity is Severity.SEVERE]
    assert [finding.evidence.split(":")[0] for finding in severe] == ["'status'", "'state'", "'z'"]


def test_a_strong_predictor_is_no_alarm(tmp_path: Path) -> None:
    frame = clean().assign(test=(is_yes + rng.normal(size=N_ROWS) * 0.55).round(4))
    assert alarms(look_at_columns(tmp_path, frame)) == []


@pytest.mark.parametrize("kind", ["id", "shuffled", "moment", "code"])
def test_copies_behind_a_key_are_found_and_stay_on_one_side(tmp_path: Path, kind: str) -> None:
    key: Any = rng.permutation(N_ROWS)
    if kind == "id":
        key = rng.permutation(90_000)[:N_ROWS]
    elif kind == "moment":
        key = (pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(N_ROWS) * 61, unit="min")).astype(str)
    elif kind == "code":
        key = [f"c{number:05}" for number in key]
    frame = clean().iloc[np.arange(N_ROWS) % 300].reset_index(drop=True).assign(key=key)
    found = found_in(tmp_path, frame)["duplicates"]
    assert "100 of 400 rows are duplicates of another but for 'key'; 0 test rows" in found.evidence


def test_an_amount_hides_no_copies(tmp_path: Path) -> None:
    amount = rng.permutation(90_000)[:N_ROWS]
    amount[::10] = 1000
    frame = clean().iloc[np.arange(N_ROWS) % 300].reset_index(drop=True).assign(amount=amount)
    assert not any("but for" in finding.evidence for finding in look_at_columns(tmp_path, frame))


def test_a_key_beside_few_categories_hides_no_copies(tmp_path: Path) -> None:
    frame = clean()[["k", "colour", "y"]].assign(key=rng.permutation(90_000)[:N_ROWS])
    assert "duplicates" not in found_in(tmp_path, frame)


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("hours-per-week", rng.integers(2, 60, N_ROWS)),
        ("time_in_hospital", rng.integers(1, 14, N_ROWS)),
        ("time", rng.integers(4, 285, N_ROWS)),
        ("XCentroid", rng.integers(0, 99, N_ROWS)),
        ("humid", rng.integers(0, 99, N_ROWS)),
        ("YearsAtCompany", rng.integers(0, 40, N_ROWS)),
        ("income", np.sort(rng.permutation(90_000)[:N_ROWS])),
    ],
)
def test_what_is_only_named_or_ordered_like_a_time_an_entity_or_an_identifier_is_not_one(
    tmp_path: Path, name: str, cells: Any
) -> None:
    names = {finding.check for finding in look_at_columns(tmp_path, clean().assign(**{name: cells}))}
    assert names.isdisjoint({"no-time-split", "no-group-split", "identifier"})


@pytest.mark.parametrize("name", ["year", "order_month"])
def test_a_part_of_a_date_is_a_time(tmp_path: Path, name: str) -> None:
    cells = rng.integers(*((1999, 2020) if name == "year" else (1, 13)), N_ROWS)
    assert "no-time-split" in {finding.check for finding in look_at_columns(tmp_path, clean().assign(**{name: cells}))}


def test_noise_in_a_wide_table_is_no_alarm(tmp_path: Path) -> None:
    values = rng.normal(size=(60, 800)).round(2)
    frame = pd.DataFrame(values, columns=[f"g{place}" for place in range(800)]).assign(y=[0, 1] * 30)
    assert {finding.check for finding in look(tmp_path, frame)} <= {"rare-class"}


def test_codes_and_zeros_that_stand_for_missing_cells_are_noted(tmp_path: Path) -> None:
    glucose = np.where(some(0.05), 0, rng.integers(60, 190, N_ROWS))
    frame = clean().assign(k=np.where(some(0.05), -999, clean()["k"] * 7 + rng.integers(0, 7, N_ROWS)), glucose=glucose)
    evidence = [one.evidence for one in look_at_columns(tmp_path, frame) if one.check == "stand-in"]
    assert [text.split(" in ")[0] for text in evidence] == ["'k' is -999", "'glucose' is 0"]


def test_each_of_the_eight_leak_types_is_looked_for_or_reported_to_be_unseen() -> None:
    source = "".join(path.read_text() for path in (Path(__file__).parents[3] / "harness" / "audit").glob("*.py"))
    for leak_type in LeakType:
        is_covered = f"LeakType.{leak_type.name}" in source or f"({leak_type.split()[0]})" in source
        assert is_covered, leak_type
    assert len([one for one in LeakType if one is not LeakType.NONE]) == 8
    assert len(CHECKS) == 12


@pytest.mark.slow
def test_odd_tables_are_looked_at_without_a_stumble(tmp_path: Path) -> None:
    for frame in (
        clean()[["colour", "y"]],
        clean()[["k", "y"]],
        clean()[["m", "y"]].assign(z=[1.0] + [np.nan] * (N_ROWS - 1)),
        clean().iloc[:40],
        clean().assign(y=np.resize(["u", "v", "w"], N_ROWS)),
    ):
        assert isinstance(look(tmp_path, frame), list)


def test_a_copied_row_is_found_in_a_table_with_more_columns_than_rows() -> None:
    columns = list(np.random.default_rng(0).normal(size=(500, 60)))
    for column in columns:
        column[59] = column[3] + 1e-6
    assert near_pairs(columns)[0].tolist() == [[3, 59]]


def test_a_wide_table_is_audited_with_its_progress_shown(tmp_path: Path) -> None:
    shown: list[str] = []
    cells = np.random.default_rng(0).integers(0, 40, (60, 300))
    table = take(tmp_path, pd.DataFrame(cells).add_prefix("g").assign(y=np.arange(60) % 2)).table
    audit(table, np.arange(48), np.arange(48, 60), seed=0, on_progress=shown.append)
    assert "audit: single column (200 of 300 columns)" in shown
    assert shown[-1] == ""
