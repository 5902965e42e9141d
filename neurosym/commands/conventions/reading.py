"""The options by which netlists are read, the same for every command that takes one."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .ending import plain_errors
from .files import PathError, existing
from .options import given

if TYPE_CHECKING:
    from logic import Circuit, SpikingNetwork
    from logic.formats.files import Reading

Netlist = Annotated[
    Path,
    typer.Argument(help="AIGER, BLIF, .bench, KISS2, Verilog (.v, .sv; .f for a list), yosys JSON, PLA, equations."),
]
_OPTIONS = {
    "genlib": (
        Annotated[
            Path | None,
            typer.Option(
                "--genlib", "--liberty", help="The library of a mapped netlist's cells, genlib or Liberty (.lib)."
            ),
        ],
        None,
    ),
    "undriven": (
        Annotated[
            str, typer.Option(help="What a wire that nothing drives is: free (an input), or zero as ABC takes it.")
        ],
        "free",
    ),
    "top": (
        Annotated[
            str | None,
            typer.Option(help="The module of a Verilog file, if it holds several that no other contains."),
        ],
        None,
    ),
    "define": (
        Annotated[
            list[str] | None,
            typer.Option(help="A macro of Verilog, NAME or NAME=VALUE (may be repeated).", metavar="NAME"),
        ],
        None,
    ),
}
READING = tuple(_OPTIONS)
"""What these options are called as settings of a command."""


def reads_netlists(command: Callable[..., None]) -> Callable[..., None]:
    """A command with these options; it takes all of them as its argument ``reading``, by name."""
    own = signature(command)

    @wraps(command)
    def with_options(
        *args: object, genlib: Path | None, undriven: str, top: str | None, define: list[str] | None, **settings: object
    ) -> None:
        with plain_errors():
            library = None if genlib is None else existing(genlib)
        reading: Reading = {"genlib": library, "undriven": undriven, "top": top, "macros": tuple(define or ())}
        command(*args, reading=reading, **settings)

    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _OPTIONS.items()
    ]
    kept = [
        parameter.replace(kind=Parameter.KEYWORD_ONLY)
        for parameter in own.parameters.values()
        if parameter.name != "reading"
    ]
    last = 1 if kept and kept[-1].name == "as_json" else 0  # help shows --json at the end
    ordered = [*kept[: len(kept) - last], *added, *kept[len(kept) - last :]]
    with_options.__signature__ = own.replace(parameters=ordered)  # pyright: ignore[reportAttributeAccessIssue]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in ordered}
    return with_options


def read_given(context: typer.Context, path: Path, reading: "Reading") -> "Circuit | SpikingNetwork":
    """The circuit of a netlist, or the network of a target's file, which was compiled already.

    Raises:
        FormatError, NetworkError: if the file cannot be read.
        PathError: if options of netlists were written for a network.
    """
    from logic.formats import read_circuit
    from logic.targets import target_of_file

    target = target_of_file(path)
    if target is None:
        return read_circuit(path, **reading)
    if written := given(context, READING):
        raise PathError(f"{path}: is a network that has been compiled already; leave --{written[0]} out")
    return target.read(path)
