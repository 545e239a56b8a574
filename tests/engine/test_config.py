"""Settings are checked before anything is opened, and nobody is reachable by mistake."""

from typing import Any

import pytest

from engine.config import EngineConfig, is_local
from streams.config import Endpoints
from streams.skeleton.errors import ConfigError


def test_the_defaults_are_reachable_from_this_machine_only():
    endpoints = EngineConfig().endpoints
    assert all(is_local(e) for e in (endpoints.windows, endpoints.predictions, endpoints.control))


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp://127.0.0.1:5581",
        "tcp://127.3.2.1:*",
        "tcp://localhost:80",
        "tcp://[::1]:80",
        "ipc:///run/x",
        "inproc://x",
    ],
)
def test_local_addresses(endpoint: str):
    assert is_local(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp://*:5581",
        "tcp://0.0.0.0:5581",
        "tcp://192.168.1.2:5581",
        "tcp://[::]:80",
        "tcp://example.org:80",
        "tcp://localhost.example.org:80",
        "udp://127.0.0.1:80",
        "tcp://",
        "",
    ],
)
def test_other_addresses_need_permission(endpoint: str):
    assert not is_local(endpoint)
    endpoints = Endpoints(control=endpoint)
    with pytest.raises(ConfigError, match=r"--allow-remote.*nothing is encrypted"):
        EngineConfig(endpoints=endpoints)
    assert EngineConfig(endpoints=endpoints, allow_remote=True).endpoints is endpoints


@pytest.mark.parametrize(
    "setting",
    [
        {"capacity": 0},
        {"capacity": 10_001},
        {"credit": 0},
        {"credit": 65},
        {"max_waiting": 0},
        {"snapshot_every_s": 0.0},
        {"snapshot_every_s": float("nan")},
    ],
)
def test_settings_out_of_range_are_refused(setting: dict[str, Any]):
    with pytest.raises(ConfigError, match="wanted"):
        EngineConfig(**setting)
