"""Prototype banks on streams: accuracies, one example, costs."""

from typing import Any

from bench.tables.origin import origin


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
    return "\n".join([*lines, "", origin(found)])


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
    return "\n".join([*lines, "", origin(found)])


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
    return "\n".join([*lines, "", origin(found)])


def _points(difference: list[float]) -> str:
    """A difference in points and its interval."""
    mean, low, high = (100 * value for value in difference)
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"
