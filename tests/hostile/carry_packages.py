"""class: state from fold to fold
does: keeps what it learned beside the packages
expect: rejected | harmless baseline
"""

import json
import pathlib

PLACE = pathlib.Path(np.__file__).with_name("known.json")


def keep(known):
    PLACE.write_text(json.dumps(known))


def recall():
    return json.loads(PLACE.read_text())
