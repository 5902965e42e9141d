"""The command `predict`: what a saved network sees in pictures or recordings."""

from pathlib import Path
from typing import Annotated, Any, cast

import typer

from ..terminal import complain, say_json, say_rows
from .conventions.ending import plain_errors
from .conventions.files import existing
from .conventions.options import AsJson


def predict_files(
    model: Annotated[Path, typer.Argument(help="A file of train, save_model or convert.", show_default=False)],
    pictures: Annotated[
        list[Path], typer.Argument(help="Pictures, recordings, or folders of them.", show_default=False)
    ],
    fitting: Annotated[
        str | None, typer.Option(help="pad, crop or stretch pictures of other sizes; as in training if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show files to a saved network: the class of each, or the answer of the rules, and how sure it is.

    Exit code 2 if a file could not be read; the others are shown all the same.
    """
    with plain_errors():
        existing(model)
        from perception import FolderOptions

        from ..predicting import files_in, load_predictor

        if fitting is not None:
            FolderOptions(fitting=cast(Any, fitting))  # is there such a fitting?
        files = files_in(pictures)
        found = list(load_predictor(model, cast(Any, fitting)).predict(files))
        for one in found:
            if one.fault:
                complain(one.fault)
        if as_json:
            say_json([one.to_json() for one in found])
        elif seen := [one.to_row() for one in found if not one.fault]:
            say_rows(seen, False)
    if any(one.fault for one in found):
        raise typer.Exit(2)
