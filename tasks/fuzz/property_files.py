"""The kind of input `property`: AIGER files that claim something, with witnesses against them."""

import io
from contextlib import redirect_stdout, suppress
from pathlib import Path

import numpy as np

from .mutation import Files, mutate_text

_SECONDS = 0.5  # for a property
_MOST = 3  # properties of a file
_CIRCUIT_TOKENS = (b"\n", b" ", b"aag", b"b0 x\n", b"j0", b"c\n", b"\0", b"\xff")
_WITNESS_TOKENS = (b"b0", b"j0", b"1\n", b"x", b".\n", b"u9", b"c\n", b"2", b"\xff")


def claims() -> list[Files]:
    """Circuits with properties of all kinds, each with witnesses to them."""
    bad = b"aag 7 2 1 0 4 1 1\n2\n4\n6 8\n6\n3\n8 4 10\n10 13 15\n12 2 6\n14 3 7\nb0 on\nc0 calm\n"
    again = b"aag 5 1 1 1 3 1 0 1 1\n2\n4 10 4\n4\n2\n2\n4\n6\n6 5 3\n8 4 2\n10 9 7\nb0 never\nj0 again\nf0 fair\n"
    return [(bad, b"1\nb0\n0\n01\n01\n.\n"), (again, b"1\nb0\n1\n1\n.\n1\nj0\n0\n1\n1\n.\nc done\n")]


def mutate_claims(files: Files, generator: np.random.Generator) -> Files:
    """A circuit, or its witnesses, with wrong tokens."""
    if generator.random() < 0.5:
        return (mutate_text(files[0], generator, _CIRCUIT_TOKENS), files[1])
    return (files[0], mutate_text(files[1], generator, _WITNESS_TOKENS))


def judge(files: Files, folder: Path) -> object:
    """What `verify --property` and `verify --replay` do, for a few properties."""
    from logic import FormatError
    from logic.checking import prove_properties, with_claims
    from logic.formats import read_circuit
    from neurosym.commands.claims import replay_claims

    path, witness = folder / "circuit.aag", folder / "witness.cex"
    path.write_bytes(files[0])
    witness.write_bytes(files[1])
    circuit = with_claims(read_circuit(path))
    found = prove_properties(circuit, [one.name for one in circuit.properties][:_MOST], _SECONDS)
    with redirect_stdout(io.StringIO()), suppress(FormatError):
        replay_claims(path, witness, as_json=True)
    return [one.verdict.word for one in found]
