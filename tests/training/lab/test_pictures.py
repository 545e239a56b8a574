from pathlib import Path

import cv2
import numpy as np

from training.lab.pictures import confusion, write_confusions, write_map
from training.lab.results import Trial


def trial(seed: int) -> Trial:
    """Classes 1 and 3 of 4 are hidden; a sample of 3 is taken for 1, and one of class 0 does not count."""
    scores = np.zeros((1, 5, 4), np.float32)
    scores[0, [0, 1, 2, 3, 4], [1, 1, 3, 1, 0]] = 9
    return Trial("fold-0", "star", seed, scores, np.array([1, 1, 3, 3, 0]), (1, 3))


def test_confusion_counts_hidden_samples_by_true_class() -> None:
    np.testing.assert_array_equal(confusion(trial(0)), [[2, 0], [1, 1]])


def test_one_picture_a_task_and_method(tmp_path: Path) -> None:
    names = ["sit", "jump", "run", "a class whose name is far too long for the side of a picture"]
    paths = write_confusions([trial(0), trial(1)], names, tmp_path)
    assert [path.name for path in paths] == ["confusion.fold-0.star.png"]
    picture = cv2.imread(str(paths[0]))
    assert picture is not None
    assert min(picture.shape[:2]) > 200
    assert not list(tmp_path.glob("*.tmp"))


def test_map_has_a_colour_for_each_class(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 2], 20)
    rows = (np.eye(3, 8)[labels] + 0.05 * rng.normal(size=(40, 8))).astype(np.float32)
    picture = cv2.imread(str(write_map(rows, labels, "abc", tmp_path / "map.png", title="map")))
    assert picture is not None
    for colour in ((180, 119, 31), (14, 127, 255)):  # BGR of matplotlib's first two
        assert (np.abs(picture.astype(int) - colour).max(axis=2) < 8).sum() > 100
