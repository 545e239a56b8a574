import torch
from torch.nn import functional

from training.methods.text_side import TextSide


def features(count: int = 200, dim: int = 6) -> torch.Tensor:
    """Unit rows that crowd in a corner, as sentences about movements do."""
    drawn = torch.randn(count, dim, generator=torch.Generator().manual_seed(0))
    return functional.normalize(torch.tensor([3.0, *[0.0] * (dim - 1)]) + 0.2 * drawn, dim=1)


def test_it_begins_as_the_identity_on_unit_rows() -> None:
    rows = features()
    side = TextSide(6, 8)
    torch.testing.assert_close(side(rows), rows)
    side.fit(rows)
    torch.testing.assert_close(side(rows), rows)


def test_whitened_features_are_centred_alike_in_all_directions_and_of_the_set_length() -> None:
    rows = features(2000)
    side = TextSide(6, 8)
    side.fit(rows)
    white = (rows - side.mean) @ side.whitening
    torch.testing.assert_close(white.mean(dim=0), torch.zeros(6), atol=1e-4, rtol=0)
    covariance = white.T @ white / len(white)
    largest = covariance.diagonal().max()
    assert (covariance - torch.diag(covariance.diagonal())).abs().max() < 1e-3
    # The one direction that unit rows in a corner hardly use is noise, and stays small.
    assert covariance.diagonal().sort().values[1] > 0.7 * largest
    torch.testing.assert_close(white.norm(dim=1).mean(), torch.tensor(4.0), rtol=0.3, atol=0)


def test_a_direction_without_any_spread_is_not_blown_up() -> None:
    side = TextSide(4, 3)
    side.fit(functional.normalize(torch.tensor([[1.0, 0, 0, 0], [1, 0.2, 0, 0], [1, -0.2, 0, 0]]), dim=1))
    assert torch.isfinite(side.whitening).all()
    assert side.whitening.abs().max() <= 4.0 / 2.0 / 1e-2


def test_rows_are_unit_once_it_has_learnt() -> None:
    side = TextSide(6, 8)
    side.fit(features())
    torch.nn.init.normal_(side.correction[-1].weight)  # pyright: ignore[reportArgumentType]
    torch.testing.assert_close(side(features()).norm(dim=1), torch.ones(200))
