from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streams.skeleton.errors import ConfigError, DataError
from streams.skeleton.window import WindowSpec
from tests.training.small_data import HashEncoder, write_packed
from training.config import ShiftGcnConfig
from training.lab.config import FitConfig, LabConfig
from training.lab.results import read_trials
from training.lab.run import run_lab
from training.lab.samples import open_samples
from training.lab.semantics import read_side_information
from training.methods.neuron import NeuronConfig
from training.methods.star import StarConfig

LABELS = ("walking", "running", "squat", "sit down", "stand up", "punching")


def config(folder: Path, **changes: object) -> LabConfig:
    subjects = [f"s{n // 6 % 4}" for n in range(60)]  # each does everything
    write_packed(folder / "toy.npz", LABELS * 10, frames=40, subject=np.array(subjects))
    short = FitConfig(epochs=1, batch=8)
    made = LabConfig(
        data=folder,
        out=folder / "out",
        methods=("devise", "star", "neuron", "pgfa"),
        sets=("toy",),
        seeds=1,
        only_folds=(1,),
        windows=1,
        encoder=ShiftGcnConfig(width=2),
        window=WindowSpec(frames=12),
        pretrain=short,
        align=short,
        end_to_end=short,
        star=StarConfig(attributes=4, width=8, heads=2),
        neuron=NeuronConfig(prototypes=4),
    )
    return replace(made, **changes)  # pyright: ignore[reportArgumentType]


def test_every_method_is_trained_scored_and_not_done_twice(tmp_path: Path) -> None:
    asked = config(tmp_path)
    found = run_lab(asked, HashEncoder(), progress=False)
    methods = ("devise", "star", "neuron", "pgfa", "pgfa-prototypes", "pgfa-exemplars", "pgfa-one-shot")
    assert set(found["methods"]) == set(methods)
    trials = {trial.method: trial for trial in read_trials(asked.out)}
    assert trials["neuron"].branches.shape[0] == 2
    assert len(trials["star"].unseen) == 2
    assert len(trials["pgfa-one-shot"].truth) == 2 * 10 - 2
    assert "harmonic" not in found["methods"]["pgfa-one-shot"]
    written = {path: path.stat().st_mtime_ns for path in (asked.out / "trials").iterdir()}
    again = run_lab(asked, HashEncoder(), progress=False)
    assert {path: path.stat().st_mtime_ns for path in (asked.out / "trials").iterdir()} == written
    assert again == found


def test_folds_hide_classes_and_test_other_subjects(tmp_path: Path) -> None:
    asked = config(tmp_path, only_folds=())
    samples, tasks = open_samples(asked, described=list(read_side_information()))
    assert [task.name for task in tasks] == ["fold-0", "fold-1", "fold-2"]
    assert sorted(k for task in tasks for k in task.unseen) == list(range(6))
    for task in tasks:
        assert not np.isin(samples.labels[task.training], task.unseen).any()
        assert np.isin(samples.labels[task.test], task.unseen).any()
        assert not set(task.training) & set(task.test)
        assert len(task.seen(samples)) == 4
        assert [samples.labels[n] for n in task.exemplars] == list(task.unseen)


def test_too_few_classes_are_refused(tmp_path: Path) -> None:
    asked = config(tmp_path)
    with pytest.raises(DataError, match="classes of 10"):
        open_samples(asked, described=["walking"])


def test_across_sets_what_only_the_tested_ones_have_is_hidden(tmp_path: Path) -> None:
    asked = config(tmp_path)
    write_packed(tmp_path / "other.npz", ("walking", "squat", "front kick") * 10, frames=40)
    samples, (task,) = open_samples(
        replace(asked, across=("other",)), described=list(read_side_information())
    )
    assert [samples.names[k] for k in task.unseen] == ["front kick"]
    assert (task.name, len(task.training), len(task.test)) == ("to-other", 60, 30)
    assert not set(samples.recordings[task.training]) & set(samples.recordings[task.test])
    assert {samples.names[k] for k in samples.labels[task.test]} == {"walking", "squat", "front kick"}
    assert samples.labels[task.exemplars[0]] == task.unseen[0]
    write_packed(tmp_path / "same.npz", LABELS[:3] * 10, frames=40)
    with pytest.raises(DataError, match="lack"):
        open_samples(replace(asked, across=("same",)), described=list(read_side_information()))
    with pytest.raises(ConfigError, match="in both"):
        replace(asked, across=("toy",))
