"""The actions that are recognised: their names, their texts, and their classes in the bank."""

from collections.abc import Mapping, Sequence

from engine.background import Background, no_background
from engine.bank.contract import Bank, BankSnapshot, Rows
from engine.messages import Action


class KnownActions:
    """A bank's classes under the names people gave them. Not thread-safe; one owner.

    Args:
        bank: Its own from now on as far as classes come and go; empty.
        background: Movements that compete with the actions, its own from now on; none if None.
    """

    def __init__(self, bank: Bank, background: Background | None = None) -> None:
        self._bank = bank
        self.background = background or no_background()
        """Movements that compete with the actions there are now."""
        self._texts: dict[str, Rows] = {}
        self._names: dict[str, str] = {}
        self.version = 0
        """Of the set of actions."""

    @property
    def names(self) -> Mapping[str, str]:
        """Names by id, as they are now; only to be read."""
        return self._names

    def text(self, action_id: str) -> Rows:
        """(P, D) the rows of the action's text.

        Raises:
            BankError: No such action.
        """
        self._bank.provenance(action_id)
        return self._texts[action_id]

    def background_beside(self, text: Rows) -> Background:
        """A new one of the movements that would compete if there were an action of this text, too."""
        return self.background.beside(text)

    def put(self, action: Action, rows: Rows, *, version: int) -> None:
        """Hold a new action, or an action by another text; what the bank has learnt of it stays.

        Raises:
            BankError: ``rows`` are not unit rows (P, D); nothing has changed.
        """
        if action.id in self._names:
            self._bank.set_text(action.id, rows)
        else:
            self._bank.add_class(action.id, rows)
        self._names[action.id], self._texts[action.id] = action.name, rows
        self.background.put(action.id, rows)
        self.version = version

    def rename(self, action_id: str, name: str, *, version: int) -> None:
        """Call an action by another name.

        Raises:
            BankError: No such action.
        """
        self._bank.provenance(action_id)
        self._names[action_id] = name
        self.version = version

    def forget_class(self, action_id: str) -> None:
        """Score the action no longer; its name is still known until ``forget_name``.

        Raises:
            BankError: No such action; nothing has changed.
        """
        self._bank.remove_class(action_id)

    def forget_name(self, action_id: str, *, version: int) -> None:
        """Forget what the action was called."""
        del self._names[action_id], self._texts[action_id]
        self.background.remove(action_id)
        self.version = version

    def load(
        self, actions: Sequence[tuple[Action, Rows]], *, version: int, snapshot: BankSnapshot | None
    ) -> None:
        """Hold exactly these actions, with what a snapshot has learnt of them.

        Raises:
            SnapshotError: The snapshot is of another bank; nothing has changed.
            BankError: Rows are not unit rows (P, D).
        """
        if snapshot is not None:
            self._bank.restore(snapshot)
        texts = {action.id: rows for action, rows in actions}
        self._hold(texts)
        self._names, self._texts = {action.id: action.name for action, _ in actions}, texts
        self.background.hold(texts)
        self.version = version

    def restore(self, snapshot: BankSnapshot) -> None:
        """Take over what a bank had learnt of the actions there are now.

        Raises:
            SnapshotError: Of another rule or fingerprint, or incomplete; nothing has changed.
        """
        self._bank.restore(snapshot)
        self._hold(self._texts)

    def _hold(self, texts: Mapping[str, Rows]) -> None:
        """Make the bank's classes these, whatever it holds now."""
        held = set(self._bank.class_ids)
        for class_id in held - set(texts):
            self._bank.remove_class(class_id)
        for class_id, rows in texts.items():
            (self._bank.set_text if class_id in held else self._bank.add_class)(class_id, rows)
