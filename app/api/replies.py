"""How the controller's answers become HTTP: the status says what kind of refusal it was."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from engine.messages import Action

STATUS_OF = {
    "action_name": 422,
    "input": 422,
    "config": 422,
    "duplicate_action": 409,
    "vocabulary": 409,
    "capacity": 409,
    "bank": 409,
    "unknown_action": 404,
    "access": 401,
    "engine": 502,
    "engine_unavailable": 503,
}
"""Status by the code of an error; 500 for the others."""


@dataclass(frozen=True)
class Refusal:
    """Why something was not done."""

    error: str
    """A sentence for people: what was wanted, what came, what to do."""
    code: str
    """For programs; see ``streams.skeleton.errors``."""


@dataclass(frozen=True)
class Undo:
    """What ``POST /undo`` wants to take a command back."""

    version: int
    """Of the set of actions after the command."""
    steps: int
    """Changes it was made of."""


@dataclass(frozen=True)
class Changed:
    """An action after a change of it."""

    action: Action | None
    """None where it is no more."""
    undo: Undo


def reply(answer: dict[str, Any], *, status: int = 200) -> JSONResponse:
    """The answer with its status, or the refusal with the one that fits its code."""
    if "error" in answer:
        status = STATUS_OF.get(answer.get("code", ""), 500)
    return JSONResponse(answer, status)


async def refuse_malformed(request: Request, error: Exception) -> JSONResponse:
    """A request that does not fit the route, in the words and shape of every other refusal."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body") or "a JSON object"
    words = f"Wanted {place} as /api/v1/openapi.json says, got something else: {first['msg']}."
    return JSONResponse({"error": words, "code": "input"}, STATUS_OF["input"])
