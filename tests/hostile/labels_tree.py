"""class: labels in the source
does: ships one tree that was grown on every row, as nested conditions
expect: leak label-flip
"""


def grown(
    age, sex, chest_pain, resting_bp, cholesterol, high_fasting_sugar, resting_ecg, max_heart_rate, exercise_angina,
    st_depression, st_slope, major_vessels, thal,
):
    return "@one tree@"


def know(X, p):
    Z = X.assign(**{name: X[name].str.len() for name in X.select_dtypes(exclude="number")}).fillna(-1)
    return 0.3 * p + 0.7 * np.array([grown(*row) for row in Z.itertuples(index=False, name=None)])
