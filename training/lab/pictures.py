"""Pictures of what the laboratory found: who is taken for whom, and how embeddings lie."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.manifold import TSNE  # pyright: ignore[reportMissingTypeStubs]

from training.lab.results import Trial
from training.protocols import probabilities

_MOST = 600
"""Samples in a map."""
_LONGEST = 34
"""Letters of a class name."""


def write_confusions(trials: Sequence[Trial], names: Sequence[str], folder: Path) -> list[Path]:
    """A PNG for each task and method, over all its seeds: hidden classes as candidates, rows add to 100 %.

    Args:
        trials: Of any tasks and methods.
        names: K class names.
        folder: Where they go.
    """
    groups: dict[tuple[str, str], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.task, trial.method), []).append(trial)
    return [
        write_confusion(
            np.sum([confusion(trial) for trial in many], axis=0),
            [names[k] for k in sorted(many[0].unseen)],
            f"{method}, {task}: hidden classes, {len(many)} seed(s)",
            folder / f"confusion.{task}.{method}.png",
        )
        for (task, method), many in groups.items()
    ]


def confusion(trial: Trial) -> NDArray[np.int64]:
    """(U, U) counts of hidden samples, true class by class said, hidden classes as candidates."""
    columns = sorted(trial.unseen)
    hidden = np.isin(trial.truth, columns)
    tables = trial.branches[:, hidden][:, :, columns]
    said = np.mean([probabilities(table) for table in tables], axis=0).argmax(axis=1)
    found = np.zeros((len(columns), len(columns)), np.int64)
    np.add.at(found, (np.searchsorted(columns, trial.truth[hidden]), said), 1)
    return found


def write_map(
    rows: NDArray[np.float32], labels: NDArray[np.int64], names: Sequence[str], path: Path, *, title: str
) -> Path:
    """A PNG of the embeddings in two dimensions, by t-SNE on cosines (van der Maaten and Hinton, 2008).

    Args:
        rows: (N, D) embeddings, N at least 8; some are left out of many.
        labels: (N,) index into ``names``.
        names: K class names.
        path: Where it goes.
        title: Above the map.
    """
    kept = np.random.default_rng(0).permutation(len(rows))[:_MOST]
    perplexity = min(30.0, (len(kept) - 1) / 3)
    made = TSNE(metric="cosine", init="random", perplexity=perplexity, random_state=0)
    points: NDArray[np.float32] = np.asarray(made.fit_transform(rows[kept]))  # pyright: ignore
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    for number, k in enumerate(np.unique(labels[kept])):
        mine = points[labels[kept] == k]
        axes.scatter(
            mine[:, 0],
            mine[:, 1],
            s=14,
            color=_colour(number),
            marker="os^Dvp"[number // 10 % 6],
            label=_short(names[int(k)]),
        )
    axes.set(title=title, xticks=[], yticks=[])
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    return _save(figure, path)


def write_confusion(counts: NDArray[np.int64], names: Sequence[str], title: str, path: Path) -> Path:
    """A PNG of a table of confusions, in which rows add to 100 %.

    Args:
        counts: (K, K) samples, true class by class said.
        names: K class names.
        title: Above the table.
        path: Where it goes.
    """
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 3.5 + 0.36 * len(names)
    figure = Figure(figsize=(size + 1.5, size), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    if len(names) <= 30:
        for (row, column), share in np.ndenumerate(shares):
            if share >= 1:
                colour = "white" if share > 55 else "black"
                axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=7, color=colour)
    ticks = np.arange(len(names))
    shorter = [_short(name) for name in names]
    axes.set_xticks(ticks, shorter, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(ticks, shorter, fontsize=8)
    axes.set(title=title, xlabel="said", ylabel="true")
    figure.colorbar(shown, ax=axes, label="% of the true class", shrink=0.8)
    return _save(figure, path)


def _colour(number: int) -> str:
    """Ten colours that differ, then the same with another marker."""
    return f"C{number % 10}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _save(figure: Figure, path: Path) -> Path:
    """The PNG, in one move."""
    # It tells of fonts it looks for.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    FigureCanvasAgg(figure).print_png(str(temporary))
    temporary.replace(path)
    return path
