"""The one base class of what the user can put right."""


class UserError(Exception):
    """Something the user can fix; the message is one line: `where: expected X, got Y. Fix.`."""
