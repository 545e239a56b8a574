"""Trains the COCO-17 lifter: ``python -m training.lifter --data FOLDER --out WEIGHTS.npz``.

Recorded and synthetic people are turned at random, looked at by a random camera, and their joints in
the picture disturbed, hidden and cut off as an estimator's are; the network learns to say where the
joints were. Every fifth subject of each set is kept out, and HDM05 as a whole, to measure it on.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm import tqdm

from streams.lifting import BODY_SIZE_M, Lifter, features
from streams.skeleton.errors import AnymoveError, DataError
from streams.skeleton.layouts import COCO_17, NTU_25, Joint
from streams.skeleton.normalize import body_size
from training.datasets.packed import load_packed
from training.grammar import PRIMITIVES, motion_of

Array = NDArray[np.float32]
Rng = np.random.Generator

TRAINED_ON = ("accad", "berkeley_mhad", "cmu_dance", "cmu_iclone", "cmu_locomotion", "precog", "ui_prmd")
ALSO_MEASURED = "hdm05"
_HELD_OUT = 5
_FACE = {
    "nose": (0.0, -0.03, 0.11),
    "eye_left": (0.03, 0.01, 0.09),
    "eye_right": (-0.03, 0.01, 0.09),
    "ear_left": (0.075, 0.0, 0.0),
    "ear_right": (-0.075, 0.0, 0.0),
}
"""Where the face is around the head joint, metres to the person's left, up and ahead."""
_BODY = [NTU_25.joints.index(name) for name in COCO_17.joints if name not in _FACE]


def _points(*parts: str, sides: tuple[str, ...] = ("left", "right")) -> NDArray[np.bool_]:
    wanted = {f"{part}_{side}" for part in parts for side in sides} | {*parts}
    return np.array([name in wanted for name in COCO_17.joints])


_HIDDEN = (
    (0.12, _points("knee", "ankle")),
    (0.08, _points("ankle")),
    (0.04, _points("elbow", "wrist", sides=("left",))),
    (0.04, _points("elbow", "wrist", sides=("right",))),
    (0.2, _points("nose", "eye", "ear")),
)
"""How often these points are hidden together: by a table or the picture's edge, a back or a wall, a
turned head."""


@dataclass(frozen=True)
class LifterConfig:
    """Trains the network that lifts COCO-17 points into space."""

    data: Path
    """Folder of the packed open sets."""
    out: Path
    """Weights to write, npz."""
    report: Path | None = None
    """Where to write what was measured, as JSON."""
    steps: int = 9000
    """Of the optimiser."""
    batch: int = 512
    """Bodies in a step."""
    hidden: int = 256
    """Width of the network."""
    blocks: int = 2
    """Residual blocks of two layers each."""
    learning_rate: float = 2e-3
    """At its highest."""
    every: int = 3
    """Of the recordings' frames, one in so many is used."""
    seed: int = 0


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code: 0, or 2 after one line that says what was wrong."""
    config = tyro.cli(LifterConfig, args=argv, description=__doc__)
    try:
        measured = train(config)
    except AnymoveError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    text = json.dumps(measured, indent=1)
    if config.report is not None:
        config.report.write_text(text + "\n", "utf-8")
    sys.stdout.write(text + "\n")
    return 0


def train(config: LifterConfig) -> dict[str, Any]:
    """What was measured on people the network has not seen, once its weights are written.

    Raises:
        DataError: A set is missing.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    seen, unseen = bodies(config, rng)
    network = Network(config.hidden, config.blocks)
    optimizer = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=config.steps, pct_start=0.1
    )
    for _ in tqdm(range(config.steps), "lifter", mininterval=5.0):
        drawn = seen[rng.integers(len(seen), size=config.batch)]
        points, confidence, joints = viewed(drawn, rng)
        guess = network(torch.from_numpy(features(points, confidence)))
        away = (guess - torch.from_numpy(joints)).square().sum(dim=-1)
        loss = (away + 1e-8).sqrt().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    save(network, config.out)
    with np.load(config.out) as archive:
        lifter = Lifter(archive)
    return {"frames": len(seen), "sets": {name: measure(lifter, b) for name, b in unseen.items()}}


class Network(nn.Module):
    """The network of ``streams.lifting`` in torch."""

    def __init__(self, hidden: int, blocks: int) -> None:
        super().__init__()
        widths = [(3 * len(COCO_17), hidden), *[(hidden, hidden)] * (2 * blocks), (hidden, 3 * len(NTU_25))]
        self.layers = nn.ModuleList(nn.Linear(*width) for width in widths)

    def forward(self, told: Tensor) -> Tensor:
        """(N, 25, 3) joints, hips at the origin, of (N, 51) ``streams.lifting.features``."""
        first, *blocks, last = self.layers
        hidden = torch.relu(first(told))
        for inner, outer in zip(blocks[::2], blocks[1::2], strict=True):
            hidden = hidden + torch.relu(outer(torch.relu(inner(hidden))))
        joints = last(hidden).reshape(-1, len(NTU_25), 3)
        return joints - joints[:, :1]


def save(network: Network, path: Path) -> None:
    """Write the weights in half precision, as ``streams.lifting.Lifter`` reads them."""
    arrays: dict[str, NDArray[Any]] = {"layers": np.array(len(network.layers))}
    for i, layer in enumerate(network.layers):
        assert isinstance(layer, nn.Linear)
        arrays[f"weight{i}"] = layer.weight.detach().numpy().T.astype(np.float16)
        arrays[f"bias{i}"] = layer.bias.detach().numpy().astype(np.float16)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def bodies(config: LifterConfig, rng: Rng) -> tuple[Array, dict[str, Array]]:
    """Bodies to learn from, (N, 25, 3), and per set those of people kept out; hips at the origin."""
    seen: list[Array] = []
    unseen: dict[str, Array] = {}
    for name in (*TRAINED_ON, ALSO_MEASURED):
        packed = load_packed(config.data / f"{name}.npz")
        subjects = sorted(set(packed.subjects))
        kept_out = set(subjects[::_HELD_OUT]) if name != ALSO_MEASURED else set(subjects)
        sized = [
            (_one_size(s[:: config.every]), who)
            for s, who in zip(packed.sequences, packed.subjects, strict=True)
        ]
        unseen[name] = np.concatenate([s for s, who in sized if who in kept_out])
        seen += [s for s, who in sized if who not in kept_out]
    # The deeds of the grammar are poses that nobody recorded.
    for primitive in PRIMITIVES.values():
        for side in primitive.sides:
            seen.append(_one_size(motion_of(primitive.key, side, rng).positions[:: 2 * config.every]))
    if not seen:
        raise DataError(f"wanted the packed open sets in {config.data}, got none; name their folder")
    return np.concatenate(seen), unseen


def _one_size(positions: Array) -> Array:
    centred = positions - positions[:, :1]
    return (centred * (BODY_SIZE_M / body_size(centred))).astype(np.float32)


def viewed(drawn: Array, rng: Rng, *, clean: bool = False) -> tuple[Array, Array, Array]:
    """(N, 17, 2) points, (N, 17) confidence, and (N, 25, 3) joints as they should come out.

    Args:
        drawn: (N, 25, 3) bodies, hips at the origin.
        rng: Of cameras and disturbances.
        clean: Nothing is disturbed or hidden.
    """
    count = len(drawn)
    swapped = rng.random(count) < 0.5
    joints = drawn.copy()
    joints[swapped] = drawn[swapped][:, list(NTU_25.mirrored())] * np.array([-1, 1, 1], np.float32)
    joints = _turned(joints, rng.uniform(0, 2 * np.pi, count), axis=1)
    flat = _seen(_with_face(joints, rng), rng)
    confidence = np.ones((count, len(COCO_17)), np.float32)
    if not clean:
        spread = np.abs(rng.normal(0.0, 0.012, (count, 1, 1)))
        flat = flat + rng.normal(size=flat.shape) * spread
        confidence[rng.random(confidence.shape) < 0.04] = 0.0
        for chance, hidden in _HIDDEN:
            confidence[(rng.random((count, 1)) < chance) & hidden] = 0.0
    return flat.astype(np.float32), confidence, joints


def _with_face(joints: Array, rng: Rng) -> Array:
    """(N, 17, 3) COCO joints: the face is put around a head that looks more or less ahead."""
    across = joints[:, Joint.SHOULDER_LEFT] - joints[:, Joint.SHOULDER_RIGHT]
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    up = joints[:, Joint.HEAD] - joints[:, Joint.SPINE_SHOULDER]
    up -= across * (up * across).sum(axis=1, keepdims=True)
    up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), 1e-6)
    # (left, up, ahead) of the shoulders; nobody's head is always straight.
    frame = np.stack([across, up, np.cross(across, up)], axis=1)
    local = np.tile(np.array(list(_FACE.values()), np.float32), (len(joints), 1, 1))
    local = _turned(local, rng.normal(0, 0.45, len(joints)), axis=1)
    local = _turned(local, rng.normal(0, 0.25, len(joints)), axis=0)
    face = joints[:, Joint.HEAD, None] + np.einsum("nfk,nkc->nfc", local, frame)
    return np.concatenate([face, joints[:, _BODY]], axis=1).astype(np.float32)


def _seen(joints: Array, rng: Rng) -> NDArray[np.float64]:
    """(N, J, 2) in the picture of a camera that looks at the hips from a random height and distance."""
    count = len(joints)
    distance = rng.uniform(1.8, 6.0, count)
    down = np.arctan2(rng.uniform(-0.6, 1.6, count), distance)
    tilted = _turned(_turned(joints, -down, axis=0), rng.normal(0, 0.05, count), axis=2)
    depth = np.maximum(tilted[..., 2] + distance[:, None], 0.4)
    return -tilted[..., :2] / depth[..., None] * distance[:, None, None]


def _turned(joints: Array, angles: NDArray[np.floating], *, axis: int) -> Array:
    """The bodies, each turned about an axis by its own angle."""
    one, other = [k for k in range(3) if k != axis]
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    turned = joints.copy()
    turned[..., one] = cos * joints[..., one] - sin * joints[..., other]
    turned[..., other] = sin * joints[..., one] + cos * joints[..., other]
    return turned


def measure(lifter: Lifter, unseen: Array) -> dict[str, Any]:
    """Mean distance from where the joints were, millimetres, of an adult's size (trunk and leg 1.3 m)."""
    rng = np.random.default_rng(1)
    drawn = unseen[:: max(1, len(unseen) // 4000)]
    result: dict[str, Any] = {"frames": len(drawn)}
    for name, clean in (("every point seen", True), ("disturbed", False)):
        points, confidence, joints = viewed(drawn, rng, clean=clean)
        away = 1000 * np.linalg.norm(lifter(points, confidence) - joints, axis=2)
        flat = joints * np.array([1, 1, 0], np.float32)
        result[name] = {
            "mean_mm": round(float(away.mean()), 1),
            "without_depth_mm": round(1000 * float(np.linalg.norm(flat - joints, axis=2).mean()), 1),
        }
        if clean:
            per_joint = dict(zip(NTU_25.joints, away.mean(axis=0), strict=True))
            result["joints_mm"] = {joint: round(float(mm)) for joint, mm in per_joint.items()}
    return result


if __name__ == "__main__":
    sys.exit(main())
