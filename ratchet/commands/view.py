"""Look: report, watch."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from ratchet.desk import open_desk
from ratchet.lock import holder_pid
from ratchet.runs import require_run
from ratchet.views.liveview import follow
from ratchet.views.reporting import page_of, write_page
from ratchet.views.watching import Watcher
from ratchet.views.web import HOST, make_server

PORT = 8799


@click.command(epilog="Example: uv run ratchet report --open")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Where (.ratchet/TAG/report.html)."
)
@click.option("--open", "is_opening", is_flag=True, help="Show it in the browser.")
@click.pass_obj
def report(config: Path | None, output: Path | None, is_opening: bool) -> None:
    """Write the run as one HTML page that needs nothing else.

    The climb, what it is worth, every experiment with its change, leak checks, what measured, the receipts. The numbers
    for the audit are on it, unless somebody works on the run just now.
    """
    run = require_run(open_desk(Path.cwd(), config))
    target = output or run.folder / "report.html"
    write_page(run, target, page_of(run, has_audit=holder_pid(run.folder / "lock") is None))
    click.echo(str(target))
    if is_opening:
        click.launch(target.resolve().as_uri())


@click.command(epilog="Example: uv run ratchet watch --web")
@click.option(
    "--web", "is_web", is_flag=True, help="Serve the report on this machine; it renews itself. Ctrl-C ends it."
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="With --web; 0 takes any.")
@click.option("--open", "is_opening", is_flag=True, help="With --web: show it in the browser.")
@click.option(
    "--keep", "is_keeping", is_flag=True, help="Stay when nobody works on the run: an agent's own loop pauses."
)
@click.pass_obj
def watch(config: Path | None, *, is_web: bool, port: int, is_opening: bool, is_keeping: bool) -> None:
    """Follow a run while somebody works on it.

    Shows the climb, the last experiments, what is being done now and how far the limits are. It ends when the loop
    ends; q or Ctrl-C leaves it earlier. In a pipe it prints the state once.
    """
    run = require_run(open_desk(Path.cwd(), config))
    if not is_web:
        follow(Watcher(run), is_keeping=is_keeping)
        return
    with make_server(run, port) as server:
        address = f"http://{HOST}:{server.port}/"
        click.echo(f"{address} shows run {run.tag} while this runs; Ctrl-C ends it")
        if is_opening:
            click.launch(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
