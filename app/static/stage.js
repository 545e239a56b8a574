// The live view: the picture with skeletons over it, or the figures alone.

import { createCamera, drawFloor, drawPerson, torsoLength } from "./figure.js";
import { createTrails } from "./trails.js";

const LONGEST_LABEL = 22; // characters over somebody's head
const MOST_PIXELS = 3840 * 2160;

export function createStage(canvas, { onDrawn }) {
  const pen = canvas.getContext("2d");
  const layer = document.createElement("canvas").getContext("2d");
  const style = getComputedStyle(canvas);
  const colours = {
    left: style.getPropertyValue("--left").trim(),
    right: style.getPropertyValue("--right").trim(),
    middle: "#e4eaef",
    body: "#46525e",
  };
  const camera = createCamera();
  const trails = createTrails();
  let limbs = [];
  let mirrored = false;
  let captions = new Map();
  let latest = null;
  let waiting = false;
  let ratio = 1;

  function resize() {
    const { clientWidth, clientHeight } = canvas;
    const wanted = window.devicePixelRatio || 1;
    ratio = Math.min(wanted, Math.sqrt(MOST_PIXELS / Math.max(1, clientWidth * clientHeight)));
    canvas.width = Math.round(clientWidth * ratio);
    canvas.height = Math.round(clientHeight * ratio);
    layer.canvas.width = canvas.width;
    layer.canvas.height = canvas.height;
    trails.clear();
    redraw();
  }

  /** Draw at the next repaint; a hidden page never repaints, and so asks for no frames. */
  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (latest) draw(latest);
    });
  }

  function draw(frame) {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    if (mirrored) pen.setTransform(-1, 0, 0, 1, canvas.width, 0);
    const inPicture = frame.people.some((person) => person.points) || frame.bitmap;
    const people = inPicture ? drawPicture(frame) : drawFigures(frame);
    people.forEach((person) => drawOnLayer(person, !inPicture));
    if (people.length > 1) people.forEach(drawLabel);
    if (!frame.shown) {
      frame.shown = true;
      onDrawn(frame.n);
    }
  }

  function drawOnLayer(person, solid) {
    layer.clearRect(0, 0, canvas.width, canvas.height);
    const size = Math.max(torsoLength(person), 40 * ratio);
    drawPerson(layer, person, { limbs, colours, solid, size });
    pen.drawImage(layer.canvas, 0, 0);
  }

  function drawPicture(frame) {
    const box = fit(frame.bitmap ? frame.bitmap.width / frame.bitmap.height : frame.aspect || 4 / 3);
    if (frame.bitmap) {
      pen.save();
      pen.beginPath();
      pen.roundRect(box.x, box.y, box.width, box.height, 10 * ratio);
      pen.clip();
      pen.drawImage(frame.bitmap, box.x, box.y, box.width, box.height);
      pen.restore();
    }
    return frame.people
      .filter((person) => person.points)
      .map((person) => ({
        ...person,
        points: person.points.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height]),
      }));
  }

  function drawFigures(frame) {
    if (!frame.people.length) {
      trails.clear();
      return [];
    }
    const people = camera.project(frame.people, canvas.width, canvas.height);
    people.forEach((person) => drawFloor(pen, person.ground));
    if (!frame.shown) trails.follow(people);
    trails.draw(pen, colours, torsoLength(people[0]) * 0.14);
    return people;
  }

  /** The largest box of this aspect within the stage, less a margin. */
  function fit(aspect) {
    const margin = 14 * ratio;
    const [roomX, roomY] = [canvas.width - 2 * margin, canvas.height - 2 * margin];
    const width = Math.min(roomX, roomY * aspect);
    const height = width / aspect;
    return { x: (canvas.width - width) / 2, y: (canvas.height - height) / 2, width, height };
  }

  function drawLabel(person) {
    const caption = captions.get(person.track);
    if (!caption) return;
    const text = caption.length > LONGEST_LABEL ? `${caption.slice(0, LONGEST_LABEL - 1).trimEnd()}…` : caption;
    const size = Math.max(15 * ratio, torsoLength(person) * 0.17);
    const [x, y] = person.points[3];
    pen.save();
    pen.setTransform(1, 0, 0, 1, mirrored ? canvas.width - x : x, y - size * 2.4);
    pen.font = `700 ${size}px Plex, system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.lineWidth = size * 0.3;
    pen.strokeStyle = "#07090cd0";
    pen.strokeText(text, 0, 0);
    pen.fillStyle = "#f1f4f6";
    pen.fillText(text, 0, 0);
    pen.restore();
  }

  new ResizeObserver(resize).observe(canvas);

  return {
    setLimbs(value) {
      limbs = value;
    },
    setMirrored(value) {
      mirrored = value;
      trails.clear();
      redraw();
    },
    setCaptions(people) {
      captions = new Map(people.map((person) => [person.track, person.name ?? person.state]));
    },
    async show(frame) {
      if (frame.jpeg) {
        try {
          frame.bitmap = await createImageBitmap(new Blob([frame.jpeg], { type: "image/jpeg" }));
        } catch {
          frame.bitmap = null; // a damaged picture: the skeleton alone
        }
      }
      if (latest && frame.n <= latest.n) {
        frame.bitmap?.close();
        return;
      }
      latest?.bitmap?.close();
      latest = frame;
      redraw();
    },
    /** Forget the last frame: another capture process counts from the start. */
    clear() {
      latest?.bitmap?.close();
      latest = null;
      trails.clear();
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
    },
  };
}
