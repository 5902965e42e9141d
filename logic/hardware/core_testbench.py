"""A testbench that compares the spikes of a design of the core form with golden ones, neuron by neuron."""

import numpy as np

from ..network import SpikingNetwork
from .core_memories import bits_for
from .stimulus import Golden

_END = 0xFFFFFFFF  # after the events of a step


def core_testbench(network: SpikingNetwork, name: str, golden: Golden) -> dict[str, str]:
    """The Verilog text of ``NAME_testbench`` and the two files that it reads, by file name.

    Each file lists 32-bit numbers: the input lines (and the neurons) that spike in a step, then a mark. The last line
    that it prints begins with PASSED or FAILED.
    """
    inputs = golden.spikes.shape[1]
    sent, heard = _events(golden.spikes), _events(golden.trains[:, inputs:])
    line, neuron = bits_for(inputs + network.neurons), bits_for(network.neurons)
    text = f"""\
// The spikes of {name} in {len(golden.trains)} steps against golden ones.
module {name}_testbench;
  reg clk, rst, in_valid, step;
  reg [{line - 1}:0] in_line;
  wire ready, out_valid;
  wire [{neuron - 1}:0] out_neuron;
  reg [31:0] stimulus [0:{len(sent) - 1}];
  reg [31:0] golden [0:{len(heard) - 1}];
  integer sent, heard, wrong, steps, clocks;

  {name} dut (
    .clk(clk), .rst(rst), .ready(ready), .in_valid(in_valid), .in_line(in_line), .step(step),
    .out_valid(out_valid), .out_neuron(out_neuron)
  );

  always #5 clk = !clk;

  always @(negedge clk) begin
    clocks = clocks + 1;
    if (out_valid) begin
      if (golden[heard] !== {{{32 - neuron}'h0, out_neuron}}) begin
        wrong = wrong + 1;
        if (wrong <= 5) $display("step %0d: neuron %0d instead of %0d", steps, out_neuron, golden[heard]);
      end
      if (golden[heard] !== 32'h{_END:x}) heard = heard + 1;
    end
  end

  task settle;
    begin
      @(negedge clk);
      while (!ready) @(negedge clk);
    end
  endtask

  initial begin
    $readmemh("{name}_stimulus.mem", stimulus);
    $readmemh("{name}_golden.mem", golden);
    clk = 1'b0;
    rst = 1'b1;
    in_valid = 1'b0;
    step = 1'b0;
    in_line = {line}'h0;
    heard = 0;
    wrong = 0;
    steps = 0;
    clocks = 0;
    @(negedge clk);
    @(negedge clk);
    rst = 1'b0;
    settle;
    clocks = 0;
    for (sent = 0; sent < {len(sent)}; sent = sent + 1) begin
      in_line = stimulus[sent][{line - 1}:0];
      in_valid = stimulus[sent] !== 32'h{_END:x};
      step = !in_valid;
      @(negedge clk);
      in_valid = 1'b0;
      if (step) begin
        step = 1'b0;
        settle;
        if (golden[heard] !== 32'h{_END:x}) begin
          wrong = wrong + 1;
          if (wrong <= 5) $display("step %0d: neuron %0d is silent", steps, golden[heard]);
          while (golden[heard] !== 32'h{_END:x}) heard = heard + 1;
        end
        heard = heard + 1;
        steps = steps + 1;
      end else if (!ready) settle;
    end
    if (wrong == 0) $display("PASSED: {network.neurons} neurons at %0d steps in %0d clocks", steps, clocks);
    else $display("FAILED: %0d spikes differ in %0d steps", wrong, steps);
    $finish;
  end
endmodule
"""
    return {
        f"{name}_testbench.v": text,
        f"{name}_stimulus.mem": "".join(f"{event:08x}\n" for event in sent),
        f"{name}_golden.mem": "".join(f"{event:08x}\n" for event in heard),
    }


def _events(trains: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> list[int]:
    events: list[int] = []
    for row in trains:
        events += [*np.flatnonzero(row).tolist(), _END]
    return events
