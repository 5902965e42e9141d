"""What set-up does once a machine, so that nobody waits later: a small piece of work compiles each kernel."""

from pathlib import Path
from tempfile import TemporaryDirectory

from logic import Circuit, CircuitBuilder, parse_circuit, prove_equivalent, write_circuit
from logic.checking import prove_properties
from logic.kernels import run_kernels
from logic.library import multiply

_COUNTER = "INPUT(up)\nOUTPUT(carry)\nq = DFF(next)\nnext = XOR(q, up)\ncarry = AND(q, up)\n"
_ADDER = "s = a ^ b ^ c;\nt = (a * b) + (a * c) + (b * c);\n"
_CLAIMS = "aag 1 0 1 0 0 2\n2 3 0\n2\n0\nb0 high\nb1 never\n"
_MAPPINGS = ("dual-rail", "single-rail", "fail-silent", "majority", "logicsnn")


def warm_kernels() -> None:
    """Compiles the kernels and keeps them; half a minute the first time, some seconds later."""
    with run_kernels("always"):
        _warm_circuits()
        _warm_bounds()
        _warm_neurons()
    _warm_yosys()


def _warm_circuits() -> None:
    from .gates import learn
    from .netlists import compile_file, verify_files
    from .waves import simulate_file

    with TemporaryDirectory() as folder:
        adder, other = Path(folder) / "adder.blif", Path(folder) / "other.aig"
        circuit = parse_circuit(_ADDER, "eqn")
        write_circuit(circuit, adder)
        write_circuit(circuit, other)
        for mapping in _MAPPINGS:
            verify_files(adder, other, mapping, None)
            simulate_file(adder, mapping, 4096, 0, 0.0, 0.0)
        simulate_file(adder, "dual-rail", 4096, 0, 0.01, 0.0)
        compile_file(adder, "dual-rail", Path(folder) / "adder.nir")
        verify_files(Path(folder) / "adder.nir", other, "dual-rail", None)
        counter = Path(folder) / "counter.bench"
        write_circuit(parse_circuit(_COUNTER, "bench"), counter)
        verify_files(counter, None, "dual-rail", None)
        simulate_file(counter, "dual-rail", 256, 0, 0.0, 0.0)
    learn("0110", 0.0, 0)
    prove_equivalent(_product(swapped=False), _product(swapped=True), timeout=5.0)
    prove_properties(parse_circuit(_CLAIMS, "aag"), timeout=5.0)


def _warm_yosys() -> None:
    """What elaborates Verilog is compiled, if it is here."""
    from logic.yosys.program import find_yosys

    find_yosys()


def _product(swapped: bool) -> Circuit:
    """A multiplier whose operands stand in either order: two that only a sweep can tell to be equal."""
    make = CircuitBuilder()
    a, b = make.inputs(*(f"a{bit}" for bit in range(5))), make.inputs(*(f"b{bit}" for bit in range(5)))
    total = multiply(b, a) if swapped else multiply(a, b)
    return make.build(**{f"p{bit}": literal for bit, literal in enumerate(total)})


def _warm_bounds() -> None:
    import torch

    from reasoner import bound

    make = CircuitBuilder()
    a, b, c, d = (*make.inputs("a", "b", one_hot=True), *make.inputs("c", "d", one_hot=True))
    bound(make.build(x=a & c | b & d), torch.full((1, 4), 0.5).log())


def _warm_neurons() -> None:
    import torch

    from logic import Domain
    from perception import SpikingVision

    seed = torch.Generator().manual_seed(0)
    vision = SpikingVision(Domain("value", range(2)), seed, model="tiny_resnet", options={"size": 8, "steps": 2})
    pictures = torch.rand(2, 1, 1, 8, 8, generator=seed)
    vision.logits(pictures).sum().backward()
    with torch.no_grad():
        vision.eval().logits(pictures)
