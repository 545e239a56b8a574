// Where hands and feet have just been: ribbons that narrow and fade towards the past.

const TRAILED = { 7: "left", 11: "right", 15: "left", 19: "right" };
const FRAMES = 18;

export function createTrails() {
  const trails = new Map();
  return {
    /** Note where everybody is in one more frame. */
    follow(people) {
      const here = new Set(people.map((person) => person.track));
      for (const track of trails.keys()) if (!here.has(track)) trails.delete(track);
      for (const { track, points } of people) {
        trails.set(track, [...(trails.get(track) ?? []), points].slice(-FRAMES));
      }
    },
    draw(pen, colours, width) {
      for (const trail of trails.values()) {
        for (const [joint, side] of Object.entries(TRAILED)) {
          drawRibbon(pen, trail.map((points) => points[joint]), colours[side], width);
        }
      }
      pen.globalAlpha = 1;
    },
    clear: () => trails.clear(),
  };
}

function drawRibbon(pen, path, colour, width) {
  const length = path.length - 1;
  pen.fillStyle = colour;
  for (let i = 0; i < length; i += 1) {
    const [from, to] = [path[i], path[i + 1]];
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const reach = Math.hypot(dx, dy);
    if (reach < 0.5) continue;
    const [x, y] = [-dy / reach, dx / reach]; // across the path
    const [thin, thick] = [(i / length) * width * 0.5, ((i + 1) / length) * width * 0.5];
    pen.globalAlpha = 0.22 * ((i + 1) / length) ** 2;
    pen.beginPath();
    pen.moveTo(from[0] + x * thin, from[1] + y * thin);
    pen.lineTo(to[0] + x * thick, to[1] + y * thick);
    pen.lineTo(to[0] - x * thick, to[1] - y * thick);
    pen.lineTo(from[0] - x * thin, from[1] - y * thin);
    pen.fill();
  }
}
