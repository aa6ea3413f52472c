"""Read single keys from a terminal without waiting for Enter."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

if sys.platform == "win32":
    import msvcrt
else:
    import select
    import termios
    import tty


@contextlib.contextmanager
def listening() -> Iterator[Callable[[float], str]]:
    """Yield a function that waits up to the given seconds for a key and returns it, or "".

    If standard input is no terminal, it always returns "". The settings of the terminal are restored at the end.
    """
    if not sys.stdin.isatty():
        yield _no_key
    elif sys.platform == "win32":
        yield _key_on_windows
    else:
        before = termios.tcgetattr(sys.stdin)
        try:
            tty.setcbreak(sys.stdin)
            yield _key
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _no_key(seconds: float) -> str:
    time.sleep(seconds)
    return ""


if sys.platform == "win32":

    def _key_on_windows(seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if msvcrt.kbhit():
                return msvcrt.getwch()
            time.sleep(0.05)
        return ""

else:

    def _key(seconds: float) -> str:
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        return sys.stdin.read(1) if ready else ""
