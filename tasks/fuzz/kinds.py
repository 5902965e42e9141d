"""The kinds of input: where good ones come from, how they are mutated, and what is done with each."""

import io
import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files as resources
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from logic.formats import FORMATS

from .behavioural import behaviours, mutate_behaviour, read_behaviour, read_flat_verilog
from .mutation import Files, mutate_bytes, mutate_header, mutate_json, mutate_text, repair_png

_SECONDS = 2.0  # that a program may take by its own limit
_LARGEST = 30_000  # bytes of a netlist of the folder of data

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
        run: Does what users do with it in an empty folder; only a :class:`logic.NeurosymError` may come out.
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

    return report_file(_kept(folder / "program.pl", files[0]), None, Limits(seconds=_SECONDS), False, False)


def explain(files: Files, folder: Path) -> object:
    """What the command `query --explain` does."""
    from neurosym.commands.queries import report_file
    from reasoner import Limits

    return report_file(_kept(folder / "program.pl", files[0]), None, Limits(seconds=_SECONDS), True, True)


def solve(files: Files, folder: Path) -> object:
    """What the command `solve` does."""
    from neurosym.commands.solving.puzzles import solve_file

    found = solve_file(str(_kept(folder / "puzzle.pl", files[0])), seconds=_SECONDS)
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

    path = _kept(folder / "model.safetensors", files[0])
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

    _kept(folder / "n.json", files[1])
    return read_nir(_kept(folder / "n.nir", files[0])).flatten()


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
            _kept(folder / "own" / part / label / "picture.png", files[0])
    with suppress(NeurosymError):
        load_dataset(str(folder / "own"))
    return read_picture(folder / "own" / "train" / "a" / "picture.png", (8, 8))


_AEDAT4 = bytes.fromhex(  # a header, and a packet of two events
    "23214145522d444154342e300d0a2d00000014000000494f48450a00140004000800100000000c00000000000000ffffffff"
    "ffffffff04000000000000000000000000440000004000000010000000455654530600080004000000080000000800000000"
    "000000020000000500000000000000030021000100000005000000000000002100000000000000"
)


def recordings() -> list[Files]:
    """Events in each format that is read: a file's ending and its content."""
    generator = np.random.default_rng(0)
    time = np.sort(generator.integers(0, 1000, 20))
    x, y, bright = (generator.integers(0, most, 20) for most in (30, 30, 2))
    words = (x.astype(np.int64) << 32) | (y << 24) | (bright << 23) | time
    compact = b"".join(int(word).to_bytes(5, "big") for word in words)
    pairs = np.stack([y << 8 | x << 1 | bright, time], 1).astype(">i4").tobytes()
    header = np.array([1, 0, 8, 4, 0, 20, 20, 20], "<i2").astype(np.int16)
    size = np.array([8, 4, 0, 20, 20, 20], "<i4").tobytes()
    polarity = np.stack([x << 17 | y << 2 | bright << 1 | 1, time], 1).astype("<i4").tobytes()
    table, rows = io.BytesIO(), np.zeros(20, [("t", "<i8"), ("x", "<i2"), ("y", "<i2"), ("p", "i1")])
    np.save(table, np.stack([time, x, y, bright], 1))
    rows["t"], rows["x"], rows["y"], rows["p"] = time, x, y, bright
    structured = io.BytesIO()
    np.save(structured, rows)
    archive, hierarchy = io.BytesIO(), io.BytesIO()
    np.savez(archive, t=time, x=x, y=y, p=bright)
    with suppress(ImportError):
        import h5py

        with h5py.File(hierarchy, "w") as file:
            for name, column in zip("txyp", (time, x, y, bright), strict=True):
                file[f"events/{name}"] = column
    words2 = np.stack([8 << 28 | time >> 6, bright << 28 | (time & 63) << 22 | x << 11 | y], 1).astype("<u4").tobytes()
    words3 = np.stack([0x8000 | time >> 12, 0x6000 | time & 0xFFF, y, 0x2000 | bright << 11 | x], 1)
    masks = np.array([0x3005, 0x4FFF, 0x50FF], "<u2").tobytes()
    return [
        *([(b".h5", hierarchy.getvalue())] if hierarchy.getvalue() else []),
        (b".npz", archive.getvalue()),
        (b".raw", b"% evt 2.0\n% geometry 640x480\n% end\n" + words2),
        (b".raw", b"% format EVT3;height=720;width=1280\n% end\n" + words3.astype("<u2").tobytes() + masks),
        (b".dat", b"% Version 2\n\x0c\x08" + np.stack([time, bright << 28 | y << 14 | x], 1).astype("<u4").tobytes()),
        (b".aedat4", _AEDAT4),
        (b".bin", compact),
        (b".aedat", b"#!AER-DAT2.0\r\n# comment\r\n" + pairs),
        (b".aedat", b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + header[:2].tobytes() + size + polarity),
        (b".npy", table.getvalue()),
        (b".npy", structured.getvalue()),
    ]


def mutate_recording(files: Files, generator: np.random.Generator) -> Files:
    """Other bytes under the same ending."""
    return (files[0], mutate_bytes(files[1], generator))


def watch(files: Files, folder: Path) -> object:
    """What `train` does with a folder of recordings."""
    from neurosym import load_dataset

    for part in ("train", "test"):
        for label in ("a", "b"):
            _kept(folder / "own" / part / label / f"recording{files[0].decode()}", files[1])
    return load_dataset(str(folder / "own"), steps=4)


def netlists(suffix: str, data: str | None = os.environ.get("NEUROSYM_DATA")) -> list[Files]:
    """The example of a format's row, small files that hold its rarer words, and those of the folder of data."""
    own = [row.example for row in FORMATS if suffix in row.suffixes and row.read]
    found = sorted(Path(data, "circuits").rglob(f"*.{suffix}")) if data else []
    kept = [path.read_bytes() for path in found if path.stat().st_size <= _LARGEST]
    return [(text,) for text in (*own, *_RARE.get(suffix, ()), *kept)]


def mapped() -> list[Files]:
    """BLIF files of cells, and their library."""
    blif = b".model t\n.inputs a b\n.outputs y q\n.gate nand2 a=a b=b O=n\n.gate ao a=n b=a c=b Y=y\n"
    blif += b".mlatch dff D=n Q=q clk 1\n.mlatch tog T=a Q=r clk\n.gate ao a=r b=r c=q Y=z\n.end\n"
    library = b'GATE "nand2" 1 O=!(a*b); PIN * INV 1 999 1.0 0.0 1.0 0.0\nGATE ao 2 Y=(a b)\'+c^a+CONST0;\n'
    library += b" PIN a NONINV 1 999 1 0 1 0\nLATCH dff 6 Q=D; PIN D NONINV 1 999 1 0 1 0\n SEQ Q ANY RISING_EDGE\n"
    library += b" CONTROL C 1 999 1 1 1 1\nLATCH tog 6 Q=T*!P + !T*P; SEQ Q P RISING_EDGE\n"
    return [(blif, library)]


def mutate_mapped(files: Files, generator: np.random.Generator) -> Files:
    """Wrong tokens in the library, or in what uses it."""
    at = int(generator.random() < 0.7)
    wrong = mutate_text(
        files[at], generator, (*_NETLIST_TOKENS, b"GATE", b"SEQ", b"CONST1", b"'", b"*", b"+", b".gate")
    )
    return (files[0], wrong) if at else (wrong, files[1])


def read_mapped(files: Files, folder: Path) -> object:
    """What every command on circuits does with a library of cells, and the circuit written again."""
    from logic.formats import format_circuit, read_circuit

    library = _kept(folder / "cells.genlib", files[1])
    return format_circuit(read_circuit(_kept(folder / "circuit.blif", files[0]), genlib=library), "aig")


def mutate_netlist(files: Files, generator: np.random.Generator) -> Files:
    """A netlist with wrong tokens."""
    return (mutate_text(files[0], generator, _NETLIST_TOKENS),)


def read_netlist(suffix: str, files: Files, folder: Path) -> object:
    """What every command on circuits does first, and the circuit written again."""
    from logic.formats import format_circuit, read_circuit

    circuit = read_circuit(_kept(folder / f"circuit.{suffix}", files[0]))
    if circuit.dont_cares is not None:
        format_circuit(circuit, "blif")
    return format_circuit(replace(circuit, dont_cares=None), "aig")


_NETLIST_TOKENS = (
    b"(", b")", b";", b".names", b".latch", b"assign", b"=", b"\n", b"\\", b"\0", b"\xff", b"\xc3\xa9", b"?", b":",
    b"~", b"[1000000000:0]", b"/*", b"(*", b" ", b"\x80", b"AND(", b".i 99999999", b"module", b"c\n", b"0x", b"'",
    b"&&", b",",
)  # fmt: skip
_RARE: Mapping[str, tuple[bytes, ...]] = {
    "aag": (
        b"aag 7 2 1 2 4\n2\n4\n6 8\n6\n7\n8 4 10\n10 13 15\n12 2 6\n14 3 7\ni0 enable\ni1 reset\no0 Q\no1 !Q\n",
        b"aag 5 1 1 0 3 1 0 1 1\n2\n4 10 1\n4\n2\n2\n4\n6\n6 5 3\n8 4 2\n10 9 7\nb0 NEVER\nc\nnote\n",
    ),
    "blif": (
        b".model t\n.inputs a b c\n.outputs y\n.subckt g A=a B=b Y=t\n.latch t q fe c 3\n"
        b".subckt g A=q B=b Y=y\n.end\n.model g\n.inputs A B\n.outputs Y\n.names A B Y\n11 1\n.end\n",
        b".model t\n.inputs a b\n.outputs y\n.conn a t\n.subckt g A=t Y=y\n.cname u/1\n.attr src a\n.exdc\n"
        b".names a b d\n1- 1\n.names d y\n0 1\n.end\n.model g\n.inputs A\n.outputs Y\n.latch A Y re c 0\n.end\n",
    ),
    "kiss2": (
        b".i 2\n.o 2\n.ilb a b\n.ob y z\n.r on\n-1 * off 0-\n00 off on 10\n10 on * 11\n.end\n",
        b".start_kiss\n.i 1\n.o 1\n.s 2\n.p 2\n- a b 1\n0 b a -\n.end_kiss\n",
    ),
    "v": (
        b"module d(input C, D, output reg Q); initial Q = 1'b1; always @(negedge C) Q = D; endmodule\n"
        b"module m(input c, a, output y); wire t; d u(c, a, t); DFFN v(.C(c), .D(t), .Q(y)); endmodule\n",
    ),
    "pla": (b".i 2\n.o 2\n.type fdr\n11 10\n0- 0-\n10 01\n01 ~1\n00 01\n.e\n",),
}
_READERS = {"v": read_flat_verilog}  # yosys has a kind of its own
NETLISTS = tuple(row.suffixes[0] for row in FORMATS if row.read)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("query", programs, mutate_program, query),
        Kind("explain", programs, mutate_program, explain),
        Kind("solve", puzzles, mutate_program, solve),
        Kind("checkpoint", checkpoints, mutate_checkpoint, load),
        Kind("nir", networks, mutate_network, read_network),
        Kind("picture", pictures, mutate_picture, see),
        Kind("events", recordings, mutate_recording, watch),
        Kind("genlib", mapped, mutate_mapped, read_mapped),
        *(
            Kind(suffix, partial(netlists, suffix), mutate_netlist, _READERS.get(suffix, partial(read_netlist, suffix)))
            for suffix in NETLISTS
        ),
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


def _kept(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
