"""The inside over HTTP: why a caption, the map of actions, a second look, tuning, stages."""

from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from app.api.actions import REFUSALS, ActionId, NewAction
from app.api.replies import reply
from app.api.teaching import Id
from app.inside import Inside
from engine.past import REMEMBERED_S
from engine.tuning import LEAST_THRESHOLD, MOST_THRESHOLD


class Caption(BaseModel):
    """Which caption is to be explained."""

    model_config = ConfigDict(extra="forbid")
    id: Id | None = None
    """Of the action; the likeliest where it is left out."""
    stream: StrictStr | None = Field(default=None, max_length=256)
    track: StrictInt | None = Field(default=None, ge=0)


class TriedAction(NewAction):
    """An action nobody has added, to be tried on the last minutes."""

    last_s: float = Field(default=REMEMBERED_S, ge=1.0, le=REMEMBERED_S)
    """How far to look back, seconds."""


class Balance(BaseModel):
    """Between taught and typed actions."""

    model_config = ConfigDict(extra="forbid")
    balance: float = Field(ge=-1.0, le=1.0)
    """Above 0 typed actions are favoured, below 0 taught ones."""


class Threshold(BaseModel):
    """How sure the engine must be of an action."""

    model_config = ConfigDict(extra="forbid")
    threshold: float | None = Field(default=None, ge=LEAST_THRESHOLD, le=MOST_THRESHOLD)
    """Share p / (p + u) at which it begins; the standard one where it is left out."""


def router(inside: Inside) -> APIRouter:
    """The routes, each of which answers with what came of it or with a ``Refusal``."""
    made = APIRouter(tags=["inside"], responses=REFUSALS)

    @made.post("/explanations")
    def explain(which: Annotated[Caption, Body()]) -> JSONResponse:
        """Why this caption: which joints and which part of the window speak for it."""
        return reply(inside.explain(which.id, stream=which.stream, track=which.track))

    @made.get("/map")
    def show_map() -> JSONResponse:
        """The actions as points of a plane, and how near each lies to each."""
        return reply(inside.map())

    @made.post("/rescore")
    def rescore(tried: Annotated[TriedAction, Body()]) -> JSONResponse:
        """Whether an action nobody has added would have been recognised in the last minutes."""
        return reply(inside.rescore(tried.name, tried.description, last_s=tried.last_s))

    @made.get("/stages")
    def stages() -> JSONResponse:
        """What the engine is, and what it has counted and timed."""
        return reply(inside.stages())

    @made.get("/tuning")
    def tuning() -> JSONResponse:
        """The balance and the thresholds."""
        return reply(inside.tuning())

    @made.put("/tuning/balance")
    def set_balance(wanted: Annotated[Balance, Body()]) -> JSONResponse:
        """Favour typed actions or taught ones."""
        return reply(inside.set_balance(wanted.balance))

    @made.put("/tuning/thresholds/{action_id}")
    def set_threshold(action_id: ActionId, wanted: Annotated[Threshold, Body()]) -> JSONResponse:
        """Name an action only from another threshold on."""
        return reply(inside.set_threshold(action_id, wanted.threshold))

    return made
