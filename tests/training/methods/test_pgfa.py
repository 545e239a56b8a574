import torch

from training.config import StGcnConfig
from training.methods.pgfa import Pgfa, embed

SMALL = StGcnConfig(width=4, features=8)


def test_size_is_the_papers_with_mpnet() -> None:
    assert sum(p.numel() for p in Pgfa(dim=768).parameters()) == 1_018_756


def test_embeddings_are_unit_rows() -> None:
    rows = Pgfa(SMALL, dim=12)(torch.randn(3, 1, 48, 25, 3))
    assert rows.shape == (3, 12)
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(3))


def test_embed_is_the_same_in_any_batches_and_keeps_the_mode() -> None:
    model, x = Pgfa(SMALL, dim=12).train(), torch.randn(5, 1, 48, 25, 3)
    together, apart = embed(model, x), embed(model, x, batch=2)
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-5)
    assert model.training
    assert not together.requires_grad
