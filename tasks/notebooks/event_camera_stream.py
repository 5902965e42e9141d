# pyright: basic, reportUnusedExpression=false
# %% [markdown]
"""# An event camera, step by step

A camera that sends events, a recurrent spiking network, and a decision as soon as it is sure. The stream gives
what all steps at once would give, spike for spike; what cannot do so is refused.
"""

# %%
import matplotlib.pyplot as plt
import torch
from torch import nn

import neurosym as ns

digits = ns.load_digits()
frames, labels = ns.saccade_events(digits.pictures[::4], 8), digits.labels[::4]  # [M, T, 2, H, W]
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
frames, labels = frames[order], labels[order]
frames.shape

# %% [markdown]
"""Digits move past the camera in small jumps; red pixels became brighter, blue ones darker."""

# %%
figure, axes = plt.subplots(1, 8, figsize=(8, 1.3))
for step, axis in enumerate(axes):
    axis.imshow((frames[0, step, 0] - frames[0, step, 1]).float().numpy(), cmap="RdBu_r", vmin=-1, vmax=1)
    axis.set_title(f"step {step + 1}", fontsize=8)
    axis.axis("off")
figure.tight_layout()

# %% [markdown]
"""## A recurrent network, trained on whole recordings"""

# %%
torch.manual_seed(0)
network = nn.Sequential(
    ns.TimeDistributed(nn.Conv2d(2, 8, 5, stride=2, padding=2), nn.BatchNorm2d(8)),
    ns.neuron("lif", beta=0.75),
    ns.TimeDistributed(nn.Conv2d(8, 16, 3, stride=3), nn.BatchNorm2d(16), nn.Flatten(), nn.LazyLinear(48)),
    ns.Recurrent(ns.neuron("lif", beta=0.75), nn.Linear(48, 48, bias=False)),
    ns.TimeDistributed(nn.Linear(48, 10)),
)
network(frames[:1].transpose(0, 1))  # lazy layers learn their size
seeing = ns.SequenceClassifier(network, ns.DIGITS)
history = ns.fit(ns.Labelled(seeing), frames[:1000], labels[:1000], epochs=5, batch=32, learning_rate=0.01, seed=0)
seeing.eval()
with torch.no_grad():
    logits = seeing.logits(frames[1000:, None])
print(f"{(logits.mean(0).argmax(1) == labels[1000:]).double().mean():.1%} of {len(labels) - 1000} held-out recordings")

# %% [markdown]
"""## One step at a time"""

# %%
camera = ns.stream(seeing, frames[1000:1002, 0], step_seconds=0.05)
for step in range(8):
    seen = camera.step(frames[1000:1002, step])
    print(f"step {step + 1}: {seen.mean.softmax(1).max(1).values.tolist()}")
print("as all steps at once:", bool(torch.allclose(seen.mean, logits[:, :2].mean(0), atol=1e-5)))

# %% [markdown]
"""## Decide as soon as it is sure

Margins are calibrated on recordings without labels, so that the early decision agrees with the late one in 95 %
of them.
"""

# %%
sure = ns.calibrate_exit(camera, frames[:400].transpose(0, 1), agreement=0.95)
camera = ns.stream(seeing, exit=sure, step_seconds=0.05)
seen = camera.steps(frames[1000:].transpose(0, 1))
figure, axis = plt.subplots(figsize=(5, 2.4))
axis.hist(seen.latency.numpy(), bins=range(1, 10), align="left", rwidth=0.8)
axis.set(xlabel="step of the decision", ylabel="recordings")
figure.tight_layout()
milliseconds = 50 * seen.latency.double().mean()
print(f"decided after {seen.latency.double().mean():.1f} of 8 steps, {milliseconds:.0f} ms of the stream")
