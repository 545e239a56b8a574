import httpx
import pytest

from tests.app.conftest import PASSWORD, TOKEN, ServedPage

CHANGES = [
    ("POST", "/actions", {"name": "x"}),
    ("PATCH", "/actions/a1", {"name": "x"}),
    ("DELETE", "/actions/a1", None),
    ("POST", "/undo", {"version": 1}),
    ("PUT", "/vocabulary", {}),
    ("PUT", "/sets/x", None),
    ("POST", "/sets/x/load", None),
    ("DELETE", "/sets/x", None),
    ("DELETE", "/scores", None),
]


def _api(bare: ServedPage) -> httpx.Client:
    return httpx.Client(base_url=f"{bare.url}/api/v1")


@pytest.mark.protected
@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_visitor_changes_nothing(bare: ServedPage, method: str, path: str, body: object) -> None:
    with _api(bare) as api:
        answer = api.request(method, path, json=body)
    assert answer.status_code == 401
    assert answer.json()["code"] == "access"
    assert [action.name for action in bare.engine.actions()] == ["wave", "squat", "bow"]


@pytest.mark.protected
def test_every_change_there_is_needs_an_operator_or_a_turn(bare: ServedPage) -> None:
    with _api(bare) as api:
        for path, methods in api.get("/openapi.json").json()["paths"].items():
            for method in set(methods) - {"get"}:
                open_to_all = "/session" in path or "/turns" in path
                tried = api.request(method.upper(), path.removeprefix("/api/v1"), json={})
                assert (tried.status_code == 401) != open_to_all or "/session" in path, (method, path)


@pytest.mark.protected
def test_a_visitor_may_read_and_take_a_turn(bare: ServedPage) -> None:
    with _api(bare) as api:
        assert api.get("/actions").status_code == 200
        assert api.get("/session").json() == {"role": "visitor", "protected": True}
        assert api.post("/turns", json={"name": "hop"}).status_code == 201


@pytest.mark.protected
def test_a_password_makes_an_operator_until_logging_out(bare: ServedPage) -> None:
    with _api(bare) as api:
        assert api.post("/session", json={"password": "wrong one"}).status_code == 401
        answer = api.post("/session", json={"password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert answer.json()["role"] == "operator"
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert api.post("/actions", json={"name": "hop"}).status_code == 201
        assert api.delete("/session").json()["role"] == "visitor"
        assert api.post("/actions", json={"name": "skip"}).status_code == 401


@pytest.mark.protected
def test_a_program_has_a_token(bare: ServedPage) -> None:
    with _api(bare) as api:
        api.headers["authorization"] = f"Bearer {TOKEN}"
        assert api.post("/actions", json={"name": "hop"}).status_code == 201


def test_without_a_password_nobody_is_asked(bare: ServedPage) -> None:
    with _api(bare) as api:
        assert api.get("/session").json() == {"role": "operator", "protected": False}
        assert api.post("/actions", json={"name": "hop"}).status_code == 201
