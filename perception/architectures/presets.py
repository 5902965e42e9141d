"""Published and tiny architectures by name, with their sizes and what is known about their spikes."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from torch import nn

from logic.randomness import Seed

from .layers import ArchitectureError, draw_weights
from .neuron_plan import NeuronPlan
from .options import check_options
from .resnets import ResNetPlan, SpikingResNet
from .shortcuts import Shortcut
from .transformers import SpikingTransformer, Stage, TransformerPlan
from .vgg import SpikingVGG, VGGPlan

Network = SpikingResNet | SpikingTransformer


_HALF = NeuronPlan("lif", {"beta": 0.5, "scale_input": True}, "sigmoid", {"slope": 4.0})  # of all Transformers
_DEEP = replace(_HALF, shape={"slope": 2.0})  # keeps gradients flat over tens of blocks
_NO_LEAK = NeuronPlan("if", {}, "arctan")  # its membranes are integers if its weights are


@dataclass(frozen=True)
class Preset:
    """An architecture with a name.

    Args:
        name: Lower-case identifier.
        plan: Its shape.
        neuron: Its neurons.
        channels: Channels of a picture.
        classes: Values that a picture can show.
        size: Height and width of a picture in pixels.
        steps: Steps for which still pictures are shown, ``T``.
        published: Parameters in millions as published, or 0 if it is ours.
        source: Where that number is from.
    """

    name: str
    plan: ResNetPlan | TransformerPlan
    neuron: NeuronPlan = _HALF
    channels: int = 3
    classes: int = 10
    size: int = 32
    steps: int = 4
    published: float = 0.0
    source: str = ""


_DEPTHS: dict[int, tuple[tuple[int, ...], bool, float]] = {
    18: ((2, 2, 2, 2), False, 11.69),
    34: ((3, 4, 6, 3), False, 21.80),
    50: ((3, 4, 6, 3), True, 25.56),
    101: ((3, 4, 23, 3), True, 44.55),
    152: ((3, 8, 36, 3), True, 60.19),
}


def _resnets(prefix: str, plan: ResNetPlan) -> list[Preset]:
    """The five depths of He et al. in one form, for pictures of 224 x 224 in 1,000 classes."""
    source = "the ResNet of the same shape (He et al., CVPR 2016)"
    return [
        Preset(
            f"{prefix}_resnet{layers}",
            replace(plan, depths=depths, bottleneck=bottleneck),
            _DEEP,
            classes=1000,
            size=224,
            published=published,
            source=source,
        )
        for layers, (depths, bottleneck, published) in _DEPTHS.items()
    ]


def _large(shortcut: Shortcut, **options: Any) -> ResNetPlan:
    return ResNetPlan((64, 128, 256, 512), (1, 1, 1, 1), shortcut, stem="large", **options)


_MS_104 = ResNetPlan((64, 128, 256, 512), (3, 8, 32, 8), "ms", stem="deep", projection="average", halve_first=True)
_RESNET_19 = ResNetPlan((128, 256, 512), (3, 3, 2), "spiking", stem_width=64, hidden=256)
_MAX_18 = ResNetPlan((128, 256, 512), (3, 3, 2), "ms", stem_width=64, downsampling="max", projection="max")


def _spikformer(width: int, depth: int, heads: int = 12, **options: Any) -> TransformerPlan:
    return TransformerPlan((Stage(width, depth, "ssa"),), shortcut="sew-add", heads=heads, **options)


def _spike_driven(width: int, depth: int, **options: Any) -> TransformerPlan:
    return TransformerPlan((Stage(width, depth, "sdsa"),), fire_last="behind-mean", **options)


def _one_step(width: int, depth: int, ratio: int) -> TransformerPlan:
    return TransformerPlan(
        (Stage(width, depth, "saf"),),
        shortcut="sew-add",
        heads=1,
        ratio=ratio,
        order="extra",
        inner=64,
        gated=True,
        compensation=2,
        compress=True,
    )


_LARGE_TRANSFORMERS = ((384, 8, 16.81), (512, 8, 29.68), (512, 10, 36.01), (768, 8, 66.34))  # width, depth, millions


def _transformers() -> list[Preset]:
    found = [
        Preset("spikformer_4_384", _spikformer(384, 4), published=9.32, source="Zhou et al., ICLR 2023"),
        Preset(
            "spikformer_2_256",
            _spikformer(256, 2, heads=16, scale=0.25, pools="1111"),
            channels=2,
            size=128,
            steps=16,
            published=2.57,
            source="Zhou et al., ICLR 2023",
        ),
        Preset("sdt_2_256", _spike_driven(256, 2), published=2.57, source="Yao et al., NeurIPS 2023"),
        Preset("sdt_2_512", _spike_driven(512, 2), published=10.28, source="Yao et al., NeurIPS 2023, from memory"),
        Preset(
            "statten_2_512",
            TransformerPlan((Stage(512, 2, "statten"),), chunk=2, scale=0.0, fire_last="behind-mean"),
            published=10.28,
            source="sdt_2_512, whose weights it has",
        ),
        Preset("ost_4_256", _one_step(256, 4, 2), published=3.57, source="Song et al., IJCAI 2024, table S2"),
        Preset("ost_4_384", _one_step(384, 4, 2), published=7.82, source="Song et al., IJCAI 2024, table S2"),
        Preset("ost_4_384_wide", _one_step(384, 4, 4), published=11.37, source="Song et al., IJCAI 2024, table S2"),
        Preset("ost_2_512", _one_step(512, 2, 4), published=13.45, source="Song et al., IJCAI 2024, table S2"),
        Preset(
            "qkformer_4_384",
            TransformerPlan(
                (Stage(96, 1, "qk-token"), Stage(192, 1, "qk-token"), Stage(384, 2, "ssa")), shortcut="sew-add"
            ),
            published=6.71,
            source="Zhou et al., NeurIPS 2024, training log",
        ),
        Preset(
            "maxformer_4_384",
            TransformerPlan(
                (Stage(96, 1, "identity"), Stage(192, 1, "depthwise"), Stage(384, 2, "linear")),
                fire_last="before-mean",
            ),
            published=6.57,
            source="Fang et al., NeurIPS 2025, training log",
        ),
    ]
    for name, make in (("spikformer", _spikformer), ("sdt", _spike_driven)):
        found += [
            Preset(
                f"{name}_{depth}_{width}",
                make(width, depth, pools="1111", heads=width // 64 if name == "sdt" else 8),
                classes=1000,
                size=224,
                published=published,
                source="Zhou et al., ICLR 2023" if name == "spikformer" else "spikformer, whose weights it has",
            )
            for width, depth, published in _LARGE_TRANSFORMERS
        ]
    return found


def _vgg() -> list[Preset]:
    """Plain networks; what is published is VGG with one linear layer behind, for pictures of 32 x 32."""
    eleven = VGGPlan((64, 128, 256, 512, 512), (1, 1, 2, 2, 2))
    source = "the VGG of the same shape (Simonyan and Zisserman, ICLR 2015) with one linear layer"
    return [
        Preset("vgg11", eleven, published=9.23, source=source),
        Preset("vgg11_spike_pool", replace(eleven, pool_spikes=True), published=9.23, source=source),
        Preset("vgg16", replace(eleven, depths=(2, 2, 3, 3, 3)), _DEEP, published=14.73, source=source),
        Preset(
            "vggsnn", VGGPlan((128, 256, 512, 512), (1, 2, 2, 2), stem_width=64), channels=2, size=48, steps=10
        ),  # Deng et al., ICLR 2022, with the mean over the last map
    ]


def _on_digits(name: str, plan: ResNetPlan | TransformerPlan, steps: int = 4) -> Preset:
    return Preset(name, plan, channels=1, size=28, steps=steps)


_TINY_SPLITTING: dict[str, Any] = {
    "heads": 4, "ratio": 2, "pools": "110", "order": "pool-fire", "scale": 0.0, "gate": 1.0,
    "fire_last": "before-mean", "norm_readout": True,
}  # fmt: skip


def _tiny() -> list[Preset]:
    small = ResNetPlan((8, 16, 32), (1, 1, 1), "ms", norm_readout=True)
    strided = ResNetPlan((16, 32, 64), (1, 1, 1), "ms", stem_width=8, halve_first=True, norm_readout=True)
    averaged = replace(strided, downsampling="average", projection="average", gamma=1.5)  # lively from the first epoch
    found = [
        _on_digits("tiny_average_resnet", averaged, steps=2),
        _on_digits("small_average_resnet", replace(averaged, widths=(32, 64, 128), halve_first=False)),
        _on_digits("tiny_strided_resnet", strided, steps=2),
        _on_digits("tiny_vgg", VGGPlan((16, 32, 64), (2, 1, 1), norm_readout=True, gamma=1.5), steps=2),
        _on_digits("tiny_resnet", replace(strided, downsampling="max", projection="max"), steps=2),
        _on_digits("small_resnet", replace(strided, widths=(32, 64, 128)), steps=2),
        _on_digits("tiny_ms_resnet", small),
        _on_digits("tiny_sew_resnet", replace(small, shortcut="sew-add")),
        replace(_on_digits("tiny_iand_resnet", replace(small, shortcut="sew-iand", stem="large")), neuron=_NO_LEAK),
        replace(_on_digits("tiny_tdbn_resnet", replace(small, shortcut="spiking", stem="large")), neuron=_NO_LEAK),
    ]
    kinds: dict[str, dict[str, Any]] = {
        "tiny_transformer": {"mixer": "linear", "gate": 0.5, "pools": "111"},
        "tiny_spikformer": {"mixer": "ssa", "gate": 0.5, "shortcut": "sew-add", "fire_last": "no"},
        "tiny_sdt": {"mixer": "sdsa"},
        "tiny_iand_sdt": {"mixer": "sdsa", "shortcut": "sew-iand", "fire_last": "no"},
        "tiny_statten": {"mixer": "statten", "chunk": 2, "gate": 0.5},
        "tiny_qk_token": {"mixer": "qk-token"},
        "tiny_qk_channel": {"mixer": "qk-channel"},
        "tiny_ost": {
            "mixer": "saf", "shortcut": "sew-add", "heads": 1, "inner": 16, "gated": True, "compensation": 2,
            "compress": True, "fire_last": "no",
        },
        "tiny_sparse": {"mixer": "linear", "gate": 0.5, "tokens": "information-retaining", "keep": 0.5},
        "tiny_anchor": {"mixer": "linear", "gate": 0.5, "tokens": "anchor", "keep": 0.5},
    }  # fmt: skip
    for name, options in kinds.items():
        stage = Stage(64, 2, options["mixer"])
        changed = {**_TINY_SPLITTING, **{key: value for key, value in options.items() if key != "mixer"}}
        steps = 2 if name == "tiny_transformer" else 4
        found.append(_on_digits(name, TransformerPlan((stage,), **changed), steps))
    return found


def presets() -> dict[str, Preset]:
    """All presets by name, those for 28 x 28 pixels first.

    Example:
        >>> published = presets()["ms_resnet18"]
        >>> published.size, published.classes, published.published
        (224, 1000, 11.69)
    """
    found = [
        *_tiny(),
        Preset("resnet19", _RESNET_19, published=12.63, source="Deng et al., ICLR 2022, from memory"),
        Preset("max_resnet18", _MAX_18),
        Preset("average_resnet18", replace(_MAX_18, downsampling="average", projection="average", gamma=1.5)),
        *_vgg(),
        *_resnets("tdbn", _large("spiking")),
        *_resnets("sew", _large("sew-add")),
        *_resnets("sew_and", _large("sew-and")),
        *_resnets("sew_iand", _large("sew-iand")),
        *_resnets("ms", _large("ms", halve_first=True)),
        *_resnets("max_ms", _large("ms", halve_first=True, downsampling="max", projection="max")),
        Preset(
            "ms_resnet104", _MS_104, _DEEP, classes=1000, size=224, published=77.28,
            source="Hu et al., TNNLS 2024, from memory",
        ),
        *_transformers(),
    ]  # fmt: skip
    return {preset.name: preset for preset in found}


def preset(name: str, **options: Any) -> Preset:
    """A preset, perhaps changed.

    Args:
        name: A key of :func:`presets`.
        options: New values of the preset's or of its plan's fields; ``neuron`` may be a name, with that kind's usual
            options, or a mapping of what is new about the preset's neurons.

    Raises:
        ArchitectureError: if there is no such preset or option, or an option has no such value.

    Example:
        >>> chosen = preset("tiny_resnet", classes=3, neuron="if")
        >>> chosen.steps, chosen.classes, chosen.neuron.name
        (2, 3, 'if')
    """
    known = presets()
    if name not in known:
        raise ArchitectureError(f"unknown model {name!r}; there are {', '.join(known)}")
    found = known[name]
    if "neuron" in options:
        options["neuron"] = _neuron_plan(name, found.neuron, options["neuron"])
    outer = {f.name for f in fields(found)} - {"name", "plan", "published", "source"}
    inner = {f.name for f in fields(found.plan)}
    if strange := sorted(set(options) - outer - inner):
        raise ArchitectureError(
            f"model {name!r} has no option {strange[0]!r}; it has {', '.join(sorted(outer | inner))}"
        )
    check_options(name, found, options)
    check_options(name, found.plan, options)
    plan = replace(found.plan, **{key: _frozen(value) for key, value in options.items() if key in inner})
    return replace(found, plan=plan, **{key: value for key, value in options.items() if key in outer})


def _neuron_plan(name: str, old: NeuronPlan, wanted: Any) -> NeuronPlan:
    if isinstance(wanted, NeuronPlan):
        return wanted
    if isinstance(wanted, str):
        return replace(old, name=wanted, options={})
    known = [field.name for field in fields(NeuronPlan)]
    if not isinstance(wanted, Mapping) or set(wanted) - set(known):
        raise ArchitectureError(
            f"model {name!r}: option 'neuron' must be a name or a mapping with {', '.join(known)}, got {wanted!r}"
        )
    return replace(old, **wanted)


def _frozen(value: Any) -> Any:
    """A list, as a checkpoint gives it, as the tuple that it was."""
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


def build(chosen: Preset, generator: Seed | None = None) -> Network:
    """The network of a preset.

    Args:
        chosen: As :func:`preset` gives it.
        generator: Source of the initial weights; without it they are torch's own, or none on the device ``meta``.

    Raises:
        ArchitectureError: if its plan does not fit together.

    Example:
        >>> import torch
        >>> network = build(preset("tiny_resnet", steps=2), 0)
        >>> network(torch.zeros(3, 1, 28, 28)).shape  # logits of each step
        torch.Size([2, 3, 10])
    """
    kinds: list[tuple[type, Any]] = [(VGGPlan, SpikingVGG), (ResNetPlan, SpikingResNet)]
    make: Any = next((network for plan, network in kinds if isinstance(chosen.plan, plan)), SpikingTransformer)
    network: Network = make(
        chosen.plan,
        chosen.neuron.factory(),
        channels=chosen.channels,
        classes=chosen.classes,
        steps=chosen.steps,
    )
    if generator is not None:
        draw_weights(network, generator)
    return network


def count_parameters(network: nn.Module) -> int:
    """The number of learned numbers.

    Example:
        >>> import torch
        >>> with torch.device("meta"):  # sizes alone, no numbers
        ...     found = count_parameters(build(preset("spikformer_4_384")))
        >>> round(found / 1e6, 2), preset("spikformer_4_384").published
        (9.31, 9.32)
    """
    return sum(parameter.numel() for parameter in network.parameters())
