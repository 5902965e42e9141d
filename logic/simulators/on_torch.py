"""The readers of NIR in PyTorch: snnTorch, Norse, SpikingJelly and sinabs."""

from ..targets.nir import NIR
from .capability import Capability
from .environment import Recipe
from .foreign_simulator import Simulator

_TORCH = (
    "torch==2.13.0", "numpy==2.4.6", "h5py==3.16.0", "filelock==4.3.1", "fsspec==2026.9.0", "Jinja2==3.1.6",
    "MarkupSafe==3.0.4", "mpmath==1.3.0", "networkx==3.6.1", "sympy==1.14.0", "typing_extensions==4.16.0",
    "packaging==26.4",
)  # fmt: skip
_NIR = ("--no-deps", "nir==1.0.8", "nirtorch==2.6")
_ADAPTER = "nir_readers.py"
_MEMORY = Capability(
    initial=True
)  # a starting membrane is a bias that is taken back, or refused where the file is made

SNNTORCH = Simulator(
    name="snntorch",
    about="snnTorch, a simulator in PyTorch that reads NIR",
    capability=_MEMORY,
    recipe=Recipe((_TORCH, (*_NIR, "snntorch==1.0.0")), "snntorch"),
    adapter=_ADAPTER,
    profile="cuba",
    options={"reader": "snntorch"},
    claim="every population of the NIR file, in snnTorch's own neurons",
)
NORSE = Simulator(
    name="norse",
    about="Norse, a simulator in PyTorch that reads NIR (with dt = 1e-4)",
    capability=_MEMORY,
    recipe=Recipe(
        (_TORCH, ("setuptools==80.9.0", "wheel==0.45.1"), _NIR, ("--no-build-isolation", "--no-deps", "norse==1.1.0")),
        "norse",
        note="without these flags it takes gigabytes of another torch",
    ),
    adapter=_ADAPTER,
    profile="cuba",
    options={"reader": "norse"},
    claim="every population of the NIR file, in Norse's own neurons",
)
SPIKINGJELLY = Simulator(
    name="spikingjelly",
    about="SpikingJelly, a simulator in PyTorch that reads NIR",
    capability=_MEMORY,
    recipe=Recipe(
        (_TORCH, ("scipy==1.17.1",), _NIR, ("--no-deps", "spikingjelly==2.0.0", "loguru==0.7.3", "tqdm==4.70.1")),
        "spikingjelly",
        note="with its dependencies it replaces torch",
    ),
    adapter=_ADAPTER,
    profile="cuba",
    options={"reader": "spikingjelly"},
    claim="every population of the NIR file, in SpikingJelly's own neurons",
)
SINABS = Simulator(
    name="sinabs",
    about="sinabs, a simulator in PyTorch for Speck that reads NIR (profile lif)",
    capability=Capability(retains=False, spikes_a_step=255),
    recipe=Recipe(
        (_TORCH, ("matplotlib==3.11.2",), ("--no-deps", "sinabs==3.1.3", "pbr==7.1.3"), _NIR),
        "sinabs",
        note="its metadata asks for an older nir and for samna, which is not needed to read NIR",
    ),
    adapter=_ADAPTER,
    profile=NIR.profiles[1],
    options={"reader": "sinabs"},
    claim="every population of the NIR file, step by step, in sinabs' own neurons",
)
