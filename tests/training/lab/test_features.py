from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streams.skeleton.errors import DataError
from tests.training.lab.test_run import LABELS, config
from tests.training.small_data import HashEncoder, write_packed
from training.lab.features import hidden_features
from training.lab.run import run_lab


def test_features_are_of_the_hidden_classes_and_strangers_of_none(tmp_path: Path) -> None:
    asked = replace(config(tmp_path), methods=("pgfa",))
    with pytest.raises(DataError, match="anymove lab"):
        hidden_features(asked, HashEncoder(), fold=1, seed=0)
    trial = run_lab(asked, HashEncoder(), progress=False)["trials"][0]
    assert trial["task"] == "fold-1"
    # A class of too few sequences for a fold, in a set of its own.
    write_packed(tmp_path / "rare.npz", ["axe kick"] * 3, frames=40)
    rare = replace(asked, sets=("toy", "rare"))
    found = hidden_features(rare, HashEncoder(), fold=1, seed=0)
    assert set(found.names) < set(LABELS)
    assert (len(found.names), len(found.events), len(found.others)) == (2, 20, 3)
    assert found.classes.shape == (2, 1, 384)
    np.testing.assert_allclose(np.linalg.norm(found.events, axis=2), 1, atol=1e-5)
