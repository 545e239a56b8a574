"""The supervisor: keeps the processes of one installation running and stops them in order."""

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from app.child import Child, ChildSpec, ChildStatus, State


class Supervisor:
    """Keeps a few processes running. Thread-safe.

    Args:
        on_line: Called from reading threads with a process's name and each JSON object it prints.
    """

    def __init__(self, on_line: Callable[[str, dict[str, Any]], None] = lambda name, value: None) -> None:
        self._on_line = on_line
        self._children: dict[str, Child] = {}
        self._changed = threading.Condition()
        self._status: dict[str, ChildStatus] = {}

    def start(self, spec: ChildSpec) -> None:
        """Start one more process; they are stopped in the reverse order."""
        child = Child(spec, on_change=self._note, on_line=self._on_line)
        self._children[spec.name] = child
        self._note(child.status)
        child.start()

    def status(self) -> Mapping[str, ChildStatus]:
        """How each process fares, by name."""
        with self._changed:
            return dict(self._status)

    def wait_for(self, name: str, states: Collection[State], timeout_s: float | None = None) -> ChildStatus:
        """How a process fares once it is in one of the states, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._status[name].state in states, timeout_s)
            return self._status[name]

    def stop(self, name: str | None = None) -> None:
        """Return once the named process has ended, or every one, the last one started first."""
        stopped = list(self._children.values()) if name is None else [self._children[name]]
        for child in reversed(stopped):
            child.stop()

    def _note(self, status: ChildStatus) -> None:
        with self._changed:
            self._status[status.name] = status
            self._changed.notify_all()
