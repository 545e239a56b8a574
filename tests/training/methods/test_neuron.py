import math

import pytest
import torch

from streams.skeleton.errors import ConfigError
from tests.training.lab.made import made_semantics
from training.methods.neuron import Neuron, NeuronConfig, compressed, phase_frames
from training.methods.neuron_losses import phase_cross_entropy, stepwise_loss

SMALL = NeuronConfig(prototypes=8)
RELEASED = NeuronConfig(prototypes=8, released=True)


def made(config: NeuronConfig) -> tuple[Neuron, torch.Tensor]:
    torch.manual_seed(0)
    return Neuron(config, channels=5, dim=12), torch.rand(2, 5, 7, 25)


def test_phase_loss_is_equation_6() -> None:
    torch.manual_seed(1)
    skeleton, classes, labels = torch.randn(3, 5), torch.randn(4, 5), torch.tensor([3, 0, 1])
    total = 0.0
    for i in range(3):
        logits = [float((skeleton[i] * row).sum()) for row in classes]
        total -= logits[int(labels[i])] - math.log(sum(math.exp(value) for value in logits))
    assert float(phase_cross_entropy(skeleton, classes, labels)) == pytest.approx(total / 3, rel=1e-5)


def test_stepwise_loss_is_a_sum_in_the_paper_and_a_mean_of_means_in_the_code() -> None:
    space, time = [torch.tensor(v) for v in (1.0, 2.0, 6.0)], [torch.tensor(v) for v in (0.0, 3.0, 3.0)]
    assert float(stepwise_loss(space, time)) == 15
    assert float(stepwise_loss(space, time, total="mean")) == 2.5


def test_paper_keeps_the_best_of_a_joint_and_lets_the_nearly_as_good_fade() -> None:
    torch.manual_seed(2)
    scores = torch.randn(1, 25, 8)
    scores[0, :, 1] = scores[0, :, 0] - 0.02  # nearly as good
    found = compressed(scores, 3, released=False)
    whole = torch.softmax(scores, dim=1)
    for v in range(25):
        order = sorted(range(8), key=lambda k: -float(whole[0, v, k]))
        last = float(whole[0, v, order[2]])
        for rank, k in enumerate(order):
            own = float(whole[0, v, k])
            share = 1.0 if rank < 3 else max(0.0, 1 - (1 - own / last) / 0.05)
            assert float(found[0, v, k]) == pytest.approx(own * share, abs=1e-6)


def test_the_last_digit_of_a_score_decides_nothing() -> None:
    torch.manual_seed(4)
    scores = torch.randn(1, 25, 1).expand(-1, -1, 40)  # prototypes that all but agree, as trained ones do
    one, other = (scores + 1e-6 * torch.randn(1, 25, 40) for _ in range(2))
    difference = compressed(one, 20, released=False) - compressed(other, 20, released=False)
    assert float(difference.abs().max()) < 1e-4


def test_code_makes_scores_tiny_before_a_softmax_over_joints() -> None:
    torch.manual_seed(3)
    scores = torch.randn(1, 25, 8)
    made_tiny = scores.clone()
    for v in range(25):
        for k in sorted(range(8), key=lambda k: float(scores[0, v, k]))[:5]:
            made_tiny[0, v, k] *= 1e-12
    torch.testing.assert_close(compressed(scores, 3, released=True), torch.softmax(made_tiny, dim=1))


def test_space_phases_are_the_equations_a_prototype_at_a_time() -> None:
    model, cubes = made(SMALL)
    for b in range(2):
        joints = cubes[b].mean(dim=1).T
        prototypes = model.space_prototypes
        for n, kept in enumerate((2, 4, 6)):
            attention = compressed((joints @ prototypes.T)[None], kept, released=False)[0]
            rows = [sum(attention[v, k] * joints[v] for v in range(25)) for k in range(8)]
            prototypes = model.space_refine[n](torch.stack(rows))  # pyright: ignore
            wanted = model.space_project(prototypes.mean(dim=0))
            torch.testing.assert_close(model.space_phases(cubes)[n][b], wanted, rtol=1e-4, atol=1e-5)


def test_time_phases_remember_and_recall_a_frame_at_a_time() -> None:
    model, cubes = made(SMALL)
    for b in range(2):
        frames = cubes[b].mean(dim=2).T
        prototypes = model.time_prototypes
        for n, (begin, end) in enumerate(((0, 2), (2, 4), (4, 7))):
            part = frames[begin:end]
            seen = torch.stack(
                [
                    sum(w * row for w, row in zip(torch.softmax(part @ p, dim=0), part, strict=True))
                    for p in prototypes  # pyright: ignore
                ]
            )
            recall, remember = torch.sigmoid(model.recall[n](seen)), torch.sigmoid(model.remember[n](seen))
            prototypes = recall * prototypes + remember * model.time_refine[n](seen)
            wanted = model.time_project(prototypes.mean(dim=0))
            torch.testing.assert_close(model.time_phases(cubes)[n][b], wanted, rtol=1e-4, atol=1e-5)


def test_phases_are_thirds_in_the_paper_and_cumulative_in_the_code() -> None:
    assert phase_frames(16, cumulative=True) == (slice(0, 5), slice(0, 10), slice(0, 16))
    assert phase_frames(12, cumulative=False) == (slice(0, 4), slice(4, 8), slice(8, 12))
    with pytest.raises(ConfigError, match="3 frames"):
        phase_frames(2, cumulative=False)


@pytest.mark.parametrize("config", [SMALL, RELEASED])
def test_loss_is_over_six_phases_and_reaches_the_weights_of_every_phase(config: NeuronConfig) -> None:
    model, cubes = made(config)
    seen, labels = made_semantics(4, 12), torch.tensor([3, 1])
    each = [
        phase_cross_entropy(row, model.text_project(told[:, n]), labels)
        for rows, told in (
            (model.space_phases(cubes), seen.space),
            (model.time_phases(cubes), seen.time),
        )
        for n, row in enumerate(rows)
    ]
    loss = model.loss(cubes, labels, seen)
    wanted = torch.stack(each).mean() if config.released else torch.stack(each).sum()
    torch.testing.assert_close(loss, wanted)
    loss.backward()
    named = dict(model.named_parameters())
    assert all(value.grad is not None for value in named.values())
    assert named["space_prototypes"].grad.abs().sum() > 0  # pyright: ignore


def test_released_gates_are_at_least_a_half() -> None:
    model, _ = made(RELEASED)
    gate = torch.sigmoid(model.recall[0](torch.randn(50, 5)))
    assert gate.min().item() >= 0.5


def test_branches_are_space_and_time_against_their_last_stage() -> None:
    model, cubes = made(SMALL)
    classes = made_semantics(9, 12)
    scores = model.branches(cubes, classes)
    assert scores.shape == (2, 2, 9)
    wanted = model.rows(cubes)[:, 1] @ model.text_project(classes.time[:, 2]).T
    torch.testing.assert_close(scores[1], wanted)
    assert model.class_rows(classes.described).shape == (9, 2, 12)


def test_sizes_nobody_can_build_are_refused() -> None:
    with pytest.raises(ConfigError, match="prototypes"):
        NeuronConfig(prototypes=1)
