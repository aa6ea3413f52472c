"""class: forged output
does: replaces the streams by its own
expect: rejected | harmless baseline
"""

import io
import sys

sys.stdout = sys.stderr = io.StringIO(LINES)
sys.__stdout__ = sys.stdout
