"""The exact assignment of a few rows to a few columns."""


def assign(costs: list[list[float]]) -> dict[int, int]:
    """Column -> row of the assignment with the least total cost; a cost of 1 or more is no match.

    Exact: rows are taken one by one, and for each set of columns used only the best way to use
    them is kept, so that at most 2^columns ways are alive. Meant for 8 columns or fewer.

    Args:
        costs: A row of costs for each thing to be matched, all of the same length.
    """
    best: dict[int, tuple[float, dict[int, int]]] = {0: (0.0, {})}
    for row, line in enumerate(costs):
        grown = dict(best)
        for used, (total, pairs) in best.items():
            for column, cost in enumerate(line):
                key = used | 1 << column
                # An unmatched pair costs 1, so a match is worth what it stays below that.
                better = total + cost - 1.0
                if cost < 1.0 and key != used and (key not in grown or better < grown[key][0]):
                    grown[key] = (better, {**pairs, column: row})
        best = grown
    return min(best.values(), key=lambda way: way[0])[1]
