"""class: floods
does: starts threads until there are no more
expect: rejected | crashed
"""

import threading
import time


def feature_fn(X):
    while True:
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
