"""class: past the static check
does: finds builtins in the globals of a function
expect: rejected | harmless baseline
"""


def steal():
    return np.loadtxt.__globals__["__builtins__"]["open"](PATH).read()
