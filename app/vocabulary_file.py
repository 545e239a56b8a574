"""A set of actions as one small file: what people export, share and import.

    {"format": "anymove-vocabulary", "version": 1,
     "actions": [{"name": "wave", "description": null}, {"name": "hop", "description": ["On one leg."]}]}

``description`` is null where the engine found one by itself: it finds one again. Examples are not
part of it: they belong to one model's embeddings.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from app.config import MAX_ACTIONS
from engine.messages import Action
from engine.text.names import check_name, name_key
from streams.skeleton.errors import InputError

FORMAT = "anymove-vocabulary"
VERSION = 1
MAX_BYTES = 1_048_576
MAX_SENTENCES = 32
MAX_SENTENCE = 1_000
"""Characters."""


@dataclass(frozen=True)
class Entry:
    """An action as the file has it."""

    name: str
    description: str | None
    """One sentence a line; None where the engine finds one."""

    @property
    def key(self) -> str:
        """Equal for names that differ only in case and accents."""
        return name_key(self.name)

    def describes(self, action: Action) -> bool:
        """Whether the action has this entry's description."""
        if self.description is None:
            return action.source != "user"
        return tuple(self.description.splitlines()) == action.texts


def written(actions: Sequence[Action]) -> bytes:
    """The file that holds these actions, UTF-8."""
    entries = [
        {"name": action.name, "description": list(action.texts) if action.source == "user" else None}
        for action in actions
    ]
    content = {"format": FORMAT, "version": VERSION, "actions": entries}
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def read(content: bytes) -> tuple[Entry, ...]:
    """The entries of a file, in its order, no two of one name.

    Raises:
        InputError: No such file: too long, not JSON, another version, or edited into something else.
        ActionNameError: A name that cannot be one.
    """
    if len(content) > MAX_BYTES:
        raise _wrong(f"up to {MAX_BYTES} bytes", f"{len(content)}", "remove some actions")
    try:
        raw = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _wrong("JSON in UTF-8", "something else", "export one to see its form") from None
    fields = _exactly(raw, "the file", {"format", "version", "actions"})
    if fields["format"] != FORMAT:
        raise _wrong(f'"format": "{FORMAT}"', f"{fields['format']!r:.60}", "export one to see its form")
    if type(fields["version"]) is not int or fields["version"] != VERSION:
        raise _wrong(
            f"version {VERSION}", f"{fields['version']!r:.60}", "export it again with this program"
        )
    actions = fields["actions"]
    if not isinstance(actions, list) or len(cast("list[Any]", actions)) > MAX_ACTIONS:
        raise _wrong(f"a list of up to {MAX_ACTIONS} actions", "something else", "remove some")
    entries = tuple(_entry(entry, number) for number, entry in enumerate(cast("list[Any]", actions), 1))
    _refuse_twins(entries)
    return entries


def _entry(raw: Any, number: int) -> Entry:
    place = f"action {number}"
    fields = _exactly(raw, place, {"name", "description"})
    name, description = fields["name"], fields["description"]
    if not isinstance(name, str):
        raise _wrong(f"a text as the name of {place}", f"{name!r:.60}", "correct it")
    if description is None:
        return Entry(check_name(name), None)
    if not isinstance(description, list):
        raise _wrong(f"sentences or null as the description of {place}", "something else", "correct it")
    sentences = cast("list[Any]", description)
    fits = 1 <= len(sentences) <= MAX_SENTENCES
    if not fits or not all(isinstance(text, str) and 1 <= len(text) <= MAX_SENTENCE for text in sentences):
        wanted = f"1 to {MAX_SENTENCES} sentences of up to {MAX_SENTENCE} characters for {place}"
        raise _wrong(wanted, "something else", "correct them")
    return Entry(check_name(name), "\n".join(sentences))


def _exactly(raw: Any, place: str, wanted: set[str]) -> dict[str, Any]:
    if not isinstance(raw, dict) or set(cast("dict[str, Any]", raw)) != wanted:
        got = (
            ", ".join(sorted(cast("dict[str, Any]", raw))) if isinstance(raw, dict) else type(raw).__name__
        )
        raise _wrong(f"{', '.join(sorted(wanted))} in {place}", f"{got:.80}", "correct it")
    return cast("dict[str, Any]", raw)


def _refuse_twins(entries: Sequence[Entry]) -> None:
    seen: dict[str, str] = {}
    for entry in entries:
        if entry.key in seen:
            raise _wrong("every name once", f"{seen[entry.key]!r} and {entry.name!r}", "remove one of them")
        seen[entry.key] = entry.name


def _wrong(wanted: str, got: str, remedy: str) -> InputError:
    return InputError(f"wanted a file of actions with {wanted}, got {got}; {remedy}")
