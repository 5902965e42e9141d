# pyright: basic, reportUnusedExpression=false
# %% [markdown]
"""# Convert a trained network into a spiking one

A network of ReLUs is trained as ever, then every activation is replaced by a neuron. What is lost, layer by
layer, is told.
"""

# %%
import matplotlib.pyplot as plt
import torch
from torch import nn

import neurosym as ns

digits = ns.load_dataset("digits")
torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1),
    nn.ReLU(),
    nn.AvgPool2d(2),
    nn.Conv2d(16, 32, 3, padding=1),
    nn.ReLU(),
    nn.AvgPool2d(2),
    nn.Flatten(),
    nn.Linear(32 * 2 * 2, 10),
)
pictures, labels = digits.pictures.float() / 255, digits.labels
held = torch.rand(len(pictures), generator=torch.Generator().manual_seed(0)) < 0.2
optimizer = torch.optim.AdamW(network.parameters(), 5e-3)
for _ in range(40):
    for rows in torch.randperm(int((~held).sum())).split(64):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(pictures[~held][rows]), labels[~held][rows]).backward()
        optimizer.step()


def accuracy(module: nn.Module, **settings: int) -> float:
    """Of the pictures that were held out."""
    with torch.no_grad():
        return float((module(pictures[held], **settings).argmax(1) == labels[held]).double().mean())


network.eval()
print(f"before: {accuracy(network):.1%} of {int(held.sum())} held-out pictures")

# %% [markdown]
"""## Convert, and look at each layer"""

# %%
converted = ns.convert(network, pictures[~held][:256], "group", steps=2)
for layer in converted.layers:
    print(f"layer {layer.name}: spikes {layer.alphabet}, {layer.clipped_share:.2%} clipped, error {layer.error:.1%}")
print(f"after, in {converted.steps_to_answer} steps: {accuracy(converted):.1%}")

# %% [markdown]
"""## Methods beside each other

Rate-coded neurons (`robust`) need many steps; group neurons and signed ones few. Pictures of the training part
calibrate them all.
"""

# %%
steps = [1, 2, 4, 8, 16]
figure, axis = plt.subplots(figsize=(6, 3))
for method in ("robust", "calibrated-potential", "signed", "group"):
    figures = [accuracy(ns.convert(network, pictures[~held][:256], method, steps=count)) for count in steps]
    axis.plot(steps, figures, marker="o", label=method)
axis.axhline(accuracy(network), color="grey", linestyle=":", label="before")
axis.set(xlabel="steps T", ylabel="held-out accuracy", xscale="log", xticks=steps, xticklabels=steps)
axis.legend()
figure.tight_layout()

# %% [markdown]
"""## What it costs"""

# %%
converted.measure(pictures[held][:100])
