"""The page as Gradio sees it: one dark theme, no fonts or scripts from elsewhere."""

import os

# Before Gradio is imported. The page reports to nobody.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

import gradio as gr
from fastapi import FastAPI
from gradio.themes.base import Base

from app.tabs import live

TITLE = "anymove"
GROUND = "#090b0e"
TEXT = "#f1f4f6"
STYLES = "\n".join(
    f'<link rel="stylesheet" href="{live.STATIC_URL}/{name}.css">'
    for name in ("page", "layout", "stage", "panels", "sheets", "inside")
)
HEAD = f"""
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="theme-color" content="{GROUND}">
<link rel="icon" href="{live.STATIC_URL}/icon.svg" type="image/svg+xml">
{STYLES}
<link rel="modulepreload" href="{live.STATIC_URL}/live.js">
"""
"""Our own style sheet and script, in the document before Gradio draws anything."""


def theme() -> Base:
    """A dark theme with the system's fonts, so that nothing flashes white before the page is up."""
    made = Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"])
    return made.set(
        body_background_fill=GROUND,
        body_background_fill_dark=GROUND,
        body_text_color=TEXT,
        body_text_color_dark=TEXT,
    )


def mount(app: FastAPI, *, host: str) -> FastAPI:
    """The application with the page at its root.

    Args:
        app: Takes requests before Gradio does.
        host: Address it is served at.
    """
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, fill_height=True) as page:
        live.build()
    return gr.mount_gradio_app(
        app,
        page,
        path="/",
        server_name=host,
        theme=theme(),
        head=HEAD,
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
    )
