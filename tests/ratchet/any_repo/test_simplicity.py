"""An equal number is kept from simpler code only, and another value is no simpler."""

from collections.abc import Callable

import pytest

Ratchet = Callable[..., tuple[int, str, str]]


def test_a_smaller_number_in_the_code_is_not_simpler(project, ratchet: Ratchet) -> None:
    project.write("model.py", 'HYPOTHESIS = "long"\nmax_iter = 1000\nSCORE = min(1, max_iter)\n')
    project.commit("long")
    ratchet("start", "first")
    project.write("model.py", project.read("model.py").replace("1000", "900"))
    assert "DISCARDED" in ratchet("step")[1]


@pytest.mark.parametrize(
    ("key", "word"), [("nodes", "KEPT (equal, and simpler by 1 line)"), ("lines", "KEPT"), ("off", "DISC")]
)
def test_files_of_other_languages_count_their_lines(shell, ratchet: Ratchet, key: str, word: str) -> None:
    shell.write("ratchet.yaml", shell.read("ratchet.yaml") + f"simplicity: {key}\n")
    shell.write("src/one.sh", "value=20\nvalue=$((value + 10))\n")
    shell.commit("configure")
    ratchet("start", "first")
    shell.write("src/one.sh", "value=30\n")
    assert word in ratchet("step")[1]
