import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from streams.skeleton.errors import SourceError
from streams.sources.network import is_address, network_camera, without_password
from streams.sources.returning import ReturningSource

BOUNDARY = b"frame"


class Server:
    """An MJPEG camera on loopback that can be cut off and come back at the same port."""

    def __init__(self, port: int = 0) -> None:
        self.cut = threading.Event()
        cut = self.cut
        _, jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))
        body = jpeg.tobytes()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", f"multipart/x-mixed-replace;boundary={BOUNDARY.decode()}")
                self.end_headers()
                head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(body)
                try:
                    while not cut.wait(0.02):
                        self.wfile.write(b"--" + BOUNDARY + b"\r\n" + head + body + b"\r\n")
                except OSError:
                    return

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.cut.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("rtsp://camera/1", True),
        ("HTTP://127.0.0.1:80/x", True),
        ("rtsps://a", True),
        ("file:///etc/passwd", False),
        ("kinect:tcp://127.0.0.1:5590", False),
        ("clip.mp4", False),
        ("rtsp", False),
    ],
)
def test_only_network_cameras_are_addresses(text: str, address: bool) -> None:
    assert is_address(text) is address


def test_a_password_is_never_shown() -> None:
    assert without_password("rtsp://me:secret@10.0.0.5:554/live?token=x#y") == "rtsp://10.0.0.5:554/live"
    with pytest.raises(SourceError, match="wanted an address"):
        without_password("rtsp:///live")


def test_a_stream_over_http_is_read_and_found_again_after_a_cut() -> None:
    server = Server()
    address = f"http://user:secret@127.0.0.1:{server.port}/stream.mjpg"
    source = ReturningSource(lambda: network_camera(address), retry_s=0.05)
    with closing(source):
        assert "secret" not in source.name
        pictures = iter(source)
        first = next(pictures)
        assert first.rgb.shape == (48, 64, 3)
        assert abs(int(first.rgb[20, 30, 0]) - 90) < 4
        port = server.port
        server.close()
        again: Server | None = None
        for picture in pictures:
            # What had been on its way still comes; the cut is noticed by its silence.
            if source.presence.losses and picture.captured_ns > first.captured_ns:
                break
            if again is None:
                again = Server(port)
        assert again is not None
        again.close()
    assert source.presence.losses >= 1
    assert source.presence.returns >= 1


def test_nobody_at_the_address_is_an_error_without_the_password() -> None:
    server = Server()
    server.close()
    with pytest.raises(SourceError, match="check the address") as refused:
        network_camera(f"http://me:secret@127.0.0.1:{server.port}/x")
    assert "secret" not in str(refused.value)
