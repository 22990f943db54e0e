// The brush: a stroke painted on one of the viewer's planes, as the places that its middle passed, in LPS mm.
// It changes no mask and measures nothing: the server does both.

const NORMALS = { 0: [0, 0, 1], 1: [0, 1, 0], 2: [1, 0, 0] }; // across axial, coronal, sagittal planes, LPS
const COLORS = { add: "rgb(79 224 203 / 55%)", erase: "rgb(246 166 58 / 60%)" };
const TRIAL_PX = 8;

export const lps = ([r, a, s]) => [-r, -a, s];

export class Brush {
  constructor(canvas, viewer, painted) {
    this.canvas = canvas;
    this.viewer = viewer; // of viewer.js
    this.painted = painted; // told of each stroke
    this.does = "add";
    this.radius = 4;
    this.ball = true; // through all slices that it reaches
    this.points = null;
    this.pen = canvas.getContext("2d");
    canvas.addEventListener("pointerdown", (event) => this.begin(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", () => this.end());
    canvas.addEventListener("pointercancel", () => this.clear());
    canvas.addEventListener("pointerleave", () => this.points || this.clear());
  }

  // The place under a pixel of the page, on the plane that lies there; null beside the planes.
  place(x, y, only = null) {
    const niivue = this.viewer.niivue();
    if (!niivue) return null;
    const ratio = niivue.uiData.dpr;
    const tile = niivue.tileIndex(x * ratio, y * ratio);
    const plane = tile < 0 ? undefined : niivue.screenSlices[tile].axCorSag;
    if (!(plane in NORMALS) || (only !== null && tile !== only)) return null;
    const fraction = niivue.canvasPos2frac([x * ratio, y * ratio]);
    if (fraction[0] < 0) return null;
    return { tile, normal: NORMALS[plane], ras: [...niivue.frac2mm(fraction)].slice(0, 3) };
  }

  pixelsPerMm(x, y, here) {
    const there = this.place(x + TRIAL_PX, y, here.tile) ?? this.place(x - TRIAL_PX, y, here.tile);
    if (!there) return null;
    return TRIAL_PX / Math.hypot(...here.ras.map((mm, axis) => mm - there.ras[axis]));
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  begin(event) {
    if (event.button !== 0) return;
    const [x, y] = this.at(event);
    const here = this.place(x, y);
    if (!here) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.tile = here.tile;
    this.normal = here.normal;
    this.points = [here.ras];
    this.trail = [];
    this.size();
    this.draw(x, y, here);
  }

  move(event) {
    const [x, y] = this.at(event);
    const here = this.place(x, y, this.points ? this.tile : null);
    if (!this.points) {
      this.size();
      if (here) this.ring(x, y, here);
      return;
    }
    if (!here) return;
    const last = this.points[this.points.length - 1];
    if (Math.hypot(...here.ras.map((mm, axis) => mm - last[axis])) >= Math.max(0.5, this.radius / 5)) this.points.push(here.ras);
    this.draw(x, y, here);
  }

  end() {
    if (!this.points) return;
    const points = this.points;
    this.points = null;
    this.painted(this.stroke(points, this.normal));
  }

  stroke(ras, normal) {
    const rounded = ras.map((one) => lps(one).map((mm) => Math.round(mm * 1000) / 1000));
    return { does: this.does, points_lps_mm: rounded, radius_mm: this.radius, normal_lps: this.ball ? null : normal };
  }

  // One dab at the crosshair, for those who paint without a mouse.
  dab() {
    this.painted(this.stroke([this.viewer.crosshair()], NORMALS[0]));
  }

  size() {
    const ratio = devicePixelRatio;
    const { clientWidth, clientHeight } = this.canvas;
    if (this.canvas.width !== clientWidth * ratio || !this.points || this.points.length === 1) {
      this.canvas.width = clientWidth * ratio;
      this.canvas.height = clientHeight * ratio;
      this.pen.scale(ratio, ratio);
    }
  }

  draw(x, y, here) {
    const scale = this.pixelsPerMm(x, y, here);
    if (!scale) return;
    this.trail.push([x, y]);
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.pen.strokeStyle = COLORS[this.does];
    this.pen.lineWidth = 2 * this.radius * scale;
    this.pen.lineCap = this.pen.lineJoin = "round";
    this.pen.beginPath();
    this.pen.moveTo(...this.trail[0]);
    for (const point of this.trail) this.pen.lineTo(...point);
    this.pen.stroke();
  }

  ring(x, y, here) {
    const scale = this.pixelsPerMm(x, y, here);
    if (!scale) return;
    this.pen.strokeStyle = COLORS[this.does];
    this.pen.lineWidth = 2;
    this.pen.beginPath();
    this.pen.arc(x, y, this.radius * scale, 0, 2 * Math.PI);
    this.pen.stroke();
  }

  clear() {
    this.points = null;
    this.size();
  }
}
