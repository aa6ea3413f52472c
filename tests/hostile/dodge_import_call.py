"""class: past the static check
does: imports by a call
expect: rejected | harmless baseline
"""


def steal():
    return __import__("os").popen(f"cat {PATH}").read()
