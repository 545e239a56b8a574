// Skeletons: joints in metres become points on the canvas, points become limbs.

const HIPS = 0, SPINE = 1, NECK = 2, HEAD = 3, CHEST = 20;
const TRUNK = new Set([HIPS, SPINE, NECK, HEAD, CHEST]);
const TORSO = [8, 16, 12, 4];
const FEET = [14, 15, 18, 19];
const SEEN = 0.05; // less confidence than this is a guess, drawn as a hint
// Metres nearer than it is: what lies at about one depth must not change places all the time.
const NEARER = { arm: 0.08, head: 0.04, trunk: 0, leg: -0.1 };
const OUTLINE = "#06080b";
// Radius at each joint as a share of the torso's length: strong at the shoulder and the hip, slim at the end.
const RADII = {
  [HIPS]: 0.1, [SPINE]: 0.1, [CHEST]: 0.1, [NECK]: 0.085, [HEAD]: 0.21,
  4: 0.1, 5: 0.08, 6: 0.062, 7: 0.06, 21: 0.036, 22: 0.03,
  8: 0.1, 9: 0.08, 10: 0.062, 11: 0.06, 23: 0.036, 24: 0.03,
  12: 0.13, 13: 0.096, 14: 0.068, 15: 0.05,
  16: 0.13, 17: 0.096, 18: 0.068, 19: 0.05,
};

/** A slow virtual camera that keeps everybody on the stage: metres to canvas pixels. */
export function createCamera() {
  let centre = null;
  let floor = null;
  return {
    project(people, width, height) {
      const hips = people.map((person) => person.joints[HIPS]);
      const middle = hips.reduce((sum, hip) => sum + hip[0], 0) / hips.length;
      const lowest = Math.min(...people.flatMap((person) => FEET.map((foot) => person.joints[foot][1])));
      const far = centre === null || Math.abs(middle - centre) > 2;
      centre = far ? middle : centre + (middle - centre) * 0.06;
      floor = far ? lowest : floor + (lowest - floor) * (lowest < floor ? 0.25 : 0.01);
      const spread = Math.max(...hips.map((hip) => Math.abs(hip[0] - centre)));
      const scale = Math.min((0.92 * height) / 2.2, width / (2.1 + 2 * spread)); // room for raised arms
      const ground = height * 0.94;
      return people.map((person) => ({
        ...person,
        ground: { x: width / 2 - (person.joints[HIPS][0] - centre) * scale, y: ground, scale },
        points: person.joints.map(([x, y, z]) => {
          const nearer = 1 / (1 + 0.16 * (z - person.joints[HIPS][2]));
          return [width / 2 - (x - centre) * scale * nearer, ground - (y - floor) * scale * nearer];
        }),
      }));
    },
  };
}

/** How large somebody is on the canvas: the torso's length in pixels. */
export function torsoLength({ points }) {
  return Math.max(1, Math.hypot(points[CHEST][0] - points[HIPS][0], points[CHEST][1] - points[HIPS][1]));
}

/**
 * Draw one person on an empty layer: colour says the side, opacity the confidence.
 *
 * A solid figure has a body; over a picture the limbs are thin, so that the person stays visible.
 */
export function drawPerson(pen, person, { limbs, colours, solid, size }) {
  const unit = size * (solid ? 1 : 0.5);
  const rim = Math.max(1, size * (solid ? 0.022 : 0.03));
  const nearestLast = limbs
    .map((limb) => ({ ...limb, depth: depthOf(person, limb) - NEARER[limb.kind] }))
    .sort((one, other) => other.depth - one.depth);
  for (const { kind, side, bones } of nearestLast) {
    const shown = solid && side !== "middle" ? bones.filter(([, parent]) => !TRUNK.has(parent)) : bones;
    const parts = shown.map((bone) => partOf(person, bone, unit));
    const body = solid && kind === "trunk";
    pen.globalAlpha = 0.6;
    parts.forEach((part) => fillCapsule(pen, part, OUTLINE, rim));
    if (body) fillTorso(pen, person.points, OUTLINE, unit * 0.24 + 2 * rim);
    parts.forEach((part) => fillReplacing(pen, part, colours[side]));
    if (body) {
      pen.globalAlpha = opacity(Math.min(...TORSO.map((joint) => person.confidence[joint])));
      fillTorso(pen, person.points, colours.body, unit * 0.24);
    }
  }
  pen.globalAlpha = 1;
}

function depthOf({ joints }, { bones }) {
  return bones.reduce((sum, [child]) => sum + joints[child][2], 0) / bones.length;
}

function partOf({ points, confidence }, [child, parent], unit) {
  const isHead = child === HEAD;
  return {
    from: isHead ? points[HEAD] : points[parent],
    to: points[child],
    radii: [RADII[isHead ? HEAD : parent] * unit, RADII[child] * unit],
    alpha: opacity(Math.min(confidence[child], confidence[parent])),
  };
}

function opacity(confidence) {
  return confidence < SEEN ? 0.16 : 0.35 + 0.65 * confidence;
}

/** A part replaces what lies under it: its opacity stays true where parts meet. */
function fillReplacing(pen, part, colour) {
  if (part.alpha < 1) {
    pen.globalCompositeOperation = "destination-out";
    pen.globalAlpha = 1;
    fillCapsule(pen, part, OUTLINE, 0);
    pen.globalCompositeOperation = "source-over";
  }
  pen.globalAlpha = part.alpha;
  fillCapsule(pen, part, colour, 0);
}

/** Two circles and what lies between their outer tangents. */
function fillCapsule(pen, { from, to, radii }, colour, rim) {
  const [thick, thin] = [radii[0] + rim, radii[1] + rim];
  const apart = Math.hypot(to[0] - from[0], to[1] - from[1]);
  pen.fillStyle = colour;
  pen.beginPath();
  if (apart <= Math.abs(thick - thin)) {
    const [x, y] = thick > thin ? from : to;
    pen.arc(x, y, Math.max(thick, thin), 0, 2 * Math.PI);
  } else {
    const heading = Math.atan2(to[1] - from[1], to[0] - from[0]);
    const lean = Math.acos((thick - thin) / apart);
    pen.arc(...from, thick, heading + lean, heading - lean);
    pen.arc(...to, thin, heading - lean, heading + lean);
  }
  pen.fill();
}

function fillTorso(pen, points, colour, rounding) {
  pen.fillStyle = pen.strokeStyle = colour;
  pen.lineJoin = "round";
  pen.lineWidth = rounding;
  pen.beginPath();
  pen.moveTo((points[CHEST][0] + points[NECK][0]) / 2, (points[CHEST][1] + points[NECK][1]) / 2);
  TORSO.forEach((joint) => pen.lineTo(...points[joint]));
  pen.closePath();
  pen.fill();
  pen.stroke();
}

/** Circles of light on the floor below somebody. */
export function drawFloor(pen, { x, y, scale }) {
  for (const [radius, alpha] of [[0.85, 0.05], [0.58, 0.06], [0.32, 0.08]]) {
    pen.globalAlpha = alpha;
    pen.fillStyle = "#b9d2e6";
    pen.beginPath();
    pen.ellipse(x, y, radius * scale, radius * scale * 0.16, 0, 0, 2 * Math.PI);
    pen.fill();
  }
  pen.globalAlpha = 1;
}
