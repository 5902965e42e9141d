"""What `conform` does: networks from files, compared in simulators of others, as a table, a record and a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from logic import NetworkError
from logic.formats import read_circuit
from logic.simulators import Outcome, Subject, conform, find_simulators
from logic.simulators.evidence import exit_code, log_of, table_rows, write_log
from logic.simulators.importer_kit import importer_subjects
from logic.targets import find_target, target_of_file

from ..terminal import complain

if TYPE_CHECKING:
    from logic.formats.files import Reading


@dataclass(frozen=True)
class Found:
    """What came out.

    Args:
        outcomes: For each network and target.
    """

    outcomes: Sequence[Outcome]

    @property
    def code(self) -> int:
        """The exit code: 0 identical or refused, 1 wrong, 3 open."""
        return exit_code(self.outcomes)

    def rows(self) -> list[dict[str, object]]:
        """For a table."""
        return table_rows(self.outcomes)

    def to_dict(self) -> dict[str, object]:
        """For JSON."""
        return log_of(self.outcomes)

    def write_log(self, path: Path) -> None:
        """The record as a file."""
        write_log(path, self.outcomes)

    def write_page(self, path: Path) -> None:
        """The page with the table, cores and rasters."""
        from ..reports.conformance_page import write_conformance_page

        write_conformance_page(path, self.outcomes)


def compare_networks(
    paths: Sequence[Path],
    targets: str,
    mapping: str,
    waves: int,
    seed: int,
    keep: Path | None,
    reading: "Reading | None" = None,
) -> Found:
    """Compares the networks of files.

    Raises:
        NetworkError, CircuitError: if a file cannot be read or compiled, or a target is unknown.
    """
    if not paths:
        raise NetworkError("there is nothing to compare; give a netlist or a network (.nir), or --importer nir")
    simulators = find_simulators(targets)
    subjects = [_subject(path, mapping, reading) for path in paths]
    return Found(conform(subjects, simulators, waves=waves, seed=seed, folder=keep, progress=_tell))


def importer_kit(importer: str, targets: str, keep: Path | None) -> Found:
    """Runs the golden networks of the kit in readers of a format.

    Raises:
        NetworkError: if there is no kit for the format, or a target does not read it.
    """
    if importer != "nir":
        raise NetworkError(f"there is no kit for {importer!r}; use --importer nir")
    readers = [simulator for simulator in find_simulators(targets) if simulator.profile is not None]
    if not readers:
        raise NetworkError(f"{targets}: reads no NIR; use snntorch, norse, spikingjelly or sinabs")
    return Found(conform(importer_subjects(), readers, folder=keep, progress=_tell))


def _subject(path: Path, mapping: str, reading: "Reading | None") -> Subject:
    if (target := target_of_file(path)) is not None:
        network = find_target(target.name).read(path)
        return Subject(path.stem, network)
    return Subject.of_circuit(path.stem, read_circuit(path, **(reading or {})), mapping)


def _tell(outcome: Outcome) -> None:
    """A line on standard error for each run, since some take minutes."""
    if outcome.verdict in ("wrong", "failed", "absent"):
        complain(f"{outcome.network} in {outcome.target}: {outcome.verdict}: {outcome.reason}", "Note")
