"""class: reading the table
does: lets another program read the table
expect: rejected | harmless baseline
"""

import subprocess


def steal():
    return subprocess.run(["cat", PATH], capture_output=True, check=True, text=True).stdout
