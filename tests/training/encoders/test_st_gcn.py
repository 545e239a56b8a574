import numpy as np
import pytest
import torch

from streams.skeleton.errors import ConfigError
from streams.skeleton.graph import spatial_partition
from training.config import StGcnConfig
from training.encoders.st_gcn import GraphConvolution, StGcn


def windows(count: int, persons: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, persons, 48, 25, 3, generator=torch.Generator().manual_seed(seed))


def encoder(**changes: object) -> StGcn:
    torch.manual_seed(0)
    return StGcn(StGcnConfig(**changes)).eval()  # pyright: ignore[reportArgumentType]


def test_size_is_the_papers() -> None:
    assert sum(p.numel() for p in encoder().parameters()) == 821_380


def test_graph_convolution_is_the_papers_einsum() -> None:
    torch.manual_seed(0)
    layer = GraphConvolution(3, 4)
    torch.nn.init.normal_(layer.importance)
    x = torch.randn(2, 3, 6, 25)
    mixed = layer.mix(x).view(2, 3, 4, 6, 25)
    graph = torch.from_numpy(spatial_partition()) * layer.importance
    wanted = torch.einsum("nkctv,kvw->nctw", mixed, graph)
    torch.testing.assert_close(layer(x), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("width", [4, 16])
def test_shapes(width: int) -> None:
    out = encoder(width=width, features=32)(windows(3, persons=2))
    assert out.shape == (3, 32)
    assert torch.isfinite(out).all()


def test_masked_person_counts_for_nothing() -> None:
    model, lone = encoder(), windows(4)
    padded = torch.cat([lone, torch.zeros_like(lone)], dim=1)
    torch.testing.assert_close(model(padded), model(lone), rtol=1e-4, atol=1e-5)


def test_averaged_person_adds_a_constant() -> None:
    model, lone = encoder(absent="averaged"), windows(4)
    padded = torch.cat([lone, torch.zeros_like(lone)], dim=1)
    of_zeros = model(torch.zeros(1, 1, 48, 25, 3))
    torch.testing.assert_close(model(padded), (model(lone) + of_zeros) / 2, rtol=1e-4, atol=1e-5)
    assert (model(padded) - model(lone)).abs().max() > 1e-3


def test_two_persons_are_the_mean_of_each_in_any_order() -> None:
    model, pair = encoder(), windows(3, persons=2)
    each = (model(pair[:, :1]) + model(pair[:, 1:])) / 2
    torch.testing.assert_close(model(pair), each, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model(pair.flip(1)), model(pair), rtol=1e-4, atol=1e-5)


def test_nobody_at_all_is_finite() -> None:
    out = encoder()(torch.zeros(2, 2, 48, 25, 3))
    np.testing.assert_array_equal(out.detach().numpy(), 0)


def test_order_of_time_and_joints_matters() -> None:
    model, x = encoder(), windows(2)
    assert (model(x.flip(2)) - model(x)).abs().max() > 1e-4
    assert (model(x.flip(3)) - model(x)).abs().max() > 1e-4


@pytest.mark.parametrize("changes", [{"width": 0}, {"features": 0}, {"dropout": 1.0}])
def test_sizes_nobody_can_build_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        StGcnConfig(**changes)  # pyright: ignore[reportArgumentType]
