"""A machine unrolled clock by clock into a solver's gates, its nodes merged as their classes say or as SAT proves."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from ..satisfiability.gate_solver import IMPOSSIBLE, POSSIBLE, begin_question, go_back, solve
from ..satisfiability.solver_gates import (
    GATES,
    QUESTION,
    Number,
    Solver,
    bump,
    new_gate,
    new_solver,
    new_variable,
    value_of,
)
from ..sweeping.nodes import slot_of
from ..sweeping.patterns import next_random
from .machine import Machine

Ints = NDArray[np.int32]
Words = NDArray[np.uint64]
WIDTH = 4  # words of what is simulated with a model of the solver
_CALM = 2  # clocks in a row that split nothing, after which a walk ends
_NEAR = 200  # variables below a question that are decided first
SPLITS, QUESTIONS, DROPPED, TRUSTS = range(4)  # places in ``Frames.tally``


class Frames(NamedTuple):
    """``F`` frames of a machine of ``N`` nodes, and the classes of its nodes."""

    literal: Ints  # [F, N] of the solver
    table: Ints  # hash table: 1 + gate by its operands
    maker: Ints  # [V] the gate that a variable is the output of, or -1
    opened: Ints  # [1 + X] variables of the open first values, by number, 0 if not yet made
    representative: Ints  # [N] the first node of the class
    trusted: NDArray[np.bool_]  # [N] whether a node's class is right without a question
    phase: NDArray[np.bool_]  # [N] two of a class are equal if their phases are, else complements
    words: Words  # [N, WIDTH] scratch: simulated values
    state: Words  # [R, WIDTH] scratch: what registers hold
    scratch: Ints  # [6 * N + _NEAR + 8]
    random: Words  # [1] state of the generator
    tally: NDArray[np.int64]  # [4]


def new_frames(machine: Machine, frames: int, representative: Ints, phase: NDArray[np.bool_]) -> tuple[Solver, Frames]:
    """Room for so many frames; the classes are changed in place where they prove too coarse."""
    variables = frames * machine.nodes + machine.opened + 2
    gates = 2 * frames * machine.nodes + 2
    table = 1 << int(gates).bit_length()
    return new_solver(variables, gates), Frames(
        np.zeros((frames, machine.nodes), np.int32), np.zeros(table, np.int32), np.full(variables, -1, np.int32),
        np.zeros(machine.opened + 1, np.int32), representative,
        np.zeros(machine.nodes, np.bool_), phase, np.zeros((machine.nodes, WIDTH), np.uint64),
        np.zeros((len(machine.registers), WIDTH), np.uint64), np.zeros(6 * machine.nodes + _NEAR + 8, np.int32),
        np.array([0x9E3779B97F4A7C15], np.uint64), np.zeros(4, np.int64),
    )  # fmt: skip


@kernel(large=0, _nrt=False)
def _find(s: Solver, f: Frames, a: Number, b: Number) -> tuple[Number, Number]:  # pragma: no cover - compiled
    """The literal of a conjunction, or -1, and its place in the table."""
    if a == 0 or b == 0 or a ^ 1 == b:
        return 0, -1
    if a == 1 or a == b:
        return b, -1
    if b == 1:
        return a, -1
    mask = len(f.table) - 1
    place = np.int64(slot_of(int(a), int(b), int(mask)))
    while f.table[place]:
        gate = f.table[place] - 1
        if s.left[gate] == a and s.right[gate] == b:
            return np.int64(s.out[gate]), place
        place = (place + 1) & mask
    return -1, place


@kernel(large=0, _nrt=False)
def conjunction(s: Solver, f: Frames, a: Number, b: Number) -> Number:  # pragma: no cover - compiled
    """The literal of ``a and b``: simplified, found, or made."""
    if a > b:
        a, b = b, a
    literal, place = _find(s, f, a, b)
    if literal < 0:
        variable = new_variable(s)
        literal = 2 * variable
        f.maker[variable] = s.numbers[GATES]
        f.table[place] = s.numbers[GATES] + 1
        new_gate(s, literal, a, b)
    return literal


@kernel(large=0, _nrt=False)
def _merged(f: Frames, frame: Number, node: Number) -> Number:  # pragma: no cover - compiled
    """The literal that a node has if its class is right."""
    head = f.representative[node]
    return np.int64(f.literal[frame, head]) ^ np.int64(f.phase[node] != f.phase[head])


@kernel(large=0, _nrt=False)
def speculate(s: Solver, m: Machine, f: Frames, frame: Number) -> None:  # pragma: no cover - compiled
    """Writes a frame in which all classes are assumed to be right; the registers of frame 0 are free.

    A member stands for its representative, and its own conjunction stays as a constraint (speculative reduction).
    """
    for node in m.inputs:
        f.literal[frame, node] = 2 * new_variable(s)
    for at in range(len(m.registers)):
        node = m.registers[at]
        alone = f.representative[node] == node
        own = np.int64(-1)
        if frame:
            own = np.int64(f.literal[frame - 1, m.following[at] >> 1] ^ (m.following[at] & 1))
        elif alone:
            own = 2 * new_variable(s)
        target = own if alone else _merged(f, frame, node)
        if own >= 0 and own != target:
            new_gate(s, target, own, 1)
        f.literal[frame, node] = target
    for node in range(1 + len(m.inputs) + len(m.registers), len(m.first)):
        a = np.int64(f.literal[frame, m.first[node] >> 1] ^ (m.first[node] & 1))
        b = np.int64(f.literal[frame, m.second[node] >> 1] ^ (m.second[node] & 1))
        if f.representative[node] == node:
            f.literal[frame, node] = conjunction(s, f, a, b)
            continue
        target = _merged(f, frame, node)
        f.literal[frame, node] = target
        if a > b:
            a, b = b, a
        own, place = _find(s, f, a, b)
        if own < 0:
            f.table[place] = s.numbers[GATES] + 1
            new_gate(s, target, a, b)
        elif own != target:
            new_gate(s, target, own, 1)


@kernel(large=0, _nrt=False)
def _own(s: Solver, m: Machine, f: Frames, frame: Number, node: Number) -> Number:  # pragma: no cover - compiled
    """What a node is by itself: an input, a register's value, or a conjunction."""
    if m.first[node] >= 0:
        a = np.int64(f.literal[frame, m.first[node] >> 1] ^ (m.first[node] & 1))
        b = np.int64(f.literal[frame, m.second[node] >> 1] ^ (m.second[node] & 1))
        return conjunction(s, f, a, b)
    at = node - 1 - len(m.inputs)
    if at < 0:
        return 2 * new_variable(s) if node else 0
    if frame:
        return np.int64(f.literal[frame - 1, m.following[at] >> 1] ^ (m.following[at] & 1))
    if m.initial[at] <= 1:
        return np.int64(m.initial[at])
    number = m.initial[at] >> 1
    if f.opened[number] == 0:
        f.opened[number] = new_variable(s)
    return 2 * np.int64(f.opened[number]) ^ (m.initial[at] & 1)


@kernel(large=0, _nrt=False)
def _approach(s: Solver, f: Frames, one: Number, other: Number) -> None:  # pragma: no cover - compiled
    """Lets the variables near below two literals be decided first."""
    begin_question(s)
    near = f.scratch
    size, at = 0, 0
    for literal in (one, other):
        if literal > 1:
            near[size] = literal >> 1
            s.active[literal >> 1] = s.numbers[QUESTION]
            size += 1
    while at < size and size < _NEAR:
        maker = np.int64(f.maker[near[at]])
        at += 1
        if maker >= 0:
            for operand in (s.left[maker] >> 1, s.right[maker] >> 1):
                if s.active[operand] != s.numbers[QUESTION]:
                    s.active[operand] = s.numbers[QUESTION]
                    near[size] = operand
                    size += 1
    for i in range(size - 1, -1, -1):
        if near[i]:
            bump(s, np.int64(near[i]))


@kernel(large=0, _nrt=False)
def differ(s: Solver, f: Frames, one: Number, other: Number, budget: Number) -> Number:  # pragma: no cover - compiled
    """Whether two literals can differ, as :func:`solve` says it."""
    go_back(s, 0)
    _approach(s, f, one, other)
    f.tally[QUESTIONS] += 1
    answer = solve(s, one, other ^ 1, budget)
    if answer != IMPOSSIBLE:
        return answer
    return solve(s, one ^ 1, other, budget)


@kernel(large=0, _nrt=False)
def sweep(
    s: Solver, m: Machine, f: Frames, frame: Number, start: Number, budget: Number, pause: Number
) -> Number:  # pragma: no cover - compiled
    """Writes a frame whose classes are proved, node by node; what is refuted splits them at once.

    Args:
        s: The solver of all frames.
        m: The machine.
        f: Its frames; those before are written.
        frame: The one to be written.
        start: The node to go on with.
        budget: Conflicts a question, after which a node leaves its class.
        pause: Questions after which to return.

    Returns:
        The node to go on with; the number of nodes at the end.
    """
    pause += f.tally[QUESTIONS]
    for node in range(start, len(m.first)):
        if f.tally[QUESTIONS] >= pause:
            return node
        own = _own(s, m, f, frame, node)
        while f.representative[node] != node:
            target = _merged(f, frame, node)
            if own == target:
                break
            if f.trusted[node]:
                f.tally[TRUSTS] += 1
                own = target
                break
            answer = differ(s, f, own, target, budget)
            if answer == IMPOSSIBLE:
                go_back(s, 0)
                new_gate(s, target, own, 1)
                own = target
                break
            head = f.representative[node]
            if answer == POSSIBLE:
                _follow(s, m, f, frame)
                go_back(s, 0)
                f.tally[SPLITS] += split(f.words, f.phase, f.representative, f.scratch)
                _go_on(m, f)
                if f.representative[node] == head and f.tally[TRUSTS]:  # a node that was trusted is to blame
                    own = target
                    break
            if f.representative[node] == head:  # undecided: it leaves its class
                f.representative[node] = node
                f.tally[DROPPED] += 1
                f.tally[SPLITS] += 1
        f.literal[frame, node] = own
    return len(m.first)


@kernel(large=0, _nrt=False)
def _follow(s: Solver, m: Machine, f: Frames, frame: Number) -> None:  # pragma: no cover - compiled
    """Simulates the solver's model up to a frame, and in that frame other inputs beside those of the model."""
    words, ones, zero, low = f.words, np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0), np.uint64(1)
    state = f.state
    for at in range(len(m.registers)):
        for w in range(WIDTH):
            state[at, w] = ones if value_of(s, np.int64(f.literal[0, m.registers[at]])) == 1 else zero
    for now in range(frame + 1):
        for node in m.inputs:
            true = value_of(s, np.int64(f.literal[now, node])) == 1
            for w in range(WIDTH):
                words[node, w] = next_random(f.random) if now == frame else ones if true else zero
            if now == frame:
                words[node, 0] = (words[node, 0] & ~low) | (low if true else zero)
        for at in range(len(m.registers)):
            for w in range(WIDTH):
                words[m.registers[at], w] = state[at, w]
        evaluate(m, words)
        for at in range(len(m.registers) if now < frame else 0):
            flip = ones if m.following[at] & 1 else zero
            for w in range(WIDTH):
                state[at, w] = words[m.following[at] >> 1, w] ^ flip


@kernel(large=0, _nrt=False)
def _go_on(m: Machine, f: Frames) -> None:  # pragma: no cover - compiled
    """Walks on from what was simulated, as long as that splits classes.

    The classes hold there now that they have been split, so those that induction can prove hold at the next clock too.
    """
    ones, zero = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
    calm = 0
    while calm < _CALM:
        for at in range(len(m.registers)):
            flip = ones if m.following[at] & 1 else zero
            for w in range(WIDTH):
                f.state[at, w] = f.words[m.following[at] >> 1, w] ^ flip
        for at in range(len(m.registers)):
            for w in range(WIDTH):
                f.words[m.registers[at], w] = f.state[at, w]
        for node in m.inputs:
            for w in range(WIDTH):
                f.words[node, w] = next_random(f.random)
        evaluate(m, f.words)
        splits = split(f.words, f.phase, f.representative, f.scratch)
        f.tally[SPLITS] += splits
        calm = 0 if splits else calm + 1


@kernel(large=0, _nrt=False)
def evaluate(m: Machine, words: Words) -> None:  # pragma: no cover - compiled
    """Fills the rows of all conjunctions of ``words [N, W]``."""
    ones = np.uint64(0xFFFFFFFFFFFFFFFF)
    for node in range(1 + len(m.inputs) + len(m.registers), len(m.first)):
        a, b = m.first[node], m.second[node]
        flip_a = ones if a & 1 else np.uint64(0)
        flip_b = ones if b & 1 else np.uint64(0)
        for w in range(words.shape[1]):
            words[node, w] = (words[a >> 1, w] ^ flip_a) & (words[b >> 1, w] ^ flip_b)


@kernel(large=0, _nrt=False)
def split(
    words: Words, phase: NDArray[np.bool_], representative: Ints, scratch: Ints
) -> Number:  # pragma: no cover - compiled
    """Lets nodes leave their classes whose words are not the representative's; those alike stay together.

    Args:
        words: ``[N, W]`` simulated values.
        phase: ``[N]`` of the nodes.
        representative: ``[N]``, changed in place.
        scratch: ``[6 * N]`` at least.

    Returns:
        How many left.
    """
    ones, zero = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
    nodes, count = len(representative), 0
    leaving, heads = scratch[:nodes], scratch[nodes : 2 * nodes]
    for node in range(len(representative)):
        head = representative[node]
        if head != node:
            flip = ones if phase[node] != phase[head] else zero
            for w in range(words.shape[1]):
                if words[node, w] != words[head, w] ^ flip:
                    leaving[count] = node
                    count += 1
                    break
    if count == 0:
        return 0
    size = 1
    while size < count + count // 2:
        size *= 2
    table = scratch[2 * nodes : 2 * nodes + size]
    for place in range(size):
        table[place] = -1
    for i in range(count):
        node = leaving[i]
        heads[i] = representative[node]
        flip = ones if phase[node] else zero
        key = np.uint64(np.int64(heads[i]))
        for w in range(words.shape[1]):
            key = (key ^ (words[node, w] ^ flip)) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(32)
        place = np.int64(key >> np.uint64(8)) & (size - 1)
        found = -1
        while table[place] >= 0:
            other = leaving[table[place]]
            same = heads[table[place]] == heads[i]
            apart = flip ^ (ones if phase[other] else zero)
            for w in range(words.shape[1]):
                same &= words[other, w] == words[node, w] ^ apart
            if same:
                found = other
                break
            place = (place + 1) & (size - 1)
        if found < 0:
            table[place] = i
            found = node
        representative[node] = found
    return count
