import pytest
import torch

from training.config import EncoderConfig, ShiftGcnConfig, StGcnConfig, TransformerConfig
from training.encoders.select import build_encoder


@pytest.mark.parametrize(
    ("config", "steps"),
    [
        (StGcnConfig(width=2, features=12), 12),
        (ShiftGcnConfig(width=3), 12),
        (TransformerConfig(width=8, depth=1, heads=2, patch=8), 6),
    ],
    ids=lambda value: getattr(value, "kind", str(value)),
)
def test_every_encoder_gives_features_and_cubes(config: EncoderConfig, steps: int) -> None:
    torch.manual_seed(0)
    encoder = build_encoder(config).eval()
    x = torch.randn(2, 1, 48, 25, 3)
    assert encoder(x).shape == (2, encoder.features)
    assert encoder.cube(x).shape == (2, encoder.features, steps, 25)
