"""Tables and figures of docs/results/bank.md, made from the results of ``bench.bank``."""

from collections.abc import Callable, Iterable
from typing import Any

from bench.bank_targets import targets
from bench.tables.origin import origin

Results = dict[str, Any]


def targets_table(results: Results) -> list[str]:
    """Each line of what it must reach: reached, or missed by how much."""
    rows = ((target.wanted, target.found, target.verdict) for target in targets(results))
    return _table(("what it must reach", "found", "verdict"), rows)


def streams_table(results: Results) -> list[str]:
    """Accuracies of every bank on every stream, and differences with their intervals."""
    rows: list[tuple[str, ...]] = []
    for stream, rules in results["streams"].items():
        for rule, row in rules.items():
            unknown = (
                "" if "auroc" not in row else f"{row['auroc']:.2f} / {row['fpr95']:.2f} / {row['oscr']:.2f}"
            )
            shares = (f"{row[name]:.1%}" for name in ("top1", "balanced", "worst", "last_half", "final"))
            rows.append(
                (
                    stream,
                    rule,
                    *shares,
                    f"{row['regret']:+.1f}",
                    points(row["balanced_less_text"]),
                    points(row["final_less_offline"]),
                    unknown,
                )
            )
    head = ("stream", "rule", "top-1", "along it", "worst class", "last half", "afterwards", "regret")
    return _table(
        (*head, "less text only", "afterwards, less offline", "unknown AUROC / FPR95 / OSCR"), rows
    )


def encoders_table(results: Results) -> list[str]:
    """What METHODS 3.1 asks of an encoder, and the constants its hidden classes give."""
    rows = (
        (
            name,
            f"{e['classes']}, {e['sequences']}",
            f"{e['raw']['within']:.2f}",
            f"{e['raw']['text_error']:.2f}, {e['corrected']['text_error']:.2f}",
            f"{e['raw']['between']:.2f}",
            f"{e['raw']['dimension']:.0f}",
            f"{e['raw']['worth']:.2f}, {e['corrected']['worth']:.2f}",
            f"{e['raw']['cosine']:.2f}, {e['corrected']['corrected_cosine']:.2f}",
        )
        for name, e in results["encoders"].items()
    )
    head = ("encoder", "classes, sequences", "w", "V0 raw, corrected", "B", "D", "kappa0 raw, corrected")
    return _table((*head, "cos(text, mean) raw, corrected"), rows)


def teaching_table(results: Results) -> list[str]:
    """Examples, late classes, gaps, seen classes among the candidates, and the longest stream."""
    one_shot = (
        (name, *(f"{row[key]:.1%}" for key in ("text", "example", "example_and_stream")))
        for name, row in results["one_shot"].items()
    )
    grown = (
        (name, f"{row['late']:.1%}", f"{row['never_late']:.1%}") for name, row in results["growth"].items()
    )
    gaps = (
        (
            name,
            *(f"{r[rule]['f1']:.2f}" for rule in r),
            f"{r['anchored']['events']:.2f}",
            f"{r['anchored']['learnt']:.2f}",
        )
        for name, r in results["continuous"].items()
    )
    seen = (
        (
            name,
            rule,
            *(f"{row[key]:.1%}" for key in ("seen", "unseen", "h", "ausuc")),
            f"{row['gamma']:.2f}",
        )
        for name, rules in results["generalised"].items()
        for rule, row in rules.items()
    )
    return [
        *_table(("encoder", "text", "one example each", "and a stream"), one_shot),
        "",
        *_table(("encoder", "half of the classes added along the stream", "never late"), grown),
        "",
        *_table(
            (
                "encoder",
                "event F1, text only",
                "event F1, anchored",
                "events a recording",
                "learnt a recording",
            ),
            gaps,
        ),
        "",
        *_table(("encoder", "rule", "S", "U", "H", "AUSUC", "gamma"), seen),
        *(line for name, row in results["soak"].items() for line in ("", _soak(name, row))),
    ]


def costs_table(results: Results) -> list[str]:
    """Microseconds of each rule."""
    rows = (
        (
            rule,
            *(
                f"{row[what]['p50']:.0f} ({row[what]['p95']:.0f})"
                for what in ("score", "learn", "both", "add_class")
            ),
        )
        for rule, row in results["costs_us"].items()
    )
    return _table(("microseconds, p50 (p95)", "score", "learn", "score and learn", "add a class"), rows)


TABLES: dict[str, Callable[[Results], list[str]]] = {
    "bank-targets": targets_table,
    "streams": streams_table,
    "bank-encoders": encoders_table,
    "teaching": teaching_table,
    "bank-costs": costs_table,
}
"""By name of the block in docs/results/bank.md."""


def bank_block(table: Callable[[Results], list[str]], everything: dict[str, Any]) -> str:
    """One of the tables, and where its numbers are from."""
    found = everything.get("bank")
    if found is None:
        return "Banks on streams: not run."
    return "\n".join([*table(found["results"]), "", origin(found)])


def points(difference: Iterable[float]) -> str:
    """A difference in points and its interval."""
    mean, low, high = (100 * value for value in difference)
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


def _soak(name: str, row: Results) -> str:
    shares = ", ".join(f"{share:.1%}" for share in row["tenths"])
    return (
        f"{row['updates']:,} updates with 10 % unknown ({name}), right by tenth: {shares}; numbers held "
        f"after the second and the last: {row['numbers_held'][1]:,} and {row['numbers_held'][-1]:,}."
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
