"""The plugin in a general repository: its shape, its guard and Stop hook, and the permission rules that it offers."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Client

ROOT = Path(__file__).resolve().parents[2]
MARKETPLACE = ROOT / ".claude-plugin/marketplace.json"
PLUGIN = ROOT / ".claude"
SKILL = PLUGIN / "plugin/autoresearch/SKILL.md"
CONFIG = """name: words
editable: [src/]
readonly: [count.sh, src/frozen.txt]
run: sh count.sh
timeout: 60
max_iterations: 2
metric: {name: words, direction: maximize}
"""
INVOCATION = "/ratchet:autoresearch"


def read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@pytest.fixture
def other(make_client: Callable[[], Client]) -> Client:
    """A client in a repo without Python and without our instructions, with the plugin installed elsewhere."""
    client = make_client()
    place = client.root.parent / "plugins/rat chet"
    shutil.move(client.root / ".claude", place)
    for name in ("pyproject.toml", "prepare.py", "train.py", "harness/score.py"):
        (client.root / name).unlink()
    files = {"ratchet.yaml": CONFIG, "count.sh": 'echo "words: $(wc -w < src/a.txt)"\n', "src/a.txt": "one\n"}
    for name, text in (files | {"src/frozen.txt": "x\n", "tables/a.csv": "1\n"}).items():
        client.write(name, text)
    client.git("add", "--all")
    client.git("-c", "user.name=someone", "-c", "user.email=some@one", "commit", "--quiet", "-m", "other")
    client.env["CLAUDE_PLUGIN_ROOT"] = str(place)
    client.install("ratchet", f'#!/bin/sh\nexec "{sys.executable}" -m ratchet.cli "$@"\n')
    hooks = read_json(place / "plugin/hooks.json")["hooks"]
    client.hook = lambda event: hooks[event][0]["hooks"][0]["command"]  # type: ignore[method-assign]
    return client


def judged(client: Client, tool: str, given: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Have the guard judge a call in the session that the transcript holds."""
    transcript = client.root.parent / "transcript.jsonl"
    transcript.write_text("".join(f"{json.dumps(entry)}\n" for entry in client.transcript), "utf-8")
    event = {"hook_event_name": "PreToolUse", "cwd": str(client.root), "transcript_path": str(transcript)}
    return client.ask_guard(json.dumps(event | {"tool_name": tool, "tool_input": given}))


@pytest.mark.slow
def test_a_run_in_another_repository_from_start_to_done(other: Client) -> None:
    other.type(f"{INVOCATION} src/a.txt")
    edit = {"file_path": "src/a.txt", "old_string": "one", "new_string": "one two"}
    assert "no file may be edited without a run" in other.refusal("Edit", edit)
    assert other.use("Bash", command="ratchet start r").startswith("iter 0 | words=1")
    assert "Experiment 1 is next: edit src/, then `ratchet step`" in other.sent_on_by()
    assert other.is_allowed_by_guard("Edit", edit)
    for name in ("count.sh", "src/frozen.txt", "ratchet.yaml", ".ratchet/r/journal.jsonl", "../out.txt"):
        assert "may be edited" in other.refusal("Write", {"file_path": name, "content": "x"}), name
    write = {"file_path": str(other.root / "src/b.txt"), "content": "x"}
    assert "the person named src/a.txt" in judged(other, "Write", write).stderr
    assert judged(other, "Edit", edit).returncode == 0
    assert "60000 ms" in other.refusal("Bash", {"command": "ratchet step", "timeout": 1000})
    assert other.refusal("Bash", {"command": "ratchet step && id"})
    assert other.refusal("Read", {"file_path": "results.tsv"})
    assert other.refusal("Read", {"file_path": "tables/a.csv"}) == ""
    other.use("Edit", **edit)
    assert "read the unmeasured edit in src/a.txt" in other.sent_on_by()
    line = other.use("Bash", command="ratchet step")
    assert "KEPT" in line
    assert "KEPT" in other.shown_after("ratchet step", line)
    other.use("Edit", file_path="src/a.txt", old_string="two", new_string="two three")
    other.use("Bash", command="ratchet step")
    assert other.stop() == {}  # the config wants two experiments


@pytest.mark.parametrize("words", ["r", "", "src/a.txt", "results", "report", "inspect"])
def test_the_guard_is_on_once_the_person_asked_for_a_run(other: Client, words: str) -> None:
    other.type(f"{INVOCATION} {words}")
    other.type("thanks. And now something else")
    assert judged(other, "Bash", {"command": "id"}).returncode == 2
    assert judged(other, "Bash", {"command": "uv run ratchet results"}).returncode == 0


def test_a_session_without_a_run_is_left_to_the_rules_of_the_client(other: Client) -> None:
    other.type("rename the button")
    other.type(f"{INVOCATION} setup")
    done = judged(other, "Bash", {"command": "id"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert other.stop() == {}


def test_a_transcript_that_cannot_be_read_closes_and_a_broken_event_too(other: Client) -> None:
    assert "not allowed" in other.refusal("Bash", {"command": "id"})
    for event in ("", "[]", "null", '{"transcript_path": 7}'):
        assert other.ask_guard(event).returncode == 2, event


def test_a_repository_without_a_config_is_left_alone(other: Client) -> None:
    (other.root / "ratchet.yaml").unlink()
    other.type(f"{INVOCATION} r")
    assert judged(other, "Bash", {"command": "id"}).returncode == 0
    assert other.stop() == {}
    other.write("pyproject.toml", "[tool.ratchet]\n")
    assert judged(other, "Bash", {"command": "id"}).returncode == 2


def test_a_client_in_a_subfolder_has_the_same_guard(other: Client) -> None:
    other.env["CLAUDE_PROJECT_DIR"] = str(other.root / "src")
    other.type(f"{INVOCATION} r")
    assert judged(other, "Bash", {"command": "id"}).returncode == 2


def offer(client: Client, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = Path(client.env["CLAUDE_PLUGIN_ROOT"]) / "plugin/permissions.py"
    return subprocess.run(
        [sys.executable, "-B", script, *arguments], env=client.env, capture_output=True, text=True, check=False
    )


def test_permission_rules_are_shown_first_and_added_after_a_yes(other: Client) -> None:
    file = other.root / ".claude/settings.json"
    assert "+ allow Bash(ratchet step)\n" in offer(other).stdout
    assert not file.exists()
    assert offer(other, "--yes").stdout.endswith("wrote settings.json\n")
    permissions = read_json(file)["permissions"]
    assert {"Bash(ratchet step)", "Bash(uv run ratchet step)", "Bash(ratchet start:*)"} <= set(permissions["allow"])
    assert "Edit(/.ratchet/**)" in permissions["deny"]
    assert offer(other, "--yes").stdout == "settings.json has every rule\n"


def test_permission_rules_overwrite_nothing(other: Client) -> None:
    mine = {
        "model": "mine",
        "permissions": {"allow": ["Bash(make)", "Bash(ratchet step)"], "ask": ["Read"], "deny": ["WebFetch"]},
        "env": {"BASH_MAX_TIMEOUT_MS": "7"},
        "hooks": {"Stop": []},
    }
    file = other.write(".claude/settings.json", json.dumps(mine))
    assert offer(other, "--yes").returncode == 0
    found = read_json(file)
    assert found["permissions"]["allow"][:2] == ["Bash(make)", "Bash(ratchet step)"]
    assert found["permissions"]["allow"].count("Bash(ratchet step)") == 1
    assert found["permissions"]["deny"][0] == "WebFetch"
    assert found["env"]["BASH_MAX_TIMEOUT_MS"] == "7"
    assert (found["model"], found["hooks"], found["permissions"]["ask"]) == ("mine", {"Stop": []}, ["Read"])


@pytest.mark.parametrize("text", ["{,}", "[]", '{"permissions": []}', '{"permissions": {"allow": {}}}', '{"env": 7}'])
def test_settings_of_another_shape_stay_as_they_are(other: Client, text: str) -> None:
    file = other.write(".claude/settings.json", text)
    done = offer(other, "--yes")
    assert (done.returncode, file.read_text("utf-8")) == (1, text)
    assert done.stderr.count("\n") == 1


def test_the_marketplace_has_the_documented_shape() -> None:
    found = read_json(MARKETPLACE)
    assert set(found) == {"name", "owner", "metadata", "plugins"}
    assert found["owner"]["name"]
    [entry] = found["plugins"]
    assert re.fullmatch("[a-z][a-z0-9-]*", found["name"])
    assert entry["source"].startswith("./")  # a path in the marketplace: nothing is fetched
    assert read_json(ROOT / entry["source"] / ".claude-plugin/plugin.json")["name"] == entry["name"] == "ratchet"


def test_the_plugin_has_the_documented_shape_and_no_copy_of_a_hook() -> None:
    manifest = read_json(PLUGIN / ".claude-plugin/plugin.json")
    assert set(manifest) == {"name", "version", "description", "author", "license", "commands", "skills", "hooks"}
    assert f'version = "{manifest["version"]}"\n' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert manifest["commands"] == []  # those of this project's own folder are for train.py
    [folder] = manifest["skills"]
    assert SKILL.parents[1] == (PLUGIN / folder)
    hooks = read_json(PLUGIN / manifest["hooks"])["hooks"]
    assert set(hooks) == set(read_json(PLUGIN / "settings.json")["hooks"])
    for [group] in hooks.values():
        [hook] = group["hooks"]
        found = re.match(r'python3 (?:-B )?"\$\{CLAUDE_PLUGIN_ROOT\}"/(\S+)', hook["command"])
        assert found
        assert (PLUGIN / found[1]).is_file()
    assert hooks["PreToolUse"][0]["hooks"][0]["onFailure"] == "block"


def test_the_skill_allows_what_the_guard_allows_and_names_what_a_person_may_type() -> None:
    head, body = SKILL.read_text("utf-8").split("---\n")[1:]
    listed = re.findall(r"^  - (Bash.*)$", head, re.MULTILINE)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import permissions; print('\\n'.join(permissions.allow_rules()))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, PLUGIN / "plugin"], capture_output=True, text=True, check=True
    )
    assert listed == done.stdout.splitlines()
    assert "disable-model-invocation: true\n" in head
    assert body.count("$ARGUMENTS") == 1
    assert "!`" not in body
    for word in ("results", "report", "stop", "setup", "inspect"):
        assert f"- `{word}`" in body
    assert "train.py" not in body
    assert "auc" not in body


@pytest.mark.parametrize(
    "page", [SKILL, PLUGIN / "commands/autoresearch.md", ROOT / ".agents/skills/autoresearch/SKILL.md"], ids=str
)
def test_setup_asks_every_question_of_the_interview(page: Path) -> None:
    tree = ast.parse((ROOT / "ratchet/views/interview.py").read_text("utf-8"))
    [ask_all] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "ask_all"]
    questions = [node.value for node in ast.walk(ask_all) if isinstance(node, ast.Constant) and node.value]
    text = " ".join(page.read_text("utf-8").split())
    asked = [str(each) for each in questions if re.search("[a-z] [a-z]|direction", str(each))]
    wanted = [re.split(r" \(|, such|: what|\?|, in one", each)[0] for each in asked if "Return" not in each]
    assert len(wanted) > 8
    assert [each for each in wanted if each not in text] == []


@pytest.mark.slow
def test_the_client_validates_and_installs_the_plugin_from_a_path(tmp_path: Path) -> None:
    client = shutil.which("claude")
    if client is None:
        pytest.skip("claude is not installed: only the shape of the plugin is held")
    market = tmp_path / "market place"
    shutil.copytree(PLUGIN, market / ".claude", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / ".claude-plugin", market / ".claude-plugin")
    env = {**os.environ, "HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": str(tmp_path / "config")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [client, "plugin", *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done
        return done.stdout

    assert "passed" in run("validate", str(market))
    assert "passed" in run("validate", str(market / ".claude"))
    run("marketplace", "add", str(market))
    run("install", "ratchet@ratchet-lab")
    listed = json.loads(run("list", "--json"))
    [installed] = [plugin for plugin in listed if plugin["id"] == "ratchet@ratchet-lab"]  # 2.1.332 lists its own, too
    assert installed["enabled"] is True
    assert (Path(installed["installPath"]) / "plugin/hook.py").is_file()
