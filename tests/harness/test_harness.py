"""A fingerprint changes with what a number depends on, and with nothing else."""

from __future__ import annotations

from pathlib import Path

from harness.harness import collect_parts, shorten


def parts(root: Path, **changed: str) -> dict[str, str]:
    return collect_parts(root, **{"table": "t", "card": "c", "sandbox": "s"} | changed)


def test_it_binds_harness_table_card_and_sandbox(tmp_path: Path) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "a.py").write_text("x = 1\n")
    (tmp_path / "prepare.py").write_text("y = 1\n")
    (tmp_path / "train.py").write_text("z = 1\n")
    first = parts(tmp_path)
    assert len(shorten(first)) == 8
    assert shorten(parts(tmp_path)) == shorten(first)
    for name in ("table", "card", "sandbox"):
        assert shorten(parts(tmp_path, **{name: "other"})) != shorten(first)
    (tmp_path / "train.py").write_text("z = 2\n")
    (tmp_path / "prepare.py").write_bytes(b"y = 1\r\n")
    assert parts(tmp_path) == first
    (tmp_path / "harness" / "a.py").write_text("x = 2\n")
    changed = parts(tmp_path)
    assert [name for name in first if changed[name] != first[name]] == ["harness/"]


def test_versions_are_named() -> None:
    report = parts(Path(__file__).resolve().parents[2])
    assert report["scikit-learn"].count(".") == 2
    assert report["python"].startswith("3.")
