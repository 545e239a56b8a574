import math

import pytest
import torch
from torch import Tensor

from streams.skeleton.errors import ConfigError
from training.config import Target
from training.losses import contrastive_kl, match_target

TARGETS: tuple[Target, ...] = ("paper", "released", "soft")


def unit(rows: int, dim: int, seed: int) -> Tensor:
    made = torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed))
    return made / made.norm(dim=1, keepdim=True)


def dot(a: Tensor, b: Tensor) -> float:
    return sum(float(x) * float(y) for x, y in zip(a, b, strict=True))


def slow_softmax(values: list[float]) -> list[float]:
    total = sum(math.exp(v) for v in values)
    return [math.exp(v) / total for v in values]


def slow_target(labels: list[int], text: Tensor, target: Target, temperature: float) -> list[list[float]]:
    rows: list[list[float]] = []
    for i, mine in enumerate(labels):
        same = [1.0 if other == mine else 0.0 for other in labels]
        if target == "paper":
            rows.append([value / sum(same) for value in same])
        elif target == "released":
            rows.append(slow_softmax([10 * value for value in same]))
        else:
            near = [max(dot(text[i], text[j]), same[j]) for j in range(len(labels))]
            rows.append(slow_softmax([value / temperature for value in near]))
    return rows


def slow_loss(
    skeleton: Tensor, text: Tensor, labels: list[int], temperature: float, target: Target, sign: float = 1.0
) -> float:
    """Eqs. 3 to 5 written out with loops; ``sign`` -1 is a mutant."""
    wanted = slow_target(labels, text, target, temperature)
    count, total = len(labels), 0.0
    for i in range(count):
        to_text = slow_softmax([sign * dot(skeleton[i], text[j]) / temperature for j in range(count)])
        to_skeleton = slow_softmax([sign * dot(skeleton[j], text[i]) / temperature for j in range(count)])
        for predicted in (to_text, to_skeleton):
            total += sum(q * math.log(q / p) for q, p in zip(wanted[i], predicted, strict=True) if q > 0)
    return total / (2 * count)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("temperature", [0.07, 0.5])
@pytest.mark.parametrize("labels", [[0, 1, 2, 3, 4], [0, 0, 1, 1, 2, 0], [3, 3, 3]])
def test_loss_is_what_the_equations_say(labels: list[int], temperature: float, target: Target) -> None:
    skeleton, text = unit(len(labels), 6, 1), unit(len(labels), 6, 2)
    found = contrastive_kl(
        skeleton, text, torch.tensor(labels), temperature=temperature, target=target
    ).item()
    assert found == pytest.approx(
        slow_loss(skeleton, text, labels, temperature, target), rel=1e-4, abs=1e-5
    )
    mutant = slow_loss(skeleton, text, labels, temperature, target, sign=-1.0)
    if len(set(labels)) > 1:
        assert found != pytest.approx(mutant, rel=1e-2)


@pytest.mark.parametrize("target", TARGETS)
def test_targets_are_distributions_and_favour_the_own_class(target: Target) -> None:
    labels = torch.tensor([0, 1, 0, 2])
    rows = match_target(labels, unit(4, 8, 0), target=target)
    torch.testing.assert_close(rows.sum(dim=1), torch.ones(4))
    assert rows[0, 0] == rows[0, 2] > rows[0, 1]
    assert rows[1, 1] > 0.5


def test_released_target_by_hand() -> None:
    rows = match_target(torch.arange(128), unit(128, 4, 0), target="released")
    assert rows[5, 5].item() == pytest.approx(0.9943, abs=1e-4)


def test_soft_target_leaves_more_to_near_texts() -> None:
    text = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    rows = match_target(torch.arange(3), text, target="soft")
    assert rows[0, 1] > 10 * rows[0, 2]


def test_perfect_alignment_beats_every_other() -> None:
    text = torch.eye(4)
    labels = torch.arange(4)
    best = contrastive_kl(text, text, labels)
    assert best.item() < 1e-4
    assert contrastive_kl(text.roll(1, 0), text, labels) > 10


def test_gradient_pulls_to_the_own_text() -> None:
    text = torch.eye(3)
    skeleton = torch.full((3, 3), 1 / math.sqrt(3), requires_grad=True)
    contrastive_kl(skeleton, text, torch.arange(3)).backward()
    assert skeleton.grad is not None
    assert (skeleton.grad.diagonal() < 0).all()


def test_settings_out_of_range_are_refused() -> None:
    rows = unit(2, 3, 0)
    with pytest.raises(ConfigError, match="temperature"):
        contrastive_kl(rows, rows, torch.arange(2), temperature=0.0)
    with pytest.raises(ConfigError, match="'hard'"):
        contrastive_kl(rows, rows, torch.arange(2), target="hard")  # pyright: ignore[reportArgumentType]
