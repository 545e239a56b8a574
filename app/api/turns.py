"""The kiosk's turns over HTTP: what a visitor may do without a password."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from app.api.actions import REFUSALS
from app.api.replies import reply
from app.kiosk.turns import Turns

TurnId = Annotated[str, Path(max_length=64)]


class NewTurn(BaseModel):
    """What a visitor will do."""

    model_config = ConfigDict(extra="forbid")
    name: StrictStr = Field(max_length=200)
    description: StrictStr = Field(default="", max_length=1_000)
    """One sentence a line; found by the engine where it is empty."""


def router(turns: Turns, *, operators_only: Callable[[Request], None]) -> APIRouter:
    """The routes, each of which answers with what came of it or with a ``Refusal``."""
    made = APIRouter(tags=["kiosk"], responses=REFUSALS)

    @made.post("/turns", status_code=201)
    def begin(new: Annotated[NewTurn, Body()]) -> JSONResponse:
        """Begin a turn; the one in progress is over."""
        return reply(turns.begin(new.name, new.description), status=201)

    @made.post("/turns/{turn_id}/go")
    def go(turn_id: TurnId) -> JSONResponse:
        """Measure from now on."""
        return reply(turns.go(turn_id))

    @made.delete("/turns/{turn_id}")
    def end(turn_id: TurnId) -> JSONResponse:
        """End a turn; its action is forgotten."""
        return reply(turns.end(turn_id))

    @made.delete("/scores", dependencies=[Depends(operators_only)])
    def clear_scores() -> JSONResponse:
        """Empty the score board of the day."""
        return reply(turns.clear_scores())

    return made
