"""The processes of a ``torchrun`` that train together; one alone where there is none."""

import os
from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import distributed


@contextmanager
def together() -> Generator[None]:
    """Joined to the other processes that ``torchrun`` has started, if it has."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def rank() -> int:
    """Number of this process; 0 writes what is kept."""
    return distributed.get_rank() if _joined() else 0


def world() -> int:
    """Number of processes."""
    return distributed.get_world_size() if _joined() else 1


def wait() -> None:
    """Return when every process has come here."""
    if _joined():
        distributed.barrier()


def _joined() -> bool:
    return distributed.is_available() and distributed.is_initialized()
