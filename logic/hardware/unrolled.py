"""A clocked netlist written out step by step into a graph, only as far as what is asked for depends on it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..kernels import kernel
from ..sweeping.graph import AndGraph

Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]


def unroll(
    graph: AndGraph,
    machine: Circuit,
    state: Integers,
    inputs: Callable[[int], Integers],
    outputs: Iterable[tuple[int, int]],
    states: Mapping[int, Iterable[int]],
    replaced: Mapping[int, Mapping[int, int]] | None = None,
) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
    """Literals of outputs and registers at steps from 0 on.

    Args:
        graph: Receives the nodes.
        machine: The netlist.
        state: ``[R]`` literals of the registers at step 0.
        inputs: The literals ``[I]`` of the inputs at a step.
        outputs: Pairs of an output and the step at which it is wanted.
        states: The registers that are wanted, at steps above 0.
        replaced: At a step, literals that registers are taken to hold.

    Returns:
        By output and step, and by register and step.
    """
    wanted = set(outputs)
    states = {step: set(registers) for step, registers in states.items()}
    last = max([step for _, step in wanted] + [step - 1 for step in states], default=-1)
    first = machine.first_gate - len(machine.register_names)
    needed: dict[int, Bits] = {}
    ahead: set[int] = set()
    for step in range(last, -1, -1):
        mask = np.zeros(machine.wires, np.bool_)
        ends = [machine.outputs[output] for output, when in wanted if when == step]
        ends += [machine.register_next[register] for register in ahead | states.get(step + 1, set())]
        mask[np.array(ends, np.int64) >> 1] = True
        _mark(machine.offsets, machine.literals, machine.first_gate, mask)
        needed[step] = mask
        given = set(replaced.get(step, {})) if replaced is not None else set[int]()
        ahead = set(np.flatnonzero(mask[first : machine.first_gate]).tolist()) - given
        states.setdefault(step, set()).update(ahead)
    held = state.copy()
    found_outputs: dict[tuple[int, int], int] = {}
    found_states: dict[tuple[int, int], int] = {}
    for step in range(last + 1):
        for register, literal in (replaced or {}).get(step, {}).items():
            held[register] = literal
        wires = _add(graph, machine, needed[step], np.concatenate([inputs(step), held]))
        for output, when in wanted:
            if when == step:
                end = int(machine.outputs[output])
                found_outputs[output, step] = int(wires[end >> 1]) ^ (end & 1)
        held = np.zeros_like(held)
        for register in states.get(step + 1, ()):
            end = int(machine.register_next[register])
            held[register] = found_states[register, step + 1] = int(wires[end >> 1]) ^ (end & 1)
    return found_outputs, found_states


@kernel()
def _mark(offsets: Integers, literals: Integers, first: int, mask: Bits) -> None:  # pragma: no cover - compiled
    """Extends the mask of wires to all that those in it depend on."""
    for gate in range(len(offsets) - 2, -1, -1):
        if mask[first + gate]:
            for edge in range(offsets[gate], offsets[gate + 1]):
                mask[literals[edge] >> 1] = True


def _add(graph: AndGraph, machine: Circuit, mask: Bits, sources: Integers) -> Integers:
    """``[wires]`` literals of the gates within the mask, 0 of others."""
    first = machine.first_gate
    kept = np.flatnonzero(mask[first:])
    widths = np.diff(machine.offsets)
    image = np.arange(machine.wires)
    image[first + kept] = first + np.arange(len(kept))
    edges = np.repeat(mask[first:], widths)
    literals = machine.literals[edges]
    part = replace(
        machine,
        kinds=machine.kinds[kept],
        offsets=np.concatenate([[0], np.cumsum(widths[kept])]),
        literals=2 * image[literals >> 1] + (literals & 1),
        outputs=np.zeros(len(machine.outputs), np.int64),
        register_next=np.zeros(len(machine.register_next), np.int64),
    )
    found = graph.add(part, sources)
    wires = np.zeros(machine.wires, np.int64)
    wires[:first] = found[:first]
    wires[first + kept] = found[first:]
    return wires
