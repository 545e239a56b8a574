import stat
from pathlib import Path

import pytest

from app.access import (
    FREE_TRIES,
    SESSION_S,
    WAIT_S,
    Access,
    PasswordHash,
    Secrets,
    read_secrets,
    set_password,
)
from streams.skeleton.errors import AccessError, ConfigError, StoreError

PASSWORD = "open sesame"


class _Clock:
    now_ns = 0

    def __call__(self) -> int:
        return self.now_ns

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def _access(clock: _Clock | None = None) -> Access:
    return Access(Secrets(PasswordHash.of(PASSWORD), "token"), clock=clock or _Clock())


def test_without_a_password_everybody_is_an_operator() -> None:
    access = Access(Secrets(None, "token"))
    assert access.role(session=None, authorization=None) == "operator"
    with pytest.raises(AccessError):
        access.log_in("")


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", "Basic token", "token", "Bearer é"]
)
def test_a_stranger_is_a_visitor(authorization: str | None) -> None:
    assert _access().role(session="made-up", authorization=authorization) == "visitor"


def test_a_program_is_known_by_its_token() -> None:
    assert _access().role(session=None, authorization="Bearer token") == "operator"


def test_a_session_lasts_while_it_is_used() -> None:
    clock = _Clock()
    access = _access(clock)
    session = access.log_in(PASSWORD)
    for _ in range(3):
        clock.wait(SESSION_S - 1)
        assert access.role(session=session, authorization=None) == "operator"
    clock.wait(SESSION_S + 1)
    assert access.role(session=session, authorization=None) == "visitor"


def test_logging_out_ends_one_session_only() -> None:
    access = _access()
    first, second = access.log_in(PASSWORD), access.log_in(PASSWORD)
    access.log_out(first)
    assert access.role(session=first, authorization=None) == "visitor"
    assert access.role(session=second, authorization=None) == "operator"


def test_guessing_is_slowed_down() -> None:
    clock = _Clock()
    access = _access(clock)
    for _ in range(FREE_TRIES):
        with pytest.raises(AccessError, match="another one"):
            access.log_in("guess")
    with pytest.raises(AccessError, match="wait 30 s"):
        access.log_in(PASSWORD)
    clock.wait(WAIT_S + 1)
    assert access.log_in(PASSWORD)


def test_secrets_are_kept_hashed_and_private(tmp_path: Path) -> None:
    first = read_secrets(tmp_path)
    assert first.password is None
    set_password(tmp_path, PASSWORD)
    kept = read_secrets(tmp_path)
    assert kept.token == first.token
    assert kept.password is not None
    assert kept.password.is_of(PASSWORD)
    assert not kept.password.is_of(PASSWORD + " ")
    for path in tmp_path.iterdir():
        assert PASSWORD not in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257])
def test_a_poor_password_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(ConfigError, match="8 to 256"):
        set_password(tmp_path, password)
    assert not list(tmp_path.iterdir())


def test_a_damaged_password_file_locks_rather_than_opens(tmp_path: Path) -> None:
    (tmp_path / "operator.json").write_text('{"salt": 7}')
    with pytest.raises(StoreError, match="anymove password"):
        read_secrets(tmp_path)
