"""Who a request comes from: logging in and out, and the gate before everything that changes something."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictStr
from starlette.requests import HTTPConnection

from app.access import COOKIE, LONGEST_PASSWORD, SESSION_S, Access, Role
from app.api.replies import STATUS_OF, Refusal
from app.controller import sentence
from streams.skeleton.errors import AccessError


class Password(BaseModel):
    """What an operator types."""

    model_config = ConfigDict(extra="forbid")
    password: StrictStr = Field(max_length=LONGEST_PASSWORD)


class Session(BaseModel):
    """Who is asking, as ``/session`` answers."""

    role: Role
    protected: bool
    """Whether there is a password at all."""


def role_of(access: Access, connection: HTTPConnection) -> Role:
    """Who this request or WebSocket comes from."""
    return access.role(
        session=connection.cookies.get(COOKIE), authorization=connection.headers.get("authorization")
    )


def operators_only(access: Access) -> Callable[[Request], None]:
    """A dependency that lets only operators pass."""

    def check(request: Request) -> None:
        if role_of(access, request) != "operator":
            raise AccessError("wanted an operator, got a visitor; log in with the operator's password")

    return check


def operators_change(access: Access) -> Callable[[Request], None]:
    """A dependency that lets everybody read and only operators change things."""
    check = operators_only(access)

    def check_changes(request: Request) -> None:
        if request.method not in ("GET", "HEAD"):
            check(request)

    return check_changes


async def refuse_visitor(request: Request, error: Exception) -> JSONResponse:
    """The refusal in the shape of every other one."""
    return JSONResponse({"error": sentence(str(error)), "code": "access"}, STATUS_OF["access"])


def router(access: Access) -> APIRouter:
    """The routes of ``/session``."""
    made = APIRouter(tags=["access"], responses={401: {"model": Refusal}})

    @made.get("/session")
    def who(request: Request) -> Session:
        """Who is asking."""
        return Session(role=role_of(access, request), protected=access.protected)

    @made.post("/session")
    def log_in(given: Annotated[Password, Body()], response: Response) -> Session:
        """Become an operator, by a cookie."""
        session = access.log_in(given.password)
        response.set_cookie(COOKIE, session, max_age=SESSION_S, httponly=True, samesite="strict", path="/")
        return Session(role="operator", protected=True)

    @made.delete("/session")
    def log_out(request: Request, response: Response) -> Session:
        """Be a visitor again."""
        access.log_out(request.cookies.get(COOKIE, ""))
        response.delete_cookie(COOKIE, path="/")
        return Session(role="visitor" if access.protected else "operator", protected=access.protected)

    return made
