"""Write the exact version of every package into pyproject.toml, and those of AutoGluon into autogluon.txt.

Run: uv run python benchmarks/pins.py              after a change of the dependencies: what is pinned stays
     uv run python benchmarks/pins.py --upgrade    resolve anew, with the newest versions

uv resolves for every platform and Python at once. A pin names no registry and no file, so that any mirror, a folder of
wheels and an offline cache give the same environment. UV_EXCLUDE_NEWER=2026-11-14 takes the versions of that day.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(?ms)^constraint-dependencies = \[\n.*?^\]\n")
EXPORT = ("export", "--all-groups", "--all-extras", "--no-emit-project", "--no-hashes", "--no-annotate", "--no-header")
# AutoGluon wants an older pandas than we, so it is resolved on its own, for the one platform that it was tried on.
AUTOGLUON = "autogluon.tabular[lightgbm,xgboost]==1.6.3"
AUTOGLUON_FOR = ("--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28")
AUTOGLUON_FILE = ROOT / "benchmarks/autogluon.txt"


def uv(*arguments: str, cwd: Path) -> list[str]:
    """Return the lines that uv prints; its own message goes to stderr."""
    done = subprocess.run(["uv", *arguments], cwd=cwd, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def pins(lines: Iterable[str]) -> list[str]:
    """Return `name==version` of exported lines; a package keeps its marker only where it has several versions."""
    found = [line for line in lines if re.match(r"[a-z0-9-]+==", line)]
    count = Counter(line.split("==")[0] for line in found)
    return [line if count[line.split("==")[0]] > 1 else line.split(" ;")[0] for line in found]


def with_pins(text: str, found: Iterable[str]) -> str:
    """Return the text of a pyproject.toml with other pins."""
    rows = "".join(f'  "{pin}",\n' for pin in found)
    return BLOCK.sub(lambda _: f"constraint-dependencies = [\n{rows}]\n", text)


def resolve(text: str) -> list[str]:
    """Resolve the project of a pyproject.toml elsewhere, so that no uv.lock has a say, and return its pins."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(text, encoding="utf-8")
        return pins(uv(*EXPORT, cwd=Path(folder)))


def resolve_autogluon(text: str, kept: Sequence[str]) -> list[str]:
    """Resolve AutoGluon together with what the benchmarks import, and return the pins."""
    config = tomllib.loads(text)
    project, overrides = config["project"], config["tool"]["uv"]["override-dependencies"]
    wanted = [AUTOGLUON, *project["dependencies"], *project["optional-dependencies"]["tabular"]]
    files = {"in.txt": wanted, "overrides.txt": overrides, "constraints.txt": kept}
    options = ("--no-header", "--no-annotate", "--override", "overrides.txt", "--constraint", "constraints.txt")
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in files.items():
            Path(folder, name).write_text("\n".join(lines), encoding="utf-8")
        return pins(uv("pip", "compile", "--quiet", "in.txt", *options, *AUTOGLUON_FOR, cwd=Path(folder)))


def main() -> None:
    """Resolve, and write both files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--upgrade", action="store_true", help="resolve anew, with the newest versions")
    is_upgrade = parser.parse_args().upgrade
    path = ROOT / "pyproject.toml"
    text = path.read_text("utf-8")
    found = resolve(with_pins(text, ()) if is_upgrade else text)
    path.write_text(with_pins(text, found), encoding="utf-8")
    kept = [] if is_upgrade or not AUTOGLUON_FILE.exists() else AUTOGLUON_FILE.read_text("utf-8").splitlines()
    rows = resolve_autogluon(text, kept)
    AUTOGLUON_FILE.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{path.name}: {len(found)} pins; {AUTOGLUON_FILE.name}: {len(rows)} pins")


if __name__ == "__main__":
    main()
