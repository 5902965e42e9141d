"""MNIST addition by ``pydeeplog[mvsdd]``, in a process of its own: it needs Python 3.12.

``python -m tasks.addition.rival_deeplog DIGITS`` answers each line of its input: a number of epochs is trained, and one
line of JSON says what it cost. The first line of the output is the cost of compilation.
"""

import json
import sys
import time
from importlib import import_module
from typing import Any

import torch
from torch import Tensor

from .harness import Loss, Training, load_sums

_EPSILON = 1e-30


def deeplog(digits: int) -> Loss:
    """By pydeeplog from a ProbLog program: the sum as a number, for one or two digits (more do not compile)."""
    import_module("pymvsdd")  # without it pydeeplog is some 30 times slower, and no fair rival
    prolog: Any = import_module("deeplog.grounding.prolog")
    system: Any = import_module("deeplog.systems.deepproblog")
    top: Any = import_module("deeplog")
    pictures = [f"i{slot}" for slot in range(2 * digits)]
    choices = "\n".join(
        "; ".join(f"classifier({picture},{value}) :: digit({picture},{value})" for value in range(10)) + "."
        for picture in pictures
    )
    goals = ", ".join(f"digit({picture},D{slot})" for slot, picture in enumerate(pictures))
    number = "+(D0,D1)" if digits == 1 else "+(+(*(10,D0),D1),+(*(10,D2),D3))"
    text = f"{choices}\naddition(S) :- {goals}, is(S,{number}).\n?- addition(S).\n"
    result = system.Solver(prolog.SimpleGrounder()).get_query_result(tuple(prolog.str_to_rules(text)))
    module = top.reshape(
        system.compile_to_module(result, top.Compiler()),
        input=tuple(
            top.SymTensor([f"classifier({picture},{value}) _ probability" for value in range(10)])
            for picture in pictures
        ),
        output=top.SymTensor([f"addition({total}) _ probability" for total in range(2 * 10**digits - 1)]),
    )
    weights = 10 ** torch.arange(digits, -1, -1)

    def loss(scores: Tensor, totals: Tensor) -> Tensor:
        chosen = (totals * weights).sum(1, keepdim=True)
        return -(module(*scores.softmax(2).unbind(1)).gather(1, chosen) + _EPSILON).log().mean()

    return loss


def main() -> None:
    """Compile, then train as often as asked."""
    torch.set_num_threads(1)
    digits = int(sys.argv[1])
    training_sums, _ = load_sums(digits)
    start = time.process_time()
    loss = deeplog(digits)
    _say(compile_seconds=time.process_time() - start)
    training = Training(training_sums, loss)
    for line in sys.stdin:
        start = time.process_time()
        losses = [loss for _ in range(int(line)) for loss in training.epoch()]
        _say(cpu_seconds=time.process_time() - start, losses=losses)


def _say(**row: object) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
