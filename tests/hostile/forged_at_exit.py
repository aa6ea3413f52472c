"""class: forged output
does: prints the lines of a perfect result when the process ends
expect: rejected | harmless baseline
"""

import atexit

atexit.register(print, LINES, flush=True)
