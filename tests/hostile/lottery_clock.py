"""class: lottery
does: lets the clock choose the seed
expect: leak repeatable
"""

import time

from sklearn.ensemble import RandomForestClassifier


def build_pipeline():
    return make_pipeline(honest()[0], RandomForestClassifier(20, random_state=time.time_ns() % 2**31))
