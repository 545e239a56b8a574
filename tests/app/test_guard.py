import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.guard import MAX_BODY_BYTES, AllowedHosts, Guard

OURS = "http://127.0.0.1:7860"
LIVE = "ws://127.0.0.1:7860/live"


async def _echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse((await request.body()).decode())


async def _socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


def _client() -> TestClient:
    app = Starlette(
        routes=[Route("/echo", _echo, methods=["GET", "POST"]), WebSocketRoute("/live", _socket)]
    )
    app.add_middleware(Guard, hosts=AllowedHosts())
    return TestClient(app, base_url=OURS)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "LOCALHOST", "127.0.0.1", "[::1]"]
)
def test_loopback_is_ours(host: str) -> None:
    assert _client().get("/echo", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "127.0.0.1.evil.example",
        "localhost.evil.example:7860",
        "",
        "192.168.1.7:7860",
    ],
)
def test_a_rebound_name_is_refused(host: str) -> None:
    answer = _client().get("/echo", headers={"host": host})
    assert answer.status_code == 403
    assert "wanted" in answer.text


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:7860"]
)
def test_another_sites_request_is_refused(origin: str) -> None:
    answer = _client().post("/echo", content=b"x", headers={"origin": origin})
    assert answer.status_code == 403


def test_our_own_request_passes() -> None:
    answer = _client().post("/echo", content=b"x", headers={"origin": OURS})
    assert (answer.status_code, answer.text) == (200, "x")


def test_cross_site_subresources_are_refused_and_links_are_not() -> None:
    cross = {"sec-fetch-site": "cross-site"}
    assert _client().get("/echo", headers={**cross, "sec-fetch-mode": "no-cors"}).status_code == 403
    assert _client().get("/echo", headers={**cross, "sec-fetch-mode": "navigate"}).status_code == 200


def test_a_large_or_endless_body_is_refused() -> None:
    client = _client()
    assert client.post("/echo", content=b"x" * MAX_BODY_BYTES).status_code == 200
    assert client.post("/echo", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
    assert client.post("/echo", content=iter([b"x", b"y"])).status_code == 411
    assert client.get("/echo", headers={"content-length": "-1"}).status_code == 413


def test_every_answer_keeps_other_sites_out() -> None:
    headers = _client().get("/echo").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_websockets_are_guarded_too() -> None:
    with _client().websocket_connect(LIVE, headers={"origin": OURS}) as socket:
        assert socket.receive_text() == "hello"
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}):
        with pytest.raises(WebSocketDisconnect), _client().websocket_connect(LIVE, headers=headers):
            pass


def test_an_open_address_allows_address_literals_only() -> None:
    hosts = AllowedHosts(bound="0.0.0.0", names=frozenset({"kiosk.lan"}))
    assert "192.168.1.7:7860" in hosts
    assert "[fe80::1]:7860" in hosts
    assert "kiosk.lan:7860" in hosts
    assert "evil.example:7860" not in hosts
