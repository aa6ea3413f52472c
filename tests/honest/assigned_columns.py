"""Columns that are assigned, cut into bins, renamed and piped."""

from functools import partial

from sklearn.compose import make_column_selector as selector

HYPOTHESIS = "Clinical ratios and age bins should help because risk is non-linear in age"
AGE_BINS = [0, 40, 45, 50, 55, 60, 65, 70, np.inf]


def ratio(df, a, b):
    return df[a] / df[b].replace(0, np.nan)


hr_share = partial(ratio, a="max_heart_rate", b="age")


def bucket(s, bins, name):
    return pd.cut(s, bins=bins, labels=[f"{name}_{i}" for i in range(len(bins) - 1)]).astype(str)


def feature_fn(X):
    return (
        X.assign(
            hr_reserve=lambda d: d["max_heart_rate"] - (220 - d["age"]),
            chol_log=lambda d: np.log1p(d["cholesterol"]),
            hr_share=hr_share,
            age_bin=lambda d: bucket(d["age"], AGE_BINS, "age"),
            st_flag=lambda d: np.where(d["st_depression"] > 1, 1, 0),
            asympt=lambda d: (d["chest_pain"] == "asymptomatic").astype(int),
            ca_missing=lambda d: d["major_vessels"].isna().astype(int),
        )
        .drop(columns=["high_fasting_sugar"])
        .rename(columns={"thal": "thal_text"})
        .pipe(lambda d: d.select_dtypes("number").join(d.select_dtypes(exclude="number")))
    )


def build_pipeline():
    return make_pipeline(
        make_column_transformer(
            (
                make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()),
                selector(dtype_include="number"),
            ),
            (
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value="missing"),
                    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                ),
                selector(dtype_exclude="number"),
            ),
            verbose_feature_names_out=False,
        ).set_output(transform="pandas"),
        LogisticRegression(C=0.05, max_iter=5000, solver="liblinear"),
    )
