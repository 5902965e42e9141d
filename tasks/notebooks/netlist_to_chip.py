# pyright: basic, reportUnusedExpression=false
# %% [markdown]
"""# From a netlist to a chip's files

For neuromorphic engineers: a Boolean circuit becomes threshold neurons with integer weights and delays, proved
for all inputs, measured against a chip's limits, and written for others.
"""

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import torch

import neurosym as ns
from logic.chips import fit_chip
from logic.mapping.trade import pareto

folder = TemporaryDirectory()
place = Path(folder.name) / "adder.blif"
place.write_text(
    """.model adder
.inputs a0 a1 b0 b1
.outputs s0 s1 s2
.names a0 b0 s0
10 1
01 1
.names a0 b0 c
11 1
.names a1 b1 c s1
100 1
010 1
001 1
111 1
.names a1 b1 c s2
11- 1
1-1 1
-11 1
.end
"""
)
adder = ns.read_circuit(place)
adder

# %% [markdown]
"""## Compile, and choose among mappings

`dual-rail` says both "it is 1" and "it is 0" by a spike, so that silence is never an answer; `single-rail` is
smaller.
"""

# %%
print("mapping      neurons  synapses  latency  weight bits")
for row in pareto(adder):
    if row.max_delay is None:
        print(f"{row.mapping:12} {row.neurons:7} {row.synapses:9} {row.latency:8} {row.weight_bits:12}")

# %%
network = ns.compile_circuit(adder, "single-rail")
network

# %% [markdown]
"""## Prove it, for all inputs

The prover does not trust the compiler. A network that is wrong in one weight is refuted, and the wave that
shows it is told.
"""

# %%
print(ns.verify(network, adder))

# %%
wrong = ns.read_circuit(place)
Path(folder.name, "wrong.blif").write_text(
    place.read_text().replace("111 1\n.names", "111 0\n.names").replace("111 0\n", "")
)
print(ns.verify(network, Path(folder.name, "wrong.blif")))

# %% [markdown]
"""## Watch it

Waves of inputs back to back, one a step; the answers come `latency` steps later.
"""

# %%
waves = torch.tensor([[a & 1, a >> 1, b & 1, b >> 1] for a in range(4) for b in range(4)], dtype=torch.bool)
trains = ns.simulate(network, waves[:, None], steps=len(waves) + network.latency)
figure, axis = plt.subplots(figsize=(6, 2.4))
shown = torch.cat([trains[name][:, 0].reshape(len(waves) + network.latency, -1) for name in trains], 1)
axis.imshow(shown.T.double().numpy(), aspect="auto", cmap="Greys", interpolation="none")
axis.set(xlabel="step", ylabel="neuron", yticks=[])
figure.tight_layout()

# %% [markdown]
"""## Does it fit?"""

# %%
print(fit_chip(network, "loihi1"))

# %% [markdown]
"""## Write it for others, and see that they fire alike

The NIR file is read by snnTorch here, a simulator that shares no code with ours.
"""

# %%
file = Path(folder.name) / "adder.nir"
ns.write_nir(network, file)
print(ns.compare_with_snntorch(file, waves[:, None]))

# %% [markdown]
"""The same on the command line: `neurosym compile adder.blif --output adder.nir`, `neurosym verify adder.nir
adder.blif`, `neurosym fit adder.nir --chip loihi1`, `neurosym rtl adder.blif --output adder --prove`, `neurosym
conform adder.blif`.
"""

# %%
folder.cleanup()
