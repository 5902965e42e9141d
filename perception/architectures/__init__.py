"""Spiking residual networks and Transformers from few blocks: neuron, shortcut, attention, token policy, pooling."""

from .attention import (
    Attention as Attention,
    Compensation as Compensation,
    GatedFeedForward as GatedFeedForward,
    SpikingAttention as SpikingAttention,
    chunked_map as chunked_map,
    linear_map as linear_map,
    spiking_map as spiking_map,
)
from .embedding import PoolOrder as PoolOrder, patch_splitting as patch_splitting, stage_embedding as stage_embedding
from .inspection import (
    Traffic as Traffic,
    has_products as has_products,
    is_binary as is_binary,
    is_causal as is_causal,
    recorded_spikes as recorded_spikes,
    weighted_inputs as weighted_inputs,
)
from .layers import (
    ArchitectureError as ArchitectureError,
    ConvNorm as ConvNorm,
    NeuronFactory as NeuronFactory,
    Readout as Readout,
    draw_weights as draw_weights,
)
from .neuron_plan import NeuronPlan as NeuronPlan
from .nir_graph import (
    has_nir_graph as has_nir_graph,
    single_layer_graph as single_layer_graph,
    to_nir_graph as to_nir_graph,
    write_network_nir as write_network_nir,
)
from .presets import (
    Network as Network,
    Preset as Preset,
    build as build,
    count_parameters as count_parameters,
    preset as preset,
    presets as presets,
)
from .resnets import ResNetPlan as ResNetPlan, SpikingResNet as SpikingResNet
from .shortcuts import Residual as Residual, Shortcut as Shortcut, join as join, start_as_identity as start_as_identity
from .tokens import (
    AnchorToken as AnchorToken,
    InformationRetaining as InformationRetaining,
    Selected as Selected,
    TokenPolicy as TokenPolicy,
    alignment_loss as alignment_loss,
)
from .transformers import (
    SpikingTransformer as SpikingTransformer,
    Stage as Stage,
    Tokens as Tokens,
    TransformerPlan as TransformerPlan,
)
from .vgg import SpikingVGG as SpikingVGG, VGGPlan as VGGPlan
