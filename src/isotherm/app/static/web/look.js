// Looking at a measured pair: the server's scene in the viewer, blink between the scans, the way to the thinnest point.
// It computes nothing: what is shown, and where the margin is thinnest, comes from the server.

import { asked } from "./answer.js";
import { Marks } from "./marks.js";

const ZOOM = 1.25;

function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=range], [type=checkbox]), select, textarea, dialog[open]");
}

export class Look {
  constructor(section, keys = {}) {
    this.section = section;
    this.message = section.querySelector("[data-viewer=message]");
    this.before = section.querySelector('[data-switch="before"]');
    this.blinks = section.querySelector("#blink");
    this.scan = section.querySelector("#scan");
    this.thinnest = null; // RAS mm
    this.viewer = null;
    this.marks = null;
    this.keys = {
      b: () => this.blink(), t: () => this.toThinnest(), r: () => this.reset(),
      "+": () => this.zoom(ZOOM), "=": () => this.zoom(ZOOM), "-": () => this.zoom(1 / ZOOM), ...keys,
    };
    this.blinks.addEventListener("click", () => this.blink());
    section.querySelector("#thinnest").addEventListener("click", () => this.toThinnest());
    section.querySelector("#reset").addEventListener("click", () => this.reset());
    this.before.addEventListener("change", () => this.tellScan());
    const stage = section.querySelector(".stage");
    stage.addEventListener("wheel", (event) => this.wheeled(event), { capture: true, passive: false });
    for (const kind of ["wheel", "pointermove", "pointerup", "touchmove"]) stage.addEventListener(kind, () => this.marks?.soon());
    stage.addEventListener("pointerup", (event) => event.button === 2 && this.section.dataset.state === "ready" && this.viewer.shareWindow());
    stage.addEventListener("contextmenu", (event) => event.preventDefault()); // the right button sets the window
    new ResizeObserver(() => this.marks?.soon()).observe(stage);
    // In the capture phase: the viewer keeps keys from NiiVue, and would keep them from us.
    document.addEventListener("keydown", (event) => this.pressed(event), true);
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || !(event.key in this.keys)) return;
    if (this.section.dataset.state !== "ready") return;
    event.preventDefault();
    this.keys[event.key]();
  }

  // Gives whether the scene is there; where it is not, the stage says why. `made` is told of the viewer before it shows.
  async open(job, lesion, made = () => {}) {
    this.message.textContent = "Reading both scans …";
    this.message.hidden = false;
    try {
      const scene = await asked(`/assess/${job}/scene/${lesion}`);
      this.viewer = globalThis.isothermViewerIn(this.section, scene, { moved: () => this.marks?.soon() });
      this.marks = new Marks(this.section.querySelector("[data-marks]"), this.viewer);
      this.found(scene.lesions[0].start_ras, scene.margin.thinnest_point_lps_mm ? scene.finding.margin : "");
      globalThis.isothermViewer = this.viewer;
      made(this.viewer);
      await this.viewer.goTo(0);
    } catch (error) {
      this.section.dataset.state = "failed";
      this.message.textContent = error.message;
    }
    return this.section.dataset.state !== "failed";
  }

  // Where the margin is thinnest, and the words of it; none where there is no such point.
  found(ras, words) {
    this.thinnest = ras;
    this.marks.thinnest = words ? ras : null;
    this.marks.words = words;
    this.marks.soon();
  }

  zoom(factor) {
    this.viewer.zoom(factor);
  }

  reset() {
    if (this.section.dataset.state === "ready") this.viewer.reset();
  }

  wheeled(event) {
    if (!event.ctrlKey || this.section.dataset.state !== "ready") return;
    event.preventDefault();
    event.stopPropagation();
    this.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM);
  }

  blink() {
    if (this.before.disabled) return;
    this.before.checked = !this.before.checked;
    this.before.dispatchEvent(new Event("change"));
  }

  toThinnest() {
    if (!this.thinnest || !this.viewer) return;
    this.viewer.moveTo(this.thinnest);
    const over = this.section.querySelector("[data-marks]");
    over.classList.add("look");
    setTimeout(() => over.classList.remove("look"), 900);
  }

  tellScan() {
    this.scan.textContent = this.before.checked && !this.before.disabled ? "before ablation, registered" : "after ablation";
    this.blinks.setAttribute("aria-pressed", String(this.before.checked));
  }
}
