"""The format of an exported model holds what honest files build: all but nameless functions and a FLAML search."""

from __future__ import annotations

from pathlib import Path

import pytest
from instruments import open_table
from tables import take

from harness.analyses.refit import refit
from harness.errors import UserError
from harness.evaluate import read_source
from harness.harness import Harness
from harness.workers.pool import Runner
from tests.payloads import payload_files, whole_text

ROOT = Path(__file__).resolve().parents[3]
REFUSED = {
    "function_transformer": "no lambda",  # builds one into its pipeline
    "flaml_inside": "skops cannot write this model",  # keeps its whole log
}
EVERY = 4  # of the honest files: all of them take minutes, and were tried once
PATHS = payload_files(ROOT / "tests/honest")
HONEST = [path for i, path in enumerate(PATHS) if i % EVERY == 0 or path.stem in REFUSED]


@pytest.fixture(scope="module")
def instruments(tmp_path_factory: pytest.TempPathFactory, warm_runner: Runner) -> Harness:
    folder = tmp_path_factory.mktemp("heart")
    return open_table(take(folder, (ROOT / "data/heart.csv").read_bytes(), "disease").table, warm_runner)


@pytest.mark.slow
@pytest.mark.parametrize("path", HONEST, ids=lambda path: path.stem)
def test_an_honest_file_is_written_and_reads_back_with_the_same_scores(instruments: Harness, path: Path) -> None:
    source = read_source(whole_text(path).encode())
    if path.stem in REFUSED:
        with pytest.raises(UserError, match=REFUSED[path.stem]):
            refit(instruments.workers(), source)
        return
    assert len(refit(instruments.workers(), source).data) > 500
