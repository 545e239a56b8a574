"""The live tab: what is seen, what it is called, and the set of actions."""

from pathlib import Path
from typing import Any

import gradio as gr

from app.controller import Controller

STATIC = Path(__file__).resolve().parent.parent / "static"
STATIC_URL = "/page"
_START = f"import('{STATIC_URL}/live.js').then((page) => page.mount(element, server));"


def build(controller: Controller) -> gr.HTML:
    """The tab's one component, inside the current ``gr.Blocks``.

    Its functions answer with what came of it or with ``{"error": words}``.
    """

    # Gradio hands over a list, or a lone argument as it is: whatever the page sent.
    def add_action(arguments: Any) -> dict[str, Any]:
        return controller.add_action(*_texts(arguments, 2))

    def rename_action(arguments: Any) -> dict[str, Any]:
        return controller.rename_action(*_texts(arguments, 2))

    def remove_action(arguments: Any) -> dict[str, Any]:
        return controller.remove_action(*_texts(arguments, 1))

    def undo(arguments: Any) -> dict[str, Any]:
        version = arguments[0] if isinstance(arguments, list) and arguments else arguments
        return controller.undo(version if isinstance(version, int) else -1)

    return gr.HTML(
        html_template=(STATIC / "live.html").read_text("utf-8"),
        js_on_load=_START,
        apply_default_css=False,
        elem_id="live",
        server_functions=[add_action, rename_action, remove_action, undo],
    )


def _texts(arguments: Any, count: int) -> list[str]:
    """Exactly ``count`` texts; what the page left out or sent as something else is empty."""
    given = arguments if isinstance(arguments, list) else [arguments]
    texts = [value if isinstance(value, str) else "" for value in given[:count]]
    return texts + [""] * (count - len(texts))
