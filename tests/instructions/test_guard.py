"""The hook that stands before every tool: what it lets through, and every way round it that we could think of."""

from __future__ import annotations

import json
import os
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Client

GUARD = Path(__file__).resolve().parents[2] / ".claude/hooks/guard.py"
COMMANDS = [
    command.replace("TAG", "my-run_2.b").replace(" N", " 12") for command in runpy.run_path(str(GUARD))["COMMANDS"]
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_program_passes(quiet_client: Client, command: str) -> None:
    assert quiet_client.refusal("Bash", {"command": command, "description": "x", "timeout": 900_000}) == ""


def test_the_guard_allows_its_own_calls_so_that_no_allow_list_is_needed(quiet_client: Client) -> None:
    root = quiet_client.root
    assert quiet_client.is_allowed_by_guard("Bash", {"command": "uv run ratchet stop"})
    assert quiet_client.is_allowed_by_guard("Edit", {"file_path": f"{root}/train.py"})
    assert not quiet_client.is_allowed_by_guard("Bash", {"command": "id"})
    assert not quiet_client.is_allowed_by_guard("Edit", {"file_path": f"{root}/prepare.py"})
    assert not quiet_client.is_allowed_by_guard("Read", {"file_path": f"{root}/prepare.py"})


@pytest.mark.parametrize("command", ["uv run ratchet step", "uv run ratchet start r", "uv run ratchet status"])
def test_a_command_in_the_background_is_refused(quiet_client: Client, command: str) -> None:
    assert "Leave run_in_background out" in quiet_client.refusal(
        "Bash", {"command": command, "run_in_background": True}
    )
    assert quiet_client.refusal("Bash", {"command": command, "run_in_background": False}) == ""


@pytest.mark.parametrize("timeout", [0, 1000, 59_999, "1000", -1, float("nan"), "soon", [], True])
def test_a_timeout_that_is_shorter_than_an_experiment_is_refused(quiet_client: Client, timeout: object) -> None:
    given = {"command": "uv run ratchet step", "timeout": timeout}
    assert quiet_client.refusal("Bash", given)


def test_the_config_tells_how_long_an_experiment_takes(client: Client) -> None:
    given = {"command": "uv run ratchet step", "timeout": 120_000}
    assert client.refusal("Bash", given) == ""
    client.write("pyproject.toml", client.read("pyproject.toml").replace("timeout = 60", ""))
    assert "step may take 900000 ms, and 120000 is shorter. Leave timeout out." in client.refusal("Bash", given)
    assert client.refusal("Bash", {"command": "uv run ratchet status", "timeout": 5_000}) == ""


@pytest.mark.parametrize("tool", ["Edit", "Write", "MultiEdit"])
def test_train_may_be_edited_by_its_whole_path_or_by_its_name(quiet_client: Client, tool: str) -> None:
    assert quiet_client.refusal(tool, {"file_path": str(quiet_client.root / "train.py")}) == ""
    assert quiet_client.refusal(tool, {"file_path": "train.py"}) == ""


def test_a_project_that_is_opened_through_a_link_can_be_worked_on(client: Client) -> None:
    alias = client.root.parent / "alias"
    alias.symlink_to(client.root)
    assert client.refusal("Edit", {"file_path": str(alias / "train.py")}) == ""
    assert client.refusal("Edit", {"file_path": str(alias / "prepare.py")})


@pytest.mark.parametrize("tool", ["Read", "Glob", "TaskUpdate"])
def test_what_changes_nothing_is_left_to_the_permission_rules(quiet_client: Client, tool: str) -> None:
    assert quiet_client.refusal(tool, {"file_path": str(quiet_client.root / "prepare.py")}) == ""


@pytest.mark.parametrize("tool", ["Read", "Grep", "Glob", "LS"])
@pytest.mark.parametrize(
    "file",
    [
        "churn.csv",
        "{root}/churn.CSV",
        "{root}/harness/../churn.csv",
        "{root}/data/heart.csv",
        "{root}/data/heart.feather",
        "{root}/data/y.npy",
        "{root}/tables/churn.csv.gz",
        "{root}/churn.parquet",
        "/elsewhere/churn.tsv",
        "{root}/.git",
        "{root}/.git/objects/29/c4c9b599889f665896defe8fdd635c24cbf858",
        "{root}/harness/../.git/objects/pack/pack-1.pack",
        "{root}/results.tsv",
        "{root}/.ratchet",
        "{root}/.ratchet/my-run/journal.jsonl",
        "{root}/harness/../.ratchet/my-run/journal.jsonl",
        "{root}/exports/my-run-3/MODEL_CARD.md",
        "{root}/Exports/my-run-3/train.py",
        "{root}/elsewhere/MODEL_CARD.md",
        "{root}/report.html",
        "{root}/docs/report.HTML",
        "{root}/notebooks/01_ratchet_vs_automl.ipynb",
        "{root}/benchmarks/results/standings.json",
        "{root}/lessons/01/key.md",
        "{root}/lessons/keys/01.md",
        "{root}/../other/notes.md",
        "~/.claude/projects/x/session.jsonl",
        "/etc/passwd",
    ],
)
def test_neither_a_table_nor_the_records_of_a_run_may_be_read(quiet_client: Client, tool: str, file: str) -> None:
    named = file.format(root=quiet_client.root)
    key = "file_path" if tool == "Read" else "path"
    assert quiet_client.refusal(tool, {key: named})


def test_a_link_out_of_the_repository_is_outside(client: Client) -> None:
    client.root.parent.joinpath("notes.md").write_text("x")
    (client.root / "notes.md").symlink_to(client.root.parent / "notes.md")
    assert "outside of the repository" in client.refusal("Read", {"file_path": str(client.root / "notes.md")})


@pytest.mark.parametrize(
    "pattern", ["/home/student/.claude/**", "~/.claude/**", "../**", "src/../../**", "C:/**", "\\\\x"]
)
def test_a_pattern_does_not_leave_the_repository(quiet_client: Client, pattern: str) -> None:
    assert "may leave the repository" in quiet_client.refusal("Glob", {"pattern": pattern})
    assert quiet_client.refusal("Glob", {"pattern": "harness/**/*.py"}) == ""


def test_a_link_to_a_table_is_a_table(client: Client) -> None:
    (client.root / "churn.csv").write_text("a,b\n")
    (client.root / "notes.md").symlink_to(client.root / "churn.csv")
    assert client.refusal("Read", {"file_path": str(client.root / "notes.md")})


def test_a_search_names_the_file_that_it_searches(quiet_client: Client) -> None:
    assert "this is a folder, which may hold tables" in quiet_client.refusal("Grep", {"pattern": "."})
    assert quiet_client.refusal("Grep", {"pattern": "def", "path": str(quiet_client.root / "train.py")}) == ""


@pytest.mark.parametrize(
    "file",
    [
        "prepare.py",
        "{root}/prepare.py",
        "{root}/./prepare.py",
        "{root}//prepare.py",
        "{root}/train.py/../prepare.py",
        "{root}/harness/../prepare.py",
        "{root}/harness/../train.py",
        "{root}/../{name}/train.py",
        "{root}/harness/score.py",
        "{root}/harness/train.py",
        "{root}/.claude/settings.json",
        "{root}/.claude/settings.local.json",
        "{root}/.claude/hooks/guard.py",
        "{root}/.claude/commands/autoresearch.md",
        "{root}/.ratchet/my-run/journal.jsonl",
        "{root}/.git/hooks/post-commit",
        "{root}/.git/config",
        "{root}/program.md",
        "{root}/pyproject.toml",
        "{root}/ratchet.yaml",
        "{root}/sitecustomize.py",
        "{root}/results.tsv",
        "{root}/train.py.bak",
        "{root}/train.py ",
        "{root}/ train.py",
        "{root}/Train.py",
        "{root}/train.py\n",
        "{root}/train.py\0",
        "{root}/trаin.py",  # the second a is Cyrillic
        "{root}/train.py:stream",
        "file://{root}/train.py",
        "/etc/passwd",
        "/train.py",
        "../train.py",
        "~/train.py",
        "~",
        "",
        ".",
        "\ud800",
        "x" * 70_000,
    ],
    ids=ascii,
)
def test_no_other_file_may_be_written(quiet_client: Client, file: str) -> None:
    path = file.replace("{root}", str(quiet_client.root)).replace("{name}", quiet_client.root.name)
    assert quiet_client.refusal("Write", {"file_path": path, "content": "x"})


def test_a_link_of_any_kind_is_refused(client: Client) -> None:
    root = client.root
    (root / "link.py").symlink_to("prepare.py")
    (root / "to_train.py").symlink_to("train.py")
    (root / "inside").symlink_to("harness")
    for name in ("link.py", "to_train.py", "inside/score.py"):
        assert client.refusal("Edit", {"file_path": str(root / name)}), name
    (root / "train.py").unlink()
    (root / "train.py").symlink_to("prepare.py")
    assert "this is a link to another file" in client.refusal("Edit", {"file_path": "train.py"})
    (root / "train.py").unlink()
    os.link(root / "prepare.py", root / "train.py")
    assert "this is a link to another file" in client.refusal("Edit", {"file_path": "train.py"})


@pytest.mark.parametrize(
    "command",
    [
        "",
        "id",
        "echo x > prepare.py",
        "sed -i s/a/b/ prepare.py",
        'python3 -c \'open("prepare.py", "a").write("x")\'',
        "cp train.py prepare.py",
        "dd if=/dev/null of=prepare.py",
        "git apply x.patch",
        "git show HEAD:data/heart.csv",
        "git cat-file blob HEAD:data/heart.csv",
        "git grep yes HEAD -- data/heart.csv",
        "git diff 4b825dc642cb6eb9a060e54bf8d69288fbee4904 HEAD -- data/heart.csv",
        "git log -p -- data/heart.csv",
        "git archive HEAD data",
        "uv run ratchet show HEAD:data/heart.csv",
        "uv run ratchet diff --commit HEAD:data/heart.csv",
        "git reset --hard",
        "ln -s prepare.py x.py",
        "rm .claude/settings.json",
        "uv run train.py",
        "uv run prepare.py train.py",
        "uv run python -c 1",
        "uv run --with evil ratchet step",
        "uv run  ratchet step",
        "uvx ratchet step",
        "ratchet step",
        " uv run ratchet step",
        "uv run ratchet step ",
        "uv run ratchet step\n",
        "uv run ratchet step\nid",
        "uv run ratchet step;id",
        "uv run ratchet step && id",
        "uv run ratchet step || id",
        "uv run ratchet step & id",
        "uv run ratchet step &",
        "uv run ratchet step | tee prepare.py",
        "uv run ratchet step > prepare.py",
        "uv run ratchet step # x",
        "(uv run ratchet step)",
        "A=1 uv run ratchet step",
        "uv run ratchet --config evil.toml step",
        "uv run ratchet step -m x",
        "uv run ratchet loop --agent id",
        "uv run ratchet init --force",
        "uv run ratchet results --audit",
        "uv run ratchet stop --now",
        "uv run ratchet start",
        "uv run ratchet start TAG x",
        "uv run ratchet start a..b",
        "uv run ratchet start a.lock",
        "uv run ratchet start a.",
        "uv run ratchet start a;id",
        "uv run ratchet start 'a;id'",
        "uv run ratchet start $(id)",
        "uv run ratchet start `id`",
        "uv run ratchet start $HOME",
        "uv run ratchet start -v",
        "uv run ratchet start ../x",
        "uv run ratchet start a/b",
        "uv run ratchet start 实验",
        "uv run ratchet start a\tb",
        "uv run ratchet start {a,b}",
        "uv run ratchet start *",
        f"uv run ratchet start {'a' * 300}",
        "uv run ratchet show",
        "uv run ratchet show x",
        "uv run ratchet show -1",
        "uv run ratchet show ٤",
        "uv run ratchet show 1 > .ratchet/my-run/journal.jsonl",
        "uv run ratchet diff --best > .claude/settings.json",
        "uv run ratchet diff --commit HEAD",
        "uv run ratchet --help",
        "uv run ratchet start --help x",
        "uv run ratchet ../x --help",
        "ls ..",
        "ls /",
        "ls -la",
        "ls .ratchet",
        "ls ~",
        "ls $HOME",
        "ls > x",
        "ls harness; id",
        "git diff --no-index /dev/null data/heart.csv",
        "git diff --output=prepare.py",
        "git diff --text",
        "git log --oneline -p",
        "git status --porcelain; id",
        "git -c core.pager=id status",
        "grep -n def",
        "grep -n def .",
        "grep -n def harness",
        "grep -n def /etc/passwd",
        "grep -n def ../other.py",
        "grep -n def data/heart.csv",
        "grep -n def results.tsv",
        "grep -n def .ratchet/my-run/journal.jsonl",
        "grep -n def .git/config",
        "grep -n def train.py results.tsv",
        "grep -n def train.py > prepare.py",
        "grep -rn def train.py",
        "grep -n -f train.py",
        "grep -n '-f' train.py",
        "grep -n '--file=/etc/passwd' train.py",
        'grep -n "-r" train.py',
        'grep -n "$(id)" train.py',
        'grep -n "`id`" train.py',
        'grep -n "a\\" train.py',
        "grep -n 'a' 'b' train.py",
        "grep -n 'a\nb' train.py",
        "grep -n a;id train.py",
        "grep -n $HOME train.py",
        "grep -n a* train.py",
    ],
    ids=ascii,
)
def test_no_other_command_may_be_run(quiet_client: Client, command: str) -> None:
    assert quiet_client.refusal("Bash", {"command": command})


@pytest.mark.parametrize(
    "command",
    [
        *("ls", "ls harness", "ls ./harness", "git status", "git diff", "git log --oneline", "git log --oneline -n 5"),
        *("grep -n SCORE train.py", "grep -n 'def \\|class' harness/score.py", 'grep -n "a b" ./train.py'),
        *("uv run ratchet step --help", "uv run ratchet start --help", "uv run ratchet loop --help"),
    ],
)
def test_a_command_that_reads_an_open_file_is_allowed(quiet_client: Client, command: str) -> None:
    assert quiet_client.is_allowed_by_guard("Bash", {"command": command})
    assert quiet_client.refusal("Bash", {"command": command, "run_in_background": True})


def test_the_folder_above_the_repository_may_have_any_name(client: Client) -> None:
    root = client.root.parent / ".ratchet/exports/lane"
    root.parent.mkdir(parents=True)
    client.root.rename(root)
    client.root, client.env["CLAUDE_PROJECT_DIR"] = root, str(root)
    assert client.refusal("Bash", {"command": "ls"}) == ""
    assert client.refusal("TaskList", {}) == ""
    assert client.refusal("Read", {"file_path": f"{root}/train.py"}) == ""
    assert client.refusal("Read", {"file_path": f"{root}/exports/x/train.py"})


def test_looking_around_stays_inside_the_repository(quiet_client: Client) -> None:
    for command in ("ls", "git diff", "git status"):
        event = {"cwd": str(quiet_client.root.parent), "tool_name": "Bash", "tool_input": {"command": command}}
        assert quiet_client.ask_guard(json.dumps(event)).returncode == 2, command


def test_a_tool_that_is_of_no_use_here_gets_a_plain_word(quiet_client: Client) -> None:
    assert "Write the report as plain text" in quiet_client.refusal("StructuredOutput", {"x": 1})
    assert "keeps no memory" in quiet_client.refusal("MemoryWrite", {"x": 1})


@pytest.mark.parametrize(
    "tool",
    [
        *("NotebookEdit", "Agent", "Task", "Skill", "Workflow", "EnterWorktree", "CronCreate", "PowerShell", "Monitor"),
        *("REPL", "WebFetch", "mcp__files__write_file", "bash", "edit", "Edit ", "ApplyPatch", ""),
    ],
)
def test_no_other_tool_may_be_used(quiet_client: Client, tool: str) -> None:
    given = {"file_path": str(quiet_client.root / "train.py"), "command": "uv run ratchet step"}
    assert quiet_client.refusal(tool, given)


@pytest.mark.parametrize(
    "event",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '"Edit"',
        "{}",
        '{"tool_name": "Read"}',
        '{"tool_name": "Edit", "tool_input": {}}',
        '{"tool_name": "Edit", "tool_input": null}',
        '{"tool_name": "Edit", "tool_input": {"file_path": null}}',
        '{"tool_name": "Edit", "tool_input": {"file_path": ["train.py"]}}',
        '{"tool_name": "Edit", "tool_input": {"file_path": "train.py"}}',
        '{"tool_name": "Edit", "cwd": "", "tool_input": {"file_path": "train.py"}}',
        '{"tool_name": "Edit", "cwd": 7, "tool_input": {"file_path": "train.py"}}',
        '{"tool_name": "Bash", "tool_input": {}}',
        '{"tool_name": "Bash", "tool_input": {"command": null}}',
        '{"tool_name": "Bash", "tool_input": {"command": ["uv run ratchet step"]}}',
        '{"tool_name": ["Edit"], "tool_input": {"file_path": "train.py"}}',
        '{"tool_name": null, "tool_input": {}}',
        '{"tool_name": "Bash", "tool_input": {"command": "uv run ratchet step"}} {}',
        "[" * 100_000,
        "\udcff",
    ],
    ids=lambda event: ascii(event[:60]),
)
def test_an_event_that_is_none_is_refused(quiet_client: Client, event: str) -> None:
    done = quiet_client.ask_guard(event.encode("utf-8", "backslashreplace").decode())
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_the_reason_tells_the_agent_what_to_do(quiet_client: Client) -> None:
    assert "only train.py may be edited" in quiet_client.refusal("Edit", {"file_path": "prepare.py"})
    assert "uv run ratchet start TAG; " in quiet_client.refusal("Bash", {"command": "id"})


@pytest.mark.parametrize("event", ["", '{"tool_name": "Bash", "tool_input": {"command": "id"}}'])
def test_the_guard_says_no_without_the_help_of_the_shell(quiet_client: Client, event: str) -> None:
    assert quiet_client.run_hook('python3 "$CLAUDE_PROJECT_DIR"/.claude/hooks/guard.py', event).returncode == 2


HARMLESS = json.dumps({"tool_name": "Bash", "tool_input": {"command": "uv run ratchet step"}})


def test_without_an_interpreter_nothing_is_allowed(client: Client) -> None:
    assert client.ask_guard(HARMLESS).returncode == 0
    client.install("sh", f'#!/bin/sh\nexec {os.path.realpath("/bin/sh")} "$@"\n')
    (client.root.parent / "bin/python3").unlink()
    client.env["PATH"] = client.env["PATH"].split(os.pathsep)[0]
    assert client.ask_guard(HARMLESS).returncode == 2


@pytest.mark.parametrize("guard", ["raise SystemExit(1)", "1 / 0", "not python", "import os; os.kill(os.getpid(), 9)"])
def test_a_guard_that_fails_allows_nothing(client: Client, guard: str) -> None:
    client.write(".claude/hooks/guard.py", guard)
    assert client.ask_guard(HARMLESS).returncode == 2


def test_a_guard_that_is_gone_allows_nothing(client: Client) -> None:
    (client.root / ".claude/hooks/guard.py").unlink()
    assert client.ask_guard(HARMLESS).returncode == 2


SCOPE = 'editable = ["train.py", "src/", "lib/*.sh"]\nreadonly = ["prepare.py", "src/frozen.py", "src/given/"]\n'


@pytest.mark.parametrize(
    ("file", "is_open"),
    [
        ("train.py", True),
        ("src/a.py", True),
        ("src/new/deep/b.py", True),
        ("lib/run.sh", True),
        ("lib/deep/run.sh", False),
        ("lib/run.py", False),
        ("src/frozen.py", False),
        ("src/given/c.py", False),
        ("src/../prepare.py", False),
        ("src/link/x.py", False),
        ("srcx/a.py", False),
        ("pyproject.toml", False),
        (".claude/hooks/guard.py", False),
        ("src", False),
    ],
)
def test_what_the_config_calls_editable_may_be_edited_and_nothing_else(
    client: Client, file: str, is_open: bool
) -> None:
    config = client.root / "pyproject.toml"
    config.write_text(
        f"[tool.other]\neditable = ['prepare.py']\n\n[tool.ratchet]\n{SCOPE}\n[tool.ratchet.metric]\nname = 'x'\n"
    )
    (client.root / "src").mkdir()
    (client.root / "src/link").symlink_to(client.root.parent)
    assert (client.refusal("Write", {"file_path": str(client.root / file)}) == "") is is_open


@pytest.mark.parametrize("text", ["", "[tool.ratchet]\neditable = 3\n", "[tool.ratchet]\neditable = [os.getcwd()]\n"])
def test_a_config_that_cannot_be_read_opens_train_py_alone(client: Client, text: str) -> None:
    (client.root / "pyproject.toml").write_text(text)
    assert client.refusal("Edit", {"file_path": str(client.root / "train.py")}) == ""
    assert client.refusal("Edit", {"file_path": str(client.root / "prepare.py")})
