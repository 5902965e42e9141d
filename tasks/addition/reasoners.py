"""Losses of MNIST addition, by this package from Prolog text and by others: what the harness compares."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from logic import Domain, Symbols
from reasoner import DIGITS, Program, infer

from .harness import HarnessError, Loss

LABEL = Domain("label", range(10))


def addition_program(digits: int) -> Program:
    """Addition of two numbers with that many digits, as anyone would write it; the sum is given as labels."""
    return Program.parse(
        f"""
        correct :- total(0, Carry), label(0, Carry).

        total({digits}, 0).
        total(I, Carry) :-
            I < {digits}, Next is I + 1, total(Next, Before),
            digit(I, X), J is {digits} + I, digit(J, Y),
            Sum is X + Y + Before, Written is Sum mod 10, label(Next, Written),
            Carry is Sum // 10.
        """,
        (DIGITS, LABEL),
    )


def neurosym(digits: int) -> Loss:
    """By this package, from the plain Prolog program."""
    program = addition_program(digits)
    certain = torch.eye(10).log()

    def loss(scores: Tensor, totals: Tensor) -> Tensor:
        symbols = (Symbols(DIGITS, scores.log_softmax(2)), Symbols(LABEL, certain[totals]))
        return -infer(program, "correct", symbols).log_probs.mean()

    return loss


def carry_recursion(digits: int) -> Loss:
    """By hand in plain PyTorch: the distribution of the carry, from the last digit to the first."""
    table = torch.zeros(10, 4, 100)  # written digit, (carry in, carry out), pair of digits
    for carry in range(2):
        for first in range(10):
            for second in range(10):
                total = first + second + carry
                table[total % 10, 2 * carry + total // 10, 10 * first + second] = 1

    def loss(scores: Tensor, totals: Tensor) -> Tensor:
        batch = len(scores)
        first, second = scores.softmax(2).view(batch, 2, digits, 10).unbind(1)
        pairs = (first[..., None] * second[..., None, :]).view(batch, digits, 100)
        steps = torch.einsum("bnk,bnek->bne", pairs, table[totals[:, 1:]]).view(batch, digits, 2, 2)
        carry = torch.tensor([1.0, 0.0]).expand(batch, 2)
        log_total = torch.zeros(batch)
        for step in reversed(steps.unbind(1)):
            carry = torch.bmm(carry[:, None], step)[:, 0]
            total = carry.sum(1, keepdim=True).clamp_min(1e-30)
            log_total, carry = log_total + total.log()[:, 0], carry / total
        last = carry.gather(1, totals[:, :1])[:, 0].clamp_min(1e-30).log()
        return -(log_total + last).mean()

    return loss


def klay_carry(digits: int) -> Loss:
    """By KLay, from a circuit of the carry that is made by hand."""
    circuit: Any = import_module("klay").Circuit()

    def literal(slot: int, value: int) -> Any:
        return circuit.literal_node(1 + 10 * slot + value)

    carries: list[Any] = [None, None]
    for place in range(digits - 1, -1, -1):
        cases: list[list[Any]] = [[], []]
        for carry in (0,) if place == digits - 1 else (0, 1):
            pairs: dict[int, list[Any]] = {}
            for first in range(10):
                for second in range(10):
                    both = circuit.and_node([literal(place, first), literal(digits + place, second)])
                    pairs.setdefault(first + second + carry, []).append(both)
            for total, found in pairs.items():
                either = circuit.or_node(found) if len(found) > 1 else found[0]
                parts = [either, literal(2 * digits + 1 + place, total % 10)]
                cases[total // 10].append(circuit.and_node([*parts, *([carries[carry]] if carries[carry] else [])]))
        carries = [circuit.or_node(case) for case in cases]
    ends = [circuit.and_node([carries[carry], literal(2 * digits, carry)]) for carry in (0, 1)]
    circuit.set_root(circuit.or_node(ends))
    module = circuit.to_torch_module(semiring="log", compile=False)

    def loss(scores: Tensor, totals: Tensor) -> Tensor:
        labels = one_hot(totals, 10).float().flatten(1).clamp_min(1e-38).log()
        inputs = torch.cat([scores.log_softmax(2).flatten(1), labels], dim=1)
        return -module(inputs, torch.zeros_like(inputs)).mean()

    return loss


def ltn(digits: int) -> Loss:
    """By LTNtorch: there are digits with this sum, as a fuzzy truth (one digit each; more are not stated)."""
    ltn_: Any = import_module("ltn")
    if digits != 1:
        raise HarnessError("the LTN of its authors states sums of one-digit numbers; use digits=1")

    class Read(torch.nn.Module):
        def forward(self, scores: Tensor, digit: Tensor) -> Tensor:
            return scores.softmax(1).gather(1, digit.long())

    is_digit: Any = ltn_.Predicate(Read())
    both: Any = ltn_.Connective(ltn_.fuzzy_ops.AndProd())
    some: Any = ltn_.Quantifier(ltn_.fuzzy_ops.AggregPMean(p=2), quantifier="e")
    every: Any = ltn_.Quantifier(ltn_.fuzzy_ops.AggregPMeanError(p=2), quantifier="f")
    first, second = (ltn_.Variable(name, torch.arange(10)) for name in ("first", "second"))

    def adds_up(a: Any, b: Any, c: Any) -> Tensor:
        return torch.eq(a.value + b.value, c.value)

    def loss(scores: Tensor, totals: Tensor) -> Tensor:
        pictures = [ltn_.Variable(name, scores[:, slot]) for slot, name in enumerate(("x", "y"))]
        total = ltn_.Variable("total", totals[:, 0] * 10 + totals[:, 1])
        known = ltn_.diag(*pictures, total)
        found = some(
            [first, second],
            both(is_digit(pictures[0], first), is_digit(pictures[1], second)),
            cond_vars=[first, second, total],
            cond_fn=adds_up,
        )
        return 1 - every(known, found).value

    return loss


REASONERS: dict[str, Callable[[int], Loss]] = {
    "neurosym": neurosym,
    "carry": carry_recursion,
    "klay": klay_carry,
    "ltn": ltn,
}
