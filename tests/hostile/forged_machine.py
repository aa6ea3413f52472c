"""class: forged output
does: raises an exception by the name that a failure of the machine begins with, so that the same code is tried again
expect: crashed
"""


class machine(Exception):
    pass


def feature_fn(X):
    raise machine("a worker was killed from outside by SIGKILL, as the system does when memory runs out")
