"""Where a table comes from."""

from typing import Any


def origin(found: dict[str, Any]) -> str:
    """The command, date, commit and machine of a result file, and whether other work disturbed it."""
    machine = found["machine"]
    load = machine.get("load", 0.0)
    # What the bench itself asks for is part of it: an engine and its load on every core.
    busy = f" Disturbed by other work: load {load:g} when it ended." if load > 2 * machine["cores"] else ""
    return (
        f"`{found['command']}`, {found['date']}, commit {found['commit']}: {machine['cpu']}, "
        f"{machine['cores']} cores, {machine['memory_gib']} GiB, {machine['system']}.{busy}"
    )
