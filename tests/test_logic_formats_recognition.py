"""A file that is something else than its suffix says is called by what it is, with the way out."""

from pathlib import Path

import pytest

from logic import FormatError
from logic.formats import FORMATS, read_circuit
from logic.formats.recognition import recognised

STRANGE = {
    "page.bench": (b'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html>404</html>', "a web page"),
    "a.blif": (b"\x1f\x8b\x08\x00", r"compressed \(gzip\); give it the suffix .gz"),
    "b.blif": (b"(edif top (edifVersion 2 0 0))", "EDIF"),
    "c.v": (b"library ieee;\nuse ieee.std_logic_1164.all;\nentity a is\nend;\n", "VHDL.*ghdl synth --out=verilog"),
    "d.blif": (b'library("cells") {\n}\n', "Liberty library"),
    "e.blif": (b"GATE inv 1 O=!a; PIN * INV 1 999 1 0 1 0\n", "genlib library of cells; give it by --genlib"),
    "f.aig": (b"1 sort bitvec 1\n2 input 1\n", "BTOR2.*btor2aiger"),
    "g.bench": (b"MODULE main\nVAR x : boolean;\n", "SMV.*smvtoaig"),
    "h.eqn": (b"(set-logic QF_BV)\n", "SMT-LIB"),
    "i.blif": (b"c x\np cnf 2 1\n1 2 0\n", "DIMACS"),
    "j.blif": (b'{\n  "creator": "Yosys 0.23",\n  "modules": {}\n}', "yosys in JSON; give it the suffix .json"),
    "k.blif": (b".model a.slif ;\n.inputs a ;\nx = a ;\n", "SLIF"),
    "l.bench": (b".model a\n.inputs a\n.outputs a\n.end\n", "BLIF; give it the suffix .blif"),
    "m.blif": (b"INPUT(a)\nOUTPUT(a)\n", "bench file; give it the suffix .bench"),
    "n.pla": (b".i 1\n.o 1\n.s 2\n0 a b 1\n1 b a 0\n.e\n", "KISS2; give it the suffix .kiss2"),
    "o.txt": (b"module m(input a, output y);\nassign y = a;\nendmodule\n", "Verilog; give it the suffix .v"),
    "p": (b".i 1\n.o 1\n1 1\n.e\n", "espresso PLA; give it the suffix .pla"),
    "q.bench": (b"\x00\x01\x02\x03", "binary"),
    "r.blif": (b"circuit Top :\n  module Top :\n", "FIRRTL.*firtool"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_file_is_called_by_what_it_is(name: str, tmp_path: Path) -> None:
    data, told = STRANGE[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FormatError, match=f"{name}.*; the file is .*{told}"):
        read_circuit(tmp_path / name)


def test_no_format_is_called_another() -> None:
    for row in FORMATS:
        for suffix in row.suffixes:
            assert recognised(row.example, suffix) == "" or not row.read
