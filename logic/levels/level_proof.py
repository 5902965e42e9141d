"""Proof that a spiking network sends the levels of a network of levels, for every picture, from its wiring alone.

By induction over layers, each of which is as follows, whatever levels its sources send:

1. Weights: each line of a source is heard with the weight of the term, times what the line is worth, and all of it
   arrives when the layer decides (together, for members). So what has arrived is the accumulator (``sums_lemma``).
2. Neurons: thresholds, resets, first membranes and gates are those of the code's lemma (``level_lemmas.py``); before
   the decision none can fire, whatever has arrived, and after the window none can fire again.
3. A neuron that is of another form is run for every accumulator that it can have; if it sends the same levels at the
   same steps, it is as good.
4. If a neuron differs, a picture is looked for after which the network does (``level_search.py``).
"""

from ..kernels import work_time
from ..network import SpikingNetwork
from ..projections import Integers
from ..verdict import Verdict
from .level_codes import LevelCode, level_code, sendings
from .level_layers import LevelLayer, LevelNetwork
from .level_lemmas import sums_lemma
from .level_neurons import Neurons, differing
from .level_search import Suspect, search
from .level_weights import Weights


def prove_levels(
    wired: SpikingNetwork,
    network: LevelNetwork,
    code: str = "members",
    *,
    examples: Integers | None = None,
    effort: int = 16384,
) -> Verdict:
    """Whether a spiking network sends the levels and gathers the logits of a network of levels, for every picture.

    Args:
        wired: The spiking network with one slot, as :func:`logic.levels.level_wiring.wire_levels` makes it, or changed.
            If it has no population of the readout's name, the claim is on the layers before it.
        network: What it shall compute.
        code: How levels are sent.
        examples: Pictures ``[B, C, H, W]`` to look at beside random ones, if it differs.
        effort: Number of pictures at which the search for one after which it differs is given up.

    Returns:
        PROVED; or REFUTED with a picture, confirmed by simulation, after which a layer sends another level or logits
        are others, and where, in the detail; or UNKNOWN and what is in the way.

    Raises:
        NetworkError: if a population of a layer is missing or has another shape, or there is no such code.

    Example:
        >>> from logic.levels.level_layers import LevelTerm
        >>> from logic.levels.level_wiring import wire_levels
        >>> one = LevelLayer("one", (LevelTerm("input", [[[[3]]]]),), [4], [90])
        >>> last = LevelLayer("last", (LevelTerm("one", [[[[1]]], [[[-1]]]]),), [0, 3], None)
        >>> network = LevelNetwork((1, 1, 1), (one, last))
        >>> prove_levels(wire_levels(network, "window"), network, "window").word
        'PROVED'
        >>> other = LevelNetwork((1, 1, 1), (LevelLayer("one", one.terms, [6], [90]), last))
        >>> prove_levels(wire_levels(other, "window"), network, "window").word
        'REFUTED'
    """
    began, found = work_time(), level_code(code)
    proof = _Proof(wired, network, found)
    claim = proof.claim()

    def said(holds: bool | None, detail: str, example: dict[str, int] | None = None) -> Verdict:
        return Verdict(holds, claim, example, work_time() - began, detail)

    for lemma in (found.lemma(), sums_lemma()):
        if not lemma.holds:
            return said(None, f"lemma not proved: {lemma.claim}")
    if wired.latency < (ready := proof.times[proof.layers[-1].name].ready):
        return said(
            None, f"the network answers at step {wired.latency}, before its last layer has heard all, at {ready}"
        )
    suspects = [suspect for layer in proof.layers for suspect in proof.suspects(layer)]
    outcome = search(wired, network, found, suspects, examples, effort)
    if outcome.picture is not None:
        return said(False, outcome.detail, outcome.picture)
    if outcome.left:
        return said(None, f"{outcome.left[0].reason}; but no picture was found after which it differs")
    notes = [f"by induction over {len(proof.layers)} layers, {found.lemma().claim}"]
    notes += [f"{proof.run:,} neurons run for every accumulator"] if proof.run else []
    notes += [outcome.detail] if outcome.detail else []
    return said(True, "; ".join([*notes, f"{proof.bits} signed bits hold all membranes"]))


class _Proof:
    """A spiking network beside its network of levels."""

    def __init__(self, wired: SpikingNetwork, network: LevelNetwork, code: LevelCode) -> None:
        self.wired, self.network, self.code = wired, network, code
        self.times = sendings(network, code)
        self.weights = Weights(wired, network, code)
        self.gathers = network.readout.name in [population.name for population in wired.populations]
        self.layers = network.layers if self.gathers else network.hidden
        self.run = 0
        self.bits = 1

    def claim(self) -> str:
        """What is to be proved, in words."""
        text = (
            f"for every picture, each of {self.network.neurons:,} neurons of {len(self.network.hidden)} layers sends "
            f"the level of the quantised network ({self.code.name})"
        )
        if not self.gathers:
            return text
        last = self.network.readout.name
        return f"{text}, and the membranes of '{last}' are its integer logits at step {self.wired.latency}"

    def suspects(self, layer: LevelLayer) -> list[Suspect]:
        """Neurons that may send other levels than the layer's, with a reason; none if the layer is proved."""
        heard = self.weights.of(layer)
        neurons = Neurons(self.wired, self.network, self.code, layer, self.times[layer.name], heard)
        self.bits = max(self.bits, neurons.bits)
        wrong, reason = neurons.misfits()
        silent = [place for place in neurons.silent() if place not in heard.faults]
        found = [Suspect(layer.name, place, fault.text, fault) for place, fault in sorted(heard.faults.items())]
        found += [
            Suspect(layer.name, place, f"layer '{layer.name}' does not pass on that it is on") for place in silent
        ]
        for place, ranges in differing(neurons, [place for place in wrong if place not in heard.faults]).items():
            if ranges is not None and not len(ranges):
                self.run += 1
                continue
            found.append(
                Suspect(layer.name, place, f"in layer '{layer.name}', neuron {place}: {reason}", ranges=ranges)
            )
        return found
