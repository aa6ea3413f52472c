"""Every recipe of docs/recipes.md that is marked as run by a test is run: baseline, better version, kept."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ratchet.core import config_file

Ratchet = Callable[..., tuple[int, str, str]]
PAGE = (Path(__file__).resolve().parents[2] / "docs/recipes.md").read_text("utf-8")
RECIPES = {part.splitlines()[0]: part for part in PAGE.split("\n# ")[0].split("\n## ")[1:]}
RUN = {name: text for name, text in RECIPES.items() if "\nRun by a test." in text}
QUICK = ("Peak memory, with tracemalloc", "Steps of a query, with SQLite")


def files_of(text: str) -> dict[str, str]:
    """Return the files of a part of the page by name."""
    return {name: body for name, body in re.findall(r"^```\w+ (\S+)\n(.*?)^```$", text, re.M | re.S)}


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_run_or_says_why_not_and_its_config_is_sound(name: str) -> None:
    text = RECIPES[name]
    assert ("\nRun by a test." in text) != ("\nNot run here: needs " in text)
    assert config_file.check_text(files_of(text)["ratchet.yaml"], "ratchet.yaml").metric.name


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in RUN]
)
def test_the_better_version_of_a_recipe_is_kept(project, ratchet: Ratchet, name: str) -> None:
    before, after = RUN[name].split("\nBetter:\n")
    for path in ("pyproject.toml", "model.py", "measure.py"):
        project.git("rm", "--quiet", path)
    for path, text in files_of(before).items():
        project.write(path, text)
    project.commit("a recipe")
    status, out, err = ratchet("start", "first")
    assert status == 0, out + err
    for path, text in files_of(after).items():
        project.write(path, text)
    assert "| KEPT" in ratchet("step")[1]


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_lines_of_jq_are_sound(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.7)
    ratchet("step")
    lines = ratchet("results", "--jsonl")[1]
    for command in re.findall(r"^ratchet results --jsonl \| (jq .*)$", PAGE, re.M):
        done = subprocess.run(command, shell=True, input=lines, capture_output=True, text=True, check=True)
        assert "0.7" in done.stdout or '"keep": 1' in done.stdout
