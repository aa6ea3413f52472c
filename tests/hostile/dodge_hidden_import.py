"""class: past the static check
does: imports where nobody looks: in a lambda in a class in a try
expect: rejected | harmless baseline
"""


class Inside:
    try:
        from os import popen
    except ImportError:
        popen = None
    read = staticmethod(lambda path: Inside.popen(f"cat {path}").read())


def steal():
    return Inside.read(PATH)
