"""The served report: two addresses, one name, no audit number, and a page that renews itself."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from ratchet.repo.run import current_run, open_worktree
from ratchet.views.web import HOST, ReportServer, make_server
from tests.ratchet.views.report.browser import WHY_NOT, browsing, has_browser

Ratchet = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server(project, ratchet: Ratchet) -> Iterator[ReportServer]:
    ratchet("start", "first")
    run = current_run(open_worktree(project.root))
    assert run is not None
    with make_server(run, 0) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(10)


def get(server: ReportServer, path: str, *, host: str = "", method: str = "GET") -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection(HOST, server.port, timeout=120)
    connection.request(method, path, headers={"Host": host or f"{HOST}:{server.port}"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), dict(answer.getheaders())


def test_the_page_and_its_version_agree_and_change_with_the_journal(
    server: ReportServer, project, ratchet: Ratchet
) -> None:
    status, page, headers = get(server, "/")
    version = json.loads(get(server, "/version")[1])["version"]
    assert status == 200
    assert f'data-version="{version}"' in page
    assert "connect-src 'self'" in page
    assert headers["X-Content-Type-Options"] == "nosniff"
    project.edit(0.7, "better")
    ratchet("step")
    assert json.loads(get(server, "/version")[1])["version"] != version
    assert "better" in get(server, "/")[1]


def test_no_audit_number_is_served(server: ReportServer) -> None:
    assert "0.1230" not in get(server, "/")[1]


def test_a_file_opened_from_disk_asks_nobody(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    status, out, _ = ratchet("report")
    page = (project.root / ".ratchet/first/report.html").read_text()
    assert status == 0
    assert out.strip().endswith(".ratchet/first/report.html")
    assert "fetch(" not in page
    assert "0.1230" in page


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost:1", "0.0.0.0"])
def test_another_name_is_turned_away(server: ReportServer, host: str) -> None:
    status, text, _ = get(server, "/", host=host)
    assert status == 421
    assert "<" not in text


@pytest.mark.parametrize("path", ["/journal.jsonl", "/../journal.jsonl", "/..%2f", "/?x=1", "/version/", "/<script>"])
def test_nothing_else_is_served(server: ReportServer, path: str) -> None:
    status, text, _ = get(server, path)
    assert (status, text) == (404, "not found; available: / and /version\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_sent(server: ReportServer, method: str) -> None:
    status, _, headers = get(server, "/", method=method)
    assert status == 501
    assert "Access-Control-Allow-Origin" not in headers


def test_a_damaged_journal_is_one_line_and_the_server_goes_on(server: ReportServer, project) -> None:
    journal = project.root / ".ratchet/first/journal.jsonl"
    before = journal.read_bytes()
    journal.write_bytes(before + b"damaged\n")
    status, text, _ = get(server, "/")
    assert (status, text.count("\n")) == (500, 1)
    journal.write_bytes(before)
    assert get(server, "/")[0] == 200


def test_a_port_that_is_taken_is_one_line(server: ReportServer, ratchet: Ratchet) -> None:
    status, _, err = ratchet("watch", "--web", "--port", str(server.port))
    assert (status, err.count("\n")) == (1, 1)
    assert "Choose another" in err


@pytest.mark.slow
@pytest.mark.skipif(not has_browser(), reason=WHY_NOT)
def test_an_open_page_renews_itself_and_keeps_what_was_open(server: ReportServer, project, ratchet: Ratchet) -> None:
    with browsing() as browser:
        browser.resize(1200)
        browser.open(f"http://{HOST}:{server.port}/")
        browser.click("svg.wide a[href='#e0']")
        browser.run("document.getElementById('e0').open = true")
        project.edit(0.7, "a better idea")
        ratchet("step")
        ended = "no process is working on the run"  # a page drawn during the step shows an unfinished experiment
        deadline = time.monotonic() + 120
        while "a better idea" not in browser.text("main") or browser.text("#now") != ended:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert re.search("KEPT|kept", browser.text("#e1"))
        assert browser.run("return document.getElementById('e0').open")
        assert "baseline" in browser.text("#chosen")
        assert browser.complaints() == []
