"""From a neuron to word gates: integer weights and a threshold become a few AND, majority and parity instructions.

Small neurons become a decision diagram over their inputs, heaviest first; since a threshold function is unate, a node
is ``x f1 or f0``, one instruction. Heavy ones, and the membrane of neurons that retain it, become binary adders in
carry-save form. Both are the translations of Eén and Sörensson, "Translating pseudo-Boolean constraints into SAT"
(JSAT 2006), aimed at machine words instead of clauses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .word_program import Operation

FALSE, TRUE = 0, 1
Instruction = tuple[Operation, int, int, int]
_DIAGRAM_LIMIT = 64  # nodes; a larger diagram is never cheaper than an adder


@dataclass(frozen=True)
class Template:
    """What neurons with equal weights and thresholds have in common.

    Literals number the constant (signal 0), then the operands, then the results of the instructions.

    Args:
        operands: How many signals the neuron reads.
        instructions: Operation and three literals each.
        results: Literals of what the neuron computes: its spike, then the bits of its membrane.
    """

    operands: int
    instructions: tuple[Instruction, ...]
    results: tuple[int, ...]


def threshold_template(weights: tuple[int, ...], need: int) -> Template:
    """The gates of ``sum of weights over the true operands >= need``.

    Args:
        weights: Positive, in falling order.
        need: The threshold.
    """
    by_adder = _Gates(len(weights))
    columns = _columns([(2 + 2 * i, weight) for i, weight in enumerate(weights)])
    adder_result = by_adder.at_least(by_adder.add(columns), need)
    by_diagram = _Gates(len(weights))
    diagram_result = by_diagram.diagram(weights, need)
    if diagram_result is not None and len(by_diagram.instructions) <= len(by_adder.instructions):
        return Template(len(weights), tuple(by_diagram.instructions), (diagram_result,))
    return Template(len(weights), tuple(by_adder.instructions), (adder_result,))


class Membrane(NamedTuple):
    """What retaining neurons with equal weights have in common; all is as in :mod:`logic.network`.

    Args:
        threshold: Fires at or above it.
        bias: Current of every step.
        leak: Halvings in a step.
        subtract: Whether a spike takes the threshold off.
        bits: Enough for every membrane that can occur, before and after a spike.
    """

    threshold: int
    bias: int
    leak: int
    subtract: bool
    bits: int


def membrane_template(weights: tuple[int, ...], kind: Membrane) -> Template:
    """The gates of a neuron that retains its membrane, a binary number.

    The operands are the synapses, then the bits of the membrane of the step before, lowest first, which stand for
    the membrane plus ``2 ** (bits - 1)``, so that they are never negative. A leak reads them shifted: halving rounds
    down, and so does leaving out the lowest bits.

    Args:
        weights: Of the synapses, of either sign.
        kind: The neuron.
    """
    bits, synapses = kind.bits, len(weights)
    offset, leak = 1 << (bits - 1), min(kind.leak, bits - 1)  # the highest bit alone says 0 or -1, as all halvings do
    gates = _Gates(synapses + bits)
    # A negative digit -d on x is d on the complement of x, less the constant d.
    terms = [
        (2 + 2 * i + (digit < 0), abs(digit)) for i, weight in enumerate(weights) for digit in _signed_digits(weight)
    ]
    constant = kind.bias + sum(min(digit, 0) for weight in weights for digit in _signed_digits(weight))
    terms += [(2 + 2 * (synapses + bit), 1 << (bit - leak)) for bit in range(leak, bits)]
    terms.append((TRUE, (constant + offset - (offset >> leak)) % (1 << bits)))
    total = gates.add(_columns(terms, bits), wrap=True)
    spike = gates.at_least(total, kind.threshold + offset)
    if kind.subtract:
        kept = [(bit, 1 << place) for place, bit in enumerate(total)]
        kept = gates.add(_columns([*kept, (spike, -kind.threshold % (1 << bits))]), wrap=True)
    else:
        kept = [gates.conjunction(bit, spike ^ 1) for bit in total[:-1]]
        kept.append(gates.disjunction(total[-1], spike))
    return Template(synapses + bits, tuple(gates.instructions), (spike, *kept))


def _signed_digits(weight: int) -> list[int]:
    """The fewest powers of two with signs whose sum is the weight (non-adjacent form, Reitwiesner 1960)."""
    digits, power = list[int](), 1
    while weight:
        if weight & 1:
            digit = 2 - (weight & 3)
            weight -= digit
            digits.append(digit * power)
        weight >>= 1
        power <<= 1
    return digits


def _columns(terms: Sequence[tuple[int, int]], bits: int | None = None) -> list[list[int]]:
    """Literals by binary weight: the literal of weight 5 stands in columns 0 and 2; of ``bits`` bits, if given."""
    if bits is None:
        bits = max((weight.bit_length() for _, weight in terms), default=0)
    columns: list[list[int]] = [[] for _ in range(bits)]
    for literal, weight in terms:
        for bit in range(min(bits, weight.bit_length())):
            if weight >> bit & 1:
                columns[bit].append(literal)
    return columns


@dataclass
class _Gates:
    """Records instructions, folds constants and makes equal ones once."""

    operands: int
    instructions: list[Instruction] = field(default_factory=list[Instruction])
    known: dict[Instruction, int] = field(default_factory=dict[Instruction, int])

    def _record(self, operation: Operation, a: int, b: int, c: int) -> int:
        key = (operation, a, b, c)
        if key not in self.known:
            self.known[key] = 2 * (1 + self.operands + len(self.instructions))
            self.instructions.append(key)
        return self.known[key]

    def conjunction(self, a: int, b: int) -> int:
        a, b = min(a, b), max(a, b)
        if a == FALSE or a ^ b == 1:
            return FALSE
        if a in (TRUE, b):
            return b
        return self._record(Operation.AND, a, b, FALSE)

    def disjunction(self, a: int, b: int) -> int:
        return self.conjunction(a ^ 1, b ^ 1) ^ 1

    def choose(self, a: int, b: int, c: int) -> int:
        """``a b or c``."""
        if FALSE in (a, b):
            return c
        if TRUE in (a, b):
            return self.disjunction(b if a == TRUE else a, c)
        if c <= TRUE:
            return TRUE if c else self.conjunction(a, b)
        return self._record(Operation.CHOOSE, a, b, c)

    def majority(self, a: int, b: int, c: int) -> int:
        a, b, c = sorted((a, b, c))
        if a <= TRUE:
            return self.disjunction(b, c) if a else self.conjunction(b, c)
        return self._record(Operation.MAJORITY, a, b, c)

    def parity(self, a: int, b: int, c: int) -> int:
        flip = (a ^ b ^ c) & 1
        a, b, c = sorted((a & ~1, b & ~1, c & ~1))
        if a == b:
            return c ^ flip
        return self._record(Operation.PARITY, a, b, c) ^ flip if b != c else a ^ flip

    def all_of(self, literals: Sequence[int]) -> int:
        """The conjunction of operands, three at a time."""
        queue = list(literals)
        while len(queue) > 2:
            queue.append(self._record(Operation.AND3, *queue[:3]))
            del queue[:3]
        return self.conjunction(*queue) if len(queue) == 2 else queue[0]

    def add(self, columns: list[list[int]], *, wrap: bool = False) -> list[int]:
        """The bits of the sum of columns of literals; with ``wrap`` the carry out of the last column is lost."""
        columns = [list(column) for column in columns]
        bits: list[int] = []
        index = 0
        while index < len(columns):
            column = columns[index]
            while len(column) > 1:
                a, b, c = (*column[:3], FALSE)[:3]
                del column[:3]
                column.append(self.parity(a, b, c))
                carry = self.majority(a, b, c)
                if carry != FALSE and not (wrap and index + 1 == len(columns)):
                    if index + 1 == len(columns):
                        columns.append([])
                    columns[index + 1].append(carry)
            bits.append(column[0] if column else FALSE)
            index += 1
        return bits

    def at_least(self, bits: Sequence[int], need: int) -> int:
        """Whether an unsigned number is at least ``need``."""
        if need <= 0:
            return TRUE
        if need >> len(bits):
            return FALSE
        result = TRUE  # equal so far, from the lowest bit up
        for position, bit in enumerate(bits):
            result = self.conjunction(bit, result) if need >> position & 1 else self.disjunction(bit, result)
        return result

    def diagram(self, weights: tuple[int, ...], need: int) -> int | None:
        """The threshold function as a decision diagram, or None if it is too large."""
        rest = [sum(weights[i:]) for i in range(len(weights) + 1)]
        nodes: dict[tuple[int, int], int] = {}

        def visit(i: int, wanted: int) -> int:
            if wanted <= 0:
                return TRUE
            if wanted > rest[i]:
                return FALSE
            smallest, count = weights[-1], len(weights) - i
            if rest[i] - smallest < wanted:
                return self.all_of([2 + 2 * j for j in range(i, len(weights))])
            if wanted <= smallest:
                return self.all_of([3 + 2 * j for j in range(i, len(weights))]) ^ 1
            if count == 3 and weights[i] < wanted <= weights[-2] + smallest:
                return self.majority(2 + 2 * i, 4 + 2 * i, 6 + 2 * i)
            key = (i, wanted)
            if key not in nodes:
                if len(nodes) == _DIAGRAM_LIMIT:
                    raise OverflowError
                nodes[key] = FALSE
                low, high = visit(i + 1, wanted), visit(i + 1, wanted - weights[i])
                nodes[key] = self.choose(2 + 2 * i, high, low)
            return nodes[key]

        try:
            return visit(0, need)
        except OverflowError:
            return None
