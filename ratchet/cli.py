"""The command `ratchet`, its groups of subcommands and its exit status.

Exit status: 0 success, 1 an error that the user can fix (one line on stderr), 2 wrong usage, 3 a bug in ratchet (with
its traceback), 130 Ctrl-C.
"""

from __future__ import annotations

import errno
import importlib
import io
import sys
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path

import click

from ratchet.errors import INTERRUPTED, RatchetError, RatchetWarning, did_you_mean

BUG = 3
SET_UP = "init check instruct edit clean"  # one text: no quoted word may look like `git clean`
GROUPS: Mapping[str, Mapping[str, str]] = {
    "Run": {
        "start": "ratchet.commands.run",
        "step": "ratchet.commands.run",
        "loop": "ratchet.commands.run",
        "race": "ratchet.commands.run",
        "run": "ratchet.commands.run",
        "stop": "ratchet.commands.run",
        "finish": "ratchet.commands.run",
    },
    "Look": {
        "status": "ratchet.commands.look",
        "runs": "ratchet.commands.look",
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
    "Set up": dict.fromkeys(SET_UP.split(), "ratchet.commands.setup"),
}
MODULES = {name: module for commands in GROUPS.values() for name, module in commands.items()}
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


def _use_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Make a config file that was named after the command the one that the command gets."""
    if path is not None:
        ctx.obj = path


def _config_option() -> click.Option:
    """Return the option that names the config, which is understood before and after the name of a command."""
    return click.Option(
        ["-c", "--config", "config_file"],
        type=click.Path(path_type=Path, dir_okay=False),
        expose_value=False,
        callback=_use_config,
        help="Config file to use. Default: the nearest ratchet.yaml or pyproject.toml.",
    )


class Grouped(click.Group):
    """Import a command's module only when the command is called, and list the commands by group."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command, in the order of the help."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command with this name, or None if it does not exist."""
        if cmd_name not in MODULES:
            return None
        command = getattr(importlib.import_module(MODULES[cmd_name]), cmd_name)
        assert isinstance(command, click.Command)
        if all(option.name != "config_file" for option in command.params):
            command.params.append(_config_option())
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the arguments; an unknown one ends with the most similar name."""
        if args[0] not in MODULES:
            ctx.fail(f"No such command '{args[0]}'. {did_you_mean(args[0], MODULES)}".strip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section for each group of commands."""
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
@click.version_option(package_name="ratchet-lab", message="ratchet %(version)s")
@click.option(
    "-c",
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Config file to use. Default: the nearest ratchet.yaml or pyproject.toml.",
)
@click.pass_context
def ratchet(ctx: click.Context, config: Path | None) -> None:
    """Measure each edit of a file, and keep it only if the metric is strictly better."""
    ctx.obj = config


def main() -> None:
    """Run the command line and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the default encoding of a pipe on Windows has no Δ
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit status."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", RatchetWarning)
        warnings.showwarning = lambda message, *_, **__: click.echo(str(message), err=True)
        return _run(arguments)


def _run(arguments: list[str]) -> int:
    try:
        status = ratchet.main(args=arguments, prog_name="ratchet", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except RatchetError as error:
        click.echo(str(error), err=True)
        return error.exit_status
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        return _print_disk_error(error)
    except ModuleNotFoundError as error:
        return _print_missing_module(error)
    except Exception:
        traceback.print_exc()
        return BUG
    return status if isinstance(status, int) else 0


def _print_missing_module(error: ModuleNotFoundError) -> int:
    """Print one line if the Python environment was deleted meanwhile, and a traceback for any other missing module."""
    if sys.prefix == sys.base_prefix or Path(sys.prefix, "pyvenv.cfg").exists():
        traceback.print_exc()
        return BUG
    click.echo(
        f"{sys.prefix}: this Python environment was deleted while ratchet ran, and {error.name} is missing. "
        "Run `uv sync`, then the same command again.",
        err=True,
    )
    return 1


def _print_disk_error(error: OSError) -> int:
    """Print one line for a full or read-only disk, and a traceback for any other system error."""
    if error.errno not in DISK_ERRORS:
        traceback.print_exc()
        return BUG
    where = error.filename or "disk"
    click.echo(f"{where}: cannot write: {error.strerror}. Free disk space or fix the permissions.", err=True)
    return 1


if __name__ == "__main__":
    main()
