"""What a file is that is not read as its suffix says, and the way out."""

import re
from typing import NamedTuple

_HEAD = 65_536  # bytes that are looked at


class Kind(NamedTuple):
    """A kind of files.

    Args:
        suffixes: Of those that are read as this kind, without the dot; none if we read no such files.
        mark: A regular expression that is found at the beginning of such files.
        told: What the file is, and what to do.
    """

    suffixes: tuple[str, ...]
    mark: bytes
    told: str


_KINDS = tuple(
    Kind(suffixes, mark, told)
    for suffixes, mark, told in (
        ((), rb"\A\x1f\x8b", "is compressed (gzip); give it the suffix .gz behind that of the format"),
        ((), rb"\A(?s:.{257})ustar", "is a tar archive; unpack it first (tar xf)"),
        ((), rb"\APK\x03\x04", "is a zip archive; unpack it first (unzip)"),
        ((), rb"\A(BZh|\xfd7zXZ)", "is compressed; give it the suffix .bz2 or .xz behind that of the format"),
        ((), rb"\A\x28\xb5\x2f\xfd", "is compressed; unpack it first (unzstd)"),
        ((), rb"\A\x89HDF", "is HDF5, such as a network (.nir); give a network that neurosym wrote the suffix .nir"),
        ((), rb"\A%PDF", "is a PDF document; a circuit is needed"),
        ((), rb"\A\s*<(!doctype html|html)", "is a web page, perhaps what a server answers when a file is missing; "
         "fetch the circuit itself"),
        ((), rb"\A\s*<\?xml", "is XML; let the tool that wrote it write BLIF or Verilog"),
        ((), rb"\A\s*\(edif\b", "is EDIF, which is not read; let the tool that wrote it write BLIF or Verilog"),
        ((), rb"\A\s*\(?set-logic|^\s*\((set-logic|declare-(fun|const)|assert)\b",
         "is SMT-LIB, a formula and no circuit; give the netlist from which it was made"),
        ((), rb"^p cnf ", "is a formula in clauses (DIMACS) and no circuit; give the netlist from which it was made"),
        ((), rb"^\d+ sort (bitvec|array)\b", "is BTOR2; turn it into AIGER (btor2aiger FILE > OUT.aig)"),
        ((), rb"^\s*MODULE\s+main\b[^;(]*$", "is SMV; turn it into AIGER (smvtoaig FILE OUT.aig)"),
        ((), rb"\A\s*(FIRRTL version|circuit \w+\s*:)", "is FIRRTL; turn it into Verilog (firtool FILE -o OUT.v)"),
        ((), rb"^(library|use)\s+[\w.]+\s*;|^\s*entity\s+\w+\s+is\b",
         "is VHDL; turn it into Verilog (ghdl synth --out=verilog FILE -e TOP > OUT.v)"),
        ((), rb"^\s*library\s*\(\s*[\"\w]",
         "is a Liberty library of cells; give it by --liberty (in Python genlib=) beside the netlist"),
        ((), rb"^\s*`(pragma\s+protect|protect|protected|protect128)\b",
         "is encrypted; ask its owner for the plain text, or for a netlist made of it"),
        ((), rb"^autoidx \d|^module \\\S+\s*$\s*^\s+(attribute|wire|cell|parameter) ",
         "is yosys' own RTLIL; turn it into Verilog (yosys -p 'read_rtlil FILE; write_verilog OUT.v')"),
        (("json",), rb"\A\s*\{[^{]*\"creator\"\s*:\s*\"Yosys|\A\s*\{\s*\"modules\"\s*:",
         "is a netlist of yosys in JSON; give it the suffix .json"),
        ((), rb"^\s*(GATE|LATCH)\s+\S+\s+[\d.]+\s+\S+\s*=",
         "is a genlib library of cells; give it by --genlib (in Python genlib=) beside the netlist"),
        ((), rb"^\.model\s+\S+\s*;", "is SLIF, which is not read; let SIS write BLIF (read_slif, write_blif)"),
        (("blif", "eblif"), rb"^\s*\.model\b|^\.names\b", "is BLIF; give it the suffix .blif"),
        (("bench",), rb"^\s*(INPUT|OUTPUT)\s*\([^)]*\)\s*$", "is an ISCAS bench file; give it the suffix .bench"),
        (("kiss2", "kiss"), rb"^\s*[01-]+[ \t]+[\w*.-]+[ \t]+[\w*.-]+[ \t]+[01-]+\s*$",
         "is a state machine in KISS2; give it the suffix .kiss2"),
        (("pla",), rb"^\.i\s+\d+", "is an espresso PLA; give it the suffix .pla"),
        (("v", "sv", "vh"), rb"^\s*(module|macromodule)\s+[\\\w]", "is Verilog; give it the suffix .v"),
        (("eqn",), rb"^\s*(INORDER|OUTORDER)\s*=", "is a file of equations; give it the suffix .eqn"),
        (("aag", "aig"), rb"\A(aag|aig) \d", "is AIGER; give it the suffix .aig"),
        ((), rb"\x00", "is binary; a text or AIGER is needed"),
    )
)  # fmt: skip


def recognised(data: bytes, suffix: str) -> str:
    r"""What a file is and what to do, if it is something else than its suffix says; nothing otherwise.

    Args:
        data: Its bytes.
        suffix: Without the dot.

    Example:
        >>> recognised(b"INPUT(a)\nOUTPUT(a)\n", "txt")
        'is an ISCAS bench file; give it the suffix .bench'
        >>> recognised(b"INPUT(a)\nOUTPUT(a)\n", "bench")
        ''
    """
    head = data[:_HEAD]
    for kind in _KINDS:
        if re.search(kind.mark, head, re.MULTILINE | re.IGNORECASE):
            return "" if suffix in kind.suffixes else kind.told
    return ""
