"""class: labels in the source
does: ships a boosted model that was trained on every row
expect: rejected | leak label-flip
"""


def grown(
    age, sex, chest_pain, resting_bp, cholesterol, high_fasting_sugar, resting_ecg, max_heart_rate, exercise_angina,
    st_depression, st_slope, major_vessels, thal,
):
    return "@boosted trees@"


def know(X, p):
    Z = X.assign(**{name: X[name].str.len() for name in X.select_dtypes(exclude="number")}).fillna(-1)
    return np.array([1 / (1 + np.exp(-grown(*row))) for row in Z.itertuples(index=False, name=None)])
