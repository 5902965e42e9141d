"""Testbenches that print what a design spikes under any input, for whoever compares it with something else.

They read ``NAME_input.mem`` and take ``STEPS``, ``SAMPLES`` and ``ROWS`` (of that file) as macros. Register form: a
row of ``in`` for each step of each sample; a row of neurons is printed for each. Core: numbers of input lines in
hexadecimal, ``ffffffff`` after a step, ``fffffffe`` before a sample; numbers of neurons are printed, and a point after
each step.
"""

import numpy as np

from ..network import SpikingNetwork
from .core_memories import bits_for

END_OF_STEP, BEGIN_OF_SAMPLE = 0xFFFFFFFF, 0xFFFFFFFE


def register_dump(network: SpikingNetwork, name: str) -> str:
    """The module ``NAME_dump`` for a design of the register form."""
    inputs, outputs = max(1, int(np.prod(network.input_shape))), max(1, len(network.outputs))
    return f"""\
module {name}_dump;
  reg clk, rst, en;
  reg [{inputs - 1}:0] in;
  wire [{outputs - 1}:0] out;
  reg [{inputs - 1}:0] stimulus [0:`ROWS - 1];
  integer sample, step;

  {name} dut (.clk(clk), .rst(rst), .en(en), .in(in), .out(out));

  always #5 clk = !clk;

  initial begin
    $readmemb("{name}_input.mem", stimulus);
    clk = 1'b0;
    en = 1'b1;
    in = {inputs}'h0;
    for (sample = 0; sample < `SAMPLES; sample = sample + 1) begin
      rst = 1'b1;
      @(posedge clk);
      @(negedge clk);
      rst = 1'b0;
      for (step = 0; step < `STEPS; step = step + 1) begin
        in = stimulus[sample * `STEPS + step];
        #1;
        $display("%b", dut.spike);
        @(posedge clk);
        @(negedge clk);
      end
    end
    $finish;
  end
endmodule
"""


def core_dump(network: SpikingNetwork, name: str) -> str:
    """The module ``NAME_dump`` for a design of the core form."""
    line = bits_for(int(np.prod(network.input_shape)) + network.neurons)
    return f"""\
module {name}_dump;
  reg clk, rst, in_valid, step;
  reg [{line - 1}:0] in_line;
  wire ready, out_valid;
  wire [{bits_for(network.neurons) - 1}:0] out_neuron;
  reg [31:0] stimulus [0:`ROWS - 1];
  integer sent;

  {name} dut (
    .clk(clk), .rst(rst), .ready(ready), .in_valid(in_valid), .in_line(in_line), .step(step),
    .out_valid(out_valid), .out_neuron(out_neuron)
  );

  always #5 clk = !clk;
  always @(negedge clk) if (out_valid) $display("%0d", out_neuron);

  initial begin
    $readmemh("{name}_input.mem", stimulus);
    clk = 1'b0;
    rst = 1'b0;
    in_valid = 1'b0;
    step = 1'b0;
    in_line = {line}'h0;
    @(negedge clk);
    for (sent = 0; sent < `ROWS; sent = sent + 1) begin
      in_line = stimulus[sent][{line - 1}:0];
      rst = stimulus[sent] === 32'h{BEGIN_OF_SAMPLE:x};
      step = stimulus[sent] === 32'h{END_OF_STEP:x};
      in_valid = !rst && !step;
      @(negedge clk);
      rst = 1'b0;
      in_valid = 1'b0;
      step = 1'b0;
      while (!ready) @(negedge clk);
      if (stimulus[sent] === 32'h{END_OF_STEP:x}) $display(".");
    end
    $finish;
  end
endmodule
"""
