"""Every error this project raises on purpose.

* AnymoveError                 root; ``code`` travels over the wire, the message says
                               what was wanted, what came and what to do
  + InputError                 (also a ValueError) data at a border is not usable
    - ShapeError               an array has the wrong shape or dtype
    - CoordinateError          NaN, infinite, or in the wrong unit
    - TimestampError           times repeat or run backwards
    - LayoutError              a joint layout nobody declared
    - ConfigError              a setting out of its range
  + SourceError                a camera, video or recording cannot be read
  + ModelFileError             a model file is missing, foreign or damaged
  + BundleError                a model bundle is incomplete, damaged or too new
  + WireError                  bytes do not decode to a message
    - WireVersionError         the peer speaks another version
  + VocabularyError            the set of actions refuses a change
    - ActionNameError          a name is empty, too long or not printable
    - DuplicateActionError     the name is taken
    - UnknownActionError       no such action
    - CapacityError            a bounded store is full
  + BankError                  a prototype bank refuses a change; the bank is as before
    - SnapshotError            a snapshot is truncated or of another bank
  + StoreError                 the state on disk cannot be read or written
  + EngineError                the engine answers with a failure
    - EngineUnavailableError   no engine answers
    - BackendUnavailableError  a backend cannot run on this machine
  + DataError                  a data set cannot be read
  + AccessError                whoever asks is not allowed to
"""


class AnymoveError(Exception):
    """Root of every error raised on purpose."""

    code = "error"


class InputError(AnymoveError, ValueError):
    """Data at a border is not usable."""

    code = "input"


class ShapeError(InputError):
    """An array has the wrong shape or dtype."""

    code = "shape"


class CoordinateError(InputError):
    """Coordinates are NaN, infinite, or in the wrong unit."""

    code = "coordinate"


class TimestampError(InputError):
    """Times repeat or run backwards."""

    code = "timestamp"


class LayoutError(InputError):
    """A joint layout nobody declared."""

    code = "layout"


class ConfigError(InputError):
    """A setting is out of its range."""

    code = "config"


class SourceError(AnymoveError):
    """A camera, video or recording cannot be read."""

    code = "source"


class ModelFileError(AnymoveError):
    """A model file is missing, foreign or damaged."""

    code = "model_file"


class BundleError(AnymoveError):
    """A model bundle is incomplete, damaged or too new."""

    code = "bundle"


class WireError(AnymoveError):
    """Bytes do not decode to a message."""

    code = "wire"


class WireVersionError(WireError):
    """The peer speaks another version of the wire format."""

    code = "wire_version"


class VocabularyError(AnymoveError):
    """The set of actions refuses a change."""

    code = "vocabulary"


class ActionNameError(VocabularyError):
    """A name is empty, too long or not printable."""

    code = "action_name"


class DuplicateActionError(VocabularyError):
    """The name is taken by another action."""

    code = "duplicate_action"


class UnknownActionError(VocabularyError):
    """No action has this id or name."""

    code = "unknown_action"


class CapacityError(VocabularyError):
    """A bounded store is full."""

    code = "capacity"


class BankError(AnymoveError):
    """A prototype bank refuses a change; the bank is as before."""

    code = "bank"


class SnapshotError(BankError):
    """A snapshot is truncated or belongs to another bank."""

    code = "snapshot"


class StoreError(AnymoveError):
    """The state on disk cannot be read or written."""

    code = "store"


class EngineError(AnymoveError):
    """The engine answers with a failure."""

    code = "engine"


class EngineUnavailableError(EngineError):
    """No engine answers at the given address."""

    code = "engine_unavailable"


class BackendUnavailableError(EngineError):
    """A backend cannot run on this machine: a library, device or feature is missing."""

    code = "backend_unavailable"


class DataError(AnymoveError):
    """A data set cannot be read."""

    code = "data"


class AccessError(AnymoveError):
    """Whoever asks is not allowed to."""

    code = "access"


def error_classes() -> dict[str, type[AnymoveError]]:
    """Every error class by its ``code``, for typed replies over the wire."""
    found: dict[str, type[AnymoveError]] = {}
    waiting: list[type[AnymoveError]] = [AnymoveError]
    while waiting:
        cls = waiting.pop()
        found[cls.code] = cls
        waiting.extend(cls.__subclasses__())
    return found
