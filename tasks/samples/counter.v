// A counter of four bits with an enable and a reset.
module counter (input clock, input reset, input enable, output reg [3:0] count);
  initial count = 0;
  always @(posedge clock)
    if (reset) count <= 0;
    else if (enable) count <= count + 1;
endmodule
