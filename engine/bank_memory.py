"""What the bank has learnt, from one run of the engine to the next."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from engine.backends.base import Backend
from engine.backends.select import BACKENDS
from engine.bank.contract import BankSnapshot, Rows
from engine.bank_store import BankStore
from engine.bundle import Bundle
from engine.messages import Action
from engine.recognizer import Recognizer
from streams.skeleton.errors import AnymoveError, BankError, InputError, SnapshotError

logger = logging.getLogger(__name__)


def fingerprints(bundle: Bundle, backend: Backend) -> tuple[str, ...]:
    """Of what this backend teaches a bank, then of what others with the same embeddings have taught it.

    One changes whenever embeddings may: bundle, backend or precision is another. Backends in float32 agree
    to the gate's limit or are not chosen, so that what one has taught the bank holds for the other.
    """
    own = f"{bundle.fingerprint}/{backend.name}/{backend.precision}"
    alike = BACKENDS if backend.precision == "float32" else ()
    return tuple(dict.fromkeys([own, *(f"{bundle.fingerprint}/{name}/float32" for name in alike)]))


class BankMemory:
    """Brings a recogniser to where an earlier one was, and keeps where it is. Not thread-safe; one owner.

    Args:
        store: What was learnt and shown.
        recognizer: The caller's; nobody else uses it meanwhile.
        rule: Of its bank.
        fingerprints: Of the embeddings it may go on from, its own first.
    """

    def __init__(
        self, store: BankStore, recognizer: Recognizer, *, rule: str, fingerprints: Sequence[str]
    ) -> None:
        self._store = store
        self._recognizer = recognizer
        self._rule = rule
        self._fingerprints = fingerprints

    def load(self, actions: Sequence[tuple[Action, Rows]], *, version: int, adapt: bool) -> None:
        """Give the recogniser the stored actions, with what the bank has learnt of them.

        Args:
            actions: With their class rows.
            version: Of the set of actions.
            adapt: Whether the bank may learn by itself where nobody has said.

        Raises:
            StoreError: The store cannot be read.
            BankError: Rows are not unit rows (P, D).
        """
        self._recognizer.tune(self._store.tuning)
        frozen = self._store.frozen
        self._recognizer.frozen = not adapt if frozen is None else frozen
        try:
            snapshot = self._stored_snapshot()
            self._recognizer.load(actions, version=version, snapshot=snapshot)
        except SnapshotError as error:
            logger.warning("what was learnt cannot be used: %s", error)
            snapshot = None
            self._recognizer.load(actions, version=version)
        if snapshot is None:
            self._show_again()

    def save(self) -> None:
        """Keep what the bank has learnt; a store that refuses is logged."""
        try:
            self._store.save(self._recognizer.snapshot())
        except AnymoveError as error:
            logger.error("the bank is not saved: %s", error)  # noqa: TRY400 - words, not a traceback

    def _show_again(self) -> None:
        """Let a bank that starts from its texts see the stored examples, embedded anew."""
        shown, examples = 0, self._store.examples()
        for example in examples:
            try:
                self._recognizer.teach(
                    example.action_id, example.windows, is_action=example.verdict == "is"
                )
                shown += 1
            except (BankError, InputError) as error:
                logger.warning("an example is not shown again: %s", error)
        logger.info(
            "the bank starts from its texts and %d of %d examples: nothing stored was learnt with %s",
            shown,
            len(examples),
            self._fingerprints[0],
        )

    def _stored_snapshot(self) -> BankSnapshot | None:
        for fingerprint in self._fingerprints:
            snapshot = self._store.load(self._rule, fingerprint)
            if snapshot is not None:
                return replace(snapshot, fingerprint=self._fingerprints[0])
        return None
