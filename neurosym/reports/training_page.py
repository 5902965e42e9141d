"""What a training on labels reached, as a page: curves, mistakes, an example with its spikes and membranes, rates."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from neurosym.reports import figures as figures
from perception import Dataset, Neuron, SpikingVision

from ..training.history import History
from .page import Figure, Part, Preformatted, Section, Text, Tile, Tiles

_MOST_LAYERS = 8  # in the drawings of spikes; more would not fit a page
_MOST_BARS = 24
_TRACES = 6  # neurons whose membranes are drawn


def training_sections(
    vision: SpikingVision,
    history: History,
    judged: Dataset,
    seen: Tensor,
    settings: str,
) -> list[Section]:
    """The sections of a report.

    Args:
        vision: The trained network.
        history: Its course.
        judged: What it was judged by.
        seen: The class numbers that it read there, ``[M]``.
        settings: What it was trained with, as text.
    """
    labels = [str(value) for value in judged.classes.values]
    right = int((seen == judged.labels).sum())
    last = history.epochs[-1]
    tiles = Tiles(
        (
            Tile(f"{right / len(seen):.2%}", "read rightly", "", f"{right} of {len(seen)}, after the last epoch."),
            Tile(f"{len(history.epochs)}", "epochs"),
            Tile(f"{sum(epoch.seconds for epoch in history.epochs):.0f} s", "of training, wall time"),
            Tile(f"{last.loss:.3g}", "loss of the last epoch", "", "Mean over the training part, in nats."),
        )
    )
    held = [epoch.scores["held_out_accuracy"] for epoch in history.epochs if "held_out_accuracy" in epoch.scores]
    curve = figures.learning_curve({vision.model: held}, {vision.model: [epoch.loss for epoch in history.epochs]})
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(counts, (judged.labels.numpy(), seen.numpy()), 1)
    course: list[Part] = [
        tiles,
        Figure(curve, "The course, epoch by epoch; the held-out pictures are part of the training part."),
        Figure(figures.confusion_matrix(counts, labels), "What is taken for what; the diagonal is right.", wide=False),
    ]
    return [
        Section("What was learned", course),
        Section("Inside, for one picture", _inside(vision, judged.pictures[0], labels)),
        Section("How it was made", [Preformatted(settings, "Settings; the same give the same network.")]),
    ]


@torch.no_grad()
def _inside(vision: SpikingVision, picture: Tensor, labels: Sequence[str]) -> list[Part]:
    """What the network believes of a picture, and the spikes and membranes behind it."""
    first = next(((n, layer) for n, layer in vision.network.named_modules() if isinstance(layer, Neuron)), None)
    currents: list[Tensor] = []
    device = next(vision.parameters()).device
    hook = None if first is None else first[1].register_forward_pre_hook(lambda _, given: currents.append(given[0]))
    try:
        percept = vision.eval()(picture[None, None].to(device))
    finally:
        if hook is not None:
            hook.remove()
    spikes = {name: train[:, 0].cpu().numpy() for name, train in percept.spikes.items()}
    ink = (picture.float() / picture.max().clamp_min(1)).reshape(-1, *picture.shape[-2:]).mean(0).numpy()
    belief = percept.symbols.log_probs[0].exp().cpu().numpy()
    parts: list[Part] = [
        Figure(figures.predictions(ink[None], belief, labels), "The picture, and what it is taken for.")
    ]
    if first is None or not currents:
        return [*parts, Text("The network has no spiking neurons.")]
    chosen = [*spikes][:: -(-len(spikes) // _MOST_LAYERS)]
    raster = figures.spike_raster(ink, {name: spikes[name] for name in chosen})
    rates = {place: float(np.mean(train)) for place, train in [*spikes.items()][:_MOST_BARS]}
    name, layer = first
    firing = layer.fire(currents[0])
    membranes, fired = (part[:, 0].flatten(1).float().cpu() for part in (firing.membrane, firing.spikes))
    busiest = fired.sum(0).argsort(descending=True, stable=True)[: 4 * _TRACES : 4]
    limit = float(torch.as_tensor(layer.threshold).detach().mean())
    traces = figures.membrane_traces(
        membranes[:, busiest].numpy(), fired[:, busiest].numpy(), limit, f"Some neurons of {name}"
    )
    return [
        *parts,
        Figure(raster, "The spikes that it causes, layer by layer."),
        Figure(
            traces, "Membranes of some of the busiest neurons of the first layer; the dashed line is the threshold."
        ),
        Figure(figures.bars(rates, "Firing rate by layer", "spikes per neuron and step"), "Who fires how often."),
    ]
