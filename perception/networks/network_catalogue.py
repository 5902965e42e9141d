"""Perception networks by name: what a saved file may ask for."""

from types import MappingProxyType

from .classifier import SpikingClassifier
from .lee import LeeNetwork
from .perception import PerceptionClass, class_of
from .quantised import QuantisedPerception
from .twin import AnalogTwin
from .vision import SpikingVision

PERCEPTIONS: MappingProxyType[str, PerceptionClass] = MappingProxyType(
    {
        "classifier": SpikingClassifier,
        "vision": SpikingVision,
        "quantised": QuantisedPerception,
        "lee": LeeNetwork,
        "twin": AnalogTwin,
    }
)


def kind_of(found: object) -> str:
    """The name of a perception's class: its key here, or else where Python finds it, ``module.Class``."""
    for name, made in PERCEPTIONS.items():
        if class_of(found) is made:
            return name
    return path_of(class_of(found))


def path_of(made: PerceptionClass) -> str:
    """Where Python finds a class."""
    return f"{made.__module__}.{made.__qualname__}"
