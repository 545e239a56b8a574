"""The model a run trains: PGFA, or PGFA told of mirrors."""

import torch
from torch import Tensor

from engine.text.contract import TextEncoder
from engine.text.sided import SidedEncoder
from training.config import TrainConfig
from training.methods.pgfa import Pgfa
from training.methods.sided import SidedPgfa

Model = Pgfa | SidedPgfa


def build_model(config: TrainConfig, *, dim: int) -> Model:
    """A new model with random weights.

    Args:
        config: Of the run.
        dim: E, length of the plain text encoder's features.
    """
    if config.sides.odd:
        return SidedPgfa(config.encoder, dim=dim, sides=config.sides, adapter=config.adapter)
    return Pgfa(config.encoder, dim=dim, adapter=config.adapter)


def text_encoder_of(config: TrainConfig, encoder: TextEncoder) -> TextEncoder:
    """The text encoder the run's model hears: the plain one, or its sided form."""
    return SidedEncoder(encoder) if config.sides.odd else encoder


def embed(model: Model, positions: Tensor, *, batch: int = 256) -> Tensor:
    """Embeddings (N, D) of the model in evaluation mode, without gradients; its mode is kept."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            return torch.cat([model(chunk) for chunk in positions.split(batch)])
    finally:
        model.train(training)
