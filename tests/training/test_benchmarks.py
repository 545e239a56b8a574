import json

import numpy as np
import pytest

from streams.skeleton.errors import ConfigError, DataError
from training.benchmarks import PROTOCOLS, class_names, class_split, class_splits, parts, recording_split

SIZES = {"ntu60": 60, "ntu120": 120, "pku-mmd": 51}


@pytest.mark.parametrize(("data", "size"), SIZES.items())
def test_class_names_are_complete_and_differ(data: str, size: int) -> None:
    names = class_names(data)
    assert len(names) == len(set(names)) == size


def test_pku_classes_are_in_the_alphabetical_order_its_labels_count_in() -> None:
    names = class_names("pku-mmd")
    assert (names[0], names[7], names[32], names[50]) == ("bow", "drink water", "sit down", "writing")


@pytest.mark.parametrize("data", SIZES)
def test_every_split_is_sorted_within_range_and_has_a_source(data: str) -> None:
    for split in class_splits(data):
        assert list(split.unseen) == sorted(set(split.unseen))
        assert split.unseen[0] >= 0
        assert split.unseen[-1] < SIZES[data]
        assert split.source


@pytest.mark.parametrize(
    ("data", "name", "unseen"),
    [
        ("ntu60", "55-5", 5),
        ("ntu60", "48-12", 12),
        ("ntu60", "one-shot-50-10", 10),
        ("ntu120", "110-10", 10),
        ("ntu120", "96-24", 24),
        ("ntu120", "one-shot-100-20", 20),
        ("pku-mmd", "46-5", 5),
        ("pku-mmd", "39-12", 12),
        ("pku-mmd", "one-shot-41-10", 10),
    ],
)
def test_splits_have_as_many_unseen_classes_as_their_name_says(data: str, name: str, unseen: int) -> None:
    assert len(class_split(data, name).unseen) == unseen


@pytest.mark.parametrize("data", ["ntu60", "pku-mmd"])  # those of NTU-120 share class 42, as published
def test_smie_folds_are_disjoint(data: str) -> None:
    folds = [set(class_split(data, f"smie-{fold}").unseen) for fold in (1, 2, 3)]
    assert len(set.union(*folds)) == sum(map(len, folds))


def test_exemplars_are_one_recording_of_each_unseen_class() -> None:
    split = class_split("ntu120", "one-shot-100-20")
    assert [int(name[-3:]) - 1 for name in split.exemplars] == list(split.unseen)


def test_subject_splits_have_half_of_the_subjects() -> None:
    assert len(recording_split("ntu60", "xsub").training) == 20
    assert len(recording_split("ntu120", "xsub").training) == 53
    assert recording_split("ntu120", "xset").training == frozenset(range(2, 33, 2))


def test_parts_are_disjoint_and_leave_out_unseen_classes_of_training_subjects() -> None:
    classes = np.repeat(np.arange(60), 4)
    training = np.tile([True, True, False, False], 60)
    found = parts(classes, training, class_split("ntu60", "55-5"))
    assert found.training.sum() == found.seen_test.sum() == 110
    assert found.unseen_test.sum() == 10
    assert not (found.training & (found.seen_test | found.unseen_test)).any()
    assert not found.training[np.isin(classes, [10, 11, 19, 26, 56])].any()


def test_an_empty_part_is_named() -> None:
    with pytest.raises(DataError, match="seen test"):
        parts(np.arange(60), np.ones(60, bool), class_split("ntu60", "55-5"))


def test_labels_of_other_data_are_refused() -> None:
    with pytest.raises(DataError, match="0 to 59"):
        parts(np.array([0, 100]), np.array([True, False]), class_split("ntu60", "55-5"))


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="ntu60"):
        class_names("ucf101")
    with pytest.raises(ConfigError, match="48-12"):
        class_split("ntu60", "50-10")
    with pytest.raises(ConfigError, match="xset"):
        recording_split("ntu120", "xview")


def test_the_file_holds_no_class_twice_and_all_splits_by_another_name() -> None:
    raw = json.loads(PROTOCOLS.read_text("utf-8"))
    keys = [(split["data"], split["name"]) for split in raw["class_splits"]]
    assert len(keys) == len(set(keys))
