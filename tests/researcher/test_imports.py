from __future__ import annotations

import pytest

from researcher.imports import KNOWN, Import, import_block


def test_only_what_the_code_reads_is_imported() -> None:
    assert import_block("y = make_pipeline(PCA())") == (
        "from sklearn.decomposition import PCA\nfrom sklearn.pipeline import make_pipeline"
    )


def test_the_standard_library_comes_first_and_modules_before_names() -> None:
    code = "np.log1p(combinations(pd, StandardScaler))"
    assert import_block(code) == (
        "from itertools import combinations\n\n"
        "import numpy as np\nimport pandas as pd\nfrom sklearn.preprocessing import StandardScaler"
    )


def test_long_lists_of_names_are_broken() -> None:
    names = [name for name, line in KNOWN.items() if line.module == "sklearn.preprocessing"]
    block = import_block("f(" + ", ".join(names) + ")").splitlines()
    assert block[0] == "from sklearn.preprocessing import ("
    assert block[1:-1] == [f"    {name}," for name in sorted(names)]
    assert block[-1] == ")"


@pytest.mark.parametrize(
    ("line", "bound", "text"),
    [
        (Import("numpy", alias="np"), "np", "numpy as np"),
        (Import("scipy.stats"), "scipy", "scipy.stats"),
        (Import("math", "log", "ln"), "ln", "log as ln"),
    ],
)
def test_an_import_knows_its_name_in_the_code(line: Import, bound: str, text: str) -> None:
    assert (line.bound, line.text) == (bound, text)


def test_every_known_name_can_be_imported() -> None:
    space: dict[str, object] = {}
    exec(import_block("\n".join(KNOWN)), space)
    assert set(KNOWN) <= set(space)
