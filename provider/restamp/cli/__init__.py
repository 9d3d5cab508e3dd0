"""The command line: `restamp`. One file a group of commands; nothing heavy is imported before it is needed."""

import os
import sys
from typing import Annotated

import typer

from restamp.cli import (
    accept,
    backups,
    check,
    drill,
    journal,
    kit,
    look,
    plugins,
    prepare,
    recover,
    secrets,
    simulator,
    steps,
)

app = typer.Typer(
    name="restamp",
    help="Bring an Azure Stack Hub stamp back from a runbook in git.",
    epilog="Exit status: 0 done, 2 refused (nothing was written), 3 waits for people, 4 failed.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (recover, steps, accept, prepare, check, drill, kit, plugins, look, backups, journal, secrets, simulator):
    group.add_to(app)


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as of

        print(f"restamp {of('restamp')}")
        raise typer.Exit


def main() -> None:
    """The one place that prints errors: what is so, what to do next, and an exit status."""
    try:
        app()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sys.exit(_told(error))


def _told(error: Exception) -> int:
    from restamp.cli.output import findings
    from restamp.errors import Refused, RestampError

    if not isinstance(error, RestampError):
        raise error
    if isinstance(error, Refused):
        findings(error.findings)
        print(
            f"refused: {len(error.findings)} {'problem' if len(error.findings) == 1 else 'problems'}", file=sys.stderr
        )
    else:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
    return error.exit_status
