// Marks over the planes: a scale bar on each, and a ring with the margin where it is thinnest.
// They compute nothing: the viewer says where a place stands and how large a millimeter is.

const BARS_MM = [5, 10, 20, 50];
const LONGEST = 0.4; // of a plane's width
const ON_PLANE_MM = 1;

export class Marks {
  constructor(over, viewer) {
    this.over = over;
    this.viewer = viewer;
    this.thinnest = null; // RAS mm
    this.words = ""; // of the margin there
    this.asked = false;
  }

  // As often as anybody likes: drawn once, after the viewer has.
  soon() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    }));
  }

  draw() {
    const planes = this.viewer.planesShown();
    this.over.replaceChildren(...planes.map((plane) => this.bar(plane)), ...this.rings(planes));
  }

  bar({ left, top, width, height, pixelsPerMm }) {
    const mm = BARS_MM.filter((one) => one * pixelsPerMm <= LONGEST * width).pop() ?? BARS_MM[0];
    const long = mm * pixelsPerMm;
    return this.put("scale", `${mm} mm`, left + width - long - 10, top + height - 24, long);
  }

  rings(planes) {
    if (!this.thinnest) return [];
    const within = ({ x, y }) => planes.some(({ left, top, width, height }) => x >= left && x <= left + width && y >= top && y <= top + height);
    const seen = this.viewer.seen(this.thinnest).filter((one) => one.away <= ON_PLANE_MM && within(one));
    return seen.flatMap((one, number) => [this.put("ring", "", one.x, one.y),
      ...(number || !this.words ? [] : [this.put("here", `${this.words} here`, one.x, one.y)])]);
  }

  put(kind, text, x, y, width = null) {
    const mark = document.createElement("span");
    mark.className = kind;
    mark.textContent = text;
    mark.style.left = `${x}px`;
    mark.style.top = `${y}px`;
    if (width !== null) mark.style.width = `${width}px`;
    return mark;
  }
}
