import math

import pytest
import torch

from streams.skeleton.errors import ConfigError
from tests.training.lab.made import made_semantics
from training.methods.alignment import Comparison
from training.methods.star import PartBranch, Star, StarConfig, part_joints
from training.methods.star_losses import (
    global_cross_entropy,
    multi_part_cross_entropy,
    semantic_cross_entropy,
)

SMALL = StarConfig(attributes=6, width=8, heads=2)


def log_softmax_at(logits: list[float], label: int) -> float:
    return logits[label] - math.log(sum(math.exp(value) for value in logits))


def dot(a: torch.Tensor, b: torch.Tensor, *, cosine: bool = False) -> float:
    value = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    if cosine:
        value /= math.sqrt(sum(float(x) ** 2 for x in a)) * math.sqrt(sum(float(y) ** 2 for y in b))
    return value


@pytest.mark.parametrize("similarity", ["dot", "cosine"])
def test_multi_part_loss_is_equation_5(similarity: str) -> None:
    torch.manual_seed(0)
    skeleton, classes, labels = torch.randn(3, 4, 5), torch.randn(3, 6, 5), torch.tensor([0, 5, 2, 2])
    total = 0.0
    for e in range(3):
        for i in range(4):
            logits = [dot(skeleton[e, i], row, cosine=similarity == "cosine") for row in classes[e]]
            total -= log_softmax_at(logits, int(labels[i]))
    found = multi_part_cross_entropy(skeleton, classes, labels, by=Comparison(similarity))  # pyright: ignore
    assert float(found) == pytest.approx(total / 12, rel=1e-5)


def test_semantic_loss_is_equation_6_averaged_over_classes() -> None:
    torch.manual_seed(1)
    classes, names = torch.randn(2, 4, 5), torch.randn(4, 5)
    total = 0.0
    for e in range(2):
        for k in range(4):
            total -= log_softmax_at([dot(classes[e, k], name) for name in names], k)
    assert float(semantic_cross_entropy(classes, names)) == pytest.approx(total / 8, rel=1e-5)


def test_global_loss_is_equation_7() -> None:
    torch.manual_seed(2)
    skeleton, names, labels = torch.randn(3, 5), torch.randn(4, 5), torch.tensor([3, 0, 0])
    total = -sum(
        log_softmax_at([dot(skeleton[i], name) for name in names], int(labels[i])) for i in range(3)
    )
    assert float(global_cross_entropy(skeleton, names, labels)) == pytest.approx(total / 3, rel=1e-5)


def test_part_branch_is_equations_1_to_3_a_head_and_an_attribute_at_a_time() -> None:
    torch.manual_seed(3)
    branch, tokens = PartBranch(SMALL, 5), torch.randn(2, 7, 5)
    attention = branch.attention
    q_weight, k_weight, v_weight = (
        attention.q_proj_weight,
        attention.k_proj_weight,
        attention.v_proj_weight,
    )
    q_bias, k_bias, v_bias = attention.in_proj_bias.chunk(3)
    wanted = torch.zeros(2, 6)
    for b in range(2):
        heads: list[torch.Tensor] = []
        for h in (slice(0, 4), slice(4, 8)):
            q = (branch.prompt @ q_weight.T + q_bias)[:, h]
            k = (tokens[b] @ k_weight.T + k_bias)[:, h]
            v = (tokens[b] @ v_weight.T + v_bias)[:, h]
            heads.append(torch.softmax(q @ k.T / 2.0, dim=1) @ v)
        answered = torch.cat(heads, dim=1) @ attention.out_proj.weight.T + attention.out_proj.bias
        refined = branch.feed_forward(answered)
        for i in range(6):
            wanted[b, i] = branch.prompt[i] @ branch.weight @ refined[i]
    torch.testing.assert_close(branch(tokens), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("parts", [2, 4, 6])
def test_parts_share_out_all_joints(parts: int) -> None:
    groups = part_joints(parts)
    assert len(groups) == parts
    assert sorted(joint for group in groups for joint in group) == list(range(25))


def test_loss_is_equation_8_and_reaches_every_weight() -> None:
    torch.manual_seed(4)
    model, seen = Star(SMALL, channels=5, dim=12, seen=4), made_semantics(4, 12)
    cubes, labels = torch.randn(3, 5, 4, 25), torch.tensor([1, 3, 0])
    parts = model.part_features(cubes)
    told = model.part_projector(seen.parts.transpose(0, 1) + model.semantic_prompt)
    names = model.name_projector(seen.name)
    wanted = multi_part_cross_entropy(parts, told, labels)
    wanted = wanted + 0.1 * semantic_cross_entropy(told, names)
    wanted = wanted + 0.1 * global_cross_entropy(parts.sum(dim=0), names, labels)
    loss = model.loss(cubes, labels, seen)
    torch.testing.assert_close(loss, wanted)
    loss.backward()
    assert all(value.grad is not None and value.grad.abs().sum() > 0 for value in model.parameters())


def test_unseen_classes_need_no_prompt() -> None:
    model = Star(SMALL, channels=5, dim=12, seen=4)
    scores = model.branches(torch.randn(3, 5, 4, 25), made_semantics(9, 12))
    assert scores.shape == (1, 3, 9)


@pytest.mark.parametrize("changes", [{"heads": 5}, {"attributes": 0}, {"temperature": 0.0}])
def test_sizes_nobody_can_build_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        StarConfig(**changes)  # pyright: ignore[reportArgumentType]
