"""Sums of two digits, learned from the sums alone by a spiking residual network with membrane shortcuts."""

from neurosym import DIGITS, SpikingVision

from .digit_sums import learn_sums
from .showcase import Learned, Showcase

TRAINING, EPOCHS, RATE = 6000, 6, 6e-3
OPTIONS = {"steps": 2, "widths": (8, 16, 32)}


def learn(seed: int, share: float) -> Learned:
    """Learns by ``tiny_ms_resnet``, narrowed, of two steps."""

    def make(own: int) -> SpikingVision:
        return SpikingVision(DIGITS, own, model="tiny_ms_resnet", options=OPTIONS)

    return learn_sums(make, int(share * TRAINING), EPOCHS, seed, RATE)


SHOWCASE = Showcase("sums of two digits by a residual network, from the sums alone", learn)
