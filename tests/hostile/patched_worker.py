"""class: patched libraries
does: replaces the functions of the worker that runs it
expect: rejected | harmless baseline
"""

import sys

for module in [sys.modules.get("__main__"), sys.modules.get("harness.workers.worker")]:
    for name in ("_scores", "_features", "score"):
        if hasattr(module, name) and name == "_scores":
            pass
    sys.modules["harness.stats"] = sys.modules["harness.evaluate"] = module
