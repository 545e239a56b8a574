"""The laboratory's table in Markdown, with the papers' own rows beside it."""

from collections.abc import Mapping
from typing import Any

_TITLES = {
    "devise": "DeViSE",
    "relation-net": "RelationNet",
    "revise": "ReViSE",
    "jpose": "JPoSE",
    "cada-vae": "CADA-VAE",
    "synse": "SynSE",
    "smie": "SMIE",
    "pgfa-frozen": "PGFA's projection, frozen encoder",
    "star": "STAR",
    "neuron": "Neuron",
    "pgfa": "PGFA, end to end",
    "pgfa-prototypes": "PGFA, end to end, test-time prototypes",
    "pgfa-exemplars": "PGFA, one example a class in place of texts",
    "pgfa-one-shot": "PGFA, one example a class, test-time prototypes",
}
_BEST_ROUND = "one example, transductive, best round on test"
_PAPER_ROWS = (
    ("NTU-60 smie-1 to 3, mean", "SMIE", "63.57", "top-1, best test epoch", "PGFA, TIP 2025"),
    (
        "NTU-60 smie-1 to 3, mean",
        "PGFA without prototypes",
        "80.45",
        "top-1, best test epoch",
        "PGFA, TIP 2025",
    ),
    ("NTU-60 smie-1 to 3, mean", "PGFA", "93.17", "transductive, best test epoch", "PGFA, TIP 2025"),
    ("NTU-120 smie-1 to 3, mean", "PGFA", "71.38", "transductive, best test epoch", "PGFA, TIP 2025"),
    ("PKU-MMD smie-1 to 3, mean", "PGFA", "87.80", "transductive, best test epoch", "PGFA, TIP 2025"),
    ("NTU-60 55-5", "PGFA", "80.26", "transductive, best test epoch", "PGFA, TIP 2025"),
    ("NTU-60 one-shot-50-10", "PGFA one-shot", "83.8", _BEST_ROUND, "PGFA, TIP 2025"),
    ("NTU-120 one-shot-100-20", "PGFA one-shot", "69.8", _BEST_ROUND, "PGFA, TIP 2025"),
    ("PKU-MMD one-shot-41-10", "PGFA one-shot", "86.9", _BEST_ROUND, "PGFA, TIP 2025"),
    ("NTU-60 55-5", "STAR", "81.4, H 69.4", "top-1, unseen texts in training", "STAR, ACM MM 2024"),
    ("NTU-60 48-12", "STAR", "45.1, H 46.6", "top-1, unseen texts in training", "STAR, ACM MM 2024"),
    ("PKU-MMD 46-5", "STAR", "76.3, H 65.0", "top-1, unseen texts in training", "STAR, ACM MM 2024"),
    ("NTU-60 55-5", "Neuron", "86.9, H 71.4", "either-hit, gamma on test", "Neuron, CVPR 2025"),
    ("NTU-60 48-12", "Neuron", "62.7, H 59.1", "either-hit, gamma on test", "Neuron, CVPR 2025"),
    ("NTU-120 110-10", "Neuron", "71.5, H 63.3", "either-hit, gamma on test", "Neuron, CVPR 2025"),
    ("NTU-120 96-24", "Neuron", "57.1, H 53.6", "either-hit, gamma on test", "Neuron, CVPR 2025"),
    ("PKU-MMD 46-5", "Neuron", "89.2, H 77.4", "either-hit, gamma on test", "Neuron, CVPR 2025"),
)
"""Benchmark, method, published figure (%), what it measures, source."""


def lab_table(found: Mapping[str, Any]) -> str:
    """One row a method: mean and spread over tasks and seeds, per cent."""
    lines = [
        "| method | trials | top-1 | class mean | either-hit | S | U | H | AUSUC |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    methods: Mapping[str, Any] = found["methods"]
    order = [name for name in _TITLES if name in methods]
    for name in order:
        row = methods[name]
        keys = ("zero_shot", "balanced", "either", "seen", "unseen", "harmonic", "area")
        cells = [
            f"{100 * row[key]['mean']:.1f} ± {100 * row[key]['sd']:.1f}" if key in row else "–"
            for key in keys
        ]
        lines.append(f"| {_TITLES[name]} | {row['trials']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def paper_table(own: Mapping[tuple[str, str], str] | None = None) -> str:
    """The papers' rows, ours beside them where there was a run.

    Args:
        own: Our figure by benchmark and method as the rows name them.
    """
    lines = [
        "| benchmark | method | published, % | what it measures | source | here |",
        "|---|---|---|---|---|---|",
    ]
    for benchmark, method, value, what, source in _PAPER_ROWS:
        here = (own or {}).get((benchmark, method), "not run")
        lines.append(f"| {benchmark} | {method} | {value} | {what} | {source} | {here} |")
    return "\n".join(lines)


_OURS = {
    "SMIE": ("smie", "zero_shot"),
    "PGFA without prototypes": ("pgfa", "zero_shot"),
    "PGFA": ("pgfa-prototypes", "zero_shot"),
    "PGFA one-shot": ("pgfa-one-shot", "zero_shot"),
    "STAR": ("star", "zero_shot"),
    "Neuron": ("neuron", "either"),
}
"""Our trial and figure for each row's method."""
_DATA = {"NTU-60": "ntu60", "NTU-120": "ntu120", "PKU-MMD": "pku-mmd"}


def own_rows(found: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Our figure, tier B, for every row of the papers that was run; empty for the open sets."""
    rows: dict[tuple[str, str], str] = {}
    for benchmark, method, _, what, _ in _PAPER_ROWS:
        data, _, split = benchmark.partition(" ")
        if _DATA[data] != found["setting"].get("benchmark"):
            continue
        tasks = {"smie-1", "smie-2", "smie-3"} if split.startswith("smie") else {split}
        own, figure = _OURS[method]
        mine = [t for t in found["trials"] if t["method"] == own and t["task"] in tasks]
        if {t["task"] for t in mine} != tasks:
            continue
        value = 100 * sum(t[figure] for t in mine) / len(mine)
        strict = 100 * sum(t["zero_shot"] for t in mine) / len(mine)
        shown = f"{value:.1f}" if figure == "zero_shot" else f"{value:.1f} (strict {strict:.1f})"
        if what.startswith(("top-1, unseen", "either")):
            shown += f", H {100 * sum(t['harmonic'] for t in mine) / len(mine):.1f}"
        rows[benchmark, method] = shown
    return rows


def lab_page(found: Mapping[str, Any], *, command: str) -> str:
    """The whole page."""
    setting: Mapping[str, Any] = found["setting"]
    tasks = sorted({trial["task"] for trial in found["trials"]})
    seeds = sorted({trial["seed"] for trial in found["trials"]})
    chance = next(iter(found["methods"].values()))["chance"]["mean"]
    encoder = setting["encoder"]
    epochs = {key: setting[key]["epochs"] for key in ("pretrain", "align", "end_to_end")}
    return "\n".join(
        [
            "# The laboratory: every method on one encoder's features",
            "",
            f"Written by `{command}` from its JSON; do not edit.",
            "",
            f"Tier B: last epoch, no choice on test labels. {len(tasks)} tasks ({', '.join(tasks)}), "
            f"{len(seeds)} seed(s), {len(setting['classes'])} classes, {setting['samples']} windows, "
            f"encoder {encoder['kind']} of width {encoder['width']}; epochs: {epochs['pretrain']} of "
            f"pre-training, {epochs['align']} of alignment, {epochs['end_to_end']} end to end; text "
            f"encoder {setting['text_encoder']} (STAR's and Neuron's is CLIP, which was not run here).",
            "",
            "Per cent, mean ± standard deviation over trials; a guess among the unseen classes is right "
            f"in {100 * chance:.1f} %. Top-1 is strict: the mean over a method's branches. Either-hit "
            "counts a sample that any branch gets right, as Neuron's paper does, and must not be compared "
            "with top-1. S, U and H are at the calibration of the other tasks; AUSUC needs none. Test-time "
            "prototypes see the whole test set before they answer. One example a class is PGFA's one-shot "
            "protocol: the example's own recording is not asked.",
            "",
            lab_table(found),
            "",
            "## What the papers report on NTU RGB+D and PKU-MMD",
            "",
            "The data are licence-gated: nothing in the last column is claimed without a run. Ours are of "
            "the last epoch, the papers' of the best on the test set.",
            "",
            paper_table(own_rows(found)),
            "",
        ]
    )
