"""What a user can fix: one line, `where: expected X, got Y. Fix.`, and exit status 1."""

INTERRUPTED = 130  # exit status after Ctrl-C, as shells have it


class RatchetError(Exception):
    """The message is the whole line that the user sees."""

    exit_status = 1
