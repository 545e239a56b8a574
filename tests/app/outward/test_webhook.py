"""Against a real server on loopback, there and not there."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.outward.forwarder import DeliveryError, Forwarder
from app.outward.webhook import webhook
from engine.messages import RecordedEvent
from streams.skeleton.errors import ConfigError
from tests.app.fakes import event
from tests.app.outward.feed import FakeFeed

RECORDED = RecordedEvent(17, "2026-11-24T00:00:00Z", event("<跳>"))


class _Server:
    def __init__(self, port: int = 0) -> None:
        got: list[dict[str, Any]] = []
        answers = {"status": 200}

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(answers["status"])
                self.send_header("location", "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.got = got
        self.answers = answers
        self._server = HTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/events"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[_Server]:
    made = _Server()
    yield made
    made.close()


def test_an_event_arrives_as_documented(server: _Server) -> None:
    webhook(server.url)(RECORDED)
    (got,) = server.got
    assert (got["number"], got["event"]["name"], got["event"]["phase"]) == (17, "<跳>", "onset")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refusal_is_a_failure_and_no_redirect_is_followed(server: _Server, status: int) -> None:
    server.answers["status"] = status
    with pytest.raises(DeliveryError, match="event 17"):
        webhook(server.url)(RECORDED)
    assert len(server.got) == 1


def test_a_server_that_comes_back_gets_it() -> None:
    server = _Server()
    deliver, port = webhook(server.url), server.port
    server.close()
    with pytest.raises(DeliveryError):
        deliver(RECORDED)
    again = _Server(port)
    deliver(RECORDED)
    again.close()
    assert [got["number"] for got in again.got] == [17]


def test_a_server_away_for_a_minute_loses_and_doubles_nothing(tmp_path: Path) -> None:
    feed, server = FakeFeed(), _Server()
    forwarder = Forwarder(feed, webhook(server.url), cursor=tmp_path / "cursor")
    forwarder.step()
    feed.happen(3)
    forwarder.step()
    port, before = server.port, [got["number"] for got in server.got]
    server.close()
    waited_s = 0.0
    while waited_s < 60.0:
        feed.happen(2)
        waited_s += forwarder.step()
    again = _Server(port)
    while forwarder.delivered < feed.number:
        forwarder.step()
    again.close()
    numbers = before + [got["number"] for got in again.got]
    assert numbers == list(range(1, feed.number + 1))
    assert forwarder.lost == 0


def test_a_secret_in_the_address_is_not_repeated(server: _Server) -> None:
    server.answers["status"] = 500
    with pytest.raises(DeliveryError) as refused:
        webhook(f"{server.url}/hunter2?key=hunter2")(RECORDED)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://x/y", "http://", "example.com/hook"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="http"):
        webhook(url)
