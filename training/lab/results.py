"""What the trials found: scores on disk, and the figures made of them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.metrics import balanced_top_k, harmonic_mean, top_k
from training.protocols import ausuc, either_hit, fit_calibration, generalised, probabilities


@dataclass(frozen=True, eq=False)
class Trial:
    """Scores of one method on one task with one seed.

    Attributes:
        task: Name of the class split.
        method: Name of the method.
        seed: Of all its chance.
        branches: (P, m, K) float32 scores of the test samples against all classes.
        truth: (m,) class of each.
        unseen: Columns of the hidden classes.
    """

    task: str
    method: str
    seed: int
    branches: NDArray[np.float32]
    truth: NDArray[np.int64]
    unseen: tuple[int, ...]

    @property
    def seen(self) -> tuple[int, ...]:
        """Columns of the other classes."""
        return tuple(k for k in range(self.branches.shape[2]) if k not in set(self.unseen))

    @property
    def generalised(self) -> bool:
        """Whether samples of seen classes were tested, too."""
        return bool(np.isin(self.truth, self.seen).any())

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(m, K): the mean over branches of their softmax over all classes."""
        return np.mean([probabilities(table) for table in self.branches], axis=0)


@dataclass(frozen=True)
class Figures:
    """What a trial shows, [0, 1] each."""

    zero_shot: float
    """Strict top-1 of the mean over branches, unseen classes alone as candidates."""
    balanced: float
    """The same, every class alike."""
    either: float
    """Either-hit over branches (Neuron's published measure); top-1 where there is one branch."""
    chance: float
    """Top-1 of a guess among the unseen classes."""
    area: float | None = None
    """Under the curve of U over S; None, as all below, where no seen class was tested."""
    seen: float | None = None
    """S at the gamma of the other tasks."""
    unseen: float | None = None
    """U at the same."""
    harmonic: float | None = None
    """H of the two."""


def trial_path(folder: Path, task: str, method: str, seed: int) -> Path:
    """Where a trial's scores lie."""
    return folder / "trials" / f"{task}.seed-{seed}.{method}.npz"


def write_trial(folder: Path, trial: Trial) -> None:
    """The scores, in one move."""
    path = trial_path(folder, trial.task, trial.method, trial.seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        np.savez_compressed(
            file,
            task=np.array(trial.task),
            method=np.array(trial.method),
            seed=np.array(trial.seed),
            branches=trial.branches,
            truth=trial.truth,
            unseen=np.array(trial.unseen),
        )
    temporary.replace(path)


def read_trials(folder: Path) -> list[Trial]:
    """Every trial found there, by name of its file."""
    found: list[Trial] = []
    for path in sorted((folder / "trials").glob("*.npz")):
        with np.load(path, allow_pickle=False) as raw:
            found.append(
                Trial(
                    task=str(raw["task"]),
                    method=str(raw["method"]),
                    seed=int(raw["seed"]),
                    branches=raw["branches"],
                    truth=raw["truth"],
                    unseen=tuple(int(k) for k in raw["unseen"]),
                )
            )
    return found


def figures(trial: Trial, *, gamma: float) -> Figures:
    """What the trial shows with this gamma, which no test label of it has chosen."""
    columns = list(trial.unseen)
    hidden = np.isin(trial.truth, columns)
    truth = np.searchsorted(columns, trial.truth[hidden])
    branches = trial.branches[:, hidden][:, :, columns]
    strict = np.mean([probabilities(table) for table in branches], axis=0)
    found = Figures(
        zero_shot=top_k(strict, truth),
        balanced=balanced_top_k(strict, truth),
        either=either_hit(list(branches), truth),
        chance=1 / len(columns),
    )
    if not trial.generalised:
        return found
    both = generalised(trial.probabilities, trial.truth, trial.seen, gamma=gamma)
    return replace(
        found,
        area=ausuc(trial.probabilities, trial.truth, trial.seen),
        seen=both.seen,
        unseen=both.unseen,
        harmonic=harmonic_mean(both.seen, both.unseen),
    )


def all_figures(trials: Sequence[Trial]) -> dict[tuple[str, str, int], Figures]:
    """Figures of every trial by task, method and seed; gamma is the mean of the other tasks' best.

    The hidden classes of another task are seen ones here, so no test label chooses its own gamma. A
    lone task has gamma 0.
    """
    best = {
        (t.task, t.method, t.seed): fit_calibration(t.probabilities, t.truth, t.seen)
        for t in trials
        if t.generalised
    }
    found: dict[tuple[str, str, int], Figures] = {}
    for trial in trials:
        others = [
            gamma
            for (task, method, _), gamma in best.items()
            if method == trial.method and task != trial.task
        ]
        found[trial.task, trial.method, trial.seed] = figures(
            trial, gamma=float(np.mean(others)) if others else 0.0
        )
    return found


def summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """Mean and standard deviation over tasks and seeds, by method and figure, and every trial."""
    every = all_figures(trials)
    groups: dict[str, list[Figures]] = defaultdict(list)
    for (_, method, _), one in every.items():
        groups[method].append(one)
    return {
        "methods": {method: _spread(many) for method, many in groups.items()},
        "trials": [
            {"task": task, "method": method, "seed": seed, **asdict(one)}
            for (task, method, seed), one in sorted(every.items())
        ],
    }


def _spread(many: Sequence[Figures]) -> dict[str, Any]:
    names = asdict(many[0])
    told = {name: [value for one in many if (value := getattr(one, name)) is not None] for name in names}
    return {"trials": len(many)} | {
        name: {"mean": round(float(np.mean(values)), 4), "sd": round(float(np.std(values)), 4)}
        for name, values in told.items()
        if values
    }


def write_json(path: Path, content: Any) -> None:
    """The content, in one move."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    temporary.replace(path)
