"""The encoder a configuration names."""

from typing import Protocol

from torch import Tensor

from training.config import EncoderConfig, StGcnConfig
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


def build_encoder(config: EncoderConfig) -> StGcn | BodyTransformer:
    """A new encoder with random weights."""
    return StGcn(config) if isinstance(config, StGcnConfig) else BodyTransformer(config)
