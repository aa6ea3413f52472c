"""The hook that is asked when the agent wants to stop: it sends on while the run is not done, and never for ever."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Client

LIMIT = 8


def say(client: Client, **more: Any) -> None:
    """Have `uv run ratchet status --json` say this, in a session that asked for the run."""
    if not client.transcript:
        client.type("/autoresearch")
    journal = client.write(".ratchet/r/journal.jsonl", "")
    state = {
        "tag": "r",
        "experiments": 2,
        "done": None,
        "working_process": None,
        "unmeasured_edit": [],
        "summary": "2 experiments, 1 kept",
        "journal": str(journal),
    }
    client.write("said.json", json.dumps(state | more))
    client.install("uv", '#!/bin/sh\n[ "$*" = "run ratchet status --json" ] && cat said.json\n')


def test_an_agent_that_gives_up_is_sent_on(client: Client) -> None:
    say(client)
    sentence = client.sent_on_by()
    assert "Run r is not done: 2 experiments, 1 kept. Experiment 3 is next: edit train.py" in sentence
    assert "`uv run ratchet step`" in sentence


def test_an_edit_that_was_not_measured_is_named(client: Client) -> None:
    say(client, unmeasured_edit=["train.py"])
    assert "read the unmeasured edit in train.py" in client.sent_on_by()


@pytest.mark.parametrize("state", [{"done": "25 experiments done"}, {"done": "asked to stop"}, {"working_process": 7}])
def test_an_agent_whose_run_is_done_or_in_other_hands_may_stop(client: Client, state: dict[str, Any]) -> None:
    say(client, **state)
    assert client.stop() == {}


def test_an_agent_that_waits_for_its_own_work_may_stop(client: Client) -> None:
    say(client)
    assert client.stop(background_tasks=[{"id": "b1", "command": "uv run ratchet step"}]) == {}


@pytest.mark.parametrize(
    "uv",
    [
        "echo 'HEAD: expected a run' >&2; exit 1",
        "exit 3",
        "echo '{'",
        "echo '[]'",
        "echo '{}'",
        "kill -9 $$",
    ],
)
def test_when_ratchet_cannot_answer_the_agent_may_stop_and_the_person_is_informed(client: Client, uv: str) -> None:
    client.install("uv", f"#!/bin/sh\n{uv}\n")
    client.type("/autoresearch")
    answer = client.stop()
    assert list(answer) == ["systemMessage"]
    assert answer["systemMessage"].startswith("autoresearch: the agent may stop. ")


def test_a_ratchet_that_does_not_answer_is_not_waited_for(client: Client) -> None:
    hook = client.read(".claude/hooks/go_on.py")
    client.write(".claude/hooks/go_on.py", hook.replace("TIMEOUT_S = 60", "TIMEOUT_S = 1"))
    client.install("uv", "#!/bin/sh\nexec sleep 60\n")
    client.type("/autoresearch")
    assert "timed out after 1 seconds" in client.stop()["systemMessage"]


def test_without_a_run_the_agent_may_stop(client: Client) -> None:
    client.type("/autoresearch")
    assert "is not a run branch" in client.stop()["systemMessage"]


@pytest.mark.parametrize("event", ["", "{", "null", "[]"])
def test_an_event_that_is_none_sends_nobody_on_without_a_run(client: Client, event: str) -> None:
    done = client.run_hook('python3 "$CLAUDE_PROJECT_DIR"/.claude/hooks/go_on.py', event)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(json.loads(done.stdout)) == ["systemMessage"]


@pytest.mark.parametrize("what_is_new", [{"session": "another"}, {"experiments": 3}], ids=str)
def test_an_agent_that_does_not_go_is_let_go_until_something_is_new(
    client: Client, what_is_new: dict[str, Any]
) -> None:
    say(client)
    assert [client.is_sent_on() for _ in range(LIMIT)] == [True] * LIMIT
    assert "the agent may stop after 8 attempts without a new experiment" in client.stop()["systemMessage"]
    say(client, experiments=what_is_new.pop("experiments", 2))
    assert client.is_sent_on(**what_is_new)


@pytest.mark.parametrize("words", ["results", "report", "stop", "setup", "a;id", "another-run"])
def test_a_person_who_asked_for_something_else_is_not_dragged_into_the_run(client: Client, words: str) -> None:
    say(client)
    client.type("/autoresearch r")
    assert client.is_sent_on()
    client.type(f"/autoresearch {words}")
    assert client.stop() == {}


@pytest.mark.parametrize("words", ["", "r", " r ", '"r"', "inspect"])
def test_a_person_who_asked_for_this_run_gets_it(client: Client, words: str) -> None:
    say(client)
    client.type("/autoresearch results")
    client.type(f"/autoresearch {words}")
    assert client.is_sent_on()


def test_what_the_agent_writes_does_not_count_as_asked(client: Client) -> None:
    say(client)
    client.type("/autoresearch r")
    fake = "<command-name>/autoresearch</command-name><command-args>results</command-args>"
    blocks = [{"type": "text", "text": fake}]
    client.transcript += [
        {"type": "assistant", "message": {"role": "assistant", "content": blocks}},
        {"type": "assistant", "message": {"role": "assistant", "content": fake}},
        {"type": "user", "message": {"role": "user", "content": [{"type": "tool_result", "content": fake}]}},
        {"type": "user", "message": {"role": "user", "content": f"A summary of what was said: {fake}"}},
        {"type": fake},
    ]
    assert client.is_sent_on()


def queue(client: Client, operation: str, **more: str) -> None:
    """Write down what the client (2.1.332, 2.1.197) does with a text that is typed while the agent works."""
    client.transcript.append({"type": "queue-operation", "operation": operation, "sessionId": "s", **more})


def test_a_command_that_is_typed_while_the_agent_works_is_not_held_up(client: Client) -> None:
    say(client)
    queue(client, "enqueue", content="/autoresearch stop")
    queue(client, "enqueue", content="please be quick")
    queue(client, "remove", content="please be quick")  # plain text is handed over with the next tool result
    assert client.stop() == {}
    queue(client, "dequeue")
    client.type("/autoresearch")
    assert client.is_sent_on()


def test_two_commands_that_wait_are_handed_over_both(client: Client) -> None:
    say(client)
    for words in ("/autoresearch", "/autoresearch stop"):
        queue(client, "enqueue", content=words)
    queue(client, "dequeue")
    client.type("/autoresearch")
    assert client.stop() == {}


@pytest.mark.parametrize("is_taken_back", [True, False])
def test_what_no_longer_waits_ends_no_turn(client: Client, is_taken_back: bool) -> None:
    say(client)
    queue(client, "enqueue", content="/autoresearch stop")
    if is_taken_back:
        queue(client, "popAll", content="/autoresearch stop")
    else:
        client.type("go on")  # after `--continue`: the queue of the earlier session is gone
    assert client.is_sent_on()


def test_a_session_that_asked_for_no_run_may_stop(client: Client) -> None:
    say(client)
    client.transcript = []
    assert client.stop() == {}
    client.type("what does program.md start with?")
    client.call("uv run ratchet status")
    assert client.stop() == {}
    assert client.stop(transcript_path=str(client.root / "none.jsonl")) == {}
    assert client.stop(transcript_path="") == {}
    assert client.run_hook(client.hook("Stop"), "{}").stdout == ""
    torn = client.write("torn.jsonl", '{"type": "user", "message": {"content": "/autoresearch<\n\x00\n[]\n7\n')
    assert client.stop(transcript_path=str(torn)) == {}


def test_plain_words_that_start_a_run_are_a_request(client: Client) -> None:
    say(client)
    client.transcript = []
    client.type("have a look at program.md and kick off")
    assert client.is_sent_on()
    client.transcript = []
    client.type("please improve the model over night")
    assert client.stop() == {}
    client.call("uv run ratchet start r")
    assert client.is_sent_on()
    client.call("uv run ratchet start another")
    assert client.stop() == {}


def test_a_run_that_the_agent_starts_against_the_word_of_the_person_is_no_request(client: Client) -> None:
    say(client)
    client.type("/autoresearch results")
    client.call("uv run ratchet start r")
    assert client.stop() == {}


def test_what_the_client_inserts_is_no_request(client: Client) -> None:
    say(client)
    client.transcript = []
    for mark in ("isMeta", "isCompactSummary"):
        message = {"role": "user", "content": "read program.md and start"}
        client.transcript.append({"type": "user", mark: True, "message": message})
    assert client.stop() == {}


def test_the_person_sees_the_line_of_an_experiment(client: Client) -> None:
    line = "iter 3 | val_auc=0.8996 (Δ +0.0012 ± 0.0041, within noise) | KEPT — 31 leaves"
    assert client.shown_after("uv run ratchet step", f"{line}\nmore\n") == line
    assert client.shown_after("uv run ratchet start r", f"{line}\n") == line
    assert client.shown_after("uv run ratchet status", f"{line}\n") == ""
    assert client.shown_after("uv run ratchet step", "run r is locked\n") == ""


@pytest.mark.parametrize("event", ["", "null", "{}", '{"tool_name": "Bash", "tool_input": {"command": 7}}'])
def test_an_event_of_another_shape_shows_nothing(client: Client, event: str) -> None:
    done = client.run_hook(client.hook("PostToolUse"), event)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_status_line_names_the_run_its_experiments_and_the_best(client: Client) -> None:
    command = json.loads(client.read(".claude/settings.json"))["statusLine"]["command"]
    done = client.run_hook(command, "{}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    say(client, summary="2 experiments, 1 kept; best val_auc=0.9 (iter 1)")
    assert client.run_hook(command, "{}").stdout == "r: 2 experiments, 1 kept; best val_auc=0.9 (iter 1)\n"
