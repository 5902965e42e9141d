"""The process in which yosys runs as WebAssembly: it sees one folder, and has so much memory, time and output.

It is started as a script, knows nothing of this package, and is told everything by its arguments:
``prepare MODULE WASM`` compiles yosys into a file; ``run MODULE SHARE FOLDER MEGABYTES SECONDS OUTPUT ARGUMENT...``
runs it.
"""

import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the extra `verilog`; only the process itself loads it
    from wasmtime import Engine


def engine() -> "Engine":
    """How yosys is compiled: without optimisation, which takes a third of the time and slows no small run."""
    from wasmtime import Config, Engine

    config = Config()
    config.wasm_exceptions = True
    config.cranelift_opt_level = "none"
    return Engine(config)


def prepare(module: str, wasm: str) -> int:
    """Compiles yosys into a file."""
    from wasmtime import Module

    with open(wasm, "rb") as file:  # noqa: PTH123 - the fewer imports, the sooner it runs
        compiled = Module(engine(), file.read()).serialize()
    with open(module, "wb") as file:  # noqa: PTH123
        file.write(compiled)
    return 0


def run(module: str, share: str, folder: str, megabytes: str, seconds: str, output: str, *arguments: str) -> int:
    """Runs yosys in a folder; its exit status, or 3 where it broke off."""
    from wasmtime import (
        DirPerms,
        ExitTrap,
        FilePerms,
        Func,
        Linker,
        Module,
        Store,
        Trap,
        WasiConfig,
        WasmtimeError,
    )

    settings = WasiConfig()
    settings.argv = ["yosys", *arguments]
    settings.inherit_stdout()
    settings.inherit_stderr()
    settings.preopen_dir(folder, ".")
    settings.preopen_dir(share, "/share", DirPerms.READ_ONLY, FilePerms.READ_ONLY)
    own = engine()
    loaded = Module.deserialize_file(own, module)
    linker = Linker(own)
    linker.define_wasi()
    store = Store(own)
    store.set_wasi(settings)
    store.set_limits(memory_size=int(megabytes) << 20)
    for limit, value in (
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_FSIZE, int(output)),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    start = linker.instantiate(store, loaded).exports(store)["_start"]
    try:
        if isinstance(start, Func):
            start(store)
    except ExitTrap as ended:
        return ended.code
    except (Trap, WasmtimeError) as broken:
        sys.stderr.write(f"broken off: {str(broken).splitlines()[-1]}\n")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit({"prepare": prepare, "run": run}[sys.argv[1]](*sys.argv[2:]))
