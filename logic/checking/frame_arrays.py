"""The arrays of property directed reachability: the system, the cubes that frames block, and what waits to be blocked.

A literal of a cube is ``2 * register + complement``; one of the system or the solver ``2 * node + complement``.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..satisfiability.clauses import FULL, RESERVE, SWITCH, Clauses, enter_clauses, longer, new_clauses, widened
from ..satisfiability.solver_gates import Ints, Octets
from .compact_clauses import Compact
from .transition_system import TransitionSystem

(
    TOP, PHASE, LEMMAS, LEMMA_USED, WAITING, OBLIGATIONS, OBLIGATION_USED, MARK, AT, STAMP, FOUND, QUESTIONS, PLACE
) = range(13)  # places in ``Frames.numbers``  # fmt: skip
BUFFERS = 8  # scratch cubes
MOST_FRAMES = 2_000


class Frames(NamedTuple):
    """Of ``N`` nodes, ``R`` registers, ``A`` ANDs and ``F`` frames at most; frame 0 is the first states."""

    pairs: Ints  # [A, 2] literals that ANDs read
    following: Ints  # [R] literals of next values
    start: Octets  # [R] first values, -1 for either
    constraints: Ints  # [C] literals
    bad: Ints  # [1] literal
    reads: Ints  # [N + 1] where in ``read`` a node's own begin
    read: Ints  # nodes that determine a node's value, by the clauses
    lemma: Ints  # literals of lemmas: cubes that are blocked
    lemma_begin: Ints  # [L]
    lemma_size: Ints  # [L]
    lemma_level: Ints  # [L] the last frame that blocks it; -1 if it is dead
    lemma_signs: NDArray[np.uint64]  # [L] a bit for each literal modulo 64
    used: Octets  # [R] registers that lemmas name
    obligation: Ints  # literals of obligations: cubes from which bad is reached
    obligation_begin: Ints  # [O]
    obligation_size: Ints  # [O]
    obligation_next: Ints  # [O] the obligation that comes next on the way to bad, or -1
    heap: NDArray[np.int64]  # obligations that wait, by level, later ones first
    cube: Ints  # [BUFFERS, R] scratch
    size: Ints  # [BUFFERS]
    activity: NDArray[np.float64]  # [R] of registers in lemmas
    step: NDArray[np.float64]  # [1] what it grows by
    mark: Ints  # [2 * R] scratch: literals of a cube
    stamp: Ints  # [N] scratch: nodes that have been met
    stack: Ints  # [N + 1] scratch
    cone: Ints  # [N] scratch: ANDs that are simulated, operands first
    truth: Octets  # [N] their values
    cost: NDArray[np.int64]  # [N] about how many registers a value needs
    needed: Ints  # [N] the last search in which a value was needed
    numbers: NDArray[np.int64]


def new_frames(system: TransitionSystem, compact: Compact) -> tuple[Frames, Clauses]:
    """No lemma yet, and a solver with one clock and the first states of frame 0."""

    def ints(size: int) -> Ints:
        return np.zeros(size, np.int32)

    nodes, registers = system.nodes, len(system.registers)
    lemmas, literals, waiting = 4096 + 32 * registers, (1 << 15) + 256 * registers, (1 << 16) + 64 * registers
    frames = Frames(
        pairs=system.pairs.astype(np.int32).reshape(-1, 2), following=system.following.astype(np.int32),
        start=system.initial.astype(np.int8), constraints=system.constraints.astype(np.int32),
        bad=np.array([system.bad], np.int32), reads=compact.reads, read=compact.read,
        lemma=ints(literals), lemma_begin=ints(lemmas), lemma_size=ints(lemmas), lemma_level=ints(lemmas),
        lemma_signs=np.zeros(lemmas, np.uint64), used=np.zeros(registers, np.int8), obligation=ints(waiting),
        obligation_begin=ints(1 << 12), obligation_size=ints(1 << 12), obligation_next=ints(1 << 12),
        heap=np.zeros(1 << 12, np.int64), cube=np.zeros((BUFFERS, registers + 1), np.int32), size=ints(BUFFERS),
        activity=np.zeros(registers), step=np.ones(1), mark=ints(2 * registers), stamp=ints(nodes),
        stack=ints(nodes + 1), cone=ints(nodes), truth=np.zeros(nodes, np.int8), cost=np.zeros(nodes, np.int64),
        needed=ints(nodes), numbers=np.zeros(13, np.int64),
    )  # fmt: skip
    variables = nodes + 2 + MOST_FRAMES
    solver = new_clauses(variables, 4 * len(compact.clauses) + 16 * registers + (1 << 17), lemmas)
    solver.numbers[SWITCH], solver.numbers[RESERVE] = nodes, 4 * (registers + 8)
    enter_clauses(solver, compact.clauses)
    for register, value in enumerate(system.initial.tolist()):
        if value >= 0:
            literal = 2 * (system.first_register + register) + 1 - value
            enter_clauses(solver, np.array([2, 2 * nodes + 3, literal], np.int32))
    return frames, solver


def widen(f: Frames, s: Clauses) -> tuple[Frames, Clauses]:
    """The same with twice the room in what is half full, or in the solver if that is full."""
    used = f.numbers
    lemmas, obligations = len(f.lemma_begin), len(f.obligation_begin)
    lemmas *= 1 + int(2 * used[LEMMAS] > lemmas or 2 * used[LEMMA_USED] > len(f.lemma))
    obligations *= 1 + int(2 * max(used[OBLIGATIONS], used[WAITING]) > obligations)
    literals = len(f.lemma) * (1 + int(2 * used[LEMMA_USED] > len(f.lemma)))
    waiting = len(f.obligation) * (1 + int(2 * used[OBLIGATION_USED] > len(f.obligation)))
    f = f._replace(
        lemma=longer(f.lemma, literals), lemma_begin=longer(f.lemma_begin, lemmas),
        lemma_size=longer(f.lemma_size, lemmas), lemma_level=longer(f.lemma_level, lemmas),
        lemma_signs=longer(f.lemma_signs, lemmas), obligation=longer(f.obligation, waiting),
        obligation_begin=longer(f.obligation_begin, obligations),
        obligation_size=longer(f.obligation_size, obligations),
        obligation_next=longer(f.obligation_next, obligations), heap=longer(f.heap, obligations),
    )  # fmt: skip
    if s.numbers[FULL]:
        return f, widened(s, lemmas)
    return f, s._replace(labels=longer(s.labels, lemmas))
