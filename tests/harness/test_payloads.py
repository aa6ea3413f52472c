"""A file of tests/hostile or tests/honest gets the shared parts that it uses and does not define, and no others."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from templates import HOSTILE, ROOT, TOKEN, heart, render

from tests.payloads import LAST_BLOCK, complete, is_whole, main, payload_files, split, whole_text

HEADER = '"""class: odd files"""\n\n'
FOLDERS = [ROOT / "tests/hostile", ROOT / "tests/honest"]
TRAIN = (ROOT / "train.py").read_text(encoding="utf-8")


def names(text: str) -> list[str]:
    return [part.name for part in split(text) if part.name]


def test_a_header_alone_becomes_the_honest_file() -> None:
    text = complete(HEADER, "a_name")
    assert names(text) == ["HYPOTHESIS", "honest", "feature_fn", "build_pipeline", LAST_BLOCK]
    assert 'HYPOTHESIS = "a name"' in text
    assert "import numpy" not in text


def test_what_a_file_defines_is_its_own_and_keeps_its_place() -> None:
    text = complete(f"{HEADER}CALLS = []\n\n\ndef feature_fn(X):\n    return CALLS\n\n\nLATE = 1\n", "x")
    assert names(text) == ["HYPOTHESIS", "CALLS", "honest", "feature_fn", "LATE", "build_pipeline", LAST_BLOCK]
    assert "return X\n" not in text


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("def steal():\n    return open(PATH).read()\n", "Thief"),
        ("def know(X, p):\n    return p\n", "Knowing"),
        ("class Odd:\n    pass\n", "Odd"),
        ("class Mine:\n    pass\n\n\ndef build_pipeline():\n    return columns(Mine())\n", "columns"),
    ],
)
def test_build_pipeline_returns_what_the_file_is_about(body: str, made: str) -> None:
    text = complete(HEADER + body, "x")
    assert f"def build_pipeline():\n    return {made}(" in text
    assert made in names(text)
    assert ("PATH" in names(text)) == ("PATH" in body)
    assert ("import numpy as np" in text) == ("np." in text)


def test_a_whole_file_stays_as_it_is() -> None:
    assert is_whole(TRAIN)
    assert complete(TRAIN, "train") == TRAIN
    text = '"""class: odd files\nwhole: nothing more\n"""\nX = (\n'
    assert complete(text, "x") == text


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_file_has_a_header_and_becomes_whole(folder: Path) -> None:
    for path in payload_files(folder):
        text = whole_text(path)
        assert ast.get_docstring(ast.parse(text)), path
        assert is_whole(text), path


def test_one_command_lists_the_files_and_prints_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["tests.hostile"])
    main(FOLDERS[0])
    assert capsys.readouterr().out.split() == [path.stem for path in payload_files(FOLDERS[0])]
    monkeypatch.setattr("sys.argv", ["tests.hostile", "labels_booleans"])
    main(FOLDERS[0])
    out = capsys.readouterr().out
    assert out.endswith("    evaluate(__file__)\n")
    assert "[False, " in out
    monkeypatch.setattr("sys.argv", ["tests.hostile", "nothing_like_it"])
    with pytest.raises(SystemExit, match="hostile has no file nothing_like_it"):
        main(FOLDERS[0])


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_every_template_becomes_python(path: Path) -> None:
    text = render(whole_text(path), heart())
    assert not TOKEN.search(text)
