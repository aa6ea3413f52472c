"""Complement naive Bayes over values in [0, 1]."""

from sklearn.naive_bayes import ComplementNB
from sklearn.preprocessing import MinMaxScaler


def build_pipeline():
    return columns(MinMaxScaler(clip=True), ComplementNB())
