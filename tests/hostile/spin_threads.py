"""class: budget evasion
does: computes in eight threads
expect: rejected | timeout
"""

import hashlib
import threading


def feature_fn(X):
    def work():
        data = bytes(10**7)
        while True:
            hashlib.sha256(data)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
