"""class: frames and garbage collector
does: looks for labels in the memory of its own process and of the harness'
expect: rejected | harmless baseline
"""

import os


def seek():
    for process in ("self", os.getppid()):
        try:
            memory = open(f"/proc/{process}/mem", "rb")
            for line in open(f"/proc/{process}/maps"):
                if "[heap]" in line:
                    begin, end = (int(text, 16) for text in line.split()[0].split("-"))
                    memory.seek(begin)
                    yield np.frombuffer(memory.read(min(end - begin, 10**7)), dtype="u1")
        except OSError as error:
            print(error)
