"""Measurements for Prometheus, in its text format (version 0.0.4)."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def router(numbers: Callable[[], Mapping[str, float]]) -> APIRouter:
    """``GET /metrics``.

    Args:
        numbers: Gives the measurements of now by name; names are letters and underscores.
    """
    made = APIRouter(tags=["metrics"])

    @made.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> PlainTextResponse:
        """Every measurement as a gauge, named ``anymove_...``."""
        lines = [
            f"# TYPE anymove_{name} gauge\nanymove_{name} {value:.10g}"
            for name, value in sorted(numbers().items())
        ]
        return PlainTextResponse("\n".join(lines) + "\n", media_type=CONTENT_TYPE)

    return made
