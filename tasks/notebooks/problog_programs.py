# pyright: basic, reportUnusedExpression=false
# %% [markdown]
"""# For users of ProbLog: what is the same

Programs, evidence, annotated disjunctions, negation, lists and aggregates mean what they mean in ProbLog;
answers are exact.
"""

# %%
import neurosym as ns

alarm = ns.Program.parse(
    """
    0.7 :: burglary.  0.2 :: earthquake.
    0.9 :: alarm :- burglary, earthquake.
    0.8 :: alarm :- burglary, \\+ earthquake.
    0.1 :: alarm :- \\+ burglary, earthquake.
    0.8 :: calls(X) :- alarm, person(X).
    person(mary).  person(john).
    evidence(calls(john)).
    query(burglary).  query(earthquake).
    """
)
answers = ns.infer(alarm)
for atom, chance in zip(answers.atoms, answers.log_probs[0].exp().tolist(), strict=True):
    print(f"{atom}: {chance:.6f}")

# %% [markdown]
"""## Why: the most probable proof of each answer"""

# %%
for answer in ns.explain_queries(alarm):
    print(answer)

# %% [markdown]
"""## The most probable world, samples, decisions"""

# %%
(world,) = ns.most_probable(alarm)
for choice, made in world.facts.items():
    print("yes" if made else "no ", choice)

# %%
drawn = ns.sample(alarm, count=2_000, seed=1)
for atom, estimate in drawn.estimates.items():
    print(f"{atom}: {estimate.value:.3f}, between {estimate.low:.3f} and {estimate.high:.3f}")

# %%
umbrella = ns.Program.parse(
    """
    0.3 :: rain.  0.5 :: wind.
    ? :: umbrella.  ? :: raincoat.
    broken :- umbrella, rain, wind.
    dry :- rain, umbrella, \\+ broken.
    dry :- rain, raincoat.
    dry :- \\+ rain.
    utility(broken, -40).  utility(raincoat, -20).  utility(umbrella, -2).  utility(dry, 60).
    """
)
decision = ns.decide(umbrella)
decision.choices, decision.utility

# %% [markdown]
"""## Learn the probabilities from what was seen

`t(_)` is to be learned; each example says what was observed, not everything.
"""

# %%
coins = ns.Program.parse("t(_) :: heads(1).  t(_) :: heads(2).  win :- heads(1).  win :- heads(2).")
seen = [frozenset({("win", True), ("heads(1)", False)})] * 3 + [frozenset({("win", False)})] * 5
learned = ns.learn_from_interpretations(coins, seen)
print(learned.program)
learned.intervals

# %% [markdown]
"""## Where it goes further

A `nn/4` atom, or a domain, puts a network in the place of a probability: see *Learn digits from sums*. Beyond
the limits of exact counting the answer is an interval that holds for sure, `Budget`. What differs from ProbLog
is listed in the reference.
"""
