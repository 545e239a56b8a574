"""Sets of actions people have saved: one file each in a folder."""

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path

from app import vocabulary_file
from engine.messages import Action
from engine.text.names import check_name, name_key
from streams.skeleton.errors import CapacityError, InputError, StoreError, VocabularyError

MAX_SETS = 100


class Shelf:
    """Saved sets by name. Names are the same when they differ only in case and accents.

    Args:
        folder: Where the files are; made when the first set is saved.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """Names of the sets, in alphabetical order; what is no set of ours is passed over."""
        found: list[str] = []
        for path in self._folder.glob("*.json"):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
                found.append(str(json.loads(path.read_bytes())["set"]))
        return tuple(sorted(found, key=name_key))

    def save(self, name: str, actions: tuple[Action, ...]) -> None:
        """Keep these actions under a name, in the place of an older set of that name.

        Raises:
            ActionNameError: The name is empty, too long or not printable.
            CapacityError: There are 100 sets already.
            StoreError: It could not be written.
        """
        tidy = check_name(name)
        path = self._path(tidy)
        if not path.exists() and len(self.names()) >= MAX_SETS:
            raise CapacityError(f"wanted room for one more set, got {MAX_SETS} of them; remove one")
        content = {"set": tidy, "file": vocabulary_file.written(actions).decode()}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(content, ensure_ascii=False).encode())
        except OSError as error:
            raise StoreError(
                f"wanted to write {path}, got {error.strerror}; make room or access"
            ) from error

    def load(self, name: str) -> tuple[vocabulary_file.Entry, ...]:
        """What a saved set holds.

        Raises:
            VocabularyError: No such set.
            InputError: Its file has been damaged.
        """
        path = self._existing(name)
        try:
            return vocabulary_file.read(json.loads(path.read_bytes())["file"].encode())
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"wanted a saved set in {path}, got something else; remove it") from error

    def remove(self, name: str) -> None:
        """Forget a set.

        Raises:
            VocabularyError: No such set.
        """
        self._existing(name).unlink(missing_ok=True)

    def _existing(self, name: str) -> Path:
        path = self._path(name)
        if not path.exists():
            raise VocabularyError(f"wanted a saved set, got {name!r:.60}, which is none; reload the page")
        return path

    def _path(self, name: str) -> Path:
        # Whatever a name holds, the file's own name is harmless.
        return self._folder / f"{hashlib.sha256(name_key(name).encode()).hexdigest()[:24]}.json"


def write_atomically(path: Path, content: bytes) -> None:
    """The file holds the old content or the new, never a part; only this user can read it.

    Raises:
        OSError: It could not be written.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
