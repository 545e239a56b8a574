"""Figures of docs/results/bank.md: accuracy along streams, differences with their intervals, endurance."""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from training.stream_eval import YARDSTICKS
from training.streams import MAIN

_COLOURS = dict(zip(YARDSTICKS, ("#777777", "#0055aa", "#cc7700", "#228833", "#88bb66"), strict=True))


def plot_all(results: dict[str, Any], folder: Path) -> list[Path]:
    """The PNG files that were written into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"curves": _curves, "differences": _differences, "endurance": _endurance}
    written: list[Path] = []
    for name, draw in figures.items():
        if name == "endurance" and not results["soak"]:
            continue
        figure = draw(results)
        path = folder / f"bank-{name}.png"
        figure.savefig(path, dpi=110, metadata={"Software": None})
        plt.close(figure)
        written.append(path)
    return written


def _curves(results: dict[str, Any]) -> Any:
    """Accuracy in each twentieth of the main streams, mean over encoders and orders."""
    figure, axes = plt.subplots(2, 3, figsize=(11, 6), sharey=True, layout="constrained")
    for axis, stream in zip(axes.flat, MAIN, strict=True):
        for rule in YARDSTICKS[:4]:
            told = [
                (n, 100 * y)
                for n, y in enumerate(results["streams"][stream][rule]["curve"])
                if y is not None
            ]
            axis.plot(*zip(*told, strict=True), label=rule, color=_COLOURS[rule], linewidth=1.5)
        axis.set_title(stream, fontsize=10)
        axis.grid(alpha=0.3)
        axis.set_xticks([0, 5, 10, 15, 19], ["0", "1/4", "1/2", "3/4", "1"])
    for axis in axes[1]:
        axis.set_xlabel("part of the stream")
    for axis in axes[:, 0]:
        axis.set_ylabel("named rightly, %")
    axes[0, 0].legend(fontsize=8)
    return figure


def _differences(results: dict[str, Any]) -> Any:
    """Class-balanced accuracy along the main streams less that of text only, 95 % intervals."""
    figure, axes = plt.subplots(1, len(MAIN), figsize=(13, 4.2), sharey=True, layout="constrained")
    for axis, stream in zip(axes, MAIN, strict=True):
        rules = [rule for rule in results["streams"][stream] if rule != "text-only"][::-1]
        for n, rule in enumerate(rules):
            mean, low, high = (100 * x for x in results["streams"][stream][rule]["balanced_less_text"])
            axis.plot([low, high], [n, n], color=_COLOURS.get(rule, "#aa4455"), linewidth=2)
            axis.plot(mean, n, "o", color=_COLOURS.get(rule, "#aa4455"), markersize=5)
        axis.axvline(0, color="black", linewidth=0.8)
        axis.set_yticks(range(len(rules)), rules, fontsize=8)
        axis.set_title(stream, fontsize=9)
        axis.grid(axis="x", alpha=0.3)
    figure.supxlabel("points above text only, class-balanced", fontsize=9)
    return figure


def _endurance(results: dict[str, Any]) -> Any:
    figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for name, row in results["soak"].items():
        tenths = [100 * share for share in row["tenths"]]
        axis.plot(range(1, 11), tenths, "o-", color=_COLOURS["anchored"], label=f"anchored, {name}")
        axis.set_xlabel(f"tenth of {row['updates']:,} updates")
    axis.set_ylim(0, 100)
    axis.set_ylabel("named rightly, %")
    axis.grid(alpha=0.3)
    axis.legend(fontsize=8)
    return figure
