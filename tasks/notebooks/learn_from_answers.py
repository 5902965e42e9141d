# pyright: basic, reportUnusedExpression=false
# %% [markdown]
"""# Learn digits from sums: your own network, rule and data

For researchers who train perception *through* a rule: no picture is ever labelled, only answers are.
"""

# %%
import matplotlib.pyplot as plt
import torch
from torch import nn

import neurosym as ns

seed = torch.Generator().manual_seed(0)
learn, held_out = ns.split_digits(ns.load_digits(), 300, seed)
pairs, others = ns.pair_digits(learn, seed), ns.pair_digits(held_out, seed)
pairs.pictures.shape, pairs.sums[:5].tolist()

# %%
figure, axes = plt.subplots(1, 4, figsize=(7, 1.8))
for axis, pictures, total in zip(axes, pairs.pictures, pairs.sums, strict=False):
    axis.imshow(torch.cat([*pictures[:, 0]], 1).numpy(), cmap="gray")
    axis.set_title(f"sum {int(total)}")
    axis.axis("off")

# %% [markdown]
"""## The rule

Prolog with ProbLog's meaning. `digit(I, X)` says that slot I shows the value X; perception believes in it, the
rule uses it.
"""

# %%
rule = ns.Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")


# %% [markdown]
"""## Your own network

Any module that maps pictures `[M, C, H, W]` to one score for each value `[M, K]` is a perception. Here a small
spiking one, of our layers: time comes first, `[T, M, ...]`.
"""


# %%
class Reader(nn.Module):
    """A picture as current in four steps, one hidden layer of leaky neurons, a readout that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(28 * 28, 128), nn.Linear(128, 10)
        self.spikes = ns.neuron("lif")

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Scores `[M, 10]` of pictures `[M, 1, 28, 28]`."""
        current = self.first(pictures.flatten(1)).expand(4, -1, -1)
        return self.second(self.spikes(current)).mean(0)


torch.manual_seed(0)
model = ns.Model(ns.Neural(Reader(), ns.DIGITS), rule, "sum(S)")
model

# %% [markdown]
"""## Train from the sums

`fit` maximises the probability of the sum that was told. It looks for *other meanings* of the digits that would
explain the sums as well, and warns if there are any.
"""

# %%
history = ns.fit(model, pairs.pictures, pairs.sums.tolist(), epochs=12, learning_rate=2e-3, seed=0)
figure, axis = plt.subplots(figsize=(5, 2.5))
axis.plot([epoch.loss for epoch in history.epochs])
axis.set(xlabel="pass", ylabel="-log P(sum)")
figure.tight_layout()

# %% [markdown]
"""## Are the symbols right, and not only the answers?

Right sums do not show that a 3 is read as a 3. The report measures both, on pictures that were never seen.
"""

# %%
with torch.no_grad():
    symbols, answers = model.perception(others.pictures.flatten(0, 1)).symbols, model(others.pictures)
guessed = answers.log_probs.argmax(1)
right_sums = sum(
    answers.atoms[place] == f"sum({total})" for place, total in zip(guessed, others.sums.tolist(), strict=True)
)
right_digits = (symbols.log_probs[:, 0].argmax(-1) == others.labels.flatten()).double().mean()
print(f"sums right: {right_sums / len(others.sums):.1%}, digits right: {right_digits:.1%}")

# %% [markdown]
"""## One answer, with its reason"""

# %%
print(ns.explain(model, others.pictures[0]))
