"""Against a real mosquitto on loopback, there and not there."""

import json
import logging
import queue
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from app.outward.forwarder import DeliveryError, Forwarder
from app.outward.mqtt import LOGIN_FILE, PASSWORD, USER, Broker, Login, MqttLink, read_login
from engine.messages import RecordedEvent
from streams.skeleton.errors import ConfigError
from tests.app.fakes import event
from tests.app.outward.feed import FakeFeed
from tests.app.outward.mosquitto import PROGRAM, Mosquitto

RECORDED = RecordedEvent(17, "2026-11-24T00:00:00Z", event("<跳>"))
PATIENCE_S = 20.0
needs_broker = pytest.mark.skipif(PROGRAM is None, reason="no mosquitto here; install that package")


class _Watcher:
    """A subscriber the broker keeps messages for while it is away."""

    def __init__(self, port: int, login: Login | None = None) -> None:
        self.heard: queue.Queue[tuple[str, str, bool]] = queue.Queue()
        self._seen: set[bytes] = set()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="watcher", clean_session=False)
        if login:
            self._client.username_pw_set(login.user, login.password)
        self._client.reconnect_delay_set(1, 1)
        subscribed: queue.Queue[int] = queue.Queue()
        self._client.on_subscribe = lambda *_: subscribed.put(1)
        self._client.on_connect = lambda client, *_: client.subscribe("show/#", qos=1)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        subscribed.get(timeout=PATIENCE_S)

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        # The broker, too, repeats what it was stopped before hearing of, and marks that.
        if message.dup and message.payload in self._seen:
            return
        self._seen.add(message.payload)
        self.heard.put((message.topic, message.payload.decode(), message.retain))

    def next(self, topic: str) -> str:
        """The next message of a topic; others are passed over."""
        while True:
            heard, payload, _ = self.heard.get(timeout=PATIENCE_S)
            if heard == topic:
                return payload

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _linked(port: int, login: Login | None = None) -> MqttLink:
    link = MqttLink(Broker.at(f"mqtt://127.0.0.1:{port}/show"), login, longest_retry_s=1)
    assert link.wait_until_connected(PATIENCE_S)
    return link


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    made.start()
    yield made
    made.stop()


@needs_broker
def test_an_event_arrives_as_documented_and_the_status_is_kept(broker: Mosquitto) -> None:
    with closing(_Watcher(broker.port)) as watcher:
        with closing(_linked(broker.port)) as link:
            link(RECORDED)
            assert watcher.next("show/status") == "online"
            got = json.loads(watcher.next("show/events"))
            assert (got["number"], got["event"]["name"], got["event"]["phase"]) == (17, "<跳>", "onset")
        assert watcher.next("show/status") == "offline"
    with closing(_Watcher(broker.port)) as late:
        topic, payload, retained = late.heard.get(timeout=PATIENCE_S)
        assert (topic, payload, retained) == ("show/status", "offline", True)


@needs_broker
def test_a_program_that_is_killed_is_said_to_be_offline(broker: Mosquitto) -> None:
    with closing(_Watcher(broker.port)) as watcher, closing(_linked(broker.port)) as link:
        assert watcher.next("show/status") == "online"
        socket = link._client.socket()
        assert socket is not None
        socket.shutdown(2)  # what the broker sees of a program that dies
        assert watcher.next("show/status") == "offline"
        assert watcher.next("show/status") == "online"


@needs_broker
def test_a_broker_away_for_a_minute_loses_and_doubles_nothing(broker: Mosquitto, tmp_path: Path) -> None:
    feed = FakeFeed()
    with closing(_Watcher(broker.port)) as watcher, closing(_linked(broker.port)) as link:
        forwarder = Forwarder(feed, link, cursor=tmp_path / "cursor")
        forwarder.step()
        feed.happen(3)
        forwarder.step()
        broker.stop()
        waited_s = 0.0
        while waited_s < 60.0:
            feed.happen(2)
            waited_s += forwarder.step()
        assert forwarder.problem is not None
        broker.start()
        assert link.wait_until_connected(PATIENCE_S)
        while forwarder.delivered < feed.number:
            forwarder.step()
        numbers = [json.loads(watcher.next("show/events"))["number"] for _ in range(feed.number)]
        assert numbers == list(range(1, feed.number + 1))
        link(RECORDED)  # behind whatever would come twice
        assert json.loads(watcher.next("show/events"))["number"] == RECORDED.number
        assert forwarder.lost == 0


@needs_broker
def test_a_broker_with_a_password_lets_in_who_knows_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    maker = shutil.which("mosquitto_passwd")
    if maker is None:
        pytest.skip("no mosquitto_passwd here; it comes with mosquitto")
    users = tmp_path / "users"
    subprocess.run([maker, "-c", "-b", str(users), "stage", "open sesame"], check=True)
    broker = Mosquitto(tmp_path, users=users)
    broker.start()
    caplog.set_level(logging.DEBUG)
    try:
        with closing(_linked(broker.port, Login("stage", "open sesame"))) as link:
            link(RECORDED)
        stranger = MqttLink(Broker.at(f"mqtt://127.0.0.1:{broker.port}"), Login("stage", "hunter2hunter2"))
        with closing(stranger):
            assert not stranger.wait_until_connected(0.5)
            with pytest.raises(DeliveryError) as refused:
                stranger(RECORDED)
        assert "authori" in str(refused.value)
        said = caplog.text + str(refused.value) + repr(Login("stage", "hunter2hunter2"))
        assert "open sesame" not in said
        assert "hunter2" not in said
    finally:
        broker.stop()


def test_a_broker_that_was_never_there_takes_nothing() -> None:
    link = MqttLink(Broker.at("mqtt://127.0.0.1:9"))
    with closing(link), pytest.raises(DeliveryError, match=r"event 17 to 127\.0\.0\.1:9"):
        link(RECORDED)


@pytest.mark.parametrize(
    ("address", "broker"),
    [
        ("mqtt://hall", Broker("hall", 1883, encrypted=False, prefix="anymove")),
        ("mqtts://hall/", Broker("hall", 8883, encrypted=True, prefix="anymove")),
        ("mqtt://[::1]:99/house/gym/", Broker("::1", 99, encrypted=False, prefix="house/gym")),
    ],
)
def test_an_address_names_broker_and_topics(address: str, broker: Broker) -> None:
    assert Broker.at(address) == broker


@pytest.mark.parametrize(
    "address", ["", "hall", "http://hall", "mqtt://", "mqtt://hall/a/#", "mqtt://hall:x", "mqtt://hall?x=1"]
)
def test_what_is_no_broker_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="mqtt://HOST"):
        Broker.at(address)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match=USER) as refused:
        Broker.at("mqtt://me:hunter2@hall")
    assert "hunter2" not in str(refused.value)


def test_the_login_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    assert read_login({}, tmp_path) is None
    (tmp_path / LOGIN_FILE).write_text("me\nsecret word\n")
    assert read_login({}, tmp_path) == Login("me", "secret word")
    assert read_login({USER: "you", PASSWORD: "other"}, tmp_path) == Login("you", "other")
    (tmp_path / LOGIN_FILE).write_text("secret word\n")
    with pytest.raises(ConfigError, match="two") as refused:
        read_login({}, tmp_path)
    assert "secret word" not in str(refused.value)
