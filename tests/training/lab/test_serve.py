from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.backends.onnxruntime import OnnxRuntimeBackend
from engine.bundle import load_bundle
from engine.text.projection import TextProjection
from streams.skeleton.errors import ConfigError
from tests.training.lab.test_run import config
from tests.training.small_data import HashEncoder
from training.lab import serve
from training.lab.serve import ClassRows, Served, serve_method
from training.methods.neuron import Neuron, NeuronConfig
from training.methods.star import Star, StarConfig


class Pooled(nn.Module):
    """In place of an encoder, as one takes long to export: (N, 4, 3, 25) of (N, M, T, 25, 3)."""

    def cube(self, positions: Tensor) -> Tensor:
        """Features that tell windows apart."""
        x = positions.mean(dim=1).permute(0, 3, 1, 2)
        x = x.reshape(x.shape[0], 3, 3, -1, 25).mean(dim=3)
        return torch.cat([x, x[:, :1] * x[:, 1:2]], dim=1)


METHODS = {
    "star": lambda: Star(StarConfig(attributes=5, width=8, heads=2), channels=4, dim=384, seen=6),
    "neuron": lambda: Neuron(NeuronConfig(prototypes=4), channels=4, dim=384),
}


@pytest.mark.parametrize(("name", "parts"), [("star", 1), ("neuron", 2)])
def test_bundle_of_a_method_answers_as_the_method_does(
    name: str, parts: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    model = Served(Pooled(), METHODS[name]()).eval()  # pyright: ignore[reportArgumentType]
    monkeypatch.setattr(serve, "_trained", lambda *_: model)
    asked = config(tmp_path)
    asked = replace(
        asked,
        sets=("accad",),
        star=replace(asked.star, similarity="cosine"),
        neuron=replace(asked.neuron, similarity="cosine"),
    )
    (tmp_path / "toy.npz").rename(tmp_path / "accad.npz")
    folder = serve_method(name, asked, HashEncoder(), folder=tmp_path / "bundle", progress=False).folder
    bundle = load_bundle(folder)
    assert (bundle.manifest.method, bundle.manifest.parts) == (name, parts)
    assert max(bundle.manifest.parity.values()) < 1e-4
    x = np.random.default_rng(0).normal(size=(2, 1, 12, 25, 3)).astype(np.float32)
    rows = OnnxRuntimeBackend(bundle).embed(x)
    with torch.no_grad():
        wanted = nn.functional.normalize(model(torch.from_numpy(x)), dim=2).numpy()
    np.testing.assert_allclose(rows, wanted, atol=1e-4)
    typed = TextProjection(bundle).rows(HashEncoder().encode(["fly like a bird"]))
    assert typed.shape == (1, parts, wanted.shape[2])
    np.testing.assert_allclose(np.linalg.norm(typed, axis=2), 1, atol=1e-4)


def test_a_method_without_a_text_side_serves_the_texts_themselves() -> None:
    features = torch.randn(3, 12)
    torch.testing.assert_close(ClassRows(nn.Identity())(features), features[:, None])


@pytest.mark.parametrize("name", ["smie", "star"])
def test_what_a_bundle_cannot_hold_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unit rows"):
        serve_method(name, config(tmp_path), HashEncoder(), folder=tmp_path / "bundle")
