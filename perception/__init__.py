"""Pictures to spikes to symbols."""

from .augmentation import augment as augment
from .classifier import SpikingClassifier as SpikingClassifier
from .encoding import encode as encode
from .neuron import integrate_and_fire as integrate_and_fire
from .percept import Percept as Percept, Spikes as Spikes
from .picture import PictureError as PictureError, read_picture as read_picture
from .surrogate import (
    Surrogate as Surrogate,
    arctan as arctan,
    fast_sigmoid as fast_sigmoid,
    triangular as triangular,
)
