"""What happened, over HTTP: the events the engine remembers."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from app.api.actions import REFUSALS
from app.api.replies import reply
from app.controller import Controller
from app.outward.forwarder import AT_ONCE, Feed
from engine.messages import to_json

Number = Annotated[int | None, Query(ge=0, le=2**53)]


def router(feed: Feed, controller: Controller) -> APIRouter:
    """``GET /events``.

    Args:
        feed: Remembers the events.
        controller: Answers in the page's words.
    """
    made = APIRouter(tags=["events"], responses=REFUSALS)

    @made.get("/events")
    def list_events(
        since: Number = None, limit: Annotated[int, Query(ge=1, le=AT_ONCE)] = AT_ONCE
    ) -> JSONResponse:
        """Onsets and offsets in order: the first after number ``since``, or the newest.

        As they happen, with the captions, they come over the WebSocket ``/api/v1/stream?since=NUMBER``.
        """
        return reply(
            controller.answer(
                lambda: {"events": [to_json(event) for event in feed.events(since, limit=limit)]}
            )
        )

    return made
