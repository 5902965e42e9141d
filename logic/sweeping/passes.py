"""One pass of sweeping over all nodes: structure, questions to SAT, and refuting vectors that are simulated at once."""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from ..satisfiability.gate_solver import IMPOSSIBLE, POSSIBLE, UNDECIDED
from ..satisfiability.solver_gates import OPEN
from .merging import PENDING, State, advance, restart, stand
from .nodes import Nodes
from .patterns import next_random
from .questions import COUNT, CREDIT, Cones, equal, equate, input_value

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
_PATIENCE = 20  # times the budget, for a question that stays open while such questions are mostly decided so
END, PAUSED, DIFFERENT = range(3)


@kernel()
def sweep_nodes(
    nodes: Nodes,
    state: State,
    c: Cones,
    pairs: Integers,
    random: Words,
    start: int,
    resume: bool,
    waiting: int,
    budget: int,
    pause: int,
) -> tuple[int, int, bool, int]:  # pragma: no cover - compiled
    """Goes over the nodes from ``start`` on: merges what is proved equal, and simulates what refutes a candidate.

    Args:
        nodes: The graph.
        state: What sweeping keeps.
        c: The solvers.
        pairs: ``[P, 2]`` literals; a vector that tells a pair apart ends the pass.
        random: ``[1]`` state of the generator.
        start: The node to go on with.
        resume: Whether it was refuted at its last candidate.
        waiting: Words of refuting vectors.
        budget: Conflicts a question.
        pause: Questions after which to return.

    Returns:
        END, PAUSED or DIFFERENT (told by the last waiting word); the node to go on with; whether to resume there; the
        words waiting.
    """
    size = nodes.size[0]
    at = start
    for _ in range(pause):
        at, candidate = advance(nodes, state, at, size, resume, True, waiting)
        if at >= size:
            return END, size, False, waiting
        literal = 2 * candidate ^ np.int64(state.phase[at] != state.phase[candidate])
        answer = equal(c, at, literal, budget, 0, 4)
        if answer == UNDECIDED and c.numbers[CREDIT] > 0:
            answer = equal(c, at, literal, _PATIENCE * budget, 0, 4)
            c.numbers[CREDIT] += -1 if answer == UNDECIDED else 1
        resume = False
        if answer == IMPOSSIBLE:
            state.merged[at] = literal
            equate(c, at, literal)
            at += 1
        elif answer == POSSIBLE:
            if waiting == PENDING:
                renew(state, int(at))
                waiting = 0
            word = state.pending[waiting]
            waiting += 1
            follow(nodes, c, random, word)
            if tells_apart(pairs, word):
                return DIFFERENT, at, True, waiting
            flip = np.uint64(0xFFFFFFFFFFFFFFFF) if literal & 1 else np.uint64(0)
            resume = word[at] != word[literal >> 1] ^ flip
            if not resume:  # never so, since the cone was whole; yet nothing may go round in circles
                stand(state, at)
                at += 1
        else:
            stand(state, at)
            at += 1
    return PAUSED, at, resume, waiting


@kernel()
def renew(state: State, limit: int) -> None:  # pragma: no cover - compiled
    """Folds all waiting words into the signatures and sorts the nodes below ``limit`` into classes anew."""
    ones = np.uint64(0xFFFFFFFFFFFFFFFF)
    for w in range(PENDING):
        word = state.pending[w]
        for node in range(len(state.signature)):
            value = (state.signature[node] ^ (word[node] ^ ones if state.phase[node] else word[node])) * np.uint64(
                0x9E3779B97F4A7C15
            )
            state.signature[node] = value ^ (value >> np.uint64(32))
    restart(state, len(state.signature), limit)


@kernel()
def tells_apart(pairs: Integers, word: Words) -> bool:  # pragma: no cover - compiled
    """Whether some vector of a simulated word gives both literals of a pair other values."""
    ones = np.uint64(0xFFFFFFFFFFFFFFFF)
    for pair in range(len(pairs)):
        one, other = pairs[pair, 0], pairs[pair, 1]
        if word[one >> 1] != (word[other >> 1] ^ ones if (one ^ other) & 1 else word[other >> 1]):
            return True
    return False


@kernel()
def follow(nodes: Nodes, c: Cones, random: Words, word: Words) -> None:  # pragma: no cover - compiled
    """Fills ``word [nodes]``: bit 0 is the solver's last model, the others differ from it in an input or two.

    Inputs without a value in the model have random ones.
    """
    ones, one = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(1)
    for node in range(1, nodes.size[0]):
        if nodes.first[node] < 0:
            word[node] = next_random(random)
    count = 0
    for at in range(c.numbers[COUNT]):
        node = c.queue[at]
        value = input_value(c, node) if c.first[node] < 0 else OPEN
        if value != OPEN:
            word[node] = ones if value == 1 else np.uint64(0)
            c.queue[count] = node
            count += 1
    for bit in range(1, 64 if count else 0):
        for _ in range(1 + bit // 32):
            chosen = c.queue[np.int64(next_random(random) >> np.uint64(8)) % count]
            word[chosen] ^= one << np.uint64(bit)
    for node in range(1, nodes.size[0]):
        a, b = nodes.first[node], nodes.second[node]
        if a >= 0:
            left, right = word[a >> 1], word[b >> 1]
            word[node] = (left ^ ones if a & 1 else left) & (right ^ ones if b & 1 else right)
