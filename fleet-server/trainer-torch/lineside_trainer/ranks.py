"""The processes that train together: RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torchrun sets them; one without."""

from __future__ import annotations

import os
from typing import List, Optional

import torch
import torch.distributed as dist


class Ranks:
    def __init__(self) -> None:
        self.rank = int(os.environ.get("RANK", "0"))
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        cuda = torch.cuda.is_available()
        local = int(os.environ.get("LOCAL_RANK", self.rank if cuda and self.world <= torch.cuda.device_count() else 0))
        self.device = torch.device("cuda", local) if cuda else torch.device("cpu")
        if cuda:
            torch.cuda.set_device(self.device)
        if self.world > 1:
            dist.init_process_group("nccl" if cuda else "gloo", rank=self.rank, world_size=self.world)

    @property
    def first(self) -> bool:
        return self.rank == 0

    def mine(self, rows: List[int]) -> List[int]:
        """This rank's part of a list that all have."""
        return rows[self.rank :: self.world]

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """Adds up in place over all ranks, and gives it back."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def from_first(self, data: Optional[bytes]) -> Optional[bytes]:
        """What the first rank has."""
        if self.world == 1:
            return data
        length = torch.tensor([-1 if data is None else len(data)], device=self.device)
        dist.broadcast(length, 0)
        if length.item() < 0:
            return None
        held = torch.empty(int(length.item()), dtype=torch.uint8, device=self.device)
        if self.first and data is not None:
            held.copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8))
        dist.broadcast(held, 0)
        return bytes(held.cpu().numpy())

    def close(self) -> None:
        if self.world > 1 and dist.is_initialized():
            dist.destroy_process_group()
