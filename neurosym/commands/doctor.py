"""Whether the parts that neurosym stands on work here: each is made to do a small piece of its real work."""

import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

import numpy as np

from logic.errors import FormatError
from logic.kernels import kernel_folder

_NEEDED_GIB = 3.0  # what a run takes at its peak, with some room
_PROLOG_REMEDY = "install SWI-Prolog (Debian, Ubuntu: apt install swi-prolog-nox; macOS: brew install swi-prolog)"


@dataclass(frozen=True)
class Finding:
    """What the doctor found out about one part.

    Args:
        part: Its name, for people.
        works: Whether its self-test passed.
        version: Its version, or its size, or ``""`` if unknown.
        seconds: Wall time of the self-test, import included.
        detail: What was tested, or what went wrong.
        remedy: What to do, if it does not work.
    """

    part: str
    works: bool
    version: str
    seconds: float
    detail: str
    remedy: str = ""


class _SelfTestError(Exception):
    """A part was there, but gave a wrong result."""


def diagnose() -> tuple[Finding, ...]:
    """The state of each part, in the order in which a picture meets them; never raises."""
    return (
        _python(),
        _memory(),
        _cores(),
        _examine("PyTorch", "torch", "a convolution, forward and backward", _test_torch),
        _examine("snnTorch", "snntorch", "a neuron that fires at its second step", _test_snntorch),
        _examine("SWI-Prolog", "swipl", "X is 3 + 4", _test_prolog, _PROLOG_REMEDY),
        _examine("Z3", "z3-solver", "a law of De Morgan, proved", _test_z3),
        _examine("NIR", "nir", "a graph, written and read back", _test_nir),
        _kernels(),
        _yosys(),
    )


def _examine(part: str, package: str, detail: str, test: Callable[[], str], remedy: str = "") -> Finding:
    """Run a self-test; it returns a version to show beside the package's, or ``""``."""
    start = perf_counter()
    try:
        shown = test() or version(package)
    except Exception as error:  # a broken installation may raise anything, and the doctor must go on to the next part
        absent = isinstance(error, PackageNotFoundError | ModuleNotFoundError)
        cause = f"the package '{package}' is not installed" if absent else f"{type(error).__name__}: {error}"
        if absent or not remedy:
            remedy = f"pip install '{package}' in this environment, or make it anew: make clean run"
        return Finding(part, False, "", perf_counter() - start, " ".join(cause.split()), remedy)
    return Finding(part, True, shown, perf_counter() - start, detail)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise _SelfTestError(message)


def _test_torch() -> str:
    import torch

    kernel = torch.ones(1, 1, 2, 2, requires_grad=True)
    mapped = torch.nn.functional.conv2d(torch.ones(1, 1, 3, 3), kernel)
    mapped.sum().backward()
    _require(bool((mapped == 4).all()), "a 2 by 2 window over ones must add up to 4")
    _require(kernel.grad is not None and bool((kernel.grad == 4).all()), "the kernel's gradient must be 4")
    return ""


def _test_snntorch() -> str:
    import torch
    from snntorch import Leaky

    neuron = Leaky(beta=0.5, threshold=1.0)
    type(neuron).instances.remove(neuron)  # snnTorch would keep it for ever
    membrane, spikes = torch.zeros(1), list[float]()
    for current in (0.8, 0.8):  # 0.8, then 0.5 * 0.8 + 0.8 = 1.2, above the threshold
        spike, membrane = neuron(torch.tensor([current]), membrane)
        spikes.append(float(spike))
    _require(spikes == [0.0, 1.0], f"expected spikes [0, 1], got {spikes}")
    return ""


def _test_prolog() -> str:
    from reasoner.prolog.border import prolog_version

    version, value = prolog_version()
    _require(value == 7, f"expected X = 7, got {value}")
    return version


def _test_z3() -> str:
    import z3

    a, b = z3.Bool("a"), z3.Bool("b")
    solver = z3.Solver()
    solver.add(z3.Not(z3.Not(z3.And(a, b)) == z3.Or(z3.Not(a), z3.Not(b))))
    _require(solver.check() == z3.unsat, "not (a and b) must equal (not a) or (not b)")
    solver.reset()
    solver.add(z3.And(a, b) == z3.Or(a, b))
    _require(solver.check() == z3.sat, "a and b can equal a or b, but no model was found")
    return ""


def _test_nir() -> str:
    import nir

    weight = np.array([[1.0, -2.0], [3.0, 0.5]])
    graph = nir.NIRGraph(
        nodes={
            "input": nir.Input({"input": np.array([2])}),
            "weights": nir.Linear(weight),
            "output": nir.Output({"output": np.array([2])}),
        },
        edges=[("input", "weights"), ("weights", "output")],
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.nir"
        nir.write(path, graph)
        back = nir.read(path)
    _require(sorted(back.edges) == sorted(graph.edges), "the edges changed")
    kept = back.nodes["weights"]
    _require(isinstance(kept, nir.Linear) and np.array_equal(kept.weight, weight), "the weights changed")
    return ""


def _python() -> Finding:
    works = tuple(map(int, platform.python_version_tuple()[:2])) >= (3, 11)
    remedy = "" if works else "install Python 3.11 or newer, then: make clean run"
    detail = f"{platform.python_implementation()} on {platform.system()} {platform.machine()}"
    return Finding("Python", works, platform.python_version(), 0.0, detail, remedy)


def _memory() -> Finding:
    try:
        gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, OSError, ValueError):  # not a Unix
        return Finding("Memory", True, "", 0.0, "this system does not tell")
    remedy = "" if gib >= _NEEDED_GIB else "use a machine with more memory"
    return Finding("Memory", not remedy, f"{gib:.1f} GiB", 0.0, f"a run takes up to {_NEEDED_GIB:.0f} GiB", remedy)


def _cores() -> Finding:
    affinity = getattr(os, "sched_getaffinity", None)  # Linux: the cores that this process may use
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return Finding("Cores", True, str(cores), 0.0, "two are enough")


def _yosys() -> Finding:
    """What reads Verilog with hierarchy and behaviour; neurosym works without it."""
    from logic.formats import parse_circuit
    from logic.yosys.program import REMEDY, YosysError, yosys_at_hand

    start = perf_counter()
    part = "yosys"
    try:
        found = yosys_at_hand()
        if found is None:
            return Finding(part, True, "", 0.0, "not found; Verilog is read as far as one module of gates goes", REMEDY)
        if not found.prepared:
            remedy = "neurosym doctor --warm prepares it now, in a minute"
            return Finding(part, True, found.version, 0.0, f"{found.place}: not prepared for this machine yet", remedy)
        parse_circuit("module m(input [1:0] a, output y); assign y = a > 2; endmodule", "v")
    except (YosysError, FormatError, OSError) as error:
        return Finding(part, False, "", perf_counter() - start, " ".join(str(error).split()), REMEDY)
    told = f"a comparison in Verilog, elaborated by {found.place}, which is prepared for this machine"
    return Finding(part, True, found.version, perf_counter() - start, told)


def _kernels() -> Finding:
    folder = kernel_folder()
    if folder.path is None:
        remedy = "name a folder that only you can write in NUMBA_CACHE_DIR"
        return Finding(
            "Kernels", True, "", 0.0, f"compiled anew by each command that needs them: {folder.reason}", remedy
        )
    kept = sum(1 for _ in folder.path.rglob("*.nbi"))
    remedy = "" if kept else "neurosym doctor --warm compiles them now, in half a minute"
    return Finding("Kernels", True, str(kept), 0.0, f"compiled, kept in {folder.path}", remedy)
