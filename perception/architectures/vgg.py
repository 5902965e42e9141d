"""Plain spiking convolutional networks: stages of convolutions and neurons in turn, without shortcuts (VGG)."""

from dataclasses import dataclass

from torch import nn

from .fusing import Chain
from .layers import ArchitectureError, ConvNorm, MaxPool, NeuronFactory, Pooling, Readout
from .resnets import ResNetPlan, SpikingResNet
from .shortcuts import Shortcut


@dataclass(frozen=True)
class VGGPlan(ResNetPlan):
    """The shape of a plain network; stages are those of a residual one, with a convolution for each block.

    Spikes alone meet weights, so that the network has a NIR graph and an integer form unless it pools currents.

    Args:
        widths: Channels of each stage.
        depths: Convolutions of each stage; every stage but the first halves height and width.
        shortcut: Of no meaning: there is none, and spikes alone go on.
        downsampling: How they are halved: ``average`` of spikes, ``stride``, or ``max`` of currents.
        pool_spikes: Whether they are halved by a max-pool of spikes instead, behind the neurons of a stage.
        stem_width: Channels of one more convolution in front; 0 for none.
        hidden: As for a residual network.
        norm_readout: As for a residual network.
        gamma: As for a residual network.
    """

    shortcut: Shortcut = "spiking"
    downsampling: Pooling = "average"
    pool_spikes: bool = False


class SpikingVGG(SpikingResNet):
    """A plain spiking network from pictures or frames to logits of each step.

    Args:
        plan: Its shape.
        neuron: Makes its neurons.
        channels: Channels of a picture.
        classes: Values that a picture can show.
        steps: Steps for which still pictures are shown, ``T``.

    Raises:
        ArchitectureError: if the plan does not fit together.

    References:
        Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015; with
        means in place of max-pools and spikes, Deng et al., "Temporal Efficient Training of Spiking Neural Network via
        Gradient Re-weighting", ICLR 2022.
    """

    def __init__(self, plan: VGGPlan, neuron: NeuronFactory, *, channels: int, classes: int, steps: int) -> None:
        nn.Module.__init__(self)
        if len(plan.widths) != len(plan.depths) or not plan.widths or min(plan.depths) < 1 or steps < 1:
            raise ArchitectureError(
                f"{len(plan.widths)} widths, {len(plan.depths)} depths and {steps} steps; each stage needs a width and "
                f"a depth above 0"
            )
        self.steps = steps
        width = plan.stem_width or plan.widths[0]
        self.first = ConvNorm(channels, width, 3, gamma=plan.gamma)
        rest: list[nn.Module] = [neuron()]
        for stage, (target, depth) in enumerate(zip(plan.widths, plan.depths, strict=True)):
            if stage and plan.pool_spikes:
                rest.append(MaxPool())
            for number in range(depth - (stage == 0 and not plan.stem_width)):
                halve = stage > 0 and number == 0 and not plan.pool_spikes
                pooling: Pooling = plan.downsampling if halve else "none"
                rest += [ConvNorm(width, target, 3, pooling=pooling, gamma=plan.gamma), neuron()]
                width = target
        self.rest, self.blocks, self.fire = Chain(*rest), Chain(), nn.Identity()
        self.head = nn.Sequential(Readout(width, plan.hidden, norm=True), neuron()) if plan.hidden else nn.Identity()
        self.readout = Readout(plan.hidden or width, classes, norm=plan.norm_readout)
