"""Infix Boolean expressions, with Verilog's operators and precedence, as gates of a netlist."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from ..circuit import Gate
from .source import Source

# how tightly an operator binds; '?' waits for its ':'
_BINDING = {"(": 0, "?": 1, ":": 1, "||": 2, "&&": 3, "|": 4, "^": 5, "~^": 5, "^~": 5, "&": 6}
_KINDS = {"||": Gate.OR, "|": Gate.OR, "&&": Gate.AND, "&": Gate.AND, "^": Gate.XOR, "~^": Gate.XOR, "^~": Gate.XOR}
_UNARY = 7


class GateMaker(Protocol):
    """What takes the gates of an expression, such as a netlist."""

    @property
    def source(self) -> Source:
        """The file that errors name."""
        ...

    def add_gate(self, kind: int, operands: Sequence[int], line: int) -> int:
        """The literal of a new gate."""
        ...


class _Stacks:
    """Operands and operators of the shunting-yard method (Dijkstra, 1961): no recursion, so no depth is too deep."""

    def __init__(self, netlist: GateMaker, line: int) -> None:
        self.netlist, self.line = netlist, line
        self.literals: list[int] = []
        self.operators: list[str] = []

    def reduce(self, binding: int) -> None:
        """Applies the waiting operators that bind at least as tightly."""
        while self.operators and self._binding(self.operators[-1]) >= binding:
            self.apply()

    def _binding(self, operator: str) -> int:
        return _UNARY if operator == "~" else _BINDING[operator]

    def apply(self) -> None:
        """Applies the operator on top."""
        operator = self.operators.pop()
        add, line = self.netlist.add_gate, self.line
        if operator == "~":
            self.literals[-1] ^= 1
        elif operator == ":":
            select, when_true, when_false = self.literals[-3:]
            del self.literals[-3:]
            arms = add(Gate.AND, (select, when_true), line), add(Gate.AND, (select ^ 1, when_false), line)
            self.literals.append(add(Gate.OR, arms, line))
        elif operator == "?":
            raise self.netlist.source.error("'?' without ':'", line)
        else:
            right, left = self.literals.pop(), self.literals.pop()
            self.literals.append(add(_KINDS[operator], (left, right), line) ^ (operator in ("~^", "^~")))


def add_expression(netlist: GateMaker, tokens: Iterable[str], line: int, operand: Callable[[str], int]) -> int:
    """The literal of an expression.

    Args:
        netlist: Takes the gates.
        tokens: Operators ``~ ! & && ^ ~^ ^~ | || ? :``, parentheses and operands.
        line: For errors.
        operand: The literal of an operand; raises an error for a token that is none.

    Raises:
        FormatError: if the tokens are no expression.
    """
    stacks = _Stacks(netlist, line)
    expects_operand = True
    for token in tokens:
        if expects_operand:
            if token in ("~", "!"):
                stacks.operators.append("~")
            elif token == "(":
                stacks.operators.append("(")
            else:
                stacks.literals.append(operand(token))
                expects_operand = False
        elif token == ")":
            stacks.reduce(1)
            if not stacks.operators:
                raise netlist.source.error("')' without '('", line)
            stacks.operators.pop()
        elif token == ":":
            stacks.reduce(2)
            while stacks.operators and stacks.operators[-1] == ":":  # an inner choice, complete
                stacks.apply()
            if not stacks.operators or stacks.operators[-1] != "?":
                raise netlist.source.error("':' without '?'", line)
            stacks.operators[-1] = ":"
            expects_operand = True
        elif token in _BINDING and token != "(":
            stacks.reduce(_BINDING[token] + (token == "?"))  # '?' groups from the right
            stacks.operators.append(token)
            expects_operand = True
        else:
            raise netlist.source.error(f"expected an operator, got {token!r}", line)
    if expects_operand:
        raise netlist.source.error("the expression ends where an operand was expected", line)
    stacks.reduce(1)
    if stacks.operators:
        raise netlist.source.error("'(' without ')'", line)
    return stacks.literals[0]
