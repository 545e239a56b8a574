"""Teaching over HTTP: what to expect of a name, examples and corrections, the state of the bank."""

from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from app.api.actions import REFUSALS, NewAction
from app.api.replies import reply
from app.teaching import Teaching

Id = Annotated[StrictStr, Field(max_length=64)]


class Pointed(BaseModel):
    """What somebody did just now."""

    model_config = ConfigDict(extra="forbid")
    right: Id | None = None
    """Id of the action it is."""
    wrong: Id | None = None
    """Id of the action it is not."""
    stream: StrictStr | None = Field(default=None, max_length=256)
    track: StrictInt | None = Field(default=None, ge=0)
    last_s: float = Field(default=2.0, ge=0.1, le=10.0)
    """How far back "just now" reaches, seconds."""


class WhichAction(BaseModel):
    """An action, or all of them."""

    model_config = ConfigDict(extra="forbid")
    id: Id | None = None


class WhichMark(BaseModel):
    """A mark of the bank, or the newest."""

    model_config = ConfigDict(extra="forbid")
    mark: StrictInt | None = Field(default=None, ge=1)


class Frozen(BaseModel):
    """Whether the bank is kept from learning by itself."""

    model_config = ConfigDict(extra="forbid")
    frozen: StrictBool


def router(teaching: Teaching) -> APIRouter:
    """The routes, each of which answers with what came of it or with a ``Refusal``."""
    made = APIRouter(tags=["teaching"], responses=REFUSALS)

    @made.post("/check")
    def check(new: Annotated[NewAction, Body()]) -> JSONResponse:
        """Will it work? What can be told from the words of an action nobody has added yet."""
        return reply(teaching.check(new.name, new.description))

    @made.post("/examples")
    def point(given: Annotated[Pointed, Body()]) -> JSONResponse:
        """Say what it was that somebody did just now, or what it was not."""
        return reply(
            teaching.point(
                right=given.right,
                wrong=given.wrong,
                stream=given.stream,
                track=given.track,
                last_s=given.last_s,
            )
        )

    @made.get("/bank")
    def state() -> JSONResponse:
        """What the bank has learnt of each action."""
        return reply(teaching.state())

    @made.post("/bank/reset")
    def reset(which: Annotated[WhichAction, Body()]) -> JSONResponse:
        """Know of an action, or of all, no more than the text."""
        return reply(teaching.reset(which.id))

    @made.post("/bank/marks", status_code=201)
    def mark() -> JSONResponse:
        """Mark the bank as it is, to roll back to."""
        return reply(teaching.mark(), status=201)

    @made.post("/bank/roll-back")
    def roll_back(which: Annotated[WhichMark, Body()]) -> JSONResponse:
        """Have the bank as it was at a mark."""
        return reply(teaching.roll_back(which.mark))

    @made.post("/bank/freeze")
    def freeze(wanted: Annotated[Frozen, Body()]) -> JSONResponse:
        """Keep the bank from learning by itself, or let it."""
        return reply(teaching.freeze(frozen=wanted.frozen))

    return made
