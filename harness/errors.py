"""The one base class of what the user can put right."""


class UserError(Exception):
    """Something the user can fix; the message is one line: `where: expected X, got Y. Fix.`."""

    def __init__(self, line: str) -> None:
        super().__init__(printable(line))


def printable(text: str) -> str:
    """Return text as one line that a terminal can show; what came from a file may hold anything."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
