"""How a member sees the columns: which pieces fit it, and the expressions they come to."""

from __future__ import annotations

from researcher.expressions import Call, Expression, Group, Name, call
from researcher.families import FAMILIES
from researcher.pieces import CATEGORIES, NUMBERS, STEPS
from researcher.recipe import Member

BAGS = (0, 5, 10, 20)
_SELECTIONS = frozenset({"select_half", "select_quarter"})


def is_sound(member: Member) -> bool:
    """Whether the member's pieces exist and fit each other: a note in a journal is input and may say anything."""
    if not _is_spelled_right(member):
        return False
    kind = FAMILIES[member.family].kind
    pieces = [NUMBERS[member.numbers], CATEGORIES[member.categories], *(STEPS[step] for step in member.steps)]
    # A tree takes holes in its numbers, the steps behind the columns do not.
    needs_filled = bool(member.steps or member.flags) and member.numbers == "raw"
    has_one_of_each = len(_SELECTIONS.intersection(member.steps)) <= 1 and len(member.steps) <= 2
    can_bag = not member.bags or FAMILIES[member.family].has_probabilities
    return all(kind in piece.suits for piece in pieces) and not needs_filled and has_one_of_each and can_bag


def _is_spelled_right(member: Member) -> bool:
    if member.family not in FAMILIES:
        return False
    knobs = {knob.name: knob for knob in FAMILIES[member.family].knobs}
    known_pieces = member.numbers in NUMBERS and member.categories in CATEGORIES
    known_params = all(name in knobs and value in knobs[name].values for name, value in member.params)
    known_steps = list(member.steps) == [step for step in STEPS if step in member.steps]
    return known_pieces and known_params and known_steps and member.bags in BAGS


def column_statements(member: Member, *, dense: bool) -> list[tuple[str, Expression]]:
    """Return the variables that the member's column transformer is made of, in the order they are written."""
    return [("numbers", _numbers(member)), ("categories", _categories(member, dense=dense))]


def takes_sparse(member: Member) -> bool:
    """Whether one-hot columns may stay sparse: only the plain linear model takes them so, and so does the baseline."""
    return member.family == "logistic" and not member.steps


def column_transformer(member: Member) -> Call:
    """Return the expression that joins the `numbers` and `categories` of `column_statements`."""
    names = call("make_column_selector", dtype_exclude="number")
    if member.codes:
        return call(
            "make_column_transformer",
            Group((Name("numbers"), Name("many_values"))),
            Group((Name("categories"), Name("few_values"))),
            Group((Name("categories"), names)),
        )
    return call(
        "make_column_transformer",
        Group((Name("numbers"), call("make_column_selector", dtype_include="number"))),
        Group((Name("categories"), names)),
    )


def step_calls(member: Member) -> list[Expression]:
    """Return what stands between the column transformer and the model."""
    return [part for step in member.steps for part in STEPS[step].parts]


def columns_word(member: Member) -> str:
    """Return a name for the member's view of the columns, such as `scaled_columns`."""
    words = [NUMBERS[member.numbers].word, CATEGORIES[member.categories].word]
    words += ["flagged"] * member.flags + ["coded"] * member.codes
    return "_".join([*(word for word in words if word), "columns"])


def columns_phrase(member: Member) -> str:
    """Return in words how the member sees the columns."""
    extra = ["gaps flagged"] * member.flags + ["codes as labels"] * member.codes
    return ", ".join([NUMBERS[member.numbers].phrase, CATEGORIES[member.categories].phrase, *extra])


def _numbers(member: Member) -> Expression:
    if member.numbers == "raw":
        return "passthrough"
    imputer = call("SimpleImputer", strategy="median", **({"add_indicator": True} if member.flags else {}))
    return call("make_pipeline", imputer, *NUMBERS[member.numbers].parts)


def _categories(member: Member, *, dense: bool) -> Expression:
    coder = CATEGORIES[member.categories].parts
    if member.categories == "ordinal":
        return coder[0]
    if member.categories == "target":
        return coder[0] if member.numbers == "raw" else call("make_pipeline", *coder, call("StandardScaler"))
    one_hot = call(
        "OneHotEncoder",
        handle_unknown="infrequent_if_exist",
        min_frequency=5,
        max_categories=30,
        **({"sparse_output": False} if dense else {}),
    )
    return call("make_pipeline", call("SimpleImputer", strategy="most_frequent"), one_hot)
