"""class: state from fold to fold
does: keeps what it learned in the environment and in keyrings
expect: rejected | harmless baseline
"""

import json
import os


def keep(known):
    os.environ["KNOWN"] = json.dumps(known)


def recall():
    return json.loads(os.environ["KNOWN"])
