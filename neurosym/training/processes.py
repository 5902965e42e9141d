"""Training by several processes at once, started by torchrun: each takes its share of each batch."""

import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

Value = TypeVar("Value")


@dataclass(frozen=True)
class Processes:
    """The processes of this training.

    Args:
        rank: Number of this one, from 0.
        count: How many there are; 1 without torchrun.
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes and evaluates."""
        return self.rank == 0

    def share(self, samples: Tensor) -> Tensor:
        """This process's share of the samples ``[B]``; the shares of all make up the whole.

        The first has those to itself that are too few for each to get one.
        """
        if not self.split(len(samples)):
            return samples if self.first else samples[:0]
        return samples[self.rank :: self.count]

    def split(self, count: int) -> bool:
        """Whether there are enough samples for several processes."""
        return self.count <= count

    def agree(self, network: nn.Module) -> None:
        """Gives all processes the weights and buffers of the first."""
        if self.count > 1:
            for tensor in (*network.parameters(), *network.buffers()):
                distributed.broadcast(tensor.detach(), 0)

    def add_up(self, parameters: Iterable[nn.Parameter], total: float) -> float:
        """Adds up the gradients of all processes, in place, and a number, which is returned."""
        if self.count == 1:
            return total
        with_gradient = [p for p in parameters if p.requires_grad]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in with_gradient]
        flat = torch.cat([g.flatten().float() for g in gradients])
        flat = torch.cat([flat, flat.new_tensor([total])])
        distributed.all_reduce(flat)
        for parameter, gradient, summed in zip(
            with_gradient, gradients, flat[:-1].split([g.numel() for g in gradients]), strict=True
        ):
            parameter.grad = summed.reshape(gradient.shape).to(gradient.dtype)
        return float(flat[-1])

    def from_first(self, compute: Callable[[], Value]) -> Value:
        """What the first process computes, given to all."""
        if self.count == 1:
            return compute()
        found: list[Any] = [compute() if self.first else None]
        distributed.broadcast_object_list(found, 0)
        return found[0]


def these_processes() -> Processes:
    """The processes that a process group joins, or this one alone."""
    if distributed.is_available() and distributed.is_initialized():
        return Processes(distributed.get_rank(), distributed.get_world_size())
    return Processes()


def own_device(device: torch.device) -> torch.device:
    """The device of this process among those of its kind: with torchrun, a GPU for each process of a machine."""
    if str(device) != "cuda":  # another kind, or a certain one
        return device
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


@contextmanager
def joined_by_torchrun(device: torch.device | None = None) -> Generator[Processes]:
    """Within it, the processes that torchrun started are joined; without torchrun, nothing happens.

    Args:
        device: What they compute on; the processor if left out.
    """
    if not distributed.is_available() or not distributed.is_torchelastic_launched():
        yield these_processes()
        return
    if device is not None and device.type == "cuda":
        torch.cuda.set_device(own_device(device))
        distributed.init_process_group("nccl")
    else:
        distributed.init_process_group("gloo")
    try:
        yield these_processes()
        distributed.barrier()  # one that leaves early takes the connection of the others along
    finally:
        distributed.destroy_process_group()
