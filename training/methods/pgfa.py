"""PGFA: a skeleton encoder trained end to end into the text encoder's space."""

from torch import Tensor, nn
from torch.nn import functional

from training.config import EncoderConfig, StGcnConfig
from training.encoders.select import build_encoder


class TextAdapter(nn.Module):
    """Text features (N, D) to class rows (N, D), unit rows: the feature plus a small correction.

    Ours. PGFA freezes the text side, because 55 sentences would be learnt by heart; the motion
    grammar has tens of thousands. It begins as the identity.
    """

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.correction = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim))
        last = self.correction[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Class rows (N, D)."""
        return functional.normalize(features + self.correction(features), dim=1)


class Pgfa(nn.Module):
    """Positions (N, M, T, 25, 3) to embeddings (N, D), unit rows.

    Zhou et al., TIP 2025, sec. III-B: f = psi(encoder(x)), psi one linear layer; the text side
    has no weights, so a class is its text's own feature.

    Args:
        encoder: Kind and size of the encoder; None for PGFA's ST-GCN-16.
        dim: D, length of the text encoder's features.
        adapter: Hidden units of the text adapter; 0 for PGFA's frozen text side.
    """

    def __init__(self, encoder: EncoderConfig | None = None, *, dim: int = 384, adapter: int = 0) -> None:
        super().__init__()
        self.dim = dim
        self.text: nn.Module = TextAdapter(dim, adapter) if adapter else nn.Identity()
        self.encoder = build_encoder(encoder or StGcnConfig())
        self.project = nn.Linear(self.encoder.features, dim)
        nn.init.kaiming_normal_(self.project.weight, mode="fan_out")
        nn.init.zeros_(self.project.bias)

    def forward(self, positions: Tensor) -> Tensor:
        """Embeddings (N, D) float32, unit rows.

        Args:
            positions: (N, M, T, 25, 3) float32, normalised; an absent person is all zeros.
        """
        return functional.normalize(self.project(self.encoder(positions)), dim=1)
