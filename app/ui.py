"""The page as Gradio sees it: one dark theme, no fonts or scripts from elsewhere."""

import os

# Before Gradio is imported: it reads these once. The page works offline and reports to nobody.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr
from gradio.themes.base import Base

from app.controller import Controller
from app.tabs import live

TITLE = "anymove"
GROUND = "#090b0e"
TEXT = "#f1f4f6"
HEAD = f"""
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="theme-color" content="{GROUND}">
<link rel="icon" href="{live.STATIC_URL}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{live.STATIC_URL}/page.css">
<link rel="stylesheet" href="{live.STATIC_URL}/live.css">
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


def build(controller: Controller) -> gr.Blocks:
    """The page, to be mounted."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, fill_height=True) as page:
        live.build(controller)
    return page
