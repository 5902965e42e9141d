"""Verilog among the kinds of input: what is read at once, and what yosys elaborates."""

import re
from pathlib import Path

import numpy as np

from .mutation import Files, mutate_text

_SECONDS = 2  # that yosys may take


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
    return (mutate_text(files[0], generator, _VERILOG_TOKENS),)


def read_behaviour(files: Files, folder: Path) -> object:
    """What every command does with such a file, and the circuit written again."""
    from logic.formats import format_circuit, read_circuit
    from logic.yosys import program

    path = folder / "circuit.sv"
    path.write_bytes(files[0])
    program.SECONDS = _SECONDS
    return format_circuit(read_circuit(path), "aig")


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
    b"(", b")", b";", b"assign", b"=", b"\n", b"\\", b"\0", b"\xff", b"?", b":", b"~", b"[1000000000:0]", b"/*",
    b"(*", b"'",
    b"always @(posedge c)", b"always @*", b"begin", b"end", b"case (a)", b"endcase", b"if (a)", b"else",
    b"for (i = 0; i < ", b"generate", b"[3:0]", b"4'bx", b"'z", b"#(.W(", b"function", b"endmodule", b"module m(",
    b"`define A ", b"`A",
    b"`include \"circuit.sv\"", b"$readmemh(\"/etc/passwd\", m)", b"**", b"/", b"initial", b"while (1)",
    b"reg [31:0] m [0:",
    b"parameter W = ", b"(* keep *)", b"$display(", b"assert (", b"1 << 30", b"{1000000{a}}", b"\\$add ", b"$anyseq",
)  # fmt: skip
