"""Arithmetic made of learned two-input gates, as in the LogicSNN paper: adders and the rounding of a decimal digit."""

from ..assembly.composition import join
from ..network import SpikingNetwork
from .pattern_neurons import learn_gates
from .rule import PairRule

AND, OR, XOR = "0001", "0111", "0110"
Wiring = dict[str, dict[str, str]]


def half_adder(rule: PairRule | None = None) -> SpikingNetwork:
    """``sum`` and ``carry`` of ``a`` and ``b``: two learned gates, 12 neurons, 2 steps."""
    return _join(["a", "b"], _half("bit", "a", "b"), {"sum": "bit_xor.y", "carry": "bit_and.y"}, rule)


def full_adder(rule: PairRule | None = None) -> SpikingNetwork:
    """``sum`` and ``carry`` of ``a``, ``b`` and ``c``: five learned gates, 30 neurons; sum at step 4, carry at 6."""
    outputs = {"sum": "total_xor.y", "carry": "bit_or.y"}
    return _join(["a", "b", "c"], _full("bit", "total", "a", "b", "c"), outputs, rule)


def bcd_rounding(rule: PairRule | None = None) -> SpikingNetwork:
    """``up`` is 1 if the 8421 digit ``x3 x2 x1 x0`` is 5 or more.

    It is ``x3 or (x2 and (x1 or x0))``: 18 neurons, 6 steps.
    """
    wiring = {
        "low_or": {"a": "x1", "b": "x0"},
        "middle_and": {"a": "x2", "b": "low_or.y"},
        "high_or": {"a": "x3", "b": "middle_and.y"},
    }
    return _join(["x3", "x2", "x1", "x0"], wiring, {"up": "high_or.y"}, rule)


def ripple_adder(width: int, rule: PairRule | None = None) -> SpikingNetwork:
    """``s0 .. s(n-1)`` and ``carry`` of the numbers ``a0 ..`` and ``b0 ..``, bit 0 the least significant.

    A half adder and ``n - 1`` full adders, ``30 n - 18`` neurons; a carry takes 4 steps a bit. All operand bits of a
    wave enter at one step, and a wave may enter at every step.
    """
    wiring, carry = _half("bit0", "a0", "b0"), "bit0_and.y"
    sums = {"s0": "bit0_xor.y"}
    for bit in range(1, width):
        wiring |= _full(f"bit{bit}", f"sum{bit}", f"a{bit}", f"b{bit}", carry)
        sums[f"s{bit}"], carry = f"sum{bit}_xor.y", f"bit{bit}_or.y"
    return _join([f"{word}{bit}" for word in "ab" for bit in range(width)], wiring, sums | {"carry": carry}, rule)


def _half(name: str, a: str, b: str) -> Wiring:
    return {f"{name}_xor": {"a": a, "b": b}, f"{name}_and": {"a": a, "b": b}}


def _full(name: str, total: str, a: str, b: str, c: str) -> Wiring:
    """Two half adders, ``name`` and ``total``, and the gate ``name_or`` of their carries."""
    either = {f"{name}_or": {"a": f"{name}_and.y", "b": f"{total}_and.y"}}
    return _half(name, a, b) | _half(total, f"{name}_xor.y", c) | either


def _join(inputs: list[str], wiring: Wiring, outputs: dict[str, str], rule: PairRule | None) -> SpikingNetwork:
    """Learns the three gates and puts one wherever a part's name ends with its own."""
    learned = learn_gates([AND, OR, XOR], rule)
    names = ["and", "or", "xor"]
    gates = dict(zip(names, (gate.snap() for gate in learned), strict=True))
    return join(inputs, {part: gates[part.rsplit("_", 1)[1]] for part in wiring}, wiring, outputs)
