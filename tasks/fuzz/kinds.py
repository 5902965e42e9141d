"""The kinds of input: where good ones come from, how they are mutated, and what is done with each."""

import io
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.resources import files as resources
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from .mutation import Files, mutate_bytes, mutate_header, mutate_json, mutate_text, repair_png
from .netlist_files import (
    NETLISTS,
    behaviours,
    kept,
    mapped,
    mutate_behaviour,
    mutate_mapped,
    mutate_netlist,
    mutate_vendors,
    netlists,
    read_behaviour,
    read_flat_verilog,
    read_mapped,
    read_netlist,
    read_vendors,
    vendors,
)
from .property_files import claims, judge, mutate_claims
from .recorded import mutate_recording, recordings, watch

_SECONDS = 2.0  # that a program may take by its own limit

_PROGRAMS = (
    "0.4::heads(1). 0.7::heads(2).\nwin :- heads(1), heads(2).\nquery(win).\n",
    "0.5::a; 0.3::b; 0.2::c.\np(X) :- member(X, [1, 2, 3]), X > 1, a.\nevidence(b, false).\nquery(p(_)).\n",
    "0.3::edge(1, 2). 0.6::edge(2, 3). 0.9::edge(3, 1).\npath(X, Y) :- edge(X, Y).\n"
    "path(X, Y) :- edge(X, Z), path(Z, Y).\nquery(path(1, _)).\n",
    "0.5::coin(X) :- member(X, [1, 2, 3, 4]).\nn(N) :- findall(X, coin(X), L), length(L, N).\nquery(n(_)).\n",
    "f(0, 1).\nf(N, F) :- N > 0, M is N - 1, f(M, G), F is N * G.\n0.1::e.\nq(F) :- e, f(6, F).\nquery(q(_)).\n",
    "0.2::flip.\nlight :- \\+ flip.\n0.5::dark :- \\+ light.\nquery(light). query(dark). evidence(\\+ dark).\n",
)
_TOKENS = (
    b":-", b"::", b".", b",", b";", b"(", b")", b"[", b"]", b"|", b"\\+", b" is ", b"_", b"X", b"'", b'"', b"0'", b"%",
    b"/*", b"{", b"}", b"0.5::", b"findall(X, ", b"query(", b"evidence(", b":- use_module(library(lists)).\n",
    b":- table p/1.\n", b"f(f(f(f(", b"- - - ", b"^", b"mod", b"//", b"\xff", b"\xc3\xa9", b"\0", b"#=", b"#<==>",
    b"..",
)  # fmt: skip
_PUZZLES = (
    "sides(X, Y) :-\n    [X, Y] ins 1..9,\n    X * Y #= 35,\n    X #< Y.\n",
    "p(X, Y, Z) :- [X, Y, Z] ins 0..20, all_different([X, Y, Z]), X + Y #= Z, (X #> 3) #==> (Y #< 2).\n",
    "q(L) :- length(L, 4), L ins 1..4, all_distinct(L), nth1(2, L, 3), sum(L, #=, 10).\n",
    "r(X) :- X in 1..100, X mod 7 #= 3, X // 5 #> 4, tuples_in([[X, Y]], [[31, 1], [38, 2]]), Y #\\= 1.\n",
)


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Args:
        name: Of the kind.
        corpus: Good inputs.
        mutate: A wrong input from a good one.
        run: Does what users do with such an input, in an empty folder; only a :class:`logic.NeurosymError` may come
            out.
        memory: Bytes of address space that an input may take.
    """

    name: str
    corpus: Callable[[], list[Files]]
    mutate: Callable[[Files, np.random.Generator], Files]
    run: Callable[[Files, Path], object]
    memory: int = 2 << 30


def programs() -> list[Files]:
    """Small probabilistic programs."""
    return [(text.encode(),) for text in _PROGRAMS]


def puzzles() -> list[Files]:
    """Small constraint programs, and those that come with neurosym."""
    bundled = [entry.read_bytes() for entry in resources("neurosym.puzzles").iterdir() if entry.name.endswith(".pl")]
    return [*((text.encode(),) for text in _PUZZLES), *((text,) for text in bundled)]


def mutate_program(files: Files, generator: np.random.Generator) -> Files:
    """A program with wrong tokens."""
    return (mutate_text(files[0], generator, _TOKENS),)


def query(files: Files, folder: Path) -> object:
    """What the command `query` does."""
    from neurosym.commands.queries import report_file
    from reasoner import Limits

    return report_file(kept(folder / "program.pl", files[0]), None, Limits(seconds=_SECONDS), False, False)


def explain(files: Files, folder: Path) -> object:
    """What the command `query --explain` does."""
    from neurosym.commands.queries import report_file
    from reasoner import Limits

    return report_file(kept(folder / "program.pl", files[0]), None, Limits(seconds=_SECONDS), True, True)


def solve(files: Files, folder: Path) -> object:
    """What the command `solve` does."""
    from neurosym.commands.solving.puzzles import solve_file

    found = solve_file(str(kept(folder / "puzzle.pl", files[0])), seconds=_SECONDS)
    return str(found), json.dumps(found.to_dict())


def checkpoints() -> list[Files]:
    """Saved models of few weights."""
    from neurosym import DIGITS, Model, Program, SpikingClassifier, SpikingVision, save_model
    from neurosym.checkpoint import save_perception

    with TemporaryDirectory() as place:
        rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        small = SpikingClassifier(DIGITS, 0, steps=2, channels=(1, 1), hidden=2, size=16)
        save_model(Model(small, rule, "sum(S)"), Path(place) / "model.safetensors")
        options = {"size": 8, "steps": 2, "widths": (2, 2), "depths": (1, 1), "stem_width": 2}
        save_perception(SpikingVision(3, 0, model="tiny_resnet", options=options), Path(place) / "net.safetensors")
        return [(path.read_bytes(),) for path in sorted(Path(place).iterdir())]


def mutate_checkpoint(files: Files, generator: np.random.Generator) -> Files:
    """Another header, or other bytes anywhere."""
    return ((mutate_header if generator.random() < 0.8 else mutate_bytes)(files[0], generator),)


def load(files: Files, folder: Path) -> object:
    """What commands do with a saved model."""
    from neurosym import load_model
    from neurosym.checkpoint import load_perception

    path = kept(folder / "model.safetensors", files[0])
    return load_model(path) if "program" in load_perception(path)[1] else None


def networks() -> list[Files]:
    """NIR files with the files beside them."""
    from neurosym import CircuitBuilder, compile_circuit, write_nir

    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    network = compile_circuit(make.build(sum=a ^ b ^ c, carry=(a & b) | c), "dual-rail", "relays", aligned=True)
    found: list[Files] = []
    with TemporaryDirectory() as place:
        for profile in ("lif", "cuba"):
            path = Path(place) / f"{profile}.nir"
            write_nir(network, path, profile)
            found.append((path.read_bytes(), path.with_suffix(".json").read_bytes()))
    return found


def mutate_network(files: Files, generator: np.random.Generator) -> Files:
    """Other weights, or other names beside them."""
    if generator.random() < 0.5:
        return (mutate_bytes(files[0], generator), files[1])
    beside = mutate_json(files[1], generator) if generator.random() < 0.8 else mutate_bytes(files[1], generator)
    return (files[0], beside)


def read_network(files: Files, folder: Path) -> object:
    """What `verify` does with a network before it proves."""
    from neurosym import read_nir

    kept(folder / "n.json", files[1])
    return read_nir(kept(folder / "n.nir", files[0])).flatten()


def pictures() -> list[Files]:
    """A picture in each of the usual formats, grey, coloured, of a palette, of 16 bits."""
    from PIL import Image

    grey = np.arange(64, dtype=np.uint8).reshape(8, 8)
    made = {
        "PNG": [Image.fromarray(grey), Image.fromarray(np.stack([grey] * 3, 2)), Image.fromarray(grey).convert("P"),
                Image.fromarray(grey.astype(np.uint16) * 900), Image.fromarray(np.stack([grey] * 4, 2))],
        "JPEG": [Image.fromarray(grey)], "GIF": [Image.fromarray(grey)], "BMP": [Image.fromarray(grey)],
        "TIFF": [Image.fromarray(grey)], "PPM": [Image.fromarray(grey)],
        "WEBP": [Image.fromarray(np.stack([grey] * 3, 2))],
    }  # fmt: skip
    found: list[Files] = []
    for kind, images in made.items():
        for image in images:
            buffer = io.BytesIO()
            image.save(buffer, kind)
            found.append((buffer.getvalue(),))
    return found


def mutate_picture(files: Files, generator: np.random.Generator) -> Files:
    """Other bytes, mostly with right checksums."""
    data = mutate_bytes(files[0], generator)
    return (repair_png(data) if generator.random() < 0.8 else data,)


def see(files: Files, folder: Path) -> object:
    """What `explain` and folders of pictures do with a picture."""
    from neurosym import NeurosymError, load_dataset, read_picture

    for part in ("train", "test"):
        for label in ("a", "b"):
            kept(folder / "own" / part / label / "picture.png", files[0])
    with suppress(NeurosymError):
        load_dataset(str(folder / "own"))
    return read_picture(folder / "own" / "train" / "a" / "picture.png", (8, 8))


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("query", programs, mutate_program, query),
        Kind("explain", programs, mutate_program, explain),
        Kind("solve", puzzles, mutate_program, solve),
        Kind("checkpoint", checkpoints, mutate_checkpoint, load),
        Kind("nir", networks, mutate_network, read_network),
        Kind("picture", pictures, mutate_picture, see),
        Kind("property", claims, mutate_claims, judge),
        Kind("events", recordings, mutate_recording, watch),
        Kind("genlib", mapped, mutate_mapped, read_mapped),
        Kind("liberty", vendors, mutate_vendors, read_vendors),
        *(
            Kind(suffix, partial(netlists, suffix), mutate_netlist, partial(read_netlist, suffix), memory)
            for suffix in NETLISTS
            for memory in (64 << 30 if suffix == "json" else 2 << 30,)  # which yosys reads
            if suffix != "v"
        ),
        Kind("v", partial(netlists, "v"), mutate_netlist, read_flat_verilog),
        Kind("verilog-behaviour", behaviours, mutate_behaviour, read_behaviour, memory=64 << 30),
    )
}


def inputs(kind: Kind, generator: np.random.Generator) -> Iterator[Files]:
    """Wrong inputs without end, from all good ones in turn."""
    corpus = kind.corpus()
    while True:
        for files in corpus:
            yield kind.mutate(files, generator)


def outcome(kind: Kind, files: Files) -> str:
    """What becomes of an input: ``result`` or ``refused``; any other error goes through.

    Raises:
        Exception: whatever is a fault.
    """
    from logic import NeurosymError

    with TemporaryDirectory(prefix="fuzz-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            kind.run(files, Path(folder))
        except NeurosymError as refused:
            if not str(refused) or len(str(refused)) > 100_000:
                raise ValueError(f"a refusal of {len(str(refused))} characters") from refused
            return "refused"
    return "result"
