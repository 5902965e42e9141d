"""Savings of memory: what claims to be lossless is so to the last bit, and does save; step by step is SLTT."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext

import pytest
import torch
from hypothesis import given, strategies as st
from torch import Tensor, nn
from torch.nn import functional

from perception import OnlineError, neuron, packed_activations, recomputed, step_by_step
from perception.memory.packing import Packed, pack, unpack
from tests.vision import SmallNetwork, bars


@given(
    st.integers(1000, 3000),
    st.sampled_from([2, 5, 256, 257]),
    st.sampled_from([torch.float32, torch.bfloat16, torch.float64, torch.int64, torch.uint8]),
    st.integers(0, 99),
)
def test_packing_loses_nothing(count: int, levels: int, dtype: torch.dtype, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    tensor = torch.randint(0, levels, (count,), generator=generator).to(dtype)
    back = unpack(pack(tensor))
    assert back.dtype == dtype
    assert torch.equal(back, tensor)


def stored_bytes(tensor: Tensor) -> int:
    packed = pack(tensor)
    return (packed.data if isinstance(packed, Packed) else packed).nbytes


def test_packing_saves_what_it_says() -> None:
    spikes = (torch.rand(64, 1000) < 0.1).float()
    assert stored_bytes(spikes) == spikes.nbytes // 32
    assert stored_bytes(spikes * 4) == spikes.nbytes // 4
    assert stored_bytes(torch.arange(50_000)) == 50_000 * 4
    assert stored_bytes(torch.arange(2_000)) == 2_000 * 2


@pytest.mark.parametrize(
    "tensor",
    [
        torch.rand(2000),
        torch.full((2000,), -1.0),
        torch.full((2000,), float("nan")),
        torch.full((2000,), float("inf")),
        torch.ones(10),
        nn.Parameter(torch.ones(2000)),
        torch.full((2000,), 1 << 40),
    ],
)
def test_what_cannot_be_packed_is_left_alone(tensor: Tensor) -> None:
    assert pack(tensor) is tensor


def gradients(network: nn.Module, context: AbstractContextManager[None]) -> tuple[Tensor, list[Tensor]]:
    """Loss and gradients of one step on frames, within a context."""
    pictures, labels = bars()
    network.zero_grad()
    with context:
        loss = functional.cross_entropy(network(pictures.expand(6, *pictures.shape)).mean(0), labels)
        loss.backward()
    return loss.detach(), [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]


def packed(network: SmallNetwork) -> AbstractContextManager[None]:
    return packed_activations()


def less(network: SmallNetwork) -> AbstractContextManager[None]:
    return recomputed(network.blocks)


def both(network: SmallNetwork) -> AbstractContextManager[None]:
    stack = ExitStack()
    stack.enter_context(recomputed(network.blocks))
    stack.enter_context(packed_activations())
    return stack  # pyright: ignore[reportReturnType] - it gives itself, which nobody uses


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("saving", [packed, less, both])
def test_lossless_savings_change_no_bit(
    saving: Callable[[SmallNetwork], AbstractContextManager[None]], norm: bool
) -> None:
    plain, saved = SmallNetwork(norm=norm), SmallNetwork(norm=norm)
    loss, expected = gradients(plain, nullcontext())
    other_loss, found = gradients(saved, saving(saved))
    assert torch.equal(loss, other_loss)
    assert len(expected) == len(found) > 5
    assert all(torch.equal(a, b) for a, b in zip(expected, found, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(plain.buffers(), saved.buffers(), strict=True))


def bytes_kept(network: nn.Module, context: AbstractContextManager[None]) -> int:
    """Bytes that autograd keeps between the passes, each piece of memory counted once."""
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor | Packed:
        packed = pack(tensor)
        piece = packed.data if isinstance(packed, Packed) else packed
        kept[piece.untyped_storage().data_ptr()] = piece
        return packed

    pictures, _ = bars()
    with context:
        watched = torch.autograd.graph.saved_tensors_hooks(keep, unpack)
        if isinstance(context, nullcontext):
            watched = torch.autograd.graph.saved_tensors_hooks(lambda t: kept.setdefault(t.data_ptr(), t), lambda t: t)
        with watched:
            network(pictures.expand(6, *pictures.shape)).sum()
    return sum(piece.nbytes for piece in kept.values())


def test_savings_do_save() -> None:
    network = SmallNetwork()
    plain, packed = bytes_kept(network, nullcontext()), bytes_kept(network, packed_activations())
    less = bytes_kept(network, recomputed(network.blocks))
    assert less < packed < 0.75 * plain


def test_the_network_is_itself_again_afterwards() -> None:
    network = SmallNetwork()
    with pytest.raises(RuntimeError, match="on purpose"), recomputed(network.blocks), step_by_step(network):
        raise RuntimeError("on purpose")
    assert not any("forward" in vars(layer) for layer in network.modules())


def test_step_by_step_forward_is_the_forward_of_all_steps() -> None:
    network = SmallNetwork()
    frames = torch.rand(5, 4, 1, 8, 8)
    with step_by_step(network) as runner:
        found = torch.stack([runner(frame) for frame in frames])
    torch.testing.assert_close(found, network(frames))
    with step_by_step(network) as runner:  # starts at rest again
        torch.testing.assert_close(runner(frames[0]), found[0])


def online_gradients(network: SmallNetwork, frames: Tensor, labels: Tensor) -> list[Tensor]:
    network.zero_grad()
    with step_by_step(network) as runner:
        for frame in frames:
            (functional.cross_entropy(runner(frame), labels) / len(frames)).backward()
    return [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]


def through_time(network: SmallNetwork, frames: Tensor, labels: Tensor) -> list[Tensor]:
    network.zero_grad()
    functional.cross_entropy(network(frames).flatten(0, 1), labels.repeat(len(frames))).backward()
    return [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]


def test_without_memory_step_by_step_is_through_time() -> None:
    """With beta = 0 no gradient flows through the membranes, so that nothing is left out."""
    pictures, labels = bars(9)
    frames = pictures + 0.3 * torch.rand(4, *pictures.shape)
    for found, expected in zip(
        online_gradients(SmallNetwork(beta=0.0), frames, labels),
        through_time(SmallNetwork(beta=0.0), frames, labels),
        strict=True,
    ):
        torch.testing.assert_close(found, expected)


def test_step_by_step_points_where_through_time_points() -> None:
    pictures, labels = bars(48)
    frames = pictures + 0.3 * torch.rand(6, *pictures.shape)
    online = torch.cat([g.flatten() for g in online_gradients(SmallNetwork(beta=0.5), frames, labels)])
    full = torch.cat([g.flatten() for g in through_time(SmallNetwork(beta=0.5), frames, labels)])
    assert 0.7 < functional.cosine_similarity(online, full, dim=0) < 0.9999


def test_a_network_without_neurons_is_refused() -> None:
    with pytest.raises(OnlineError, match="no layers of neurons"), step_by_step(nn.Linear(3, 3)):
        pass


def test_neurons_remember_only_within() -> None:
    layer = nn.Sequential(neuron("lif", beta=1.0))
    current = torch.full((1, 2, 1), 0.6)
    with step_by_step(layer) as runner:
        assert [float(runner(current[0]).sum()) for _ in range(4)] == [0, 2, 0, 2]
    assert float(layer(current).sum()) == 0
