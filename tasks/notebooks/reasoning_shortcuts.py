# pyright: basic, reportUnusedExpression=false
# %% [markdown]
"""# Right answers for wrong reasons

A network that is trained from answers may learn another meaning of its symbols that explains all of them. How
many such meanings are there? They are counted, exactly, before anything is trained.
"""

# %%
import neurosym as ns

rule = ns.Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
shown = [(0, 6), (2, 8), (4, 6), (4, 8), (1, 5), (3, 7), (1, 9), (3, 9)]
print(ns.count_shortcuts(rule, "sum(S)", readings=shown))

# %% [markdown]
"""With all pairs of digits among the samples, the right meaning is the only one:"""

# %%
pairs = [(x, y) for x in range(10) for y in range(10)]
print(ns.count_shortcuts(rule, "sum(S)", readings=pairs))

# %% [markdown]
"""A rule that forgets more leaves more meanings open. Parity of the sum: any meaning that keeps parity will do."""

# %%
parity = ns.Program.parse("even(E) :- digit(0, X), digit(1, Y), E is (X + Y) mod 2.")
print(ns.count_shortcuts(parity, "even(E)", readings=pairs, most=5))

# %% [markdown]
"""What helps: `EvenUse` asks that all values be used, `FewLabels` adds a handful of labels, `ensemble` averages
over meanings; `concept_report` measures symbols beside answers. `python -m tasks.symbols.shortcuts` measures
all of them.
"""
