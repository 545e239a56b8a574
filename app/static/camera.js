// This browser's camera as what is watched: pictures go to the server, one at a time, the newest first.

import { say, set } from "./dom.js";

const LONGEST_SIDE = 640;
const QUALITY = 0.8;
const MOST_FPS = 30;
const RETRY_MS = 1000;
const TRY_LATER = 1013;
const NOT_ALLOWED = 4001;
const REASONS = {
  NotAllowedError: "This browser may not use the camera. Allow it for this page, beside the address, and press again.",
  NotFoundError: "This device has no camera, or none that the browser can see.",
  NotReadableError: "Another program holds the camera. Close it there and press again.",
  OverconstrainedError: "This camera gives no picture that can be used.",
};
const INSECURE = "A browser lends its camera only to pages of the same machine, or over HTTPS.";

/** Call now, or once the page is looked at again. */
function whenVisible(call) {
  if (!document.hidden) call();
  else document.addEventListener("visibilitychange", () => whenVisible(call), { once: true });
}

export function createCamera(button, { toast, onRefused }) {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  const canvas = document.createElement("canvas");
  const address = new URL("/camera", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  let stream = null;
  let socket = null;

  function show() {
    set(button, "aria-pressed", Boolean(stream));
    say(button, stream ? "Stop this camera" : "Use this camera");
  }

  async function start() {
    set(button, "disabled", "");
    try {
      // Not mirrored, whatever the screen shows.
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: LONGEST_SIDE }, frameRate: { ideal: MOST_FPS } } });
      stream.getVideoTracks()[0].addEventListener("ended", () => stop("The camera was taken away or switched off."));
      video.srcObject = stream;
      await video.play();
      connect();
    } catch (error) {
      stop(navigator.mediaDevices ? (REASONS[error.name] ?? `The camera cannot be used: ${error.message}`) : INSECURE);
    }
    set(button, "disabled", null);
    show();
  }

  function stop(reason = "") {
    if (socket?.readyState === WebSocket.OPEN) socket.send("stop");
    stream?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    stream = socket = null;
    show();
    if (reason) toast.wrong(reason);
  }

  function connect() {
    const own = new WebSocket(address);
    socket = own;
    // The server has taken the last picture: the camera's next one may go.
    own.onmessage = () => next((taken) => socket === own && send(own, taken));
    own.onclose = ({ code, reason }) => {
      if (socket !== own) return;
      if (code === NOT_ALLOWED) {
        stop();
        onRefused();
      } else if (code === TRY_LATER && reason.startsWith("another")) {
        stop("Another page's camera is in use. Stop it there first.");
      } else {
        setTimeout(() => whenVisible(() => socket === own && connect()), RETRY_MS);
      }
    };
  }

  /** Call back with the camera's next picture and when it was taken; never while the page is hidden. */
  function next(call) {
    if (video.requestVideoFrameCallback)
      video.requestVideoFrameCallback((now, { captureTime }) => call(captureTime ?? now));
    else requestAnimationFrame(call);
  }

  async function send(own, taken) {
    const { videoWidth: width, videoHeight: height } = video;
    const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height, 1));
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const jpeg = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!jpeg || own.readyState !== WebSocket.OPEN) return;
    const age = Math.min(65535, Math.max(0, Math.round(performance.now() - taken)));
    own.send(new Blob([new Uint16Array([age]), jpeg]));
  }

  button.addEventListener("click", () => (stream ? stop() : start()));
  show();

  return {
    /** Whether a camera of this browser can be used at all. */
    offer: (offered) => set(button, "hidden", offered ? null : ""),
  };
}
