"""Kinds of attention against their formulas written out, against each other, and against gates of fixed weights."""

import itertools

import pytest
import torch
from hypothesis import given, strategies as st
from torch import Tensor, nn

from perception import LeakyIntegrateAndFire
from perception.architectures import (
    ArchitectureError,
    Compensation,
    GatedFeedForward,
    SpikingAttention,
    chunked_map,
    linear_map,
    spiking_map,
)

SHAPE = (4, 2, 3, 5, 6)  # steps, batch, heads, tokens, channels of a head


def spikes(seed: int, rate: float = 0.4) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(SHAPE, generator=generator, dtype=torch.float64) < rate).double()


def triple(seed: int, rate: float = 0.4) -> tuple[Tensor, Tensor, Tensor]:
    return spikes(seed, rate), spikes(seed + 1, rate), spikes(seed + 2, rate)


def make(*, threshold: float = 1.0) -> nn.Module:
    return LeakyIntegrateAndFire(0.5, scale_input=True, threshold=threshold)


class Given(nn.Module):
    """Stands for a layer whose output is known."""

    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.output = output

    def forward(self, signal: Tensor) -> Tensor:
        """The known output."""
        return self.output


def mixed(kind: str, query: Tensor, key: Tensor, value: Tensor, gate: float) -> Tensor:
    """What an attention of this kind makes of given queries, keys and values, ``[T, B, h, N, d]``."""
    steps, batch, heads, tokens, size = SHAPE
    attention = SpikingAttention(heads * size, kind, make, heads=heads, gate=gate)  # type: ignore[arg-type]
    as_map = [part.transpose(-1, -2).flatten(2, 3)[..., None] for part in (query, key, value)]
    attention.fire_query, attention.fire_key = Given(as_map[0]), Given(as_map[1])
    attention.fire_value = Given(as_map[2])
    attention.query = attention.key = nn.Identity()  # type: ignore[assignment]
    attention.value = None if kind.startswith("qk") else nn.Identity()  # type: ignore[assignment]
    attention.mix_heads = nn.Identity()  # type: ignore[assignment]
    output = attention(torch.zeros(steps, batch, heads * size, tokens, 1))
    return output[..., 0].unflatten(2, (heads, size)).transpose(-1, -2)


def gated(current: Tensor, threshold: float) -> Tensor:
    """Leaky neurons with halved input and reset to zero, written out."""
    membrane, sent = torch.zeros_like(current[0]), list[Tensor]()
    for step in current:
        membrane = membrane / 2 + step / 2
        sent.append((membrane >= threshold).double())
        membrane = membrane * (1 - sent[-1])
    return torch.stack(sent)


@given(seed=st.integers(0, 1000))
def test_the_linear_product_is_the_square_one_in_another_order(seed: int) -> None:
    torch.testing.assert_close(linear_map(*triple(seed), 0.125), spiking_map(*triple(seed), 0.125))


@given(seed=st.integers(0, 1000))
def test_chunks_of_one_step_are_the_linear_product(seed: int) -> None:
    torch.testing.assert_close(chunked_map(*triple(seed), 0.125, 1), linear_map(*triple(seed), 0.125))


def test_chunks_let_all_tokens_of_two_steps_see_each_other() -> None:
    query, key, value = triple(0)
    found = chunked_map(query, key, value, 0.5, 2)
    for step in range(4):
        first = step // 2 * 2
        expected = sum(
            0.5 * (query[step] @ key[other].transpose(-1, -2)) @ value[other] for other in (first, first + 1)
        )
        torch.testing.assert_close(found[step], expected)


@pytest.mark.parametrize("kind", ["ssa", "linear"])
def test_products_fire_once_more(kind: str) -> None:
    query, key, value = triple(3)
    expected = torch.einsum("tbhnd,tbhmd,tbhme->tbhne", query, key, value) * 0.125
    torch.testing.assert_close(mixed(kind, query, key, value, 0.5), gated(expected, 0.5))


@pytest.mark.parametrize("gate", [0.5, 1.0, 2.0])
def test_spike_driven_attention_masks_channels(gate: float) -> None:
    query, key, value = triple(5)
    counts = torch.einsum("tbhnd,tbhnd->tbhd", key, value)[:, :, :, None]
    expected = query * gated(counts, gate)
    torch.testing.assert_close(mixed("sdsa", query, key, value, gate), expected)
    assert bool((expected < query).any()), "the gate is always open, so this shows nothing"


def test_query_key_attention_masks_tokens_or_channels() -> None:
    query, key, value = triple(7, rate=0.2)
    by_token = gated(torch.einsum("tbhnd->tbhn", query)[..., None], 0.5) * key
    by_channel = gated(torch.einsum("tbhnd->tbhd", query)[:, :, :, None], 0.5) * key
    torch.testing.assert_close(mixed("qk-token", query, key, value, 0.5), by_token)
    torch.testing.assert_close(mixed("qk-channel", query, key, value, 0.5), by_channel)


def test_one_step_attention_multiplies_by_a_sum() -> None:
    query, key, _ = triple(9)
    value = torch.randn(SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    expected = query * torch.einsum("tbhnd,tbhnd->tbhd", key, value)[:, :, :, None]
    torch.testing.assert_close(mixed("saf", query, key, value, 0.5), expected)


def test_masks_and_counts_are_neurons_of_fixed_weights() -> None:
    """SDSA from four layers of threshold neurons: AND, count, AND; two more steps of memoryless neurons in between."""
    query, key, value = triple(11)
    both = ((key + value) >= 2).double()  # weights 1 and 1, threshold 2, no memory
    gates = gated(both.sum(-2, keepdim=True), 1.0)  # weight 1 from each token
    expected = ((query + gates) >= 2).double()
    torch.testing.assert_close(mixed("sdsa", query, key, value, 1.0), expected)


@pytest.mark.parametrize(("rate", "low", "high"), [(0.05, 0.0, 0.3), (0.3, 0.9, 1.0)])
def test_a_low_gate_saturates_with_the_rate(rate: float, low: float, high: float) -> None:
    """Why tiny networks have gates of threshold 1: at 49 tokens and one half, a rate of 0.3 leaves all gates open."""
    generator = torch.Generator().manual_seed(0)
    keys, values = ((torch.rand(8, 64, 49, generator=generator) < rate).double() for _ in range(2))
    share = float(gated((keys * values).sum(-1), 0.5).mean())
    assert low <= share <= high


def test_compensation_counts_thresholds() -> None:
    current = torch.linspace(-1, 3, 50)[None, :, None]
    levels = Compensation(make, 2)(current)[0, :, 0]
    expected = ((current / 2 >= 0.5).float() + (current / 2 >= 1.0).float())[0, :, 0]
    torch.testing.assert_close(levels, expected)


def test_gated_feed_forward_is_silent_without_spikes() -> None:
    layer = GatedFeedForward(4, 2, make)
    with torch.no_grad():
        layer.gate.norm.bias.fill_(-10)  # nothing fires
    output = layer.eval()(torch.rand(3, 2, 4, 5, 1))
    torch.testing.assert_close(output, torch.zeros_like(output))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ArchitectureError, match="unknown attention 'softmax'"):
        SpikingAttention(8, "softmax", make)  # type: ignore[arg-type]
    with pytest.raises(ArchitectureError, match="3 heads do not divide 8 channels"):
        SpikingAttention(8, "ssa", make, heads=3)
    with pytest.raises(ArchitectureError, match="4 steps cannot be cut into chunks of 3"):
        chunked_map(*triple(0), 1.0, 3)


@pytest.mark.parametrize("kind", ["ssa", "linear", "statten", "sdsa", "qk-token", "qk-channel", "saf"])
def test_additions_are_counted_pair_by_pair(kind: str) -> None:
    """Loops over all spikes; SSA's second product adds a score, a whole number, for each spike of a value."""
    attention = SpikingAttention(6, kind, make, heads=2, chunk=2 if kind == "statten" else 1)  # type: ignore[arg-type]
    signal = (torch.rand(4, 2, 6, 3, 1, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    for norm in (
        attention.query.norm,
        attention.key.norm,
        *([] if attention.value is None else [attention.value.norm]),
    ):
        nn.init.constant_(norm.weight, 6.0)
    with torch.no_grad():
        query, key, value = (part.double() for part in attention.train().project(signal))
        found = attention.additions(signal)
    total, chunk = 0.0, attention.chunk
    steps, batch, heads, tokens, size = query.shape
    for t, b, h, n in itertools.product(range(steps), range(batch), range(heads), range(tokens)):
        q, k, v = query[t, b, h, n], key[t, b, h, n], value[t, b, h, n]
        if kind == "sdsa":
            total += float((k * v).sum())
        elif kind.startswith("qk"):
            total += float(q.sum())
        elif kind == "saf":
            total += float(k.sum())
        else:
            if kind != "ssa":
                total += float(sum(k[i] * v[j] for i in range(size) for j in range(size)))
            for other in range(t // chunk * chunk, t // chunk * chunk + chunk):
                for m in range(tokens):
                    score = float((q * key[other, b, h, m]).sum())
                    total += (score if kind == "ssa" else 0) + score * float(value[other, b, h, m].sum())
    assert found == pytest.approx(total)
    assert found > 0
