// The live channel: reconnects by itself, hands over messages and frames.

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 4000;
const SILENCE_MS = 6000; // the server speaks every second; longer than this and the line is dead

export function openSocket({ onMessage, onFrame, onLink }) {
  const address = new URL("/live", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  let socket = null;
  let retryMs = FIRST_RETRY_MS;
  let heard = 0;

  function connect() {
    socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    heard = performance.now();
    socket.onopen = () => {
      retryMs = FIRST_RETRY_MS;
      onLink("open");
    };
    socket.onmessage = ({ data }) => {
      heard = performance.now();
      if (typeof data === "string") onMessage(JSON.parse(data));
      else onFrame(unpack(data));
    };
    socket.onclose = ({ code, reason }) => {
      onLink("closed", code === 1013 ? reason : "");
      setTimeout(connect, retryMs);
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 1.7);
    };
  }

  setInterval(() => {
    if (socket.readyState === WebSocket.OPEN && performance.now() - heard > SILENCE_MS) socket.close();
  }, 1000);
  connect();

  return {
    /** Tell the server that a frame is on the screen: it then sends the next one. */
    drawn(number) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "drawn", frame: number }));
    },
  };
}

/** A frame: four bytes of header length, the header in JSON, the rest is a JPEG or nothing. */
function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const jpeg = new Uint8Array(buffer, 4 + length);
  return { ...header, jpeg: jpeg.length ? jpeg : null };
}
