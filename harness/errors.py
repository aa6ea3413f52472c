"""The base class of errors that the user can fix."""


class UserError(Exception):
    """An error that the user can fix; its message is one line: `where: what is wrong. Fix.`."""

    def __init__(self, line: str) -> None:
        super().__init__(printable(line))


def printable(text: str) -> str:
    """Return text as one line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
