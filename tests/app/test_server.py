import json
import re
import socket
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from app.server import PageServer
from streams.skeleton.errors import ConfigError
from tests.app.conftest import ServedPage


def _config(page: ServedPage) -> dict[str, Any]:
    return httpx.get(f"{page.url}/config").raise_for_status().json()


def test_the_page_loads_nothing_from_elsewhere(page: ServedPage) -> None:
    html = httpx.get(page.url).raise_for_status().text
    loaded = re.findall(r"""(?:src|href)=["']((?:https?:)?//[^"']+)""", html)
    assert [link for link in loaded if not link.startswith(page.url)] == []
    assert "fonts.googleapis" not in html
    assert "/page/page.css" in html


def test_gradio_keeps_no_history_and_phones_nobody(page: ServedPage) -> None:
    config = _config(page)
    assert config.get("run_history") in (False, None)
    assert config["analytics_enabled"] is False
    assert config["footer_links"] == []


def test_static_files_are_served_and_folders_are_not(page: ServedPage) -> None:
    assert "javascript" in httpx.get(f"{page.url}/page/live.js").headers["content-type"]
    assert httpx.get(f"{page.url}/page/").status_code == 404
    assert httpx.get(f"{page.url}/page/../server.py").status_code == 404


@pytest.mark.parametrize("path", ["/", "/config", "/page/live.js", "/gradio_api/info", "/api/v1/actions"])
def test_every_route_checks_the_host(page: ServedPage, path: str) -> None:
    assert httpx.get(page.url + path, headers={"host": "evil.example"}).status_code == 403
    assert httpx.get(page.url + path).status_code != 403


def test_another_sites_page_cannot_add_actions_or_listen(page: ServedPage) -> None:
    answer = httpx.post(
        f"{page.url}/api/v1/actions", json={"name": "x"}, headers={"origin": "http://evil.example"}
    )
    assert answer.status_code == 403
    address = page.url.replace("http", "ws") + "/live"
    with pytest.raises(InvalidStatus) as refused:
        connect(address, origin="http://evil.example", proxy=None)  # pyright: ignore[reportArgumentType]
    assert refused.value.response.status_code == 403
    with connect(address, origin=page.url, proxy=None) as live:  # pyright: ignore[reportArgumentType]
        assert json.loads(live.recv(10))["type"] == "hello"


def test_a_huge_message_ends_the_connection(page: ServedPage) -> None:
    with connect(page.url.replace("http", "ws") + "/live", proxy=None) as live:
        live.recv(10)
        live.send("x" * 1_000_000)
        with pytest.raises(ConnectionClosed) as closed:
            _read_until_closed(live)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def _read_until_closed(live: ClientConnection) -> None:
    while True:
        live.recv(10)


def test_nothing_can_be_uploaded(page: ServedPage) -> None:
    files = {"files": ("a.txt", b"some bytes")}
    assert httpx.post(f"{page.url}/gradio_api/upload", files=files).status_code >= 400


def test_a_taken_port_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="--port"):
        PageServer(FastAPI, host="127.0.0.1", port=taken.getsockname()[1])
