"""Tables for people, made from the JSON files in ``bench/results``; nothing in them is typed.

``python -m bench.report`` rewrites the blocks between ``<!-- generated: name -->`` and
``<!-- end -->`` in README.md and docs/results/*.md.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from bench import backends, engine_core, growth, scale, start
from bench.common import RESULTS, ROOT
from engine.bundle import DEFAULT_BUNDLE

PAGES = (
    "README.md",
    "docs/model-card.md",
    "docs/results/recognition.md",
    "docs/results/latency.md",
    "docs/results/bank.md",
    "docs/results/robustness.md",
)


def recognition_table(everything: dict[str, Any]) -> str:
    """Top-1 and top-5 by set."""
    found = everything.get("recognition")
    if found is None:
        return "Recognition: not run."
    lines = [
        "| across data sets, typed names | candidates | top-1 | top-5 | chance |",
        "|---|---|---|---|---|",
    ]
    for name, result in found["results"].items():
        if not isinstance(result, dict):
            continue
        for kind in ("label", "merged"):
            scores = result.get(kind)
            if scores:
                lines.append(
                    f"| {_set_name(name)}, {result['role']} ({result['sequences']} sequences) | "
                    f"{scores['classes']}{' merged' if kind == 'merged' else ''} | {scores['top1']:.1%} | "
                    f"{scores['top5']:.1%} | {scores['chance']:.1%} |"
                )
    return "\n".join([*lines, "", _source(found)])


def per_class_table(everything: dict[str, Any]) -> str:
    """Top-1 of every class of every set."""
    found = everything.get("recognition")
    if found is None:
        return "Recognition: not run."
    parts: list[str] = []
    for name, result in found["results"].items():
        if isinstance(result, dict) and result.get("label"):
            ranked = sorted(result["label"]["per_class"].items(), key=lambda item: (-item[1], item[0]))
            rows = [f"| {label} | {share:.0%} |" for label, share in ranked]
            parts += [f"### {_set_name(name)}", "", "| typed name | top-1 |", "|---|---|", *rows, ""]
    return "\n".join([*parts, _source(found)])


def open_world_table(everything: dict[str, Any]) -> str:
    """What lies beyond naming one of the candidates, by set."""
    found = everything.get("recognition")
    if found is None:
        return "The open world: not run."
    sets = {name: r for name, r in found["results"].items() if isinstance(r, dict) and "open_world" in r}
    rows = {"": [_set_name(name) for name in sets]}
    worlds = [result["open_world"] for result in sets.values()]
    rows["rejection of unnamed actions, AUROC"] = [f"{w['unknown_auroc']:.2f}" for w in worlds]
    rows["top-1 with the classes of the training as candidates, too"] = [
        f"{w['among_seen_top1']:.1%} of {r['label']['classes'] + w['seen_classes']}"
        for w, r in zip(worlds, sets.values(), strict=True)
    ]
    for shots in dict.fromkeys(shots for w in worlds for shots in w["shown_top1"]):
        rows[f"top-1, {shots} shown example{'s' * (shots != '1')} a class"] = [
            f"{w['shown_top1'][shots]:.1%}" if shots in w["shown_top1"] else "" for w in worlds
        ]
    rows["left told from right (chance 50 %)"] = [
        "" if w["sides_all"] is None else f"{w['sides_all']:.1%}" for w in worlds
    ]
    captions = [result["captions"] for result in sets.values()]
    for key in ("right", "wrong", "unknown", "idle"):
        rows[f"live caption {key}, share of windows"] = [f"{c[key]:.1%}" for c in captions]
    lines = [f"| {' | '.join((what, *cells))} |" for what, cells in rows.items()]
    lines.insert(1, "|---" * (len(sets) + 1) + "|")
    idle = found["results"]["idle"]
    alarms = ", ".join(f"{kind} {idle[kind]:.1f}" for kind in idle if kind not in ("minutes", "actions"))
    said = (
        f"False events an hour, {idle['actions']} actions, {idle['minutes']:.0f} simulated minutes each: "
        f"{alarms}."
    )
    return "\n".join([*lines, "", said, "", _source(found)])


def clips_table(everything: dict[str, Any]) -> str:
    """What was said of each clip."""
    found = everything.get("clips")
    if found is None:
        return "Clips: not run."
    lines = [
        "| clip | seen in it | also typed | said, shares of windows | most said |",
        "|---|---|---|---|---|",
    ]
    for name, clip in found["results"].items():
        if "not run" in clip:
            lines.append(f"| {name} | | | {clip['not run']} | |")
            continue
        shares = {**clip["captions"], "idle": clip["idle"], "unknown": clip["unknown"]}
        said = ", ".join(f"{what} {share:.0%}" for what, share in shares.items() if share > 0)
        best = clip["most_frequent"]
        verdict = "nothing" if best is None else "right" if best in clip["seen"] else "wrong"
        others = [action for action in clip["typed"] if action not in clip["seen"]]
        cells = (
            f"{name} ({clip['windows']} windows)",
            ", ".join(clip["seen"]),
            ", ".join(others),
            said,
            verdict,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", _source(found)])


def model_table(everything: dict[str, Any]) -> str:
    """What the default bundle's manifest says of it."""
    del everything  # The bundle is part of the project, not a result.
    manifest = json.loads((DEFAULT_BUNDLE / "manifest.json").read_text("utf-8"))
    recipe, window = manifest["evaluation"]["recipe"], manifest["window"]
    encoder = {**recipe["encoder"]}
    sizes = {name: (DEFAULT_BUNDLE / name).stat().st_size / 1e6 for name in ("skeleton.onnx", "text.onnx")}
    rows = {
        "bundle": manifest["name"],
        "method": manifest["method"],
        "encoder": f"{encoder.pop('kind', 'st-gcn')}: {', '.join(f'{k} {v}' for k, v in encoder.items())}",
        "text encoder": f"{manifest['text_encoder']['id']}, frozen",
        "window": f"{window['frames']} frames over {window['length_s']} s, 25 joints",
        "size": ", ".join(f"{name} {size:.1f} MB" for name, size in sizes.items()),
        "trained on": "; ".join(manifest["data"]),
        "windows seen": f"{recipe['epochs'] * recipe['epoch_windows']:,}",
        "classes of recordings": str(len(manifest["seen_classes"])),
        "licence of the weights": manifest["licence"],
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {what} | {said} |" for what, said in rows.items())])


def latency_table(everything: dict[str, Any]) -> str:
    """Percentiles of the two live benches beside their targets."""
    rows: list[str] = []
    notes: list[str] = []
    core = everything.get("engine_core")
    if core is not None:
        results = core["results"]
        rows.append(_row("engine core, one person a window", results["stages_ms"]["whole"], 8.0))
        notes.append(_source(core))
    for name, found in sorted(everything.items()):
        if not name.startswith("end_to_end"):
            continue
        results = found["results"]
        source = results["source"]
        rows.append(
            _row(
                f"capture to caption, {source}",
                results["capture_to_caption_ms"],
                results["target_capture_to_caption_p95_ms"],
            )
        )
        if results["typing_to_live_ms"]:
            rows.append(
                _row(
                    f"typing to live, {source}",
                    results["typing_to_live_ms"],
                    results["target_typing_to_live_p95_ms"],
                )
            )
        notes.append(_source(found))
    if not rows:
        return "Latency: not run."
    head = ["| milliseconds | p50 | p95 | p99 | target p95 |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, "", *notes])


def stage_table(everything: dict[str, Any]) -> str:
    """Milliseconds of every stage of capture and engine."""
    parts: list[str] = []
    for name, found in sorted(everything.items()):
        if not name.startswith("end_to_end"):
            continue
        results = found["results"]
        sender = results["capture"]["sender"]
        parts += [f"### {results['source']}", "", "| stage | p50 | p95 |", "|---|---|---|"]
        stages = {
            **{f"capture: {k}": v for k, v in results["capture"]["stages_ms"].items()},
            **{f"engine: {k}": v for k, v in results["engine_latencies_ms"].items()},
        }
        parts += [f"| {stage} | {t['p50']:.2f} | {t['p95']:.2f} |" for stage, t in stages.items()]
        parts += [
            "",
            f"{results['predictions_per_s']} predictions a second from {results['capture']['fps']} frames "
            f"a second; frames dropped {results['capture']['frames_dropped']}, windows replaced "
            f"{sender['replaced']}, refused {sender['refused']}, lost {sender['lost']}, predictions missed "
            f"{results['predictions_missed']}.",
            "",
            _source(found),
            "",
        ]
    return "\n".join(parts) if parts else "Latency: not run."


_SUMMARIES: dict[str, Callable[[dict[str, Any]], list[tuple[str, str, str]]]] = {
    "backends": backends.summary,
    "engine_core": engine_core.summary,
    "growth": growth.summary,
    "scale": scale.summary,
    "start": start.summary,
}


def speed_table(everything: dict[str, Any]) -> str:
    """The engine's benches beside their targets, as ``anymove bench`` prints them."""
    found = {suite: everything[suite] for suite in _SUMMARIES if suite in everything}
    if not found:
        return "Speed: not run."
    rows = [row for suite, result in found.items() for row in _SUMMARIES[suite](result["results"])]
    head = ["| what | measured | target |", "|---|---|---|"]
    sources = dict.fromkeys(_source(result) for result in found.values())
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows), "", *sources])


def streams_table(everything: dict[str, Any]) -> str:
    """Accuracies of every bank on every stream, and differences with their intervals."""
    found = everything.get("bank")
    if found is None:
        return "Banks on streams: not run."
    lines = [
        "| stream | rule | along it | last half | afterwards | less text only | afterwards, less offline | "
        "unknown AUROC / FPR95 / OSCR |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for stream, rules in found["results"]["streams"].items():
        for rule, row in rules.items():
            unknown = (
                "" if "auroc" not in row else f"{row['auroc']:.2f} / {row['fpr95']:.2f} / {row['oscr']:.2f}"
            )
            lines.append(
                f"| {stream} | {rule} | {row['balanced']:.1%} | {row['last_half']:.1%} | "
                f"{row['final']:.1%} | "
                f"{_points(row['balanced_less_text'])} | {_points(row['final_less_offline'])} | {unknown} |"
            )
    return "\n".join([*lines, "", _source(found)])


def teaching_table(everything: dict[str, Any]) -> str:
    """One example of each class, classes that come late, and the longest stream."""
    found = everything.get("bank")
    if found is None:
        return "Banks on streams: not run."
    results = found["results"]
    lines = [
        "| encoder | sequences | classes | text | one example each | and a stream |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in results["one_shot"].items():
        size = results["encoders"][name]
        lines.append(
            f"| {name} | {size['sequences']} | {size['classes']} | {row['text']:.1%} | "
            f"{row['example']:.1%} | {row['example_and_stream']:.1%} |"
        )
    lines += ["", "| encoder | half of the classes added along the stream | never late |", "|---|---|---|"]
    lines += [
        f"| {name} | {row['late']:.1%} | {row['never_late']:.1%} |"
        for name, row in results["growth"].items()
    ]
    for name, row in results["soak"].items():
        lines += [
            "",
            f"{row['updates']:,} updates with 10 % unknown ({name}): {row['settled']:.1%} right in the "
            f"second tenth, {row['last']:.1%} in the last; {row['numbers_held']:,} numbers held.",
        ]
    return "\n".join([*lines, "", _source(found)])


def bank_costs_table(everything: dict[str, Any]) -> str:
    """Microseconds of each rule."""
    found = everything.get("bank")
    if found is None:
        return "Banks on streams: not run."
    lines = ["| microseconds, p50 (p95) | score | learn | add a class |", "|---|---|---|---|"]
    for rule, row in found["results"]["costs_us"].items():
        cells = [
            f"{row[what]['p50']:.0f} ({row[what]['p95']:.0f})" for what in ("score", "learn", "add_class")
        ]
        lines.append(f"| {rule} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", _source(found)])


def _points(difference: list[float]) -> str:
    """A difference in points and its interval."""
    mean, low, high = (100 * value for value in difference)
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


def robustness_table(everything: dict[str, Any]) -> str:
    """Shares of windows that stay right, by disturbance and corpus."""
    found = everything.get("robustness")
    if found is None:
        return "Robustness: not run."
    corpora = {name: r for name, r in found["results"].items() if isinstance(r, dict)}
    heads = [f"{name} ({r['clips']} clips, {r['actions']} actions)" for name, r in corpora.items()]
    lines = [f"| best class right / caption right | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for rows in zip(*(r["rows"] for r in corpora.values()), strict=True):
        what = (
            f"{rows[0]['kind']} {rows[0]['value']:g} {rows[0]['unit']}"
            if rows[0]["unit"]
            else "undisturbed"
        )
        cells = [f"{row['best']:.0%} / {row['shown']:.0%}" for row in rows]
        lines.append(f"| {' | '.join((what, *cells))} |")
    return "\n".join([*lines, "", f"Bundle {found['results']['bundle']}. {_source(found)}"])


BLOCKS: dict[str, Callable[[dict[str, Any]], str]] = {
    "recognition": recognition_table,
    "per-class": per_class_table,
    "model": model_table,
    "open-world": open_world_table,
    "clips": clips_table,
    "latency": latency_table,
    "stages": stage_table,
    "robustness": robustness_table,
    "speed": speed_table,
    "streams": streams_table,
    "teaching": teaching_table,
    "bank-costs": bank_costs_table,
}
"""What makes each generated block."""


def render(page: str, everything: dict[str, Any]) -> str:
    """The page with its generated blocks made anew."""

    def block(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"<!-- generated: {name} -->\n{BLOCKS[name](everything)}\n<!-- end -->"

    return re.sub(r"<!-- generated: ([\w-]+) -->\n.*?<!-- end -->", block, page, flags=re.S)


def read_results() -> dict[str, Any]:
    """Every result file by suite."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))}


def main() -> None:
    """Rewrite the generated blocks of every page."""
    everything = read_results()
    for name in PAGES:
        path = ROOT / name
        path.write_text(render(path.read_text("utf-8"), everything), "utf-8")


def _row(what: str, times: dict[str, float], target: float) -> str:
    return f"| {what} | {times['p50']:.1f} | {times['p95']:.1f} | {times['p99']:.1f} | {target:.0f} |"


def _set_name(name: str) -> str:
    return {"hdm05": "HDM05", "kinder_gator": "Kinder-Gator"}[name.split("/")[-1].removesuffix(".npz")]


def _source(found: dict[str, Any]) -> str:
    machine = found["machine"]
    load = machine.get("load", 0.0)
    # What the bench itself asks for is part of it: an engine and its load on every core.
    busy = f" Disturbed by other work: load {load:g} when it ended." if load > 2 * machine["cores"] else ""
    return (
        f"`{found['command']}`, {found['date']}, commit {found['commit']}: {machine['cpu']}, "
        f"{machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}.{busy}"
    )


if __name__ == "__main__":
    main()
