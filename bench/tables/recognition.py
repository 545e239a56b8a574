"""What is recognised: by set, by class, beyond the candidates, on clips, when disturbed."""

from typing import Any

from bench.tables.origin import origin


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
    return "\n".join([*lines, "", origin(found)])


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
    return "\n".join([*parts, origin(found)])


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
    warnings = [result.get("warning") for result in sets.values()]
    rows["pairs of actions warned of that were confused"] = [
        "" if w is None else f"{w['both']} of {w['warned']}" for w in warnings
    ]
    rows["confused pairs that were warned of"] = [
        "" if w is None else f"{w['both']} of {w['confused']}" for w in warnings
    ]
    rows["confused pair told from another by its risk, AUROC"] = [
        "" if w is None or w["auroc"] is None else f"{w['auroc']:.2f}" for w in warnings
    ]
    lines = [f"| {' | '.join((what, *cells))} |" for what, cells in rows.items()]
    lines.insert(1, "|---" * (len(sets) + 1) + "|")
    idle = found["results"]["idle"]
    alarms = ", ".join(f"{kind} {idle[kind]:.1f}" for kind in idle if kind not in ("minutes", "actions"))
    said = (
        f"False events an hour, {idle['actions']} actions, {idle['minutes']:.0f} simulated minutes each: "
        f"{alarms}."
    )
    pairs = found["results"].get("mirrored_pairs")
    if pairs is not None:
        said += (
            "\n\nOne-sided motions of the grammar nearer to a sentence of theirs than to its mirror: "
            f"{pairs:.1%}."
        )
    return "\n".join([*lines, "", said, "", origin(found)])


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
    return "\n".join([*lines, "", origin(found)])


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
    return "\n".join([*lines, "", f"Bundle {found['results']['bundle']}. {origin(found)}"])


def crossings_table(everything: dict[str, Any]) -> str:
    """Switches of identity, and shares of windows by whose caption they have."""
    found = everything.get("crossings")
    if found is None:
        return "Crossings: not run."
    results = found["results"]
    lines = [
        "| what the two do | seen by | crossings | switches | identities given | windows | right caption "
        "| the other's | another | none |",
        "|---" * 10 + "|",
    ]
    for row in results["rows"]:
        shares = [f"{row[kind]:.1%}" for kind in ("right", "other's", "wrong", "none")]
        counts = [str(row[kind]) for kind in ("crossings", "switches", "numbers", "windows")]
        lines.append(f"| {' | '.join((row['pair'], row['view'], *counts, *shares))} |")
    simulated = f"{results['minutes']:g} simulated minutes each, {results['fps']:g} frames a second"
    return "\n".join([*lines, "", f"{simulated}. Bundle {results['bundle']}. {origin(found)}"])


def _set_name(name: str) -> str:
    said = {
        "hdm05": "HDM05",
        "ui_prmd": "UI-PRMD",
        "berkeley_mhad": "Berkeley MHAD",
        "kinder_gator": "Kinder-Gator",
    }
    return said[name.split("/")[-1].removesuffix(".npz")]
