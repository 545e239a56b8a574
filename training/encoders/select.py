"""The encoder a configuration names."""

from typing import Protocol

from torch import Tensor

from training.config import EncoderConfig, ShiftGcnConfig, StGcnConfig
from training.encoders.shift_gcn import ShiftGcn
from training.encoders.st_gcn import StGcn
from training.encoders.transformer import BodyTransformer


class Encoder(Protocol):
    """What a method needs of an encoder; each is also a ``torch.nn.Module``."""

    @property
    def features(self) -> int:
        """Length of its output."""
        ...

    def __call__(self, positions: Tensor) -> Tensor:
        """Features (N, ``features``) of normalised positions (N, M, T, 25, 3)."""
        ...

    def cube(self, positions: Tensor) -> Tensor:
        """Features before pooling, (N, ``features``, T', 25)."""
        ...


def build_encoder(config: EncoderConfig, *, twins: bool = False) -> StGcn | ShiftGcn | BodyTransformer:
    """A new encoder with random weights.

    Args:
        config: Kind and size.
        twins: See ``BodyTransformer``; the graph networks have nothing of the kind.
    """
    if isinstance(config, StGcnConfig):
        return StGcn(config)
    if isinstance(config, ShiftGcnConfig):
        return ShiftGcn(config)
    return BodyTransformer(config, twins=twins)
