"""class: state from fold to fold
does: keeps what it learned in files wherever it may
expect: rejected | harmless baseline
"""

import json
import pathlib

PLACES = [
    "known.json",
    "../known.json",
    "/tmp/known.json",
    "/var/tmp/known.json",
    "/dev/shm/known.json",
    "@repo@/known.json",
]


def keep(known):
    for place in PLACES:
        try:
            pathlib.Path(place).write_text(json.dumps(known))
        except OSError as error:
            print(error)


def recall():
    for place in PLACES:
        try:
            return json.loads(pathlib.Path(place).read_text())
        except OSError as error:
            print(error)
    return {}
