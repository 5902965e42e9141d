# pyright: basic, reportUnusedExpression=false
# %% [markdown]
"""# Clocked circuits, and reading a counterexample

A counter and a copy with one wrong gate: when do they differ first? A proof tool must say either that they
never do, or show the inputs that make them, step by step.
"""

# %%
from pathlib import Path
from tempfile import TemporaryDirectory

import neurosym as ns


def counter(bits: int, wrong: bool = False) -> str:
    """BLIF of a counter with an enable; the wrong one forgets its last carry."""
    lines = [".model counter", ".inputs enable", f".outputs q{bits - 1}"]
    carry = "enable"
    for place in range(bits):
        lines += [f".latch n{place} q{place} re clock 0", f".names q{place} {carry} n{place}", "10 1", "01 1"]
        lines += [f".names q{place} {carry} c{place}", "00 1" if wrong and place == bits - 2 else "11 1"]
        carry = f"c{place}"
    return "\n".join([*lines, ".end"]) + "\n"


folder = TemporaryDirectory()
good, bad = Path(folder.name) / "good.blif", Path(folder.name) / "bad.blif"
good.write_text(counter(4))
bad.write_text(counter(4, wrong=True))
circuit = ns.read_circuit(good)
circuit

# %% [markdown]
"""## The network of the counter does what the counter does, for ever"""

# %%
print(ns.verify(ns.compile_circuit(circuit), circuit))

# %% [markdown]
"""## The copy does not"""

# %%
verdict = ns.verify(ns.compile_circuit(ns.read_circuit(bad)), circuit)
print(verdict)

# %% [markdown]
"""`neurosym verify bad.blif good.blif --waveform wrong.vcd` writes the same as a waveform for GTKWave: every
signal that is driven, the answer that was expected and the one that came, step by step.
"""

# %%
folder.cleanup()
