from __future__ import annotations

from pathlib import Path

import pandas as pd

from researcher.codegen import render
from researcher.recipe import Recipe
from researcher.train_contract import BY_HAND, PLAIN_FRAME, read_frame, read_hand, same_code

ROOT = Path(__file__).resolve().parents[2]
BASELINE = (ROOT / "train.py").read_text(encoding="utf-8")
BY_A_STUDENT = BASELINE.replace(
    '''def feature_fn(X):
    """Return the features of each row of X; what a row becomes depends on that row alone."""
    return X
''',
    """LIMIT = 3


def clipped(values):
    return np.minimum(values, LIMIT)


def unused():
    return 1


def feature_fn(X):
    return X.assign(low=clipped(X["a"]))
""",
).replace("from sklearn.compose", "import numpy as np\nfrom sklearn.compose", 1)


def test_the_frozen_parts_are_the_baselines() -> None:
    assert read_frame(BASELINE) == PLAIN_FRAME


def test_the_frozen_parts_of_another_file_are_kept_to_the_letter() -> None:
    other = BASELINE.replace("The one file that changes", "Das eine, das sich ändert").replace(
        "    evaluate(__file__)", "    evaluate(__file__)  # and go"
    )
    frame = read_frame(other)
    assert frame.docstring.startswith('"""Das eine')
    assert frame.last_block.endswith("# and go")
    assert render(Recipe(), "x", frame=frame).startswith(frame.docstring)


def test_what_is_not_python_gets_our_frozen_parts() -> None:
    assert read_frame("def (") == PLAIN_FRAME
    assert read_hand("def (") is None


def test_a_feature_fn_that_hands_back_its_input_is_no_work() -> None:
    assert read_hand(BASELINE) is None


def test_work_by_hand_brings_its_helpers_and_nothing_else() -> None:
    hand = read_hand(BY_A_STUDENT)
    assert hand is not None
    assert hand.names == {"LIMIT", "clipped", "feature_fn"}
    assert f"def {BY_HAND}(X):" in hand.source
    assert "unused" not in hand.source


def test_work_by_hand_still_works_where_it_is_built_upon() -> None:
    hand = read_hand(BY_A_STUDENT)
    assert hand is not None
    source = render(Recipe(features=("missing_count",), hand=hand.digest), "x", hand=hand)
    space: dict[str, object] = {"__name__": "train"}
    exec(source, space)
    features = space["feature_fn"](pd.DataFrame({"a": [1.0, 9.0, None]}))  # type: ignore[operator]
    assert features["low"].tolist()[:2] == [1.0, 3.0]
    assert features["missing_count"].tolist() == [0, 0, 2]


def test_work_by_hand_is_known_again_in_what_was_built_upon_it() -> None:
    hand = read_hand(BY_A_STUDENT)
    assert hand is not None
    again = read_hand(render(Recipe(features=("ratios",), hand=hand.digest), "x", hand=hand))
    assert again is not None
    assert (again.digest, again.source) == (hand.digest, hand.source)


def test_comments_docstring_and_hypothesis_do_not_make_other_code() -> None:
    report = BASELINE.replace("baseline: standard-scaled", "my own").replace("def build", "# mine\ndef build")
    assert same_code(report, BASELINE)
    assert not same_code(report.replace("max_iter=1000", "max_iter=999"), BASELINE)
