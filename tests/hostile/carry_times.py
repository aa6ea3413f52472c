"""class: state from fold to fold
does: leaves marks in the access and change times of files
expect: rejected | harmless baseline
"""

import os
import pathlib
import tempfile

FOLDERS = [pathlib.Path(np.__file__).parent, pathlib.Path(tempfile.gettempdir()).parent, pathlib.Path("@repo@")]
PATHS = [path for folder in FOLDERS for path in [folder, folder / "__init__.py", folder / "README.md"]]
for path in PATHS:
    try:
        if path.stat().st_mtime == 4711:
            raise SystemExit("the marks came through")
        os.utime(path, (4711, 4711))
    except OSError as error:
        print(error)
