"""A testbench that compares all neurons of a design of the register form with golden spikes at every step."""

import numpy as np

from ..network import SpikingNetwork
from .stimulus import Bits, Golden


def register_testbench(network: SpikingNetwork, name: str, steps: int) -> str:
    """The Verilog text of the module ``NAME_testbench``; it reads ``NAME_stimulus.mem`` and ``NAME_golden.mem``.

    At every eighth step it first lets a clock pass without ``en``. Its last line begins with PASSED or FAILED.

    Args:
        network: Of the design.
        name: Of the design.
        steps: Rows of both files.
    """
    inputs, outputs = max(1, int(np.prod(network.input_shape))), max(1, len(network.outputs))
    seen = "{dut.spike, out}" if network.neurons else "out"
    width = network.neurons + outputs
    return f"""\
// All {network.neurons} neurons and {len(network.outputs)} outputs of {name}, step by step, against golden spikes.
module {name}_testbench;
  reg clk, rst, en;
  reg [{inputs - 1}:0] in;
  wire [{outputs - 1}:0] out;
  reg [{inputs - 1}:0] stimulus [0:{steps - 1}];
  reg [{width - 1}:0] golden [0:{steps - 1}];
  integer step, wrong;

  {name} dut (.clk(clk), .rst(rst), .en(en), .in(in), .out(out));

  always #5 clk = !clk;

  initial begin
    $readmemb("{name}_stimulus.mem", stimulus);
    $readmemb("{name}_golden.mem", golden);
    clk = 1'b0;
    rst = 1'b1;
    en = 1'b0;
    in = {inputs}'h0;
    wrong = 0;
    @(posedge clk);
    @(negedge clk);
    rst = 1'b0;
    for (step = 0; step < {steps}; step = step + 1) begin
      in = stimulus[step];
      if (step % 8 == 7) begin
        en = 1'b0;
        @(posedge clk);
        @(negedge clk);
      end
      en = 1'b1;
      #1;
      if ({seen} !== golden[step]) begin
        wrong = wrong + 1;
        if (wrong <= 5) $display("step %0d: %h instead of %h", step, {seen}, golden[step]);
      end
      @(posedge clk);
      @(negedge clk);
    end
    if (wrong == 0) $display("PASSED: {network.neurons} neurons at {steps} steps");
    else $display("FAILED: %0d of {steps} steps differ", wrong);
    $finish;
  end
endmodule
"""


def register_memories(network: SpikingNetwork, golden: Golden) -> tuple[str, str]:
    """The texts of the two files that the testbench reads: input spikes, and all neurons with the outputs."""
    inputs = golden.spikes.shape[1]
    outs = golden.trains[:, network.outputs]
    if not len(network.outputs):
        outs = np.zeros((len(outs), 1), np.bool_)
    stimulus = golden.spikes if inputs else np.zeros((len(outs), 1), np.bool_)
    return _rows(stimulus), _rows(np.concatenate([outs, golden.trains[:, inputs:]], axis=1))


def _rows(values: Bits) -> str:
    """Binary rows, the highest position first, as Verilog writes vectors."""
    digits = np.where(values[:, ::-1], "1", "0")
    return "".join("".join(row) + "\n" for row in digits.tolist())
