"""A network as plain Verilog with one register a neuron: for circuits, and for small networks that keep a membrane.

At each rising edge of ``clk`` with ``en`` one step passes. While step ``t`` lasts, ``in`` is what the input lines spike
and ``spike[i]`` holds what neuron ``i`` spikes, so that no output comes later than in :mod:`logic.network`. A source
that is heard with delays above one step has one delay line, whose taps all its targets share. A neuron of up to six
synapses is its truth table, others are sums; membranes have a register only where they are retained, in a width that
no input can overflow.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import NetworkError
from ..network import FlatNetwork, SpikingNetwork
from .intervals import membrane_intervals, signed_bits

TABLE_INPUTS = 6  # synapses up to which a neuron is a truth table; cells of chips hold 4 to 6
MOST_SYNAPSES = 200_000  # of a network in this form


@dataclass(frozen=True)
class Synapse:
    """What a neuron hears: a wire of the module, and its weight."""

    wire: str
    weight: int


def check_registers(network: SpikingNetwork) -> None:
    """Sees that a network is small enough for a register a neuron.

    Raises:
        NetworkError: if it is not.
    """
    if (count := len(network.flatten().weight)) > MOST_SYNAPSES:
        raise NetworkError(
            f"{count:,} synapses are too many for one register a neuron, which goes up to {MOST_SYNAPSES:,}; "
            f"use the form 'core'"
        )


def register_form(network: SpikingNetwork, name: str, steps: int) -> str:
    r"""The Verilog text of a module.

    Args:
        network: What it shall do.
        name: Of the module.
        steps: For how many steps after a reset membranes that can run away must be right.

    Example:
        >>> from logic import Line, Population, Synapses
        >>> cell = Population("cell", (1,), threshold=2)
        >>> wires = Synapses("input", "cell", [0, 1], [0, 0], weight=1, delay=[1, 2])
        >>> network = SpikingNetwork((2,), (cell,), (wires,), [2], (Line("y"),), [2])
        >>> text = register_form(network, "both", steps=10)
        >>> print(*(line.strip() for line in text.splitlines() if "table_0" in line), sep="\n")
        wire [3:0] table_0 = 4'h8;  // +1 in[0] +1 line_1[1] >= 2
        assign fire[0] = table_0[{line_1[1], in[0]}];
    """
    check_registers(network)
    flat = network.flatten()
    inputs, neurons = flat.inputs, len(flat.threshold)
    heard, longest = _synapses(flat)
    body: list[str] = []
    resets: list[str] = []
    moves: list[str] = []
    start = first_spikes(flat)
    if neurons:
        body += [f"  reg [{neurons - 1}:0] spike;", f"  wire [{neurons - 1}:0] fire;"]
        resets.append(f"spike <= {_binary(start)};")
        moves.append("spike <= fire;")
    for line, depth in enumerate(longest):
        if depth > 1:
            source, taps = _wire(line, 1, inputs), depth - 1
            body.append(f"  reg [{taps}:1] line_{line};")
            resets.append(f"line_{line} <= {taps}'h0;")
            shifted = f"{{line_{line}[{taps - 1}:1], {source}}}" if taps > 1 else source
            moves.append(f"line_{line} <= {shifted};")
    widths = _widths(network, steps)
    for neuron in range(neurons):
        if flat.retain[neuron]:
            body += _membrane(flat, neuron, heard[neuron], widths[neuron])
            left = _after_first_step(flat, neuron, bool(start[neuron]))
            resets.append(f"membrane_{neuron} <= {_constant(left, widths[neuron])};")
            moves.append(f"membrane_{neuron} <= rest_{neuron};")
        else:
            body += _forgetful(flat, neuron, heard[neuron], widths[neuron])
    outs = ", ".join(_wire(line, 1, inputs) for line in reversed(network.outputs.tolist())) or "1'b0"
    clocked = _clocked(resets, moves)
    return "\n".join([*_head(network, name, inputs), *body, f"  assign out = {{{outs}}};", *clocked, "endmodule", ""])


def first_spikes(flat: FlatNetwork) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """``[N]`` the spikes of step 0, before which there are none to be heard."""
    return np.where(flat.retain, flat.initial >> flat.leak, 0) + flat.bias >= flat.threshold


def _after_first_step(flat: FlatNetwork, neuron: int, fired: bool) -> int:
    value = (int(flat.initial[neuron]) >> int(flat.leak[neuron])) + int(flat.bias[neuron])
    if fired:
        return value - int(flat.threshold[neuron]) if flat.subtract[neuron] else 0
    return value


def _head(network: SpikingNetwork, name: str, inputs: int) -> list[str]:
    return [
        f"// {network.neurons} spiking neurons, one register each: a step passes at each rising edge of clk with en.",
        f"// An answer is at out at latest {network.latency} steps after its wave was at in; waves may come every "
        f"{network.period} step{'s' if network.period > 1 else ''}.",
        f"// The names of lines and the latency of each output are in {name}.json.",
        f"module {name} (",
        "  // verilator lint_off UNUSED",  # a circuit may ignore an input, and a neuron may be heard by no one
        "  input wire clk,",
        "  input wire rst,  // back to step 0, at a rising edge of clk",
        "  input wire en,",
        f"  input wire [{max(inputs, 1) - 1}:0] in,",
        f"  output wire [{max(len(network.outputs), 1) - 1}:0] out",
        ");",
    ]


def _clocked(resets: list[str], moves: list[str]) -> list[str]:
    if not resets:
        return []
    return [
        "  always @(posedge clk) begin",
        "    if (rst) begin",
        *(f"      {line}" for line in resets),
        "    end else if (en) begin",
        *(f"      {line}" for line in moves),
        "    end",
        "  end",
    ]


def _synapses(flat: FlatNetwork) -> tuple[list[list[Synapse]], list[int]]:
    """What each neuron hears, synapses from one tap added up, and the longest delay at which each line is heard."""
    order = np.lexsort((flat.delay, flat.pre, flat.post))
    sums: list[dict[tuple[int, int], int]] = [{} for _ in flat.threshold]
    rows = (column[order].tolist() for column in (flat.post, flat.pre, flat.delay, flat.weight))
    for post, pre, delay, weight in zip(*rows, strict=True):
        sums[post][pre, delay] = sums[post].get((pre, delay), 0) + weight
    longest = [0] * (flat.inputs + len(flat.threshold))
    heard: list[list[Synapse]] = []
    for row in sums:
        kept = {place: weight for place, weight in row.items() if weight}
        for line, delay in kept:
            longest[line] = max(longest[line], delay)
        heard.append([Synapse(_wire(line, delay, flat.inputs), w) for (line, delay), w in kept.items()])
    return heard, longest


def _wire(line: int, delay: int, inputs: int) -> str:
    """Where the spike of a line is that a neuron hears with a delay when it computes its next spike."""
    if delay > 1:
        return f"line_{line}[{delay - 1}]"
    return f"in[{line}]" if line < inputs else f"spike[{line - inputs}]"


def _widths(network: SpikingNetwork, steps: int) -> list[int]:
    """``[N]`` bits of each sum, which hold the threshold too, since they are compared."""
    flat, found = network.flatten(), membrane_intervals(network, steps)
    low = np.minimum(np.minimum(found.low, flat.threshold), np.minimum(found.low - flat.threshold, 0))
    high = np.maximum(np.maximum(found.high, flat.threshold), np.maximum(found.high - flat.threshold, 0))
    return signed_bits(low, high).tolist()


def _binary(values: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]") -> str:
    number = sum(1 << place for place in np.flatnonzero(values).tolist())
    return f"{len(values)}'h{number:x}"


def _constant(value: int, width: int) -> str:
    return f"{width}'sh{value % (1 << width):x}"


def _sum(synapses: list[Synapse], start: str, width: int) -> str:
    zero = _constant(0, width)
    terms = [f"({synapse.wire} ? {_constant(synapse.weight, width)} : {zero})" for synapse in synapses]
    return " + ".join([start, *terms])


def _forgetful(flat: FlatNetwork, neuron: int, synapses: list[Synapse], width: int) -> list[str]:
    """A neuron without a membrane."""
    need = int(flat.threshold[neuron] - flat.bias[neuron])
    weights = [synapse.weight for synapse in synapses]
    if len(synapses) > TABLE_INPUTS and min(weights) >= need > 0:  # any of them alone
        return [f"  assign fire[{neuron}] = |{{{_wires(synapses)}}};"]
    if len(synapses) > TABLE_INPUTS and min(weights) > sum(weights) - need >= 0:  # all of them
        return [f"  assign fire[{neuron}] = &{{{_wires(synapses)}}};"]
    if len(synapses) > TABLE_INPUTS:
        total = _sum(synapses, _constant(int(flat.bias[neuron]), width), width)
        return [
            f"  wire signed [{width - 1}:0] sum_{neuron} = {total};",
            f"  assign fire[{neuron}] = sum_{neuron} >= {_constant(int(flat.threshold[neuron]), width)};",
        ]
    table = truth_table(weights, need)
    if table in (0, (1 << (1 << len(synapses))) - 1):
        return [f"  assign fire[{neuron}] = 1'b{int(table > 0)};"]
    size = 1 << len(synapses)
    return [
        f"  wire [{size - 1}:0] table_{neuron} = {size}'h{table:x};  // {_words(synapses, need)}",
        f"  assign fire[{neuron}] = table_{neuron}[{{{_wires(synapses)}}}];",
    ]


def _wires(synapses: list[Synapse]) -> str:
    return ", ".join(synapse.wire for synapse in reversed(synapses))


def truth_table(weights: list[int], need: int) -> int:
    """Whether the sum of the weights chosen by the bits of ``row`` reaches ``need``, at bit ``row``.

    Example:
        >>> bin(truth_table([1, 1], need=2))
        '0b1000'
    """
    sums = np.zeros(1, np.int64)
    for weight in weights:
        sums = np.concatenate([sums, sums + weight])
    return sum(1 << row for row in np.flatnonzero(sums >= need).tolist())


def _words(synapses: list[Synapse], need: int) -> str:
    terms = " ".join(f"{synapse.weight:+d} {synapse.wire}" for synapse in synapses)
    return f"{terms} >= {need}"


def _membrane(flat: FlatNetwork, neuron: int, synapses: list[Synapse], width: int) -> list[str]:
    """A neuron that retains its membrane: ``rest`` is what remains of the sum after the step."""
    threshold, leak = _constant(int(flat.threshold[neuron]), width), int(flat.leak[neuron])
    kept = f"(membrane_{neuron} >>> {leak})" if leak else f"membrane_{neuron}"
    start = f"{kept} + {_constant(int(flat.bias[neuron]), width)}" if flat.bias[neuron] else kept
    left = f"sum_{neuron} - {threshold}" if flat.subtract[neuron] else _constant(0, width)
    return [
        f"  reg signed [{width - 1}:0] membrane_{neuron};",
        f"  wire signed [{width - 1}:0] sum_{neuron} = {_sum(synapses, start, width)};",
        f"  assign fire[{neuron}] = sum_{neuron} >= {threshold};",
        f"  wire signed [{width - 1}:0] rest_{neuron} = fire[{neuron}] ? {left} : sum_{neuron};",
    ]
