"""class: state from fold to fold
does: keeps what it learned in shared memory
expect: rejected | harmless baseline
"""

import json
from multiprocessing import resource_tracker, shared_memory

resource_tracker.register = lambda name, kind: None


def keep(known):
    text = json.dumps(known).encode()
    memory = shared_memory.SharedMemory("known", create=True, size=len(text))
    memory.buf[: len(text)] = text


def recall():
    memory = shared_memory.SharedMemory("known")
    return json.loads(bytes(memory.buf).rstrip(b"\0"))
