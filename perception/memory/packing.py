"""Activations that wait for the backward pass, packed without loss: spikes to bits, small whole numbers to bytes.

A spiking network keeps the input of each convolution for its weight gradient. Those inputs are spikes, and a spike
in 32 bits wastes 31. Max-pools keep the place of each maximum as a 64-bit integer, of which 8 or 16 bits suffice.

References:
    Fang et al., SpikingJelly's memory optimisation (gradient checkpointing with bit compression of spikes).
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_WORTH_PACKING = 1024  # elements; below, packing costs more than it saves
_BITS = 8


@dataclass(frozen=True, eq=False)
class Packed:
    """A tensor that takes less room.

    Args:
        data: Bits (eight to a byte) or small integers.
        shape: Of the tensor.
        dtype: Of the tensor.
        bits: Whether the data are bits.
    """

    data: Tensor
    shape: torch.Size
    dtype: torch.dtype
    bits: bool


def pack(tensor: Tensor) -> Packed | Tensor:
    """The tensor in less room, if all its elements allow that; else itself.

    Floating-point tensors of zeros and ones become bits, those of whole numbers up to 255 become bytes, and integer
    tensors become the smallest kind of integer that holds them.
    """
    if tensor.numel() < _WORTH_PACKING or tensor.is_meta or isinstance(tensor, nn.Parameter) or tensor.is_complex():
        return tensor
    if not tensor.is_floating_point():
        return _narrowed(tensor)
    detached = tensor.detach()
    whole = detached.clamp(0, 255).to(torch.uint8)
    if not torch.equal(whole.to(tensor.dtype), detached):
        return tensor
    if int(whole.max()) > 1:
        return Packed(whole, tensor.shape, tensor.dtype, bits=False)
    flat = whole.flatten()
    planes = flat.new_zeros(_BITS, -(-len(flat) // _BITS))
    planes.view(-1)[: len(flat)] = flat
    packed = planes[0].clone()
    for bit in range(1, _BITS):
        packed |= planes[bit] << bit
    return Packed(packed, tensor.shape, tensor.dtype, bits=True)


def unpack(packed: Packed | Tensor) -> Tensor:
    """What :func:`pack` was given, element for element."""
    if isinstance(packed, Tensor):
        return packed
    if not packed.bits:
        return packed.data.to(packed.dtype).reshape(packed.shape)
    places = torch.arange(_BITS, dtype=torch.uint8, device=packed.data.device)
    planes = packed.data >> places[:, None] & 1
    return planes.flatten()[: packed.shape.numel()].to(packed.dtype).reshape(packed.shape)


_UNORDERED = (torch.uint16, torch.uint32, torch.uint64)  # of which torch knows no least and no greatest


def _narrowed(tensor: Tensor) -> Packed | Tensor:
    if tensor.dtype in _UNORDERED:
        return tensor
    low, high = (int(bound) for bound in tensor.aminmax())
    for kind in (torch.uint8, torch.int16, torch.int32):
        bounds = torch.iinfo(kind)
        if kind.itemsize < tensor.dtype.itemsize and bounds.min <= low <= high <= bounds.max:
            return Packed(tensor.to(kind), tensor.shape, tensor.dtype, bits=False)
    return tensor


@contextmanager
def packed_activations() -> Generator[None]:
    """Within it, whatever autograd keeps for the backward pass is packed; gradients stay the same to the last bit.

    The backward pass may run inside or outside.

    Example:
        >>> weight = torch.ones(8, requires_grad=True)
        >>> with packed_activations():
        ...     (weight * torch.ones(8)).sum().backward()
        >>> weight.grad.tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        yield
