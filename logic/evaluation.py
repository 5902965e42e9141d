"""What a circuit computes: bit-parallel values of all wires, clocks, truth tables and levels."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .circuit import Circuit, Gate, Integers
from .errors import CircuitError
from .kernels import kernel

Words = NDArray[np.uint64]
Bits = NDArray[np.bool_]

BLOCK_WORDS = 64  # one wire's row of a block is 512 bytes: the rows read again stay in the cache
BLOCK_LIMIT = 1 << 23  # words in a block over all wires (64 MB), whatever the size of the circuit
TABLE_INPUTS = 16

_AND, _OR, _XOR = int(Gate.AND), int(Gate.OR), int(Gate.XOR)


@kernel(nogil=True)
def _fill_gates(kinds: Integers, offsets: Integers, literals: Integers, first: int, values: Words) -> None:
    """Fills rows ``first ..`` of ``values`` ``[wires, W]``, one gate after the other."""
    mask = np.array([0, 0xFFFFFFFFFFFFFFFF], dtype=np.uint64)
    planes = np.empty(64, dtype=np.uint64)
    words = values.shape[1]
    for gate in range(len(kinds)):
        row, kind, start, stop = first + gate, kinds[gate], offsets[gate], offsets[gate + 1]
        if kind <= _XOR:
            wire, flip = literals[start] >> 1, mask[literals[start] & 1]
            for w in range(words):
                values[row, w] = values[wire, w] ^ flip
            for edge in range(start + 1, stop):
                wire, flip = literals[edge] >> 1, mask[literals[edge] & 1]
                if kind == _AND:
                    for w in range(words):
                        values[row, w] &= values[wire, w] ^ flip
                elif kind == _OR:
                    for w in range(words):
                        values[row, w] |= values[wire, w] ^ flip
                else:
                    for w in range(words):
                        values[row, w] ^= values[wire, w] ^ flip
            continue
        # majority: counters, one bit of each a plane, start so high that exactly a majority overflows into the top
        need, top = (stop - start) // 2 + 1, 1
        while (1 << top) < need:
            top += 1
        begin = (1 << top) - need
        for w in range(words):
            for plane in range(top + 1):
                planes[plane] = mask[(begin >> plane) & 1]
            for edge in range(start, stop):
                carry = values[literals[edge] >> 1, w] ^ mask[literals[edge] & 1]
                for plane in range(top + 1):
                    both = planes[plane] & carry
                    planes[plane] ^= carry
                    carry = both
            values[row, w] = planes[top]


@kernel(nogil=True)
def _fill_levels(offsets: Integers, literals: Integers, first: int, level: Integers) -> None:
    for gate in range(len(offsets) - 1):
        deepest = 0
        for edge in range(offsets[gate], offsets[gate + 1]):
            deepest = max(deepest, level[literals[edge] >> 1])
        level[first + gate] = deepest + 1


def levels(circuit: Circuit) -> Integers:
    """The level of each wire ``[wires]``: 0 for constant, inputs and registers, else 1 + its deepest operand."""
    level = np.zeros(circuit.wires, dtype=np.int64)
    _fill_levels(circuit.offsets, circuit.literals, circuit.first_gate, level)
    return level


def wire_values(circuit: Circuit, words: Words, state: Words | None = None) -> Words:
    """The values of all wires, 64 input vectors a word.

    Args:
        circuit: Of ``I`` inputs and ``R`` registers.
        words: ``[I, W]``; bit ``b`` of word ``w`` of row ``i`` is input ``i`` in vector ``64 w + b``.
        state: ``[R, W]`` values of the registers; their initial values if not given.

    Returns:
        ``[wires, W]``, eight bytes an entry: for big circuits evaluate few words at a time.

    Raises:
        CircuitError: if a shape is wrong, or a register without initial value is given no state.
    """
    words = _checked(words, len(circuit.inputs), "inputs")
    if state is None:
        state = initial_state(circuit, words.shape[1])
    state = _checked(state, len(circuit.register_names), "registers")
    if state.shape[1] != words.shape[1]:
        raise CircuitError(f"inputs come in {words.shape[1]} words and registers in {state.shape[1]}; give as many")
    values = np.empty((circuit.wires, words.shape[1]), dtype=np.uint64)
    values[0] = 0
    values[1 : 1 + len(words)] = words
    values[1 + len(words) : circuit.first_gate] = state
    _fill_gates(circuit.kinds, circuit.offsets, circuit.literals, circuit.first_gate, values)
    return values


def evaluate(circuit: Circuit, words: Words, state: Words | None = None) -> Words:
    """The outputs ``[O, W]`` for inputs ``[I, W]``, 64 vectors a word; arguments as in :func:`wire_values`.

    Example:
        >>> from logic import CircuitBuilder
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> evaluate(make.build(both=a & b), np.array([[0b0011], [0b0101]], dtype=np.uint64))
        array([[1]], dtype=uint64)
    """
    return clock(circuit, words, state)[0]


def clock(circuit: Circuit, words: Words, state: Words | None = None) -> tuple[Words, Words]:
    """One clock: the outputs ``[O, W]`` now and the registers' next values ``[R, W]``."""
    words = _checked(words, len(circuit.inputs), "inputs")
    if state is None:
        state = initial_state(circuit, words.shape[1])
    ends = np.concatenate([circuit.outputs, circuit.register_next])
    flips = np.where(ends & 1, ~np.uint64(0), np.uint64(0))[:, None]
    result = np.empty((len(ends), words.shape[1]), dtype=np.uint64)
    for block in _blocks(circuit, words.shape[1]):
        result[:, block] = wire_values(circuit, words[:, block], state[:, block])[ends >> 1] ^ flips
    return result[: len(circuit.outputs)], result[len(circuit.outputs) :]


def run(circuit: Circuit, words: Words, state: Words | None = None) -> Words:
    """The outputs ``[T, O, W]`` of ``T`` clocks with inputs ``[T, I, W]``, from ``state`` ``[R, W]`` on."""
    outputs = np.empty((len(words), len(circuit.outputs), words.shape[2]), dtype=np.uint64)
    for step, now in enumerate(words):
        outputs[step], state = clock(circuit, now, state)
    return outputs


def evaluate_bits(circuit: Circuit, bits: Bits) -> Bits:
    """The outputs ``[B, O]`` of a circuit for input vectors ``[B, I]`` of booleans."""
    if bits.ndim != 2:
        raise CircuitError(f"input vectors of shape {bits.shape}; give [B, {len(circuit.inputs)}]")
    return from_words(evaluate(circuit, to_words(bits)), len(bits))


def random_vectors(generator: np.random.Generator, circuit: Circuit, shape: tuple[int, ...]) -> Bits:
    """Random input vectors ``[*shape, I]`` that honour the one-hot groups."""
    values = generator.random((*shape, len(circuit.inputs))) < 0.5
    for group in circuit.one_hot:
        chosen = generator.integers(0, len(group), shape)
        values[..., group.start : group.stop] = chosen[..., None] == np.arange(len(group))
    return values


def to_words(bits: Bits) -> Words:
    """Booleans ``[B, N]`` packed into words ``[N, ceil(B / 64)]``; the last word is filled up with zeros."""
    count, rows = bits.shape
    padded = np.zeros((rows, -(-count // 64) * 64), dtype=bool)
    padded[:, :count] = bits.T
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def from_words(words: Words, count: int) -> Bits:
    """The first ``count`` vectors ``[count, N]`` of words ``[N, W]``."""
    octets = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little", count=count).T.astype(bool)


def initial_state(circuit: Circuit, words: int) -> Words:
    """The initial values ``[R, words]`` of the registers.

    Raises:
        CircuitError: if a register has none.
    """
    unknown = np.flatnonzero(circuit.register_initial < 0)
    if len(unknown):
        name = circuit.register_names[int(unknown[0])]
        raise CircuitError(f"register {name!r} has no initial value; give the state [R, W] to start from")
    value = np.where(circuit.register_initial == 1, ~np.uint64(0), np.uint64(0))
    return np.repeat(value[:, None], words, axis=1)


def truth_tables(circuit: Circuit) -> Bits:
    """The truth table of each output, ``[O, 2 ** I]``: in row ``m`` input ``i`` is bit ``i`` of ``m``.

    Raises:
        CircuitError: above 16 inputs, or if there are registers.
    """
    count = len(circuit.inputs)
    if count > TABLE_INPUTS or circuit.register_names:
        raise CircuitError(
            f"a truth table of {count} inputs and {len(circuit.register_names)} registers; "
            f"tables are for at most {TABLE_INPUTS} inputs and no registers, evaluate chosen vectors instead"
        )
    rows = np.arange(1 << count)
    return evaluate_bits(circuit, (rows[:, None] >> np.arange(count) & 1).astype(bool)).T


def _checked(words: Words, rows: int, what: str) -> Words:
    if words.ndim != 2 or len(words) != rows or words.dtype != np.uint64:
        raise CircuitError(
            f"values of shape {words.shape} and type {words.dtype} for {rows} {what}; give uint64 [{rows}, W]"
        )
    return words


def _blocks(circuit: Circuit, words: int) -> Iterator[slice]:
    size = max(1, min(BLOCK_WORDS, BLOCK_LIMIT // circuit.wires))
    return (slice(start, min(start + size, words)) for start in range(0, words, size))
