"""class: forged output
does: prints from a thread that goes on for ever
expect: rejected | harmless baseline
"""

import threading
import time


def repeat():
    while True:
        print(LINES, flush=True)
        time.sleep(0.01)


threading.Thread(target=repeat, daemon=True).start()
