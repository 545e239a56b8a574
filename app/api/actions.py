"""The set of actions over HTTP: list, add, change, remove, undo."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from app.api.replies import Changed, Refusal, reply
from app.controller import Controller

LONGEST_NAME = 1_000
LONGEST_DESCRIPTION = 4_000
"""The engine's own limits are narrower and say so in better words."""

ActionId = Annotated[str, Path(max_length=64)]
REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"model": Refusal},
    409: {"model": Refusal},
    422: {"model": Refusal},
    503: {"model": Refusal},
}


class NewAction(BaseModel):
    """What to recognise from now on."""

    model_config = ConfigDict(extra="forbid")
    name: StrictStr = Field(max_length=LONGEST_NAME)
    description: StrictStr = Field(default="", max_length=LONGEST_DESCRIPTION)
    """One sentence a line; found by the engine where it is empty."""


class ActionChange(BaseModel):
    """What is to be otherwise; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    name: StrictStr | None = Field(default=None, max_length=LONGEST_NAME)
    description: StrictStr | None = Field(default=None, max_length=LONGEST_DESCRIPTION)
    """Empty: the engine's own description again."""


class UndoRequest(BaseModel):
    """What a command answered as ``undo``."""

    model_config = ConfigDict(extra="forbid")
    version: StrictInt
    steps: StrictInt = Field(default=1, ge=1, le=1_000)


def router(controller: Controller) -> APIRouter:
    """The routes, each of which answers with what came of it or with a ``Refusal``."""
    made = APIRouter(tags=["actions"], responses=REFUSALS)

    @made.get("/actions")
    def list_actions() -> JSONResponse:
        """Every action, oldest first."""
        return reply(controller.list_actions())

    @made.post("/actions", response_model=Changed, status_code=201)
    def add_action(new: Annotated[NewAction, Body()]) -> JSONResponse:
        """Recognise an action from the next window on."""
        return reply(controller.add_action(new.name, new.description), status=201)

    @made.patch("/actions/{action_id}", response_model=Changed)
    def change_action(action_id: ActionId, change: Annotated[ActionChange, Body()]) -> JSONResponse:
        """Give an action another name, another description, or both; its id and examples stay."""
        return reply(controller.change_action(action_id, name=change.name, description=change.description))

    @made.delete("/actions/{action_id}", response_model=Changed)
    def remove_action(action_id: ActionId) -> JSONResponse:
        """Forget an action."""
        return reply(controller.remove_action(action_id))

    @made.post("/undo", response_model=Changed)
    def undo(wanted: Annotated[UndoRequest, Body()]) -> JSONResponse:
        """Take a command back; refused once others followed."""
        return reply(controller.undo(wanted.version, steps=wanted.steps))

    return made
