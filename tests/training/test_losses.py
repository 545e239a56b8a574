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
        same = [
            1.0 if other == mine or torch.equal(text[i], text[j]) else 0.0 for j, other in enumerate(labels)
        ]
        if target == "paper":
            rows.append([value / sum(same) for value in same])
        elif target == "released":
            rows.append(slow_softmax([10 * value for value in same]))
        else:
            near = [max(dot(text[i], text[j]), same[j]) for j in range(len(labels))]
            rows.append(slow_softmax([value / temperature for value in near]))
    return rows


def slow_loss(
    skeleton: Tensor,
    text: Tensor,
    labels: list[int],
    temperature: float,
    target: Target,
    *,
    sign: float = 1.0,
    wrong: list[Tensor | None] | None = None,
    wrong_sign: float = 1.0,
) -> float:
    """Eqs. 3 to 5 written out with loops; ``sign`` and ``wrong_sign`` of -1 are mutants."""
    wanted = slow_target(labels, text, target, temperature)
    count, total = len(labels), 0.0
    for i in range(count):
        logits = [sign * dot(skeleton[i], text[j]) / temperature for j in range(count)]
        false = None if wrong is None else wrong[i]
        if false is not None:
            logits.append(wrong_sign * dot(skeleton[i], false) / temperature)
        # One more answer, that nothing should go to.
        to_text = slow_softmax(logits)[:count]
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
@pytest.mark.parametrize("known", [[0, 1, 2, 3, 4], [1, 3], [4]])
def test_negatives_are_one_more_wrong_answer_each(known: list[int], target: Target) -> None:
    labels = [0, 0, 1, 2, 3]
    skeleton, text = unit(5, 6, 1), unit(5, 6, 2)
    # Close to the skeleton, so that they weigh.
    near = torch.nn.functional.normalize(skeleton + 0.5 * unit(5, 6, 3), dim=1)
    wrong = [near[i] if i in known else None for i in range(5)]
    negatives = torch.stack([torch.zeros(6) if row is None else row for row in wrong])
    found = contrastive_kl(
        skeleton, text, torch.tensor(labels), negatives=negatives, temperature=0.2, target=target
    ).item()
    assert found == pytest.approx(slow_loss(skeleton, text, labels, 0.2, target, wrong=wrong), rel=1e-4)
    for mutant in (
        slow_loss(skeleton, text, labels, 0.2, target, wrong=wrong, wrong_sign=-1.0),
        slow_loss(skeleton, text, labels, 0.2, target),
        slow_loss(skeleton, text, labels, 0.2, target, wrong=[wrong[(i + 1) % 5] for i in range(5)]),
    ):
        assert found != pytest.approx(mutant, rel=1e-3)


@pytest.mark.parametrize("target", TARGETS)
def test_rows_of_zeros_are_no_negatives(target: Target) -> None:
    skeleton, text, labels = unit(4, 6, 1).requires_grad_(), unit(4, 6, 2), torch.tensor([0, 0, 1, 2])
    with_none = contrastive_kl(skeleton, text, labels, negatives=torch.zeros(4, 6), target=target)
    without = contrastive_kl(skeleton, text, labels, target=target)
    torch.testing.assert_close(with_none, without)
    (moved,) = torch.autograd.grad(with_none, skeleton)
    (wanted,) = torch.autograd.grad(without, skeleton)
    torch.testing.assert_close(moved, wanted)


def test_gradient_pushes_from_the_own_negative_alone() -> None:
    skeleton = unit(3, 5, 0).requires_grad_()
    negatives = torch.zeros(3, 5)
    negatives[1] = unit(1, 5, 4)[0]
    text, labels = unit(3, 5, 1), torch.arange(3)
    (moved,) = torch.autograd.grad(contrastive_kl(skeleton, text, labels, negatives=negatives), skeleton)
    (before,) = torch.autograd.grad(contrastive_kl(skeleton, text, labels), skeleton)
    assert dot(moved[1] - before[1], negatives[1]) > 0  # a step against the gradient leads away
    torch.testing.assert_close(moved[[0, 2]], before[[0, 2]])


@pytest.mark.parametrize("target", TARGETS)
def test_equal_texts_are_answers_to_each_other(target: Target) -> None:
    text = unit(4, 8, 0)
    text[2] = text[0]
    apart, together = torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 0, 3])
    rows = match_target(apart, text, target=target)
    torch.testing.assert_close(rows, match_target(together, text, target=target))
    assert rows[0, 2] == rows[0, 0] > rows[0, 1]
    near = text.clone()
    near[2] = torch.nn.functional.normalize(text[0] + 0.05 * text[1], dim=0)
    assert match_target(apart, near, target=target)[0, 2] < rows[0, 0]
    skeleton = unit(4, 8, 5)
    found = contrastive_kl(skeleton, text, apart, target=target).item()
    assert found == pytest.approx(slow_loss(skeleton, text, apart.tolist(), 0.07, target), rel=1e-4)


def test_targets_do_not_follow_a_text_side_that_learns() -> None:
    skeleton, labels = unit(4, 8, 5), torch.arange(4)
    text = unit(4, 8, 0).requires_grad_()
    (moved,) = torch.autograd.grad(contrastive_kl(skeleton, text, labels, target="soft"), text)
    wanted = match_target(labels, text.detach(), target="soft")
    logits = skeleton @ text.T / 0.07
    cross = -(wanted * (logits.log_softmax(1) + logits.T.log_softmax(1))).sum() / 8
    (by_hand,) = torch.autograd.grad(cross, text)
    torch.testing.assert_close(moved, by_hand)


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
