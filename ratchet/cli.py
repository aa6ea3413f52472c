"""The command `ratchet`: its groups, and what the exit status says.

0 all went well, 1 something that the user can fix (one line says what), 2 wrong usage, 3 a bug of ours (with its
traceback), 130 Ctrl-C.
"""

from __future__ import annotations

import errno
import importlib
import io
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

import click

from ratchet.errors import INTERRUPTED, RatchetError

BUG = 3
GROUPS: Mapping[str, Mapping[str, str]] = {
    "Run": {
        "start": "ratchet.commands.run",
        "step": "ratchet.commands.run",
        "loop": "ratchet.commands.run",
        "race": "ratchet.commands.run",
        "stop": "ratchet.commands.run",
        "finish": "ratchet.commands.run",
    },
    "Look": {
        "status": "ratchet.commands.look",
        "results": "ratchet.commands.look",
        "plot": "ratchet.commands.look",
        "show": "ratchet.commands.look",
        "diff": "ratchet.commands.look",
        "report": "ratchet.commands.look",
        "watch": "ratchet.commands.look",
    },
    "Learn": {
        "conclude": "ratchet.commands.learn",
        "placebo": "ratchet.commands.learn",
        "replay": "ratchet.commands.learn",
        "reveal": "ratchet.commands.learn",
    },
    "Use": {
        "export": "ratchet.commands.use",
        "predict": "ratchet.commands.use",
    },
    "Set up": {
        "init": "ratchet.commands.setup",
        "check": "ratchet.commands.setup",
        "instruct": "ratchet.commands.setup",
    },
}
MODULES = {name: module for commands in GROUPS.values() for name, module in commands.items()}
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


class Grouped(click.Group):
    """Loads a command when it is called, so that each starts fast, and lists them by what they are for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command, in the order of the help."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None when there is none of that name."""
        if cmd_name not in MODULES:
            return None
        command = getattr(importlib.import_module(MODULES[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, a section for each group."""
        width = max(map(len, MODULES)) + 2
        for title, commands in GROUPS.items():
            found = {name: self.get_command(ctx, name) for name in commands}
            rows = [(name.ljust(width), command.get_short_help_str(90)) for name, command in found.items() if command]
            with formatter.section(title):
                formatter.write_dl(rows)


@click.group(
    cls=Grouped,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog="Example: uv run ratchet loop -n 8",
)
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="The config file, if not the nearest.")
@click.pass_context
def ratchet(ctx: click.Context, config: Path | None) -> None:
    """Keep an edit only if the number it leads to is strictly better."""
    ctx.obj = config


def main() -> None:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a pipe on Windows speaks a code page without Δ
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit status."""
    try:
        status = ratchet.main(args=arguments, prog_name="ratchet", standalone_mode=False)
    except click.exceptions.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
        return INTERRUPTED
    except RatchetError as error:
        click.echo(str(error), err=True)
        return error.exit_status
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        return _say_disk_error(error)
    except Exception:
        traceback.print_exc()
        return BUG
    return status if isinstance(status, int) else 0


def _say_disk_error(error: OSError) -> int:
    """A full or forbidden disk is the user's to mend; any other system error is a bug of ours."""
    if error.errno not in DISK_ERRORS:
        traceback.print_exc()
        return BUG
    where = error.filename or "disk"
    click.echo(
        f"{where}: expected to write, got: {error.strerror}. Make room or mend the rights, then go on.", err=True
    )
    return 1


if __name__ == "__main__":
    main()
