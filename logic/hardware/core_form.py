"""A network as a small processor in Verilog: one synapse or one neuron a clock, out of block memories.

A step has two phases. First every neuron is looked at, in order: its membrane and the current gathered for this step
give its sum; if it fires, its number goes out and into a list. Then for each number in the list, as before for each
input event, the row of that source is read, and its weights are added to the currents of later steps. Silence costs
nothing but the look at each neuron.

A current is read, added to and written in three clocks. Two additions to one current never come closer: a row names
each neuron at most once for each delay, and four clocks lie between two rows. So no sum has to be forwarded.
"""

from ..errors import NetworkError
from ..network import SpikingNetwork
from .core_memories import Memories, bits_for, core_memories

_ROW = ("row_start", "row_count", "row_first")
_SYNAPSE = ("synapse_offset", "synapse_weight", "synapse_delay")
_SETTING = ("threshold", "bias", "initial_membrane", "leak", "retains", "subtracts")


def core_form(network: SpikingNetwork, name: str, steps: int) -> dict[str, str]:
    """The files of the core by name: its Verilog text and what its memories hold.

    Args:
        network: What it shall do.
        name: Of the module.
        steps: For how many steps after a reset membranes that can run away must be right.

    Raises:
        NetworkError: if there are no neurons.
    """
    if not network.neurons:
        raise NetworkError("a network without neurons needs no core; use the form 'registers'")
    memories = core_memories(network, steps)
    depth = 1 << bits_for(network.neurons)
    return {
        f"{name}.v": _module(network, name, memories),
        f"{name}_rows.mem": memories.rows.text(max(1, len(memories.rows.values))),
        f"{name}_synapses.mem": memories.synapses.text(max(1, len(memories.synapses.values))),
        f"{name}_kinds.mem": memories.kinds.text(depth),
        f"{name}_settings.mem": memories.settings.text(1 << memories.kinds.width),
    }


def _extended(wire: str, width: int, wanted: int) -> str:
    """A signed wire in more bits."""
    return wire if width == wanted else f"{{{{{wanted - width}{{{wire}[{width - 1}]}}}}, {wire}}}"


def _lines(text: str, wanted: bool) -> str:
    return f"{text}\n" if wanted else ""


def _line_of_neuron(inputs: int, line: int, depth: int) -> str:
    neuron = "fired_word" if line == depth else f"{{{line - depth}'d0, fired_word}}"
    return f"{neuron} + {line}'d{inputs}" if inputs else neuron


def _fields(word: str, names: tuple[str, ...], widths: tuple[int, ...], signed: tuple[str, ...] = ()) -> str:
    """Declarations of the fields of a word."""
    lines: list[str] = []
    high = sum(widths)
    for field, width in zip(names, widths, strict=True):
        kind = "signed " if field in signed else ""
        lines.append(f"  wire {kind}[{width - 1}:0] {field} = {word}[{high - 1}:{high - width}];")
        high -= width
    return "\n".join(lines)


def _module(network: SpikingNetwork, name: str, memories: Memories) -> str:
    lines, depth = len(memories.rows.values), bits_for(network.neurons)
    line, slot = bits_for(lines), memories.slots.bit_length() - 1
    width, current, weight = memories.membrane_bits, memories.current_bits, memories.synapses.widths[1]
    address, start, count = depth + slot, *memories.rows.widths[:2]
    kind, synapses = memories.kinds.width, max(1, len(memories.synapses.values))
    retains, kept = bool(memories.settings.values[:, 4].any()), f"membranes[looked_set[{depth - 1}:0]]"
    return f"""\
// {network.neurons} spiking neurons by turns: one synapse or one neuron a clock, {memories.slots} slots of currents.
// While ready: in_valid gives a spike of input line in_line to the coming step, and step (without in_valid) begins it.
// The neurons that fire in the step come out one by one, at most one a clock, by number. The names of input lines and
// the numbers that answer are in {name}.json. After rst it clears its memories, then it is ready for step 0.
module {name} (
  // verilator lint_off UNUSED
  input wire clk,
  input wire rst,
  output wire ready,
  input wire in_valid,
  input wire [{line - 1}:0] in_line,
  input wire step,
  output reg out_valid,
  output reg [{depth - 1}:0] out_neuron
);
  localparam [2:0] CLEAR = 3'd0, IDLE = 3'd1, ROW = 3'd2, SYNAPSES = 3'd3, NEURONS = 3'd4, DRAIN = 3'd5, NEXT = 3'd6,
                   FETCH = 3'd7;
  localparam [{depth - 1}:0] LAST = {depth}'d{max(network.neurons, 1) - 1};

  reg [{memories.rows.width - 1}:0] rows [0:{max(1, lines) - 1}];
  reg [{memories.synapses.width - 1}:0] synapses [0:{synapses - 1}];
  reg [{kind - 1}:0] kinds [0:{(1 << depth) - 1}];
  reg [{memories.settings.width - 1}:0] settings [0:{(1 << kind) - 1}];
  reg signed [{current - 1}:0] currents [0:{(1 << address) - 1}];
{_lines(f"  reg signed [{width - 1}:0] membranes [0:{(1 << depth) - 1}];", retains)}\
  reg [{depth - 1}:0] fired [0:{(1 << depth) - 1}];
  initial begin
    $readmemh("{name}_rows.mem", rows);
    $readmemh("{name}_synapses.mem", synapses);
    $readmemh("{name}_kinds.mem", kinds);
    $readmemh("{name}_settings.mem", settings);
  end

  reg [2:0] state;
  reg [1:0] wait_left;        // clocks until what is under way has been written
  reg stepping;               // whether rows are those of neurons that fired, and not of an input event
  reg [{slot - 1}:0] now;     // the slot of the current step
  reg [{depth}:0] fired_count, fired_next;
  assign ready = state == IDLE;

  // the row of a source
  reg [{memories.rows.width - 1}:0] row_word;
  reg [{depth - 1}:0] fired_word;
  wire [{line - 1}:0] row_line = stepping ? {_line_of_neuron(lines - network.neurons, line, depth)} : in_line;
{_fields("row_word", _ROW, memories.rows.widths)}
  always @(posedge clk) begin
    row_word <= rows[row_line];
    fired_word <= fired[fired_next[{depth - 1}:0]];
  end

  // its synapses: a word is read, then the current, then the sum is written
  reg [{start - 1}:0] synapse_at;
  reg [{count - 1}:0] synapses_left;
  reg [{depth - 1}:0] first, first_read;
  reg [{memories.synapses.width - 1}:0] synapse_word;
{_fields("synapse_word", _SYNAPSE, memories.synapses.widths, _SYNAPSE[1:2])}
  reg reading, adding;
  reg signed [{weight - 1}:0] weight;
  wire [{slot - 1}:0] synapse_slot = now + synapse_delay;
  wire [{depth - 1}:0] synapse_neuron = first_read + synapse_offset;
  always @(posedge clk) synapse_word <= synapses[synapse_at];

  // neurons: the kind is read, then its settings with current and membrane, then the sum is compared
  reg [{address - 1}:0] looked, looked_kind, looked_set;
  reg look_kind, look_set, clearing;
  reg [{kind - 1}:0] kind_word;
  reg [{memories.settings.width - 1}:0] setting_word;
{_fields("setting_word", _SETTING, memories.settings.widths, _SETTING[:3])}
  reg signed [{width - 1}:0] membrane;
  always @(posedge clk) begin
    kind_word <= kinds[looked[{depth - 1}:0]];
    setting_word <= settings[kind_word];
    membrane <= {f"membranes[looked_kind[{depth - 1}:0]]" if retains else f"{width}'sh0"};
  end
  reg signed [{current - 1}:0] current_word;
  wire signed [{width - 1}:0] leaked = {"membrane >>> leak" if memories.settings.values[:, 3].any() else "membrane"};
  wire signed [{width - 1}:0] kept = retains ? leaked : {width}'sh0;
  wire signed [{width - 1}:0] total = kept + bias + {_extended("current_word", current, width)};
  wire fires = total >= threshold;
  wire signed [{width - 1}:0] rest = !fires ? total : subtracts ? total - threshold : {width}'sh0;
{_lines(f"  always @(posedge clk) if (look_set) {kept} <= clearing ? initial_membrane : rest;", retains)}\

  // currents: one port reads, the other writes
  reg [{address - 1}:0] added_at;
  wire signed [{current - 1}:0] sum = current_word + {_extended("weight", weight, current)};
  wire [{address - 1}:0] current_read = reading ? {{synapse_slot, synapse_neuron}} : looked_kind;
  wire [{address - 1}:0] current_at = adding ? added_at : looked_set;
  always @(posedge clk) begin
    current_word <= currents[current_read];
    if (adding || look_set) currents[current_at] <= adding ? sum : {current}'sh0;
  end

  wire fires_now = look_set && !clearing && fires;
  always @(posedge clk) if (fires_now) fired[fired_count[{depth - 1}:0]] <= looked_set[{depth - 1}:0];

  always @(posedge clk) begin
    out_valid <= 1'b0;
    out_neuron <= looked_set[{depth - 1}:0];
    reading <= state == SYNAPSES;
    first_read <= first;
    adding <= reading;
    added_at <= current_read;
    weight <= synapse_weight;
    look_kind <= state == NEURONS || state == CLEAR;
    looked_kind <= looked;
    look_set <= look_kind;
    looked_set <= looked_kind;
    if (fires_now) begin
      out_valid <= 1'b1;
      fired_count <= fired_count + {depth + 1}'d1;
    end
    case (state)
      CLEAR: begin
        looked <= looked + {address}'d1;
        if (&looked) begin
          state <= DRAIN;
          wait_left <= 2'd2;
        end
      end
      IDLE: begin
        fired_next <= {depth + 1}'d0;
        if (in_valid) state <= ROW;
        else if (step) begin
          state <= NEURONS;
          stepping <= 1'b1;
          looked <= {{now, {depth}'d0}};
          fired_count <= {depth + 1}'d0;
        end
      end
      NEURONS: begin
        looked <= looked + {address}'d1;
        if (looked[{depth - 1}:0] == LAST) begin
          state <= DRAIN;
          wait_left <= 2'd3;
        end
      end
      DRAIN: begin
        wait_left <= wait_left - 2'd1;
        if (wait_left == 2'd0) begin
          state <= stepping ? NEXT : IDLE;
          clearing <= 1'b0;
        end
      end
      NEXT: begin
        if (!stepping) state <= IDLE;
        else if (fired_next == fired_count) begin
          stepping <= 1'b0;
          now <= now + {slot}'d1;
          state <= DRAIN;
          wait_left <= 2'd3;
        end else state <= FETCH;
      end
      FETCH: begin
        fired_next <= fired_next + {depth + 1}'d1;
        state <= ROW;
      end
      ROW: begin
        synapse_at <= row_start;
        synapses_left <= row_count;
        first <= row_first;
        state <= row_count == {count}'d0 ? NEXT : SYNAPSES;
      end
      SYNAPSES: begin
        synapse_at <= synapse_at + {start}'d1;
        synapses_left <= synapses_left - {count}'d1;
        if (synapses_left == {count}'d1) state <= NEXT;
      end
    endcase
    if (rst) begin
      state <= CLEAR;
      clearing <= 1'b1;
      stepping <= 1'b0;
      looked <= {address}'d0;
      now <= {slot}'d0;
      reading <= 1'b0;
      adding <= 1'b0;
      look_kind <= 1'b0;
      look_set <= 1'b0;
    end
  end
endmodule
"""
