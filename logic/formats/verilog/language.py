"""Verilog: one flat module of gates is read here at once, hierarchy and behaviour by yosys."""

from pathlib import Path

from ...circuit import Circuit
from ..format import Format
from ..source import Source
from .file_list import Design
from .flat_reader import parse_flat
from .library_cells import cell_modules
from .verilog_files import read_design
from .verilog_text import verilog_text
from .verilog_words import BeyondFlat


def parse_verilog(source: Source) -> Circuit:
    """The circuit of a Verilog file: one flat module of gates is read here, what is more by yosys.

    Raises:
        FormatError: naming the line, for anything else.
    """
    beyond: BeyondFlat | None = None
    if source.cells is None or not cell_modules(source.cells, [source.data]):  # else the library says what cells are
        try:
            return parse_flat(source)
        except BeyondFlat as error:
            beyond = error
    folders = () if source.name == "<text>" else (Path(source.name).parent,)
    design = Design(
        ((source.name, source.data),),
        folders,
        source.top,
        source.formal,
        source.macros,
        source.cells,
        source.undriven,
    )
    return read_design(design, beyond)


VERILOG = Format(
    name="Verilog",
    suffixes=("v", "sv"),
    example=b"module m(clk, a, \\b[0] , y);\ninput clk, a, \\b[0] ; output reg y; wire [1:0] n;\n"
    b"nand g(n[0], a, \\b[0] ); assign n[1] = a ? ~n[0] : (y ^ 1'b1);\n"
    b"always @(posedge clk) begin y <= n[1]; end endmodule\n",
    lacks="One clock: no latches, no gated clocks; no properties are written; an output is no input.",
    read=parse_verilog,
    write=lambda circuit: verilog_text(circuit).encode("ascii"),
    mark=rb"(?s).*module",
)
