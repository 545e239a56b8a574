"""What every method on a frozen encoder must do."""

import math

import pytest
import torch
from torch import Tensor, nn

from tests.training.lab.made import made_semantics
from training.lab.semantics import Semantics
from training.methods.devise import hinge_rank_loss
from training.methods.jpose import triplet_loss
from training.methods.latent import divergence, wasserstein
from training.methods.neuron import NeuronConfig
from training.methods.revise import mean_discrepancy
from training.methods.select import METHODS, Sizes
from training.methods.smie import jensen_shannon_bound, without_motion
from training.methods.star import StarConfig

SIZES = Sizes(channels=8, dim=12, seen=6)
STAR = StarConfig(attributes=8, width=16, heads=2, similarity="cosine", temperature=0.1)
NEURON = NeuronConfig(prototypes=8, similarity="cosine", temperature=0.1)


def made(name: str) -> nn.Module:
    torch.manual_seed(0)
    return METHODS[name](SIZES, STAR, NEURON)


def samples(seen: Semantics, count: int = 24) -> tuple[Tensor, Tensor]:
    """Cubes whose class shows in their mean, and their labels."""
    source = torch.Generator().manual_seed(1)
    labels = torch.arange(count) % len(seen)
    centres = 2 * torch.randn(len(seen), 8, generator=source)
    noise = torch.randn(count, 8, 6, 25, generator=source)
    return torch.relu(centres[labels][:, :, None, None] + 0.3 * noise), labels


@pytest.mark.parametrize("name", METHODS)
def test_learns_the_seen_classes(name: str) -> None:
    model, seen = made(name), made_semantics(6, 12)
    cubes, labels = samples(seen)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    first = model.loss(cubes, labels, seen).item()  # pyright: ignore[reportCallIssue]
    for _ in range(60):
        loss = model.loss(cubes, labels, seen)  # pyright: ignore[reportCallIssue]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < first  # pyright: ignore[reportPossiblyUnbound]
    with torch.no_grad():
        table = model.branches(cubes, seen).mean(dim=0)  # pyright: ignore[reportCallIssue]
    assert (table.argmax(dim=1) == labels).float().mean() > 0.7


@pytest.mark.parametrize("name", METHODS)
def test_any_classes_are_candidates_and_samples_stand_alone(name: str) -> None:
    model, other = made(name).eval(), made_semantics(9, 12, seed=5)
    cubes, _ = samples(made_semantics(6, 12), 5)
    with torch.no_grad():
        together = model.branches(cubes, other)  # pyright: ignore[reportCallIssue]
        alone = model.branches(cubes[2:3], other)  # pyright: ignore[reportCallIssue]
        fewer = model.branches(cubes, other.of([7, 1]))  # pyright: ignore[reportCallIssue]
    assert together.shape[1:] == (5, 9)
    torch.testing.assert_close(together[:, 2:3], alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(together[:, :, [7, 1]], fewer, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_every_weight_that_predicts_is_trained(name: str) -> None:
    model, seen = made(name), made_semantics(6, 12)
    cubes, labels = samples(seen, 12)
    model.loss(cubes, labels, seen).backward()  # pyright: ignore[reportCallIssue]
    assert all(value.grad is not None for value in model.parameters())


def test_hinge_and_triplet_losses_are_counted_a_pair_at_a_time() -> None:
    scores, labels = torch.tensor([[0.5, 0.45, 0.1], [0.2, 0.0, 0.3]]), torch.tensor([0, 1])
    pairs = [max(0.0, 0.1 - 0.5 + s) for s in (0.45, 0.1)] + [max(0.0, 0.1 - 0.0 + s) for s in (0.2, 0.3)]
    assert hinge_rank_loss(scores, labels).item() == pytest.approx(sum(pairs) / 2)
    wider = [max(0.0, 0.2 - 0.5 + s) for s in (0.45, 0.1)] + [0.2 + s for s in (0.2, 0.3)]
    assert triplet_loss(scores, labels).item() == pytest.approx(sum(wider) / 4)


def test_mean_discrepancy_is_the_three_kernel_means() -> None:
    a, b = torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0]])

    def kernel(x: float, y: float) -> float:
        return math.exp(-((x - y) ** 2) / 2)

    wanted = (2 + 2 * kernel(0, 1)) / 4 + 1 - 2 * (kernel(0, 3) + kernel(1, 3)) / 2
    assert mean_discrepancy(a, b).item() == pytest.approx(wanted)
    assert mean_discrepancy(a, a).item() == pytest.approx(0, abs=1e-6)


def test_divergence_and_distance_of_gaussians_are_those_of_torch_and_of_paper() -> None:
    torch.manual_seed(0)
    a, b = (torch.randn(4, 3), torch.randn(4, 3)), (torch.randn(4, 3), torch.randn(4, 3))
    normal = torch.distributions.Normal(a[0], (a[1] / 2).exp())
    standard = torch.distributions.Normal(torch.zeros(4, 3), torch.ones(4, 3))
    wanted = torch.distributions.kl_divergence(normal, standard).sum(dim=1).mean()
    torch.testing.assert_close(divergence(*a), wanted)
    apart = [
        math.sqrt(
            sum(
                (float(a[0][n, d]) - float(b[0][n, d])) ** 2
                + (math.exp(float(a[1][n, d]) / 2) - math.exp(float(b[1][n, d]) / 2)) ** 2
                for d in range(3)
            )
        )
        for n in range(4)
    ]
    assert wasserstein(a, b).item() == pytest.approx(sum(apart) / 4, rel=1e-5)


def test_information_bound_is_two_softplus_means() -> None:
    positive, negative = torch.tensor([1.0, -2.0]), torch.tensor([0.5])
    wanted = -sum(math.log(1 + math.exp(-v)) for v in (1.0, -2.0)) / 2 - math.log(1 + math.exp(0.5))
    assert jensen_shannon_bound(positive, negative).item() == pytest.approx(wanted)


def test_most_active_half_of_the_frames_is_taken_out_in_order() -> None:
    moving = torch.tensor([0.0, 4.0, 4.1, 4.3, 9.0, 9.3])
    cubes = moving[None, None, :, None].expand(1, 2, 6, 25)
    torch.testing.assert_close(without_motion(cubes)[0, 0, :, 0], torch.tensor([4.1, 4.3, 9.3]))
