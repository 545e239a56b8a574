import torch

from training.config import StGcnConfig
from training.losses import contrastive_kl
from training.methods.pgfa import Pgfa, TextAdapter
from training.model import embed

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


def test_adapter_begins_as_the_identity_on_unit_rows() -> None:
    features = torch.nn.functional.normalize(torch.randn(5, 12), dim=1)
    adapter = TextAdapter(12, 7)
    torch.testing.assert_close(adapter(features), features)
    torch.testing.assert_close(adapter(3 * features), features)


def test_adapter_is_the_feature_plus_a_small_network() -> None:
    torch.manual_seed(0)
    adapter, features = TextAdapter(4, 3), torch.randn(2, 4)
    for value in adapter.parameters():
        torch.nn.init.normal_(value)
    state = {name: value.double() for name, value in adapter.state_dict().items()}
    x = features.double()
    inside = x @ state["correction.0.weight"].T + state["correction.0.bias"]
    inside = inside * (1 + torch.erf(inside / 2**0.5)) / 2
    wanted = x + inside @ state["correction.2.weight"].T + state["correction.2.bias"]
    wanted = wanted / (wanted**2).sum(dim=1, keepdim=True).sqrt()
    torch.testing.assert_close(adapter(features), wanted.float(), rtol=1e-4, atol=1e-5)


def test_adapter_moves_when_it_is_trained() -> None:
    torch.manual_seed(0)
    skeleton, features = (torch.nn.functional.normalize(torch.randn(6, 12), dim=1) for _ in range(2))
    adapter, labels = TextAdapter(12, 16), torch.arange(6)
    optimizer = torch.optim.Adam(adapter.parameters(), 0.01)
    losses: list[float] = []
    for _ in range(20):
        loss = contrastive_kl(skeleton, adapter(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    torch.testing.assert_close(adapter(features).norm(dim=1), torch.ones(6))


def test_text_side_has_weights_with_an_adapter_alone() -> None:
    def of_text(model: Pgfa) -> set[str]:
        return {name for name in model.state_dict() if name.startswith("text.")}

    assert of_text(Pgfa(SMALL, dim=12)) == set()
    layers = ("text.correction.0", "text.correction.2")
    wanted = {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
    assert of_text(Pgfa(SMALL, dim=12, adapter=5)) == wanted
