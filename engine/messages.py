"""What the engine says: predictions, events, actions. Plain data, JSON-safe both ways."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

State = Literal["idle", "unknown", "action"]


@dataclass(frozen=True)
class ClassScore:
    """One class's standing for one window."""

    id: str
    name: str
    score: float
    """Cosine to the class's prototype, [-1, 1]."""
    probability: float
    """Softmax over all classes and the unnamed one, [0, 1]."""


@dataclass(frozen=True)
class Prediction:
    """The engine's word on one window.

    Ages are milliseconds since the exposure of the window's last frame.
    """

    stream: str
    track: int
    sequence: int
    state: State
    caption: ClassScore | None
    """The class shown to people while ``state`` is ``"action"``; else None."""
    top: tuple[ClassScore, ...]
    """Best classes of this window, best first, at most ten; empty without classes."""
    unknown_probability: float
    """Share of the unnamed class in the same softmax, [0, 1]."""
    motion_m: float
    """Radius of the largest joint excursion within the window, metres."""
    vocabulary: int
    """Version of the action set that was scored; grows with every change."""
    ages_ms: dict[str, float] = field(default_factory=dict[str, float])
    """``arrived``, ``started``, ``embedded``, ``decided``: age when each stage was done."""
    replaced: int = 0
    """Windows of this track that newer ones replaced so far."""
    quality: float = 1.0
    """How much of the person could be believed, [0, 1]; where too little, the state is unknown."""
    persons: int = 1
    """Persons in the window: 2 where somebody's companion belongs to it."""
    threshold: float = 0.55
    """Least share p / (p + u) at which the best class begins, [0.5, 1]: p its averaged probability, u the
    unnamed class's."""


@dataclass(frozen=True)
class ActionEvent:
    """An action seen to begin or end. Every end has had its beginning."""

    id: str
    phase: Literal["onset", "offset"]
    stream: str
    track: int
    class_id: str
    name: str
    probability: float
    """Highest probability so far, [0, 1]."""
    began_age_ms: float
    """Time since the action began, milliseconds."""
    duration_ms: float
    """0 at the onset."""


@dataclass(frozen=True)
class RecordedEvent:
    """An event as the engine remembers it."""

    number: int
    """Grows with every event recorded, across restarts."""
    recorded: str
    """When it was recorded, ISO 8601, UTC; the event's own age is as of then."""
    event: ActionEvent


@dataclass(frozen=True)
class Action:
    """One thing the engine can recognise."""

    id: str
    """Stable through renames; never used again."""
    name: str
    texts: tuple[str, ...]
    """Sentences whose mean feature stands for the action."""
    source: Literal["user", "library", "template"]
    """Where the sentences come from."""
    provenance: dict[str, Any] = field(default_factory=dict[str, Any])


Verdict = Literal["good", "doubtful", "poor", "refused"]
"""Of a name nobody has added yet: will work; may; will hardly; cannot be added as it is."""

NoticeCode = Literal[
    "refused",
    "taken",
    "markup",
    "symbols",
    "language",
    "insult",
    "unfamiliar",
    "hidden",
    "vague",
    "long",
    "confusable",
    "spelling",
]


@dataclass(frozen=True)
class Notice:
    """One thing to know about a name before it is added."""

    code: NoticeCode
    message: str
    """For people: what is the matter, and what to do."""


@dataclass(frozen=True)
class Rival:
    """An action that is there already and may be taken for the new one."""

    id: str
    name: str
    cosine: float
    """Between the two class rows, [-1, 1]."""
    risk: float
    """Share of the recordings of either that a race of the two would get wrong, [0, 0.5]."""


@dataclass(frozen=True)
class NameCheck:
    """What can be told about an action from its words alone."""

    name: str
    """As it would be kept."""
    verdict: Verdict
    notices: tuple[Notice, ...]
    """Gravest first; empty where there is nothing to say."""
    rivals: tuple[Rival, ...]
    """Nearest of the actions that are there, nearest first, at most three."""
    suggestions: tuple[str, ...]
    """Names the library knows that may be what is meant, best first, at most three."""
    source: Literal["user", "library", "template"]
    """Where the texts come from."""
    matched: str | None
    """Name of the library entry the texts were taken from."""
    texts: tuple[str, ...]
    """What would stand for the action; empty for a name that is refused."""


@dataclass(frozen=True)
class Learnt:
    """What the bank has learnt of an action beyond its text."""

    id: str
    """Of the action."""
    observations: float
    """Mass of what it absorbed of the stream."""
    examples: int
    """Times a person said "this is it"."""
    rejections: int
    """Times a person said "this is not it"."""
    moved: float
    """1 - cosine between the prototype and the text, [0, 2]; 0 without anything learnt."""


@dataclass(frozen=True)
class BankMark:
    """A state of the bank one can roll back to."""

    number: int
    reason: str
    """What was done next and is undone by rolling back, for example ``"show wave"``."""
    recorded: str
    """When, ISO 8601, UTC."""


@dataclass(frozen=True)
class BankState:
    """What the bank is and has learnt."""

    rule: str
    frozen: bool
    """Whether it is kept from learning by itself."""
    marks: tuple[BankMark, ...]
    """Oldest first; ``roll_back`` undoes the last."""
    classes: tuple[Learnt, ...]
    """Every action, oldest first."""
    rolled_back: int = 0
    """Times since the start that the guards took back what an action had learnt by itself."""


def to_json(value: Prediction | ActionEvent | RecordedEvent | Action | NameCheck) -> dict[str, Any]:
    """The value as JSON-safe fields."""
    if isinstance(value, Prediction):
        # The one value made for every window; ``asdict`` copies each field of each class by itself.
        caption = None if value.caption is None else {**vars(value.caption)}
        return {**vars(value), "caption": caption, "top": [{**vars(entry)} for entry in value.top]}
    return asdict(value)


def prediction_from(raw: dict[str, Any]) -> Prediction:
    """The prediction these fields describe.

    Raises:
        TypeError: A field is missing or unknown.
    """
    caption = raw.get("caption")
    typed: dict[str, Any] = {
        **raw,
        "caption": ClassScore(**caption) if caption else None,
        "top": tuple(ClassScore(**entry) for entry in raw["top"]),
    }
    return Prediction(**typed)


def event_from(raw: dict[str, Any]) -> ActionEvent:
    """The event these fields describe.

    Raises:
        TypeError: A field is missing or unknown.
    """
    return ActionEvent(**raw)


def recorded_from(raw: dict[str, Any]) -> RecordedEvent:
    """The recorded event these fields describe.

    Raises:
        TypeError: A field is missing or unknown.
    """
    typed: dict[str, Any] = {**raw, "event": event_from(raw["event"])}
    return RecordedEvent(**typed)


def action_from(raw: dict[str, Any]) -> Action:
    """The action these fields describe.

    Raises:
        TypeError: A field is missing or unknown.
    """
    typed: dict[str, Any] = {**raw, "texts": tuple(raw["texts"])}
    return Action(**typed)


def check_from(raw: dict[str, Any]) -> NameCheck:
    """The check these fields describe.

    Raises:
        TypeError: A field is missing or unknown.
    """
    typed: dict[str, Any] = {
        **raw,
        "notices": tuple(Notice(**notice) for notice in raw["notices"]),
        "rivals": tuple(Rival(**rival) for rival in raw["rivals"]),
        "suggestions": tuple(raw["suggestions"]),
        "texts": tuple(raw["texts"]),
    }
    return NameCheck(**typed)
