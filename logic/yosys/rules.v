// How some cells of yosys are made simpler than by its own rules, or mapped without choosing a value of an x.

// An asynchronous reset to x: as a value that is loaded it stays x, as a constant simplemap would make 0 of it.
(* techmap_celltype = "$adff" *)
module undefined_reset(CLK, ARST, D, Q);
parameter WIDTH = 1;
parameter CLK_POLARITY = 1;
parameter ARST_POLARITY = 1;
parameter [WIDTH-1:0] ARST_VALUE = 0;
input CLK, ARST;
input [WIDTH-1:0] D;
output [WIDTH-1:0] Q;
wire _TECHMAP_FAIL_ = (^ARST_VALUE) !== 1'bx;
\$aldff #(.WIDTH(WIDTH), .CLK_POLARITY(CLK_POLARITY), .ALOAD_POLARITY(ARST_POLARITY)) _TECHMAP_REPLACE_
  (.CLK(CLK), .ALOAD(ARST), .AD(ARST_VALUE), .D(D), .Q(Q));
endmodule

// A division by a constant power of two picks bits; 32 rows of subtractors would take thousands of gates.
(* techmap_celltype = "$div $mod" *)
module division_by_power(A, B, Y);
parameter A_SIGNED = 0;
parameter B_SIGNED = 0;
parameter A_WIDTH = 1;
parameter B_WIDTH = 1;
parameter Y_WIDTH = 1;
parameter _TECHMAP_CELLTYPE_ = "";
parameter [B_WIDTH-1:0] _TECHMAP_CONSTMSK_B_ = 0;
parameter [B_WIDTH-1:0] _TECHMAP_CONSTVAL_B_ = 0;
input [A_WIDTH-1:0] A;
input [B_WIDTH-1:0] B;
output [Y_WIDTH-1:0] Y;

function integer power;  // of two that the divisor is; -1 if it is none
  input integer unused;
  integer at;
  begin
    power = -1;
    for (at = 0; at < B_WIDTH - (B_SIGNED ? 1 : 0); at = at + 1)
      if (_TECHMAP_CONSTVAL_B_ === ({{(B_WIDTH){1'b0}}, 1'b1} << at))
        power = at;
  end
endfunction

localparam LARGER = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
localparam WIDTH = 1 + (LARGER > Y_WIDTH ? LARGER : Y_WIDTH);
localparam POWER = power(0);
localparam SHIFT = POWER < 0 ? 0 : POWER;
localparam SIGNED = A_SIGNED && B_SIGNED;
wire _TECHMAP_FAIL_ = !(&_TECHMAP_CONSTMSK_B_) || POWER < 0 || (A_SIGNED ? 1 : 0) != (B_SIGNED ? 1 : 0);

wire negative = SIGNED ? A[A_WIDTH-1] : 1'b0;
wire [WIDTH-1:0] value = {{(WIDTH-A_WIDTH){negative}}, A};
wire [WIDTH-1:0] mask = ~({WIDTH{1'b1}} << SHIFT);
wire [WIDTH-1:0] rest = value & mask;
generate
  if (_TECHMAP_CELLTYPE_ == "$mod")
    assign Y = SIGNED ? (rest | ({WIDTH{negative && |rest}} & ~mask)) : rest;
  else if (SIGNED)
    assign Y = $signed(value + ({WIDTH{negative}} & mask)) >>> SHIFT;
  else
    assign Y = value >> SHIFT;
endgenerate
endmodule
