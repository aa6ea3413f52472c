"""The base class of errors that the user can fix."""

from harness.output import printable


class UserError(Exception):
    """An error that the user can fix; its message is one line: `where: what is wrong. Fix.`."""

    def __init__(self, line: str) -> None:
        super().__init__(printable(line))
