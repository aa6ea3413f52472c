"""The card of the default table, as data/dataset.toml is shipped: `prepare.py --reset` writes it back."""

HEART_CARD = """\
# The table that is measured. `uv run prepare.py --csv FILE --target COLUMN` puts another here, `--reset` this one.
name = "heart"
source = "sklego:hearts"
target = "target"
positive = "1"
sha256 = "92abc8c50ac340e22f32ca05a74c3ccb30373fe3ad84db2757cab1a3e7273b32"

# "number", "category", "boolean" (1 and 0) or "date" (days since 1970-01-01): correct them here.
#
# cp, restecg and slope are codes written as numbers. They stay numbers, as they are in the file, because their order
# means something (slope: up, flat, down) or nearly so, and because treating them as categories is an idea that an
# experiment can try. thal is written in words.
[kinds]
age = "number"
sex = "number"
cp = "number"
trestbps = "number"
chol = "number"
fbs = "number"
restecg = "number"
thalach = "number"
exang = "number"
oldpeak = "number"
slope = "number"
ca = "number"
thal = "category"
"""
