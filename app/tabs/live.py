"""The live tab: what is seen, what it is called, and the set of actions."""

from pathlib import Path

import gradio as gr

STATIC = Path(__file__).resolve().parent.parent / "static"
STATIC_URL = "/page"
_START = f"import('{STATIC_URL}/live.js').then((page) => page.mount(element));"


def build() -> gr.HTML:
    """The tab's one component, inside the current ``gr.Blocks``; it asks ``/api/v1`` for all it does."""
    return gr.HTML(
        html_template=(STATIC / "live.html").read_text("utf-8"),
        js_on_load=_START,
        apply_default_css=False,
        elem_id="live",
    )
