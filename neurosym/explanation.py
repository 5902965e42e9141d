"""Why an answer was given: what was seen and how surely, by which spikes, and which proof leads from there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from math import exp

import torch

from logic import Symbols
from logic.showing import percent
from perception import Percept, PictureError
from reasoner import Answer, Contrast, explain as explain_answers, to_dict, to_text
from reasoner.counting.planning import prepare_query

from .inputs import Inputs, to_tensor
from .model import Model, check_model, shorten


@dataclass(frozen=True, eq=False)
class Sight:
    """What was seen in one slot.

    Args:
        slot: Number of the picture, from 0.
        probabilities: Value to probability, the likeliest first.
        spikes: Spikes by layer that this picture caused, over all steps; none if the perception tells of none.
        name: What the program calls it, ``digit(0)`` or ``digit(left)``.
        numbered: Whether it is that picture of the only perception, and needs no name.
    """

    slot: int
    probabilities: dict[int | str, float]
    spikes: dict[str, int]
    name: str
    numbered: bool = True

    @property
    def value(self) -> int | str:
        """The likeliest value."""
        return next(iter(self.probabilities))


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """An explained answer.

    Args:
        query: What was asked.
        sights: What was seen, one for each picture.
        answers: The best answers with their proofs, the best first.
        names: What the program calls the slots of a domain or network that have other names than numbers.
    """

    query: str
    sights: tuple[Sight, ...]
    answers: tuple[Answer, ...]
    names: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def __repr__(self) -> str:
        best = [f"{shorten(answer.atom)} with {percent(answer.probability)}" for answer in self.answers[:1]]
        return f"Explanation({shorten(self.query)}: {''.join(best) or 'no answer'}, of {len(self.sights)} pictures)"

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        """For notebooks: the same lines."""
        return f"<pre>{escape(self.to_text())}</pre>"

    def to_text(self) -> str:
        """The explanation as lines to read."""
        lines = [f"question: {self.query}"]
        for sight in self.sights:
            best = list(sight.probabilities.items())[:3]
            beliefs = ", ".join(f"{value} with {percent(share)}" for value, share in best)
            spikes = f" ({sum(sight.spikes.values())} spikes)" if sight.spikes else ""
            lines.append(f"{f'picture {sight.slot}' if sight.numbered else sight.name}: {beliefs}{spikes}")
        for rank, answer in enumerate(self.answers):
            word = "answer" if rank == 0 else "otherwise"
            lines += [
                f"{word}: {answer.atom} with {percent(answer.probability)}, because",
                to_text(answer.proof, "  "),
            ]
            if answer.contrast is not None:
                lines.append(f"  for this to hold, {self._contrast_text(answer.contrast)}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The explanation as what JSON can say."""
        return {
            "query": self.query,
            "pictures": [
                {
                    "slot": sight.slot,
                    "name": sight.name,
                    "probabilities": {str(value): share for value, share in sight.probabilities.items()},
                    "spikes": sight.spikes,
                }
                for sight in self.sights
            ],
            "answers": [
                {
                    "answer": answer.atom,
                    "probability": answer.probability,
                    "proof": to_dict(answer.proof),
                    "posterior": {
                        self._called(slot): {str(value): share for value, share in shares.items()}
                        for slot, shares in answer.posterior.items()
                    },
                    "contrast": self._contrast_json(answer.contrast),
                }
                for answer in self.answers
            ],
        }

    def _called(self, slot: tuple[str, int]) -> str:
        """The slot as the program calls it."""
        return f"{slot[0]}({self.names.get(slot, slot[1])})"

    def _contrast_text(self, contrast: Contrast) -> str:
        """What would have to be seen, in half a sentence."""
        changes = " and ".join(
            f"{self._called(change.slot)} must be {change.needed} instead of {change.read}"
            for change in contrast.changes
        )
        return f"{changes or 'nothing must be read otherwise'} (against odds of {_odds(contrast.cost)})"

    def _contrast_json(self, contrast: Contrast | None) -> dict[str, object] | None:
        if contrast is None:
            return None
        return {
            "changes": [
                {"slot": self._called(c.slot), "read": c.read, "needed": c.needed, "nats": c.nats}
                for c in contrast.changes
            ],
            "cost_nats": contrast.cost,
            "gap_nats": contrast.gap,
        }


def explain(model: Model, inputs: Inputs, top: int = 2, query: str | None = None) -> Explanation:
    """The best answers to the model's query for one sample, with proofs that Prolog has replayed.

    Args:
        model: Of any perceptions.
        inputs: Of one sample: pictures ``[N, C, H, W]`` of the only perception, or tensors by name as for a call of
            the model, without the axis of samples.
        top: How many answers.
        query: Another goal than the model's.

    Raises:
        ModelTypeError: if it is no model.
        InputError: if an input is missing or unknown.
        PictureError: if the pictures have another shape.
        QueryError: if the rules ask for more slots than there are pictures.
        ProofError: if a proof does not hold when it is replayed.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "sum(S)")
        >>> explanation = explain(model, torch.zeros(2, 1, 28, 28), top=1)
        >>> explanation
        Explanation(sum(S): sum(9) with 10.0%, of 2 pictures)
        >>> print(explanation)
        question: sum(S)
        picture 0: 0 with 10.0%, 1 with 10.0%, 2 with 10.0% (0 spikes)
        picture 1: 0 with 10.0%, 1 with 10.0%, 2 with 10.0% (0 spikes)
        answer: sum(9) with 10.0%, because
          sum(9)   [rule, line 1: S = 9, X = 0, Y = 9]
            digit(0,0)   [seen, p = 0.100]
            digit(1,9)   [seen, p = 0.100]
            9 is 0+9   [computed]
    """
    check_model(model)
    goal = model.goal(query)
    batch = {name: to_tensor(one)[None] for name, one in inputs.items()} if isinstance(inputs, Mapping) else None
    try:
        with torch.no_grad():
            percepts = model.see(to_tensor(inputs)[None] if batch is None else batch, goal)
    except PictureError as fault:
        given = [*inputs.values()] if isinstance(inputs, Mapping) else [inputs]
        raise PictureError(
            f"pictures of shape {list(given[0].shape)} are not those of one sample, [slots, channels, height, width]; "
            f"of many samples give one, pictures[0] ({fault})"
        ) from None
    symbols = [percept.symbols for percept in percepts.values()]
    answers = explain_answers(model.program, goal, symbols, top=top)
    grounding = prepare_query(model.program, goal, None).grounding
    names = {(network, slot): one.text[1:-1] for network, own in grounding.inputs.items() for slot, one in own.items()}
    alone = len(percepts) == 1
    sights = [sight for name, percept in percepts.items() for sight in _sights(name, percept, names, alone=alone)]
    return Explanation(goal, tuple(sights), tuple(answers), names)


def _sights(network: str, percept: Percept, names: Mapping[tuple[str, int], str], *, alone: bool) -> list[Sight]:
    """What was seen in each slot of one perception."""
    symbols = percept.symbols
    called = symbols.names or tuple(names.get((network, slot), str(slot)) for slot in range(symbols.slots))
    return [
        Sight(
            int(name) if name.isdecimal() else slot,
            _shares(symbols, slot),
            {layer: int(train[:, slot].sum()) for layer, train in percept.spikes.items() if layer != "input"},
            f"{network}({name})",
            numbered=alone and name.isdecimal(),
        )
        for slot, name in enumerate(called)
    ]


def _odds(nats: float) -> str:
    return f"{exp(nats):,.1f} to 1" if nats < 20 else f"e^{nats:.0f} to 1"


def _shares(symbols: Symbols, slot: int) -> dict[int | str, float]:
    shares = symbols.log_probs[0, slot].exp()
    return {symbols.domain.values[i]: float(shares[i]) for i in shares.argsort(descending=True).tolist()}
