# pyright: basic, reportUnusedExpression=false
# %% [markdown]
"""# From a camera to an explained decision

For teams that put one component between a camera and a decision: it must say what it saw, what follows by which
rule, how sure it is, and what would have to be otherwise. Here a camera sees a meter of two digits; the rule
says what to do.
"""

# %%
import matplotlib.pyplot as plt
import torch

import neurosym as ns

seed = torch.Generator().manual_seed(0)
learn, held_out = ns.split_digits(ns.load_digits(), 300, seed)
vision = ns.SpikingClassifier(ns.DIGITS, seed)
history = ns.fit(ns.Labelled(vision), learn.pictures, learn.labels, epochs=4, seed=0, augment=ns.augment)

# %% [markdown]
"""## The rule of the house

Below 20 nothing is done, to 69 a valve is opened, above that the plant is stopped. Rules are text: they can be
read, reviewed and changed without training anything anew.
"""

# %%
rule = ns.Program.parse(
    """
    reading(R) :- digit(0, T), digit(1, U), R is 10 * T + U.
    action(wait)       :- reading(R), R < 20.
    action(open_valve) :- reading(R), R >= 20, R < 70.
    action(stop)       :- reading(R), R >= 70.
    """
)
model = ns.Model(vision, rule, "action(A)")

# %%
meters = held_out.pictures[:12].reshape(6, 2, 1, 28, 28)
with torch.no_grad():
    answers = model(meters)
chances = answers.log_probs.exp()
figure, axes = plt.subplots(2, 3, figsize=(7, 3.4))
for axis, meter, row in zip(axes.flat, meters, chances, strict=True):
    best = int(row.argmax())
    axis.imshow(torch.cat([*meter[:, 0]], 1).numpy(), cmap="gray")
    axis.set_title(f"{answers.atoms[best]}  {row[best]:.1%}", fontsize=9)
    axis.axis("off")
figure.tight_layout()

# %% [markdown]
"""## Why, and what if not

The least certain of them, with its proof and the nearest reading that would have led to another action.
"""

# %%
unsure = int(chances.max(1).values.argmin())
print(ns.explain(model, meters[unsure]))

# %% [markdown]
"""## Decide only when it is sure

Probabilities of answers are exact, so a threshold on them is a policy: below it a person is asked.
"""

# %%
pairs = held_out.pictures.reshape(-1, 2, 1, 28, 28)
values = held_out.labels.reshape(-1, 2)
truth = 10 * values[:, 0] + values[:, 1]
wanted = ["action(wait)" if v < 20 else "action(open_valve)" if v < 70 else "action(stop)" for v in truth.tolist()]
with torch.no_grad():
    found = model(pairs)
for least in (0.0, 0.9, 0.99):
    sure = found.log_probs.exp().max(1).values >= least
    right = [found.atoms[int(row.argmax())] == want for row, want in zip(found.log_probs, wanted, strict=True)]
    share = sum(r for r, s in zip(right, sure.tolist(), strict=True) if s) / max(int(sure.sum()), 1)
    print(
        f"decides itself if at least {least:.0%} sure: {sure.double().mean():.0%} of cases, {share:.1%} of them right"
    )

# %% [markdown]
"""## One spiking network of all of it

Perception, race and rule as integers: from pixels to the bits of the answer, and what is proved of it for every
picture.
"""

# %%
network = ns.to_spiking_network(model)
print(ns.prove_joined(model, network))
