"""Whole sets of actions over HTTP: export, import, and the shelf of saved ones."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from app.api.actions import REFUSALS
from app.api.replies import reply
from app.sets import Sets

SetName = Annotated[str, Path(max_length=1_000)]


async def _content(request: Request) -> bytes:
    return await request.body()


def router(sets: Sets) -> APIRouter:
    """The routes, each of which answers with what came of it or with a ``Refusal``."""
    made = APIRouter(tags=["vocabulary"], responses=REFUSALS)

    @made.get("/vocabulary", response_class=Response)
    def export() -> Response:
        """The actions as a file; see ``app.vocabulary_file``."""
        answer = sets.export()
        if "error" in answer:
            return reply(answer)
        name = 'attachment; filename="actions.anymove.json"'
        return Response(
            answer["file"], media_type="application/json", headers={"content-disposition": name}
        )

    @made.put("/vocabulary")
    def take_in(content: Annotated[bytes, Depends(_content)]) -> JSONResponse:
        """Have the actions of such a file instead of those of now; one ``undo`` takes it back."""
        return reply(sets.take_in(content))

    @made.get("/sets")
    def names() -> JSONResponse:
        """Names of the saved sets."""
        return reply(sets.names())

    @made.put("/sets/{name}")
    def save(name: SetName) -> JSONResponse:
        """Save the actions of now under a name."""
        return reply(sets.save(name))

    @made.post("/sets/{name}/load")
    def load(name: SetName) -> JSONResponse:
        """Have the actions of a saved set instead of those of now; one ``undo`` takes it back."""
        return reply(sets.load(name))

    @made.delete("/sets/{name}")
    def remove(name: SetName) -> JSONResponse:
        """Forget a saved set."""
        return reply(sets.remove(name))

    return made
