"""Simulations in Icarus judge what is read of Verilog: they see a wrong circuit, and random designs agree."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from logic import FormatWarning
from logic.formats import parse_circuit
from logic.yosys.program import find_yosys
from tasks.circuits.behaviour_streams import attempt, design
from tasks.circuits.icarus_streams import Compared, Module, compare, ports_of
from tasks.circuits.verilog_suite import list_of, look_at

pytestmark = pytest.mark.skipif(
    shutil.which("iverilog") is None or find_yosys() is None, reason="needs iverilog and yosys"
)

COUNTER = """module m(input clk, input [1:0] step, input rst, output reg [3:0] q, output y);
always @({} clk) if (rst) q <= 0; else q <= q {} step;
assign y = q[3] & step[0];
endmodule
"""


def compared(read: str, simulated: str, folder: Path) -> Compared:
    (folder / "m.v").write_text(simulated)
    return compare(parse_circuit(read, "v"), Module(["m.v"], "m"), folder, 200, 1)


@pytest.mark.parametrize("edge", ["posedge", "negedge"])
def test_a_simulation_agrees_or_tells_where_it_does_not(edge: str, tmp_path: Path) -> None:
    right, wrong = COUNTER.format(edge, "+"), COUNTER.format(edge, "-")
    same = compared(right, right, tmp_path)
    assert not same.differs
    assert same.bits > 500  # after the first reset all are known
    assert "in Icarus, and" in compared(right, wrong, tmp_path).differs
    assert compared(right, "module m(; endmodule", tmp_path).reason


def test_ports_are_the_bits_of_one_name() -> None:
    assert ports_of(["a[1]", "b", "a[0]", "c[-1]"]) == {"a": [0, 2], "b": [1], "c": [3]}


def test_random_designs_mean_what_a_simulation_shows(tmp_path: Path) -> None:
    text = design(np.random.default_rng(3), 6)
    assert text.count("\nendmodule") == 7
    for seed in (3, 4):
        word, told = attempt(seed, 6, tmp_path)
        assert word == "same", told
        assert int(told) > 1000


def test_a_folder_is_one_design(tmp_path: Path) -> None:
    (tmp_path / "a.v").write_text('`include "w.vh"\nmodule a(input [`W:0] x, output y); sub u(x, y); endmodule\n')
    (tmp_path / "sub.v").write_text("module sub(input [`W:0] x, output reg y); always @* y = ^x; endmodule\n")
    (tmp_path / "w.vh").write_text("`define W 2\n")
    lists, work = tmp_path / "lists", tmp_path / "work"
    lists.mkdir()
    work.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        found = look_at(list_of(tmp_path, lists), work, None, streams=1)
    assert (found.read, found.same, found.different) == (["a"], 1, [])
