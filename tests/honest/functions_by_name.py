"""Functions of numpy by their names, which are written out, and a transformer that shows its parts."""

NAMES = ["log1p", "sqrt"]
PAIRS = {"age": "square", "cholesterol": "log1p"}


class Steps:
    def __init__(self, **steps):
        for name, step in steps.items():
            setattr(self, name, step)

    def __repr__(self):
        return f"Steps({self.__dict__})"


def feature_fn(X):
    added = {f"{name}_age": getattr(np, name)(X["age"]) for name in NAMES}
    for column, name in PAIRS.items():
        added[f"{name}_{column}"] = getattr(np, name)(X[column])
    for place, name in enumerate(("floor", "ceil")):
        added[f"step_{place}"] = getattr(np, name)(X["st_depression"])
    return X.assign(size=len(repr(Steps(a=1))), **added)


def build_pipeline():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))
