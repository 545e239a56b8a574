"""Will it work? What can be told about an action from its words, before it is added."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.bank.contract import Rows
from engine.messages import Action, NameCheck, Notice, NoticeCode, Rival, Verdict
from engine.text.confusion import WARN_RISK, CosineScale, confusion_risk, cosine_scale, pair_cosines
from engine.text.contract import TextEncoder
from engine.text.descriptions import ClassText, class_feature, describe
from engine.text.library import Library, builtin_library
from engine.text.names import name_key
from engine.text.screening import hidden_notice, in_english, plain, screen
from streams.skeleton.errors import ActionNameError, InputError

MOST_RIVALS = 3
MOST_SUGGESTIONS = 3
FAMILIAR_COSINE = 0.42
"""A name no library phrase is as near to is not understood."""
STRANGE_COSINE = 0.6
"""The same for a name of which the library has not one word."""

_VERDICTS: dict[NoticeCode, Verdict] = {
    "refused": "refused",
    "taken": "refused",
    "markup": "poor",
    "symbols": "poor",
    "language": "poor",
    "insult": "poor",
    "unfamiliar": "poor",
    "hidden": "poor",
    "vague": "doubtful",
    "long": "doubtful",
    "confusable": "doubtful",
    "spelling": "good",
}
_ABOUT_NAMES_ALONE: frozenset[NoticeCode] = frozenset(
    ("symbols", "language", "unfamiliar", "hidden", "vague", "long")
)
"""What no longer matters once the user has written a description."""
_GRAVITY: tuple[Verdict, ...] = ("refused", "poor", "doubtful", "good")

Project = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Text features (N, E) to class rows (N, P, D)."""


class NameChecker:
    """Judges names. Not thread-safe; asks the encoder for nothing it has been asked before.

    Args:
        encoder: Best one that remembers; some 10 ms a sentence otherwise.
        project: The bundle's text side.
        library: What is known; the built-in library if None.
    """

    def __init__(self, encoder: TextEncoder, project: Project, *, library: Library | None = None) -> None:
        self._encoder = encoder
        self._project = project
        self._library = library or builtin_library()
        self._scale: CosineScale | None = None

    def warm_up(self) -> CosineScale:
        """The bundle's scale of cosines, measured at the first call: every library entry is projected."""
        if self._scale is None:
            features = [
                class_feature((*entry.phrases, *entry.sentences), self._encoder)
                for entry in self._library.entries
            ]
            self._scale = cosine_scale(self._project(np.stack(features)))
        return self._scale

    def check(
        self, name: str, description: str = "", *, actions: Sequence[tuple[Action, Rows]] = ()
    ) -> NameCheck:
        """What is to be expected of the name; a bad one is answered, never refused by an error.

        Args:
            name: As typed.
            description: What the user wrote about it; blank is none.
            actions: The ones that are there, with their class rows (P, D).

        Raises:
            EngineError: The projection failed.
            DataError: The library or the lists of words are damaged.
        """
        try:
            text = describe(name, self._encoder, description=description, library=self._library)
        except (ActionNameError, InputError) as error:
            return _refused(name, str(error))
        rivals = self._rivals(text, actions)
        notices = self._notices(text, rivals, actions)
        verdict = _gravest(notices)
        unsure = verdict != "good" or text.source == "template"
        return NameCheck(
            name=text.name,
            verdict=verdict,
            notices=notices,
            rivals=rivals,
            suggestions=self._suggestions(text) if unsure else (),
            source=text.source,
            matched=text.matched,
            texts=text.texts,
        )

    def _notices(
        self, text: ClassText, rivals: Sequence[Rival], actions: Sequence[tuple[Action, Rows]]
    ) -> tuple[Notice, ...]:
        taken = [action.name for action, _ in actions if name_key(action.name) == name_key(text.name)]
        found = [Notice("taken", f"“{name}” is there already. Choose another name.") for name in taken]
        words = screen(text.name)
        if text.matched is not None:
            # A name the library knows is neither foreign nor vague, and hidden only where it says so.
            words = tuple(notice for notice in words if notice.code in ("markup", "long"))
            words = words if text.visible else (*words, hidden_notice(text.name))
            words = (*words, *_respelt(text))
        elif not words and text.source == "template":
            words = self._unfamiliar(text.name)
        if text.source == "user":
            words = tuple(notice for notice in words if notice.code not in _ABOUT_NAMES_ALONE)
        if any(_VERDICTS[notice.code] in ("refused", "poor") for notice in (*found, *words)):
            # What the words do not say, no nearness of theirs can tell.
            return (*found, *words)
        return (*words, *_confusable(text.name, rivals))

    def _unfamiliar(self, name: str) -> tuple[Notice, ...]:
        words = plain(name)
        nearest = self._library.nearest(words, self._encoder, count=1)
        # Letters struck at random are near to something, too: one word at least must be known.
        least = FAMILIAR_COSINE if self._library.speller.knows_one(words) else STRANGE_COSINE
        if nearest and nearest[0].cosine >= least:
            return ()
        message = f"“{name}” is not like any movement known here. Describe which limbs move, and how."
        return (Notice("unfamiliar", message),)

    def _rivals(self, text: ClassText, actions: Sequence[tuple[Action, Rows]]) -> tuple[Rival, ...]:
        key = name_key(text.name)
        others = [(action, rows) for action, rows in actions if name_key(action.name) != key]
        if not others:
            return ()
        own = self._project(class_feature(text.texts, self._encoder)[None])
        cosines = pair_cosines(own, np.stack([rows for _, rows in others]))[0]
        scale = self.warm_up()
        return tuple(
            Rival(
                id=others[at][0].id,
                name=others[at][0].name,
                cosine=round(float(cosines[at]), 3),
                risk=round(confusion_risk(float(cosines[at]), scale), 3),
            )
            for at in np.argsort(-cosines, kind="stable")[:MOST_RIVALS]
        )

    def _suggestions(self, text: ClassText) -> tuple[str, ...]:
        """Visible library names that may be what is meant, best first."""
        english = in_english(text.name) or plain(text.name)
        if not english:
            return ()
        near = self._library.nearest(english, self._encoder, count=4 * MOST_SUGGESTIONS)
        names = [
            match.entry.name
            for match in near
            if match.entry.visible and match.entry.name != text.matched and match.cosine >= FAMILIAR_COSINE
        ]
        return tuple(names[:MOST_SUGGESTIONS])


def _gravest(notices: Sequence[Notice]) -> Verdict:
    verdicts = {_VERDICTS[notice.code] for notice in notices}
    for verdict in _GRAVITY:
        if verdict in verdicts:
            return verdict
    return "good"


def _confusable(name: str, rivals: Sequence[Rival]) -> tuple[Notice, ...]:
    close = [f"“{rival.name}”" for rival in rivals if rival.risk >= WARN_RISK]
    if not close:
        return ()
    message = (
        f"“{name}” and {' or '.join(close)} may be taken for each other. "
        "Describe what differs: which limb, which direction, how often."
    )
    return (Notice("confusable", message),)


def _respelt(text: ClassText) -> tuple[Notice, ...]:
    if text.read_as is None:
        return ()
    return (Notice("spelling", f"“{text.name}” is read as “{text.read_as}”."),)


def _refused(name: str, message: str) -> NameCheck:
    shown = " ".join(str(name)[:200].encode("utf-8", "replace").decode().split())
    notice = Notice("refused", message[:1].upper() + message[1:] + ".")
    return NameCheck(
        name=shown,
        verdict="refused",
        notices=(notice,),
        rivals=(),
        suggestions=(),
        source="template",
        matched=None,
        texts=(),
    )
