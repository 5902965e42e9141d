"""Programs of strangers, unmodified: what a folder's CLP(FD) programs print under SWI-Prolog and under `solve`.

The collection: the first ``--count`` programs by name that load library(clpfd) and whose goal ends under SWI-Prolog
within ``--seconds`` of CPU time, having printed something. Made for the folder ``swi_prolog`` of Håkan Kjellerstrand's
public models (github.com/hakank/hakank), where the goal is ``go``. Each program is ``equal`` (the same text, names of
unbound variables and times aside), ``different``, ``refused`` with a reason, or ``not finished`` in the same time.
"""

import json
import re
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.progress import track

from logic import whole_file
from logic.errors import NeurosymError
from reasoner import Limits, PrologTimeout, run_goal

_VARIABLE = re.compile(r"\b_(?:G?\d+|[A-Z]\w*)\b")
_TIME = re.compile(r"\btime\W{0,3}[0-9.e-]+", re.IGNORECASE)
_REASON = re.compile(r"^[^:]*: (?P<reason>.*?)(?:, line \d+, column \d+.*)?$", re.DOTALL)


class Reply(NamedTuple):
    """What came of a program.

    Args:
        state: ``finished``, ``finished with the search``, ``not finished`` or ``refused``.
        text: What it printed, or why it was refused.
        seconds: CPU time, that of other processes included.
    """

    state: str
    text: str
    seconds: float


def ask_swipl(path: Path, goal: str, seconds: float) -> Reply:
    """What SWI-Prolog prints, in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = ["swipl", "-q", "-g", goal, "-t", "halt", path.name]
    state = "finished"
    with subprocess.Popen(
        command, cwd=path.parent, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
        try:
            output = child.communicate(timeout=20 * seconds)[0]
        except subprocess.TimeoutExpired:
            child.kill()
            output = child.communicate()[0]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if child.returncode < 0:
        state = "not finished"
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Reply(state, output.decode("utf-8", "replace"), used)


def ask_neurosym(path: Path, goal: str, seconds: float) -> Reply:
    """What neurosym prints for the same file, up to the goal's first answer."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
    printed: list[str] = []
    state, text = "finished", ""
    try:
        answers = run_goal(path, goal, Limits(seconds=seconds, megabytes=1024), printed.append)
        answer = next(answers, None)
        answers.close()
        if answer and answer.by_search:
            state = "finished with the search"
    except PrologTimeout:
        state = "not finished"
    except NeurosymError as error:
        state, text = "refused", str(error)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before[0].ru_utime - before[0].ru_stime
    return Reply(state, text or "".join(printed), used + time.process_time() - before[1])


def collection(folder: Path, goal: str, seconds: float, count: int, known: dict[str, Reply]) -> Iterator[Path]:
    """The programs that belong to the collection; what SWI-Prolog says of each is added to ``known``."""
    found = 0
    for path in sorted(folder.glob("*.pl")):
        if found == count or "library(clpfd)" not in path.read_text("utf-8", "replace"):
            continue
        if path.name not in known:
            known[path.name] = ask_swipl(path, goal, seconds)
        if known[path.name].state == "finished" and known[path.name].text.strip():
            found += 1
            yield path


def verdict(wanted: Reply, found: Reply) -> str:
    """``equal``, ``different``, ``refused: why`` or ``not finished``."""
    if found.state == "refused":
        matched = _REASON.match(found.text)
        return f"refused: {matched['reason'] if matched else found.text}"
    if not found.state.startswith("finished"):
        return found.state
    if _shown(wanted.text) == _shown(found.text):
        return "equal"
    return "different" if found.state == "finished" else "other values, by the search, each checked"


def _shown(text: str) -> str:
    """The text without what differs from run to run."""
    return _TIME.sub("time", _VARIABLE.sub("_", text)).strip()


def main(
    folder: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Where the programs are.")],
    goal: Annotated[str, typer.Option(help="What is asked of each.")] = "go",
    count: Annotated[int, typer.Option(min=1, help="Programs of the collection.")] = 200,
    seconds: Annotated[float, typer.Option(min=1, help="CPU seconds for each, on both sides.")] = 10.0,
    wanted: Annotated[int, typer.Option(min=0, help="Programs that must be equal; else the exit status is 1.")] = 150,
    replies: Annotated[Path | None, typer.Option(help="JSON file that keeps what SWI-Prolog said.")] = None,
) -> None:
    """Run a collection of programs under both and say which are equal, and why the others are not."""
    known: dict[str, Reply] = {}
    if replies is not None and replies.is_file():
        known = {name: Reply(*row) for name, row in json.loads(replies.read_text("utf-8")).items()}
    console = Console(stderr=True)
    paths = [*collection(folder, goal, seconds, count, known)]
    if replies is not None:
        with whole_file(replies) as place:
            Path(place).write_text(json.dumps(known, indent=1), "utf-8")
    counts: Counter[str] = Counter()
    times = [0.0, 0.0]
    for path in track(paths, "programs", console=console):
        found = ask_neurosym(path, goal, seconds)
        said = verdict(known[path.name], found)
        counts[said] += 1
        times = [times[0] + known[path.name].seconds, times[1] + found.seconds]
        typer.echo(f"{path.name}: {said}")
    typer.echo("")
    for said, number in counts.most_common():
        typer.echo(f"{number:5}  {said}")
    typer.echo(f"CPU seconds: SWI-Prolog {times[0]:.1f}, neurosym {times[1]:.1f}")
    raise typer.Exit(0 if counts["equal"] >= min(wanted, len(paths)) else 1)


if __name__ == "__main__":
    typer.run(main)
