"""The kinds of input that are netlists: every format that is read, cells with their library, behavioural Verilog."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from logic.formats import FORMATS

from .mutation import Files, mutate_text

_SECONDS = 2.0  # that yosys may take
_LARGEST = 30_000  # bytes of a netlist of the folder of data


def kept(path: Path, data: bytes) -> Path:
    """The file, written with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


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


def vendors() -> list[Files]:
    """BLIF and Verilog of a vendor's cells, and their library in Liberty."""
    blif = b".model t\n.inputs a b\n.outputs y\n.gate NAND A=a B=b Y=n\n.gate AO A=n B=a C=b Y=y\n.end\n"
    verilog = (
        b"module t(input a, b, c, output y, q); NAND u(.A(a), .B(b), .Y(y)); FF v(.D(a), .C(c), .Q(q)); endmodule\n"
    )
    pin = b'pin (%s) { direction : input; timing () { values ("0, 1"); } }\n'
    library = b"library (l) {\n/* cells */\ncell (NAND) { area : 1;\n" + pin % b"A" + pin % b"B"
    library += b'pin ("Y") { direction : output; function : "(A B)\'"; } }\n'
    library += (
        b"cell (AO) {\n" + pin % b"A, B" + pin % b"C" + b'pin (Y) { direction : output; function : "!A*B^C|1"; } }\n'
    )
    library += b'cell (FF) {\nff (IQ, IQN) { next_state : "D"; clocked_on : "!C"; clear : "R\'"; preset : "D";\n'
    library += b"clear_preset_var1 : L; clear_preset_var2 : L; }\n" + pin % b"D" + pin % b"C" + pin % b"R"
    library += b'pin (Q) { direction : output; function : "IQ"; } }\n}\n'
    return [(blif, library), (verilog, library)]


def mutate_vendors(files: Files, generator: np.random.Generator) -> Files:
    """Wrong tokens in the library, or in what uses it."""
    at = int(generator.random() < 0.8)
    wrong = mutate_text(files[at], generator, (*_NETLIST_TOKENS, *_LIBERTY_TOKENS))
    return (files[0], wrong) if at else (wrong, files[1])


def read_vendors(files: Files, folder: Path) -> object:
    """BLIF is read with the library; of Verilog the cells are written as modules, before yosys is asked."""
    from logic.formats import format_circuit, read_circuit
    from logic.formats.source import Source
    from logic.formats.verilog.library_cells import cell_modules

    library = kept(folder / "cells.lib", files[1])
    if b".model" not in files[0]:
        return cell_modules(Source(str(library), files[1]), [files[0]])
    return format_circuit(read_circuit(kept(folder / "circuit.blif", files[0]), genlib=library), "aig")


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

    library = kept(folder / "cells.genlib", files[1])
    return format_circuit(read_circuit(kept(folder / "circuit.blif", files[0]), genlib=library), "aig")


def mutate_netlist(files: Files, generator: np.random.Generator) -> Files:
    """A netlist with wrong tokens."""
    return (mutate_text(files[0], generator, _NETLIST_TOKENS),)


def read_netlist(suffix: str, files: Files, folder: Path) -> object:
    """What every command on circuits does first, and the circuit written again."""
    from logic.formats import format_circuit, read_circuit

    circuit = read_circuit(kept(folder / f"circuit.{suffix}", files[0]))
    if circuit.dont_cares is not None:
        format_circuit(circuit, "blif")
    return format_circuit(replace(circuit, dont_cares=None), "aig")


def read_flat_verilog(files: Files, folder: Path) -> object:
    """What is done with Verilog before yosys is asked, and the circuit written again."""
    from logic.formats import format_circuit
    from logic.formats.source import Source
    from logic.formats.verilog import parse_flat

    return format_circuit(parse_flat(Source(str(folder / "circuit.v"), files[0])), "aig")


def behaviours() -> list[Files]:
    """Verilog with hierarchy, behaviour, memories, several kinds of registers, and assertions."""
    from tasks.circuits.texts.behaviour_texts import behaviour

    return [(text,) for text in (*_BEHAVIOURS, *(behaviour(np.random.default_rng(seed)) for seed in range(20)))]


def mutate_behaviour(files: Files, generator: np.random.Generator) -> Files:
    """Verilog with one word or number in the place of another, or with wrong tokens."""
    words = list(re.finditer(rb"\w+", files[0]))
    if generator.random() < 0.6 and len(words) > 1:
        place, other = (words[int(generator.integers(len(words)))] for _ in range(2))
        return (files[0][: place.start()] + other[0] + files[0][place.end() :],)
    return (mutate_text(files[0], generator, (*_NETLIST_TOKENS, *_VERILOG_TOKENS)),)


def read_behaviour(files: Files, folder: Path) -> object:
    """What every command does with such a file, and the circuit written again."""
    from logic.formats import format_circuit, read_circuit
    from logic.yosys import program

    program.SECONDS = int(_SECONDS)
    return format_circuit(read_circuit(kept(folder / "circuit.sv", files[0])), "aig")


_BEHAVIOURS = (
    b"module m(input c, r, s, e, d, output reg [3:0] q); reg [3:0] t [0:7]; initial q = 4'b1x0z;\n"
    b"always @(posedge c or negedge r or posedge s) if (!r) q <= 0; else if (s) q <= 4'hx; else if (e) q <= t[q];\n"
    b"always @(posedge c) if (e) t[q] <= {q, d}; endmodule\n",
    b"module m(input c, input [3:0] d, output reg [3:0] q); initial assume (d == 0);\n"
    b"always @(posedge c) begin q <= q / d; small: assert (q != 7); cover (d); assume property (d < 3); end\n"
    b"always_comb assert (s_eventually q); `ifdef FORMAL wire x; `endif endmodule\n",
    b"module m(inout a, input b, output tri c, \\d[0] ); assign c = b ? a : 1'bz;\n"
    b"\\$_NAND_ g(.A(a), .B(b), .Y(\\d[0] ));\n"
    b'reg [7:0] m [0:3]; initial $readmemh("x", m); `include "x"\n endmodule\n',
)
_VERILOG_TOKENS = (
    b"always @(posedge c)", b"always @*", b"begin", b"end", b"case (a)", b"endcase", b"if (a)", b"else",
    b"for (i = 0; i < ", b"generate", b"[3:0]", b"4'bx", b"'z", b"#(.W(", b"function", b"endmodule", b"module m(",
    b"`define A ", b"`A",
    b"`include \"circuit.sv\"", b"$readmemh(\"/etc/passwd\", m)", b"**", b"/", b"initial", b"while (1)",
    b"reg [31:0] m [0:",
    b"parameter W = ", b"(* keep *)", b"$display(", b"assert (", b"1 << 30", b"{1000000{a}}", b"\\$add ", b"$anyseq",
)  # fmt: skip
_NETLIST_TOKENS = (
    b"(", b")", b";", b".names", b".latch", b"assign", b"=", b"\n", b"\\", b"\0", b"\xff", b"\xc3\xa9", b"?", b":",
    b"~", b"[1000000000:0]", b"/*", b"(*", b" ", b"\x80", b"AND(", b".i 99999999", b"module", b"c\n", b"0x", b"'",
    b"&&", b",",
)  # fmt: skip
_LIBERTY_TOKENS = (
    b"cell (NAND) {", b"pin (A) {", b"{", b"}", b'"', b"function : ", b"three_state : \"A\";", b"direction : internal;",
    b"latch (a, b) {", b"ff (a) {", b"clear : \"(\";", b"^", b"!", b"'", b"*", b"((((((", b"library (", b"bus (A) {",
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
NETLISTS = tuple(row.suffixes[0] for row in FORMATS if row.read)
