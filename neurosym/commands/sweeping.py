"""The commands on many items: any command with a journal, and `sweep`, each combination of a recipe's settings."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Annotated, Any

import typer

from ..terminal import complain, say, say_json, say_rows
from .conventions.ending import plain_errors
from .conventions.files import existing
from .conventions.options import AsJson

_WORDS = {0: "done", 1: "refuted or impossible", 2: "with an error", 3: "unknown"}
_CODES = (2, 1, 3)  # of the items, the first that occurs is the whole command's


def run_many(words: Sequence[str]) -> None:
    """Runs a command on many items; its exit code is the worst of theirs."""
    with plain_errors():
        from ..many.asking import read_words
        from ..many.command_items import code_of, run_asked

        asked = read_words(words, known_options)
        codes = [code_of(line) for line in run_asked(asked, run_words)]
        counts = Counter(_WORDS[code] for code in codes)
        if "--json" in words:
            say_json({"journal": asked.own["--json-lines"], "items": len(codes), **counts})
        else:
            say(f"{len(codes):,} items: {', '.join(f'{count:,} {word}' for word, count in sorted(counts.items()))}")
            say(f"{asked.own['--json-lines']}: a line for each")
    raise SystemExit(next((code for code in _CODES if code in codes), 0))


def sweep(
    recipe: Annotated[Path, typer.Argument(help="TOML: command, words, [options], [grid].", show_default=False)],
    json_lines: Annotated[Path, typer.Option(help="The file that gets a line for each combination.")],
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; a core each if left out.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the file.")] = False,
    item_seconds: Annotated[float | None, typer.Option(help="Wall time of a combination.")] = None,
    item_megabytes: Annotated[int | None, typer.Option(help="Memory of a combination.")] = None,
    cluster: Annotated[str | None, typer.Option(help="tcp://HOST:PORT of dask, or ray.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a command with every combination of settings of a recipe, such as many trainings; tabulate the figures."""
    with plain_errors():
        from ..many.command_items import run_asked
        from ..many.recipes import read_recipe, rows

        given = {"--json-lines": json_lines, "--jobs": jobs, "--item-seconds": item_seconds}
        given |= {"--item-megabytes": item_megabytes, "--cluster": cluster, "--resume": "" if resume else None}
        asked = read_recipe(existing(recipe), known_options)
        asked.own |= {option: str(value) for option, value in given.items() if value is not None}
        lines = run_asked(asked, run_words)
        say_rows(list(rows(asked, lines)), as_json)


def known_options(command: str) -> Mapping[str, bool]:
    """The options of a command, and whether each is a flag."""
    from ..many.outcome import ManyError

    if command not in _commands().commands:
        raise ManyError(f"{command}: is no command; see neurosym --help")
    return {
        name: bool(getattr(parameter, "is_flag", False))
        for parameter in _commands().commands[command].params
        if parameter.param_type_name == "option"
        for name in (*parameter.opts, *parameter.secondary_opts)
    }


def run_words(words: Sequence[str]) -> tuple[int, str, str]:
    """The exit code of a command line, what it printed, and what it complained of."""
    printed, complaints = io.StringIO(), io.StringIO()
    with redirect_stdout(printed), redirect_stderr(complaints):
        try:
            import typer

            from .cli import app

            code = typer.main.get_command(app).main(list(words), "neurosym", standalone_mode=False) or 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 2
        except Exception as error:
            if not hasattr(error, "format_message"):
                raise
            code = 2  # words that click does not take
            complain(error.format_message())  # pyright: ignore
    return code, printed.getvalue(), complaints.getvalue()


def _commands() -> Any:
    """All commands, as a group of click."""
    from .cli import app

    return typer.main.get_command(app)  # pyright: ignore[reportAttributeAccessIssue]
