"""The pins cover every package on every platform, and a plain index or an offline cache gives the same environment."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from benchmarks.pins import AUTOGLUON_FILE, EXPORT, pins, uv, with_pins

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "pyproject.toml").read_text("utf-8")
SETTINGS = tomllib.loads(TEXT)["tool"]["uv"]
CUDA = re.compile(r"nvidia|cuda|nccl|triton|cudnn|cupy")
PLATFORMS = {
    "x86_64-unknown-linux-gnu": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "aarch64-unknown-linux-gnu": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "aarch64-apple-darwin": {"sys_platform": "darwin", "platform_machine": "arm64"},
    "x86_64-pc-windows-msvc": {"sys_platform": "win32", "platform_machine": "AMD64"},
}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
needs_lock = pytest.mark.skipif(not (ROOT / "uv.lock").exists(), reason="no uv.lock: this is not run by `uv run`")


def resolved(platform: str, python: str, folder: Path = ROOT) -> dict[str, str]:
    """Return the version of every package of all groups on a platform, as uv itself reads its lock."""
    words = ("tree", "--frozen", "--all-groups", "--no-dedupe", "--python-platform", platform)
    lines = uv(*words, "--python-version", python, cwd=folder)
    found = dict(re.findall(r"─ ([a-z0-9-]+)\S* v(\S+)", "\n".join(lines)))
    return {name: version for name, version in found.items() if name != "ratchet-lab"}


def pinned(platform: str, python: str) -> dict[str, list[str]]:
    """Return what the pins demand of each package on a platform."""
    place = {**PLATFORMS[platform], "python_version": python, "python_full_version": f"{python}.1"}
    found: dict[str, list[str]] = {}
    for pin in map(Requirement, SETTINGS["constraint-dependencies"]):
        if pin.marker is None or pin.marker.evaluate(place):
            found.setdefault(pin.name, []).append(str(pin.specifier))
    return found


@needs_lock
def test_pyproject_holds_what_the_script_writes() -> None:
    found = pins(uv(*EXPORT, "--frozen", cwd=ROOT))
    assert with_pins(TEXT, found) == TEXT, "run `uv run python benchmarks/pins.py` after a change of the dependencies"


@needs_lock
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_package_is_pinned_on_every_platform(platform: str, python: str) -> None:
    found = resolved(platform, python)
    assert len(found) > 70
    demands = pinned(platform, python)
    assert {name: demands.get(name) for name in found} == {name: [f"=={v}"] for name, v in found.items()}


@needs_lock
def test_no_package_is_for_a_gpu() -> None:
    names = {package["name"] for package in tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]}
    names |= {Requirement(pin).name for pin in SETTINGS["constraint-dependencies"]}
    names |= {Requirement(pin).name for pin in AUTOGLUON_FILE.read_text("utf-8").splitlines()}
    assert [name for name in names if CUDA.search(name)] == []


@needs_lock
@pytest.mark.parametrize("platform", [name for name in PLATFORMS if "darwin" not in name])
def test_pip_gets_no_gpu_code_either(platform: str) -> None:
    """The overrides are uv's alone, so nothing may ask for the xgboost that has GPU code where it has any."""
    assert {"xgboost", "xgboost-cpu"} & resolved(platform, "3.12").keys() == {"xgboost-cpu"}


def test_pins_name_no_place() -> None:
    """Neither an address nor a path: what uv finds under a name and a version is the same on every mirror."""
    lines = [*SETTINGS["constraint-dependencies"], *AUTOGLUON_FILE.read_text("utf-8").splitlines()]
    assert [line for line in lines if Requirement(line).url or "/" in line] == []
    assert not SETTINGS.keys() & {"index", "index-url", "extra-index-url", "find-links", "exclude-newer"}


def test_only_a_package_of_several_versions_keeps_its_marker() -> None:
    lines = ["# a remark", "-e ./c", "d @ x", "a==1 ; os_name == 'nt'", "b==1 ; python_version < '3.12'", "b==2"]
    assert pins(lines) == ["a==1", "b==1 ; python_version < '3.12'", "b==2"]
    before, after = (f'constraint-dependencies = [\n  "{pin}",\n]\ny = []\n' for pin in ("x==1", "a==1"))
    assert with_pins(before, ["a==1"]) == after


def put_wheel(folder: Path, name: str, version: str, needs: list[str]) -> None:
    """Add an empty wheel to a plain index: a page of links, which tells no upload time, no size and no digest."""
    label, page = f"{name.replace('-', '_')}-{version}", folder / "simple" / name
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {n}" for n in needs)]
    page.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(page / f"{label}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{label}.dist-info/METADATA", "\n".join(lines))
        wheel.writestr(f"{label}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{label}.dist-info/RECORD", "")
    with (page / "index.html").open("a") as index:
        index.write(f'<a href="{label}-py3-none-any.whl">{label}-py3-none-any.whl</a>\n')


def needs_of(package: dict[str, Any]) -> Iterator[str]:
    """Yield what a package of uv.lock needs, as its wheel says it."""
    for extra, some in {"": package.get("dependencies", []), **package.get("optional-dependencies", {})}.items():
        for needed in some:
            extras = f"[{','.join(needed.get('extra', []))}]"
            condition = f"extra == '{extra}'" if extra else "python_version > '3'"
            yield f"{needed['name']}{extras} ; {condition} and ({needed.get('marker', condition)})"
    if package["name"].startswith("xgboost"):
        yield from (f"nvidia-nccl-cu{n}" for n in (11, 12, 13, 14))  # on Linux xgboost asks for one of them


def put_index(folder: Path) -> None:
    """Build an index of the packages in our uv.lock, each with a newer version too."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    others = [package for package in packages if "registry" in package["source"]]
    for package in others:
        put_wheel(folder, package["name"], package["version"], list(needs_of(package)))
    for name in {package["name"] for package in others}:
        put_wheel(folder, name, "9999", ["nvidia-nccl-cu12"])


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    put_index(tmp_path / "index")
    handler = functools.partial(Quiet, directory=str(tmp_path / "index"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def run_uv(*words: str, cwd: Path, **settings: object) -> list[str]:
    """Run uv with these settings and none of ours."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("UV", "VIRTUAL_ENV"))}
    env |= {name: str(value) for name, value in settings.items()}
    done = subprocess.run(["uv", *words], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@needs_lock
@pytest.mark.slow
def test_a_plain_index_and_an_offline_cache_give_the_same_environment(
    server: ThreadingHTTPServer, tmp_path: Path
) -> None:
    address, cache = f"http://127.0.0.1:{server.server_port}/simple", tmp_path / "cache"

    def environment(clone: Path, *options: str, **more: str) -> list[str]:
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        shutil.copy(ROOT / "pyproject.toml", clone)
        settings = {"UV_DEFAULT_INDEX": address, "UV_CACHE_DIR": cache, "XDG_CONFIG_HOME": tmp_path, **more}
        run_uv("run", "--python", sys.executable, *options, "python", "-c", "pass", cwd=clone, **settings)
        return run_uv("pip", "freeze", "--exclude-editable", cwd=clone, **settings)

    first = environment(tmp_path / "one")
    places = [(platform, python) for platform in PLATFORMS for python in PYTHONS]
    assert {p: resolved(*p, tmp_path / "one") for p in places} == {p: resolved(*p) for p in places}
    server.shutdown()
    server.server_close()
    assert environment(tmp_path / "two", "--offline") == first
    without = environment(tmp_path / "three", "--offline", UV_NO_DEV="1")  # as docs/install.md says
    tools = {line.split("==")[0] for line in set(first) - set(without)}
    assert tools >= {"pytest", "ruff", "mypy"}
    assert not tools & {"scikit-learn", "lightgbm", "rich"}
