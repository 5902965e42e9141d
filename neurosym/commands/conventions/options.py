"""Options that several commands share, and whether those that were written are obeyed."""

from collections.abc import Iterable
from typing import Annotated

import typer

from .files import PathError

WORDS = {True: "PROVED", False: "REFUTED", None: "UNKNOWN"}
CODES = {True: 0, False: 1, None: 3}

Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers on the same machine.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Rounds of training; without it, as many as the task needs.")]
Quick = Annotated[bool, typer.Option("--quick", help="A small run that only shows that everything works.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def given(context: typer.Context, names: Iterable[str]) -> list[str]:
    """Those of the settings that were written on the command line."""
    sources = {name: context.get_parameter_source(name) for name in names}
    return [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]


def refuse_others(context: typer.Context, taken: tuple[str, ...]) -> None:
    """Refuses settings that the command would not obey.

    Raises:
        PathError: if any was written.
    """
    options = {parameter.name: parameter.opts[0] for parameter in context.command.params if parameter.name}
    if found := [options[name] for name in given(context, options) if name not in taken]:
        heard = ", ".join(option for name, option in options.items() if name in taken and option.startswith("--"))
        raise PathError(f"{', '.join(found)}: has no meaning here, where only {heard} are obeyed; leave it out")
