# pyright: basic, reportUnusedExpression=false
# %% [markdown]
"""# A puzzle, solved by spiking neurons

A program in CLP(FD) notation becomes one network of threshold neurons that finds a solution, or shows that
there is none. There is no noise in it and no chance: the search is complete, and each dead end is a line of a
proof.
"""

# %%
import matplotlib.pyplot as plt
import torch

import neurosym as ns

queens = ns.ConstraintProgram.parse(
    """
    queens(Qs) :-
        Qs = [_, _, _, _, _, _],
        Qs ins 1..6,
        safe(Qs).
    safe([]).
    safe([Q | Qs]) :- apart(Q, Qs, 1), safe(Qs).
    apart(_, [], _).
    apart(Q, [P | Ps], D) :- Q #\\= P, abs(Q - P) #\\= D, E is D + 1, apart(Q, Ps, E).
    """
)
found = ns.solve_in_spikes(queens, "queens(Qs)", count=True)
print(
    f"{found.bindings}, one of {found.count}; {found.neurons} neurons, {found.steps} steps, {found.conflicts} dead ends"
)

# %% [markdown]
"""Six queens have four solutions, and the network has counted them. SAT, which shares nothing with it, agrees:"""

# %%
print(ns.solve(queens, "queens(Qs)"))

# %% [markdown]
"""## The network at work

It is an ordinary spiking network. Its inputs are silent but for one spike that starts it; `solved` and `unsat`
are its answers.
"""

# %%
network = ns.compile_search(queens, "queens(Qs)")
steps = 120
start = torch.zeros(steps, 1, *network.input_shape, dtype=torch.bool)
start[0] = True
trains = ns.simulate(network, start, steps)
name, spikes = max(trains.items(), key=lambda item: item[1].numel())
shown = spikes[:, 0].reshape(steps, -1)
figure, axis = plt.subplots(figsize=(7, 3))
axis.imshow(shown.T.double().numpy(), aspect="auto", cmap="Greys", interpolation="none")
axis.set(xlabel="step", ylabel=f"neuron of '{name}'")
figure.tight_layout()
network

# %% [markdown]
"""`neurosym solve sudoku --spikes --report search.html` writes a page with the board, step by step; `--proof
no_other.cnf` writes the refutation for any checker of DRUP proofs.
"""
