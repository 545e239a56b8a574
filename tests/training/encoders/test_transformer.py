from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Literal

import onnx
import pytest
import torch

from engine.backends.session import GraphSession
from streams.skeleton.errors import ConfigError, ShapeError
from streams.skeleton.layouts import NTU_25, Joint
from training.config import TransformerConfig
from training.encoders.transformer import FINE_PARTS, PARTS, Block, BodyTransformer
from training.export import export_graph
from training.methods.star import part_joints

SMALL = TransformerConfig(width=16, depth=2, heads=2)


def windows(count: int, persons: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, persons, 48, 25, 3, generator=torch.Generator().manual_seed(seed))


def encoder() -> BodyTransformer:
    torch.manual_seed(0)
    return BodyTransformer(SMALL).eval()


@pytest.mark.parametrize("parts", [PARTS, FINE_PARTS], ids=["five", "ten"])
def test_every_joint_is_in_one_part(parts: tuple[tuple[int, ...], ...]) -> None:
    assert sorted(joint for part in parts for joint in part) == list(range(25))


def test_fine_parts_never_hold_joints_of_two_of_stars() -> None:
    stars = [set(joints) for joints in part_joints(6)]
    assert all(any(set(part) <= joints for joints in stars) for part in FINE_PARTS)


def test_cube_holds_each_joints_token() -> None:
    torch.manual_seed(0)
    model, x = BodyTransformer(replace(SMALL, parts=10, patch=8)).eval(), windows(3, persons=2)
    cube = model.cube(x)
    assert cube.shape == (3, 16, 6, 25)
    for part in FINE_PARTS:
        first = cube[..., part[0]]
        assert all(torch.equal(cube[..., joint], first) for joint in part)
    # The mean over tokens, each part once, is the encoder's own feature.
    pooled = torch.stack([cube[..., part[0]] for part in FINE_PARTS]).mean(dim=(0, 3))
    torch.testing.assert_close(pooled, model(x), rtol=1e-4, atol=1e-5)


def test_a_masked_person_adds_nothing_to_the_cube() -> None:
    model, lone = encoder(), windows(2)
    padded = torch.cat([lone, torch.zeros_like(lone)], dim=1)
    torch.testing.assert_close(model.cube(padded), model.cube(lone), rtol=1e-4, atol=1e-5)


def test_block_is_attention_as_torch_computes_it() -> None:
    torch.manual_seed(0)
    block, tokens = Block(16, 2).eval(), torch.randn(3, 5, 16)
    wanted = torch.nn.TransformerEncoderLayer(
        16, 2, 32, dropout=0.0, activation="relu", batch_first=True, norm_first=True
    ).eval()
    names = {
        "self_attn.in_proj": block.mix,
        "self_attn.out_proj": block.out,
        "linear1": block.think[0],
        "linear2": block.think[2],
        "norm1": block.before,
        "norm2": block.between,
    }
    state = {
        f"{name}{'_' if name.endswith('in_proj') else '.'}{kind}": getattr(layer, kind)
        for name, layer in names.items()
        for kind in ("weight", "bias")
    }
    wanted.load_state_dict(state)
    torch.testing.assert_close(block(tokens), wanted(tokens), rtol=1e-4, atol=1e-5)


def test_shapes() -> None:
    out = encoder()(windows(3, persons=2))
    assert out.shape == (3, 16)
    assert torch.isfinite(out).all()


def test_masked_person_counts_for_nothing() -> None:
    model, lone = encoder(), windows(4)
    padded = torch.cat([lone, torch.zeros_like(lone)], dim=1)
    torch.testing.assert_close(model(padded), model(lone), rtol=1e-4, atol=1e-5)


def test_two_persons_are_the_mean_of_each_in_any_order() -> None:
    model, pair = encoder(), windows(3, persons=2)
    each = (model(pair[:, :1]) + model(pair[:, 1:])) / 2
    torch.testing.assert_close(model(pair), each, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model(pair.flip(1)), model(pair), rtol=1e-4, atol=1e-5)


def test_nobody_at_all_is_zero() -> None:
    assert not encoder()(torch.zeros(2, 2, 48, 25, 3)).any()


def test_order_of_time_and_joints_matters() -> None:
    model, x = encoder(), windows(2)
    assert (model(x.flip(2)) - model(x)).abs().max() > 1e-4
    assert (model(x.flip(3)) - model(x)).abs().max() > 1e-4


def test_tokens_are_left_out_in_training_alone() -> None:
    model, x = encoder(), windows(2)
    assert torch.equal(model(x), model(x))
    model.train()
    assert not torch.equal(model(x), model(x))
    assert model._kept(torch.randn(2, 40, 16)).shape == (2, 30, 16)  # pyright: ignore[reportPrivateUsage]


def test_a_window_of_another_length_is_refused() -> None:
    with pytest.raises(ShapeError, match="48 frames, got 24"):
        encoder()(windows(1)[:, :, :24])


@pytest.mark.parametrize(
    "changes", [{"width": 0}, {"heads": 3}, {"patch": 7}, {"token_drop": 1.0}, {"depth": 0}, {"heads": 0}]
)
def test_sizes_nobody_can_build_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        TransformerConfig(**changes)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("parts", [5, 10])
def test_twins_leave_out_the_same_joints_of_a_window_and_of_its_mirror(parts: Literal[5, 10]) -> None:
    config = replace(SMALL, parts=parts, token_drop=0.5)
    model = BodyTransformer(config, twins=True).train()
    steps, mirror = config.frames // config.patch, NTU_25.mirrored()
    size = steps * parts
    numbered = torch.arange(float(size)).view(1, size, 1).expand(6, size, 1)
    # Asked directly: which tokens were left out shows nowhere else.
    kept = model._kept(numbered).long()[..., 0]  # pyright: ignore[reportPrivateUsage]
    for one, other in zip(kept[:3].tolist(), kept[3:].tolist(), strict=True):
        seen = [
            {(token // parts, joint) for token in half for joint in model.parts[token % parts]}
            for half in (one, other)
        ]
        assert seen[1] == {(step, Joint(mirror[joint])) for step, joint in seen[0]}


def test_exported_products_have_their_bias_inside(tmp_path: Path) -> None:
    model = encoder()
    persons = {0: torch.export.Dim("N", min=1), 1: torch.export.Dim("M", min=1, max=2)}
    export_graph(model, windows(2, 2).numpy(), tmp_path / "x.onnx", "positions", "embedding", persons)
    nodes = onnx.load(tmp_path / "x.onnx").graph.node
    kinds = Counter(node.op_type for node in nodes)
    # One for each part and four a block; what is left is attention itself, twice a block.
    assert (kinds["Gemm"], kinds["MatMul"]) == (len(PARTS) + 4 * SMALL.depth, 2 * SMALL.depth)
    lone = windows(1)
    found = torch.from_numpy(GraphSession(tmp_path / "x.onnx").run(lone.numpy()))
    torch.testing.assert_close(found, model(lone).detach(), atol=1e-5, rtol=0)
