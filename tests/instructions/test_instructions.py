"""What agents are told and what they are allowed is one and the same, in every place where it stands."""

from __future__ import annotations

import ast
import json
import re
import runpy
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from ratchet.cli import ratchet
from ratchet.engine.reviewer import CHECKLIST

ROOT = Path(__file__).resolve().parents[2]
COMMAND_FILE = ROOT / ".claude/commands/autoresearch.md"
HOOKS = sorted((ROOT / ".claude/hooks").glob("*.py"))
TEXTS = ("program.md", "AGENTS.md", ".claude/commands/autoresearch.md", ".agents/skills/autoresearch/SKILL.md")


def settings() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / ".claude/settings.json").read_text("utf-8"))
    return found


def frontmatter() -> str:
    return COMMAND_FILE.read_text("utf-8").split("---\n")[1]


def pre_approved() -> list[str]:
    """Return the entries of allowed-tools."""
    block = re.search(r"^allowed-tools:\n((?:  - .*\n)+)", frontmatter(), re.MULTILINE)
    assert block
    return re.findall(r"  - (.*)\n", block[1])


def allowed_commands() -> set[str]:
    """Return the commands that the guard lets pass."""
    return set(runpy.run_path(str(ROOT / ".claude/hooks/guard.py"))["COMMANDS"])


def known_commands() -> set[str]:
    """Return the commands of ratchet that an agent may run, with those that only look."""
    looking = runpy.run_path(str(ROOT / ".claude/hooks/guard.py"))["LOOKING"]
    return allowed_commands() | {command for command in looking if command.startswith("uv run")}


def listed_commands(name: str) -> set[str]:
    """Return the commands that a text tells its reader, whole, in backticks."""
    return set(re.findall(r"`(uv run [^`]+)`", (ROOT / name).read_text("utf-8")))


def rule_for(command: str) -> str:
    """Return the permission rule that allows a command; what is filled in at its end makes it a prefix."""
    return f"Bash({re.sub(r' (TAG|N)$', ':*', command)})"


def test_program_settings_command_and_guard_hold_the_same_commands() -> None:
    assert listed_commands("program.md") == known_commands()
    text = (ROOT / "program.md").read_text("utf-8")
    looking = runpy.run_path(str(ROOT / ".claude/hooks/guard.py"))["LOOKING"]
    assert [command for command in looking if f"`{command.removesuffix(' -n N')}`" not in text] == []
    rules = {rule_for(command) for command in allowed_commands()}
    assert {rule for rule in settings()["permissions"]["allow"] if rule.startswith("Bash")} == rules
    assert {rule for rule in pre_approved() if rule.startswith("Bash")} == rules


def test_settings_and_command_allow_the_same() -> None:
    assert settings()["permissions"]["allow"] == pre_approved()


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_tells_an_agent_a_command_that_it_may_not_run(name: str) -> None:
    for_people = {"uv run pytest"}
    assert listed_commands(name) - for_people <= known_commands()


@pytest.mark.parametrize("name", TEXTS[:1] + TEXTS[2:])
def test_no_text_spells_a_command_in_another_way(name: str) -> None:
    assert re.findall(r"`(?:ratchet|python|uvx|\./)[^`]*`", (ROOT / name).read_text("utf-8")) == []


@pytest.mark.parametrize("command", sorted(allowed_commands()))
def test_every_command_is_one_that_ratchet_has(command: str) -> None:
    name, *arguments = shlex.split(command.replace("TAG", "a-run").replace(" N", " 4"))[3:]
    found = ratchet.get_command(click.Context(ratchet), name)
    assert found is not None
    assert found.make_context(name, arguments).command is found


def test_nothing_but_train_may_be_edited_and_every_path_is_anchored() -> None:
    rules = settings()["permissions"]
    assert [rule for rule in rules["allow"] if rule.startswith("Edit")] == ["Edit(/train.py)"]
    for rule in rules["allow"] + rules["deny"]:
        assert re.fullmatch(r"(Edit|Read)\(~?/[^/].*\)|Bash\(uv run ratchet [a-z].*\)|[A-Za-z]+", rule), rule


def test_the_whole_of_no_dangerous_tool_is_allowed() -> None:
    assert not [rule for rule in settings()["permissions"]["allow"] if "(" not in rule]


def test_what_decides_and_what_is_secret_is_denied() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ratchet"]
    deny = settings()["permissions"]["deny"]
    decides = [*config["readonly"], "ratchet/", ".claude/", ".ratchet/", "data/", "program.md", "results.tsv"]
    for path in decides:
        folder = f"{path.partition('/')[0]}/"
        assert f"Edit(/{path})" in deny or f"Edit(/{folder}**)" in deny, path
    with_test_auc = ["exports/**", "notebooks/**", "benchmarks/**", "lessons/**/key*", "**/*.html", "**/*.ipynb"]
    for path in ["results.tsv", ".ratchet/**", ".git/**", *with_test_auc, *config["link"]]:
        assert f"Read(/{path})" in deny
    assert "Read(~/.claude/**)" in deny


def test_no_page_that_an_agent_may_read_shows_a_number_of_the_test() -> None:
    pages = [ROOT / "README.md", ROOT / "program.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "data").glob("*.md")]
    for page in pages:
        assert not re.search(r"test_(auc|acc|f1)[^a-z\n]{0,20}\b[01]\.\d", page.read_text("utf-8")), page.name


def test_settings_have_the_shape_that_the_client_takes() -> None:
    found = settings()
    assert set(found) == {"permissions", "autoMemoryEnabled", "env", "hooks", "statusLine"}
    assert found["autoMemoryEnabled"] is False
    assert set(found["statusLine"]) == {"type", "command"}
    assert set(found["hooks"]) == {"PreToolUse", "PostToolUse", "Stop"}
    for event, groups in found["hooks"].items():
        commands = [hook["command"] for group in groups for hook in group["hooks"]]
        assert len(commands) == 1, event
        assert (ROOT / commands[0].split('"$CLAUDE_PROJECT_DIR"/')[1].split(" ")[0]).is_file()
    assert set(found["permissions"]) == {"defaultMode", "disableBypassPermissionsMode", "allow", "deny"}
    assert found["permissions"]["defaultMode"] == "dontAsk"
    assert found["permissions"]["disableBypassPermissionsMode"] == "disable"
    assert all(isinstance(value, str) for value in found["env"].values())
    [group] = found["hooks"]["PreToolUse"]
    assert group["matcher"] == "*"
    [hook] = group["hooks"]
    assert (hook["type"], hook["onFailure"]) == ("command", "block")
    assert hook["command"].startswith('python3 "$CLAUDE_PROJECT_DIR"/.claude/hooks/guard.py')


def test_a_command_may_take_as_long_as_two_experiments() -> None:
    """One that was interrupted is finished first."""
    limits = [float(text) for text in re.findall(r"^WALL_LIMIT_S = ([\d.]+)", (ROOT / "prepare.py").read_text(), re.M)]
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ratchet"]
    for name in ("BASH_DEFAULT_TIMEOUT_MS", "BASH_MAX_TIMEOUT_MS"):
        assert int(settings()["env"][name]) > 2000 * max(*limits, config["timeout"])


def test_the_command_is_for_people_and_starts_the_loop_that_does_not_stop() -> None:
    text = frontmatter()
    assert "disable-model-invocation: true\n" in text
    assert re.search(r'^argument-hint: ".*"$', text, re.MULTILINE)
    assert "hooks:" not in text  # they live one session: `claude --continue` would lose them
    for tool in ("AskUserQuestion", "Agent", "WebFetch", "WebSearch", "NotebookEdit"):
        assert tool in text.split("disallowed-tools: ")[1].split("\n")[0]


def test_what_a_person_types_is_pasted_once_and_never_into_a_shell() -> None:
    body = COMMAND_FILE.read_text("utf-8").split("---\n", 2)[2]
    assert body.count("$ARGUMENTS") == 1
    assert "!`" not in body
    assert "@program.md" in body
    assert len(body) < 4000


def test_program_is_short_enough_to_be_read_again_and_again() -> None:
    assert len((ROOT / "program.md").read_text("utf-8").splitlines()) < 110


def test_older_clients_find_the_rules_for_agents() -> None:
    assert (ROOT / "CLAUDE.md").read_text("utf-8") == "@AGENTS.md\n"


def test_the_skill_says_what_it_is_called() -> None:
    skill = ROOT / ".agents/skills/autoresearch/SKILL.md"
    head = skill.read_text("utf-8").split("---\n")[1]
    assert f"name: {skill.parent.name}\n" in head
    assert re.search(r"^description: .{40,1024}$", head, re.MULTILINE)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.name)
def test_a_hook_runs_on_any_python3_with_nothing_installed(hook: Path) -> None:
    tree = ast.parse(hook.read_text("utf-8"), feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= {"__future__", "go_on", "json", "pathlib", "re", "subprocess", "sys", "typing"}


def test_git_diff_shows_no_row_of_a_table() -> None:
    names = ["data/heart.csv", "x.tsv", "notebooks/a.ipynb", "report.html", "exports/a/MODEL_CARD.md"]
    done = subprocess.run(
        ["git", "check-attr", "diff", "--", *names], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert [line.split(": ")[2] for line in done.stdout.splitlines()] == ["unset"] * len(names)


def test_the_files_that_the_program_recommends_are_there_and_open() -> None:
    text = (ROOT / "program.md").read_text("utf-8").split("Worth reading")[1].split("\n\n")[0]
    guard = runpy.run_path(str(ROOT / ".claude/hooks/guard.py"))
    names = re.findall(r"`([^`]+)`", text)
    assert len(names) > 3
    for name in names:
        assert (ROOT / name).exists()
        assert guard["objection"]({"tool_name": "Read", "tool_input": {"file_path": name}, "cwd": str(ROOT)}) == ""


def test_codex_starts_the_skill_for_a_person_alone() -> None:
    text = (ROOT / ".agents/skills/autoresearch/agents/openai.yaml").read_text("utf-8")
    assert yaml.safe_load(text)["policy"] == {"allow_implicit_invocation": False}


def test_gemini_reads_the_rules_for_agents() -> None:
    found = json.loads((ROOT / ".gemini/settings.json").read_text("utf-8"))
    assert [name for name in found["context"]["fileName"] if not (ROOT / name).is_file()] == []


def test_a_second_window_is_explained_where_a_person_and_an_agent_look() -> None:
    for name in ("README.md", "program.md", "docs/claude-code.md"):
        assert "`claude --worktree NAME`" in (ROOT / name).read_text("utf-8"), name


@pytest.mark.parametrize("name", TEXTS[2:])
def test_the_second_reader_has_the_checklist_of_the_inspector(name: str) -> None:
    text = " ".join((ROOT / name).read_text("utf-8").split()).lower()
    points = [re.split(r"[:,.] |, ", line[2:])[0].lower() for line in CHECKLIST.splitlines()]
    assert len(points) == 5
    assert [point for point in points if point not in text] == []
