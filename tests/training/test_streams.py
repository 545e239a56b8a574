"""Every order is one of the samples there are, and has the shape its name promises."""

import numpy as np
import pytest

from training.features import Features
from training.streams import STREAMS, bursty, contaminated, imbalanced, other_people, sorted_by_class


@pytest.fixture(scope="module")
def features() -> Features:
    rng, truth = np.random.default_rng(0), np.repeat(np.arange(6), 40)
    rows = rng.normal(size=(len(truth), 1, 8)).astype(np.float32)
    others = rng.normal(size=(50, 1, 8)).astype(np.float32)
    names = np.array([f"c{k}" for k in range(6)])
    return Features(rows, truth, rows, np.arange(len(truth)), rows[:6], others, names, names[truth])


@pytest.mark.parametrize("name", list(STREAMS))
def test_no_sample_comes_twice_and_the_seed_decides(features: Features, name: str):
    one, same, other = (STREAMS[name](features, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert len(set(one.tolist())) == len(one)
    assert one.min() >= 0
    assert one.max() < len(features.truth) + len(features.others)
    np.testing.assert_array_equal(one, same)
    assert one.tolist() != other.tolist()


def test_sorted_streams_change_class_as_seldom_as_can_be(features: Features):
    labels = features.truth[sorted_by_class(features, np.random.default_rng(0))]
    assert (np.diff(labels) != 0).sum() == 5


def test_bursty_streams_change_class_seldom(features: Features):
    labels = features.truth[bursty(features, np.random.default_rng(0))]
    assert len(labels) == len(features.truth)
    shuffled = features.truth[STREAMS["shuffled"](features, np.random.default_rng(0))]
    assert (np.diff(labels) != 0).sum() < (np.diff(shuffled) != 0).sum() / 2


def test_imbalanced_streams_have_twenty_of_the_most_frequent_to_one_of_the_rarest(features: Features):
    counts = np.bincount(features.truth[imbalanced(features, np.random.default_rng(0))])
    assert counts.max() / counts.min() == pytest.approx(20)


def test_contaminated_streams_hold_what_is_of_no_class(features: Features):
    order = contaminated(features, np.random.default_rng(0))
    assert (order >= len(features.truth)).sum() == len(features.others)


def test_absent_classes_never_come(features: Features):
    order = imbalanced(features, np.random.default_rng(0), ratio=40.0, absent=2)
    counts = np.bincount(features.truth[order], minlength=6)
    assert (counts > 0).sum() == 4
    assert counts.max() / counts[counts > 0].min() == pytest.approx(40)


def test_other_people_come_in_the_second_half(features: Features):
    order = other_people(features, np.random.default_rng(0))
    people = features.subjects[order]
    changes = people[1:] != people[:-1]
    first, last = set(people[:40].tolist()), set(people[-40:].tolist())
    assert changes.any()
    assert not first & last
