// Looking at a measured pair: the server's scene in the viewer, blink between the scans, the way to the thinnest point.
// It computes nothing: what is shown, and where the margin is thinnest, comes from the server.

import { answered } from "./answer.js";

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
    this.keys = { b: () => this.blink(), t: () => this.toThinnest(), ...keys };
    this.blinks.addEventListener("click", () => this.blink());
    section.querySelector("#thinnest").addEventListener("click", () => this.toThinnest());
    this.before.addEventListener("change", () => this.tellScan());
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
      const scene = await answered(await fetch(`/assess/${job}/scene/${lesion}`));
      this.thinnest = scene.lesions[0].start_ras;
      this.viewer = globalThis.isothermViewerIn(this.section, scene);
      globalThis.isothermViewer = this.viewer;
      made(this.viewer);
      await this.viewer.goTo(0);
    } catch (error) {
      this.section.dataset.state = "failed";
      this.message.textContent = error.message;
    }
    return this.section.dataset.state !== "failed";
  }

  blink() {
    if (this.before.disabled) return;
    this.before.checked = !this.before.checked;
    this.before.dispatchEvent(new Event("change"));
  }

  toThinnest() {
    if (this.thinnest) this.viewer?.moveTo(this.thinnest);
  }

  tellScan() {
    this.scan.textContent = this.before.checked && !this.before.disabled ? "before ablation, carried" : "after ablation";
    this.blinks.setAttribute("aria-pressed", String(this.before.checked));
  }
}
