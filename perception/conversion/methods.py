"""The methods of conversion as data: which neuron, which threshold, which correction, and who proposed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Sending = Literal["random", "unbiased", "even", "timed"]
Neuron = Literal["integrate-and-fire", "window", "phase", "multi-threshold"]
Rule = Literal["maximum", "quantile", "squared-error", "iteration"]


@dataclass(frozen=True)
class Method:
    """A way to convert. Every field may be changed by ``dataclasses.replace``; ``convert`` takes the result as well.

    Args:
        name: Its name.
        source: Who proposed it, and how near to it this is.
        alphabet: What a spike may be, in words.
        needs_training: Activation of ``prepare`` that the network must have been trained with, if any.
        timing: ``rate``: all layers at once, the answer after T steps; ``window``: each layer waits for all T.
        neuron: Kind of unit.
        code: What a train stands for (``codes.py``).
        rule: How thresholds are found on calibration pictures; a trained ceiling goes before it, unless the rule
            is ``squared-error``.
        quantile: Of ``quantile``: share of the activations below the threshold.
        per_channel: Whether each channel has a threshold of its own.
        start: Initial potential in units; 0.5 halves the rounding error.
        members: Values a step can send up to the threshold; ``None`` is ``levels``.
        burst: Thresholds that a step can send.
        negative: Thresholds below zero at which a spike is taken back; ``None`` is never.
        total: Whether at most ``levels`` units are out at once (sum coding).
        sending: Of ``window``: ``random``, ``unbiased``, ``even`` or ``timed``.
        lines: Of ``multi-threshold``: thresholds, each half of the one before.
        correction: What is corrected layer by layer on calibration pictures: ``bias``, ``potential`` or nothing;
            ``tuned``: biases, then thresholds and biases of all layers together.
    """

    name: str
    source: str
    alphabet: str = "binary"
    needs_training: str | None = None
    timing: Literal["rate", "window"] = "rate"
    neuron: Neuron = "integrate-and-fire"
    code: str = "rate"
    rule: Rule = "quantile"
    quantile: float = 0.999
    per_channel: bool = False
    start: float = 0.0
    members: int | None = 1
    burst: int = 1
    negative: float | None = None
    total: bool = False
    sending: Sending = "even"
    lines: int = 4
    correction: Literal["bias", "potential", "tuned"] | None = None


_WINDOW: Any = {"timing": "window", "neuron": "window"}
_SIGNED: Any = {"alphabet": "+-1", "negative": 0.0, "start": 0.5}
_LINES: Any = {"neuron": "multi-threshold", "per_channel": True}
_METHODS = (
    Method("auto", "ours: the best of three rules on calibration pictures", per_channel=True, **_SIGNED),
    Method("max-norm", "Diehl et al., IJCNN 2015", rule="maximum"),
    Method("robust", "Rueckauer et al., Frontiers in Neuroscience 2017"),
    Method("rate-norm", "Ding et al., IJCAI 2021 (RNL)", needs_training="rate-norm"),
    Method("qcfs", "Bu et al., ICLR 2022", needs_training="qcfs", start=0.5),
    Method("group", "Lv et al., ICASSP 2024 (group neurons)", "0..levels", members=None, start=0.5),
    Method(
        "group-tuned",
        "ours, with group neurons: thresholds and biases tuned together on calibration pictures, without labels",
        "0..levels",
        rule="squared-error",
        per_channel=True,
        members=None,
        start=0.5,
        correction="tuned",
    ),
    Method("burst", "Li and Zeng, IJCAI 2022", "0..5", burst=5, quantile=0.99),
    Method("signed-memory", "Wang et al., IJCAI 2022 (signed neuron with memory)", "+-1", negative=1.0),
    Method("signed", "Wang et al., started at half a threshold, with the sign at zero", **_SIGNED),
    Method(
        "error-compensation",
        "Error compensation learning, ICML 2025: reconstructed from its abstract (clip, sign, start)",
        needs_training="clip",
        **_SIGNED,
    ),
    Method("calibrated-bias", "Li et al., ICML 2021", rule="squared-error", start=0.5, correction="bias"),
    Method("calibrated-potential", "Li et al., ICML 2021", rule="squared-error", start=0.5, correction="potential"),
    Method(
        "calibrated-signed",
        "ours: least squared error per channel, sign, bias",
        rule="squared-error",
        per_channel=True,
        correction="bias",
        **_SIGNED,
    ),
    Method("tpp", "Bojkovic et al., ICML 2025, as remembered: biased", sending="random", **_WINDOW),
    Method("tpp-unbiased", "ours, after Bojkovic et al.", sending="unbiased", **_WINDOW),
    Method("two-phase", "Ramesh and Srinivasan 2025 (PASCAL), its idea", sending="even", **_WINDOW),
    Method("ttfs", "Rueckauer and Liu, ISCAS 2018, with a ramp", "one timed spike", sending="timed", **_WINDOW),
    Method(
        "phase",
        "Kim et al., Neurocomputing 2018, pictures and biases weighted too, sent a period later",
        "binary, weighted by phase",
        timing="window",
        neuron="phase",
        code="phase",
    ),
    Method("multi-threshold", "Huang et al., ACM MM 2024", "8 lines", rule="maximum", **_LINES),
    Method("differential", "Huang et al., ICML 2025", "+-1, real state", code="differential", lines=1, **_LINES),
    Method(
        "differential-multi",
        "Huang et al., ICML 2025",
        "8 lines, real state",
        code="differential",
        rule="iteration",
        **_LINES,
    ),
    Method(
        "bipolar-sum",
        "You et al., ICML 2024 (ST-BIF of SpikeZIP)",
        needs_training="qcfs",
        code="sum",
        members=None,
        total=True,
        **_SIGNED,
    ),
    Method(
        "expectation",
        "Huang et al., ACM MM 2024 (expectation compensation)",
        "16 lines",
        neuron="multi-threshold",
        lines=8,
    ),
)

CONVERSION_METHODS: Mapping[str, Method] = {one.name: one for one in _METHODS}
"""All methods by name."""
