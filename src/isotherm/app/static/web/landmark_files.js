// Landmark files: one of each scan, or one CSV of both; sent as soon as they are whole, and read by the server.

import { asked } from "./answer.js";
import { upload } from "./uploads.js";

const SIDES = ["after", "before"]; // the order in which the server is sent them
const PAIRS = /\.(csv|tsv)$/i;

export const isMarks = (name) => /\.(mrk\.json|fcsv)$/i.test(name);

export class LandmarkFiles {
  // `ask` is the address that reads them; `took(answer, id)` hears what came; null while nothing that can be used is there.
  constructor(root, ask, took) {
    Object.assign(this, { root, ask, took, files: {}, turn: 0, state: "none" }); // none, half, reading, there, refused
    for (const side of SIDES) {
      const input = root.querySelector(`[data-marks="${side}"]`);
      input.addEventListener("change", () => {
        if (input.files.length) this.put(side, input.files[0]);
        input.value = "";
      });
    }
    for (const box of root.querySelectorAll("[data-marks-box]")) {
      box.addEventListener("dragover", (event) => event.preventDefault());
      box.addEventListener("drop", (event) => {
        event.preventDefault();
        if (event.dataTransfer.files.length) this.put(box.dataset.marksBox, event.dataTransfer.files[0]);
      });
    }
    this.frame.addEventListener("change", () => this.read());
    root.querySelector("[data-marks-clear]").addEventListener("click", () => this.clear());
  }

  get frame() {
    return this.root.querySelector("[data-marks-frame]");
  }

  say(text) {
    this.root.querySelector("[data-marks-said]").textContent = text;
  }

  point(text) {
    this.root.open = true;
    this.say(text);
  }

  put(side, file) {
    const others = Object.values(this.files);
    if (PAIRS.test(file.name) || others.some((one) => PAIRS.test(one.name))) this.files = {}; // one file of both scans
    this.files[side] = file;
    this.root.open = true;
    this.read();
  }

  clear() {
    this.files = {};
    this.read();
  }

  show(state, text, answer = null, id = "") {
    this.state = state;
    this.root.dataset.marksState = state;
    for (const side of SIDES) this.root.querySelector(`[data-marks-came="${side}"]`).textContent = this.files[side]?.name ?? "nothing chosen";
    this.root.querySelector("[data-marks-clear]").hidden = state === "none";
    this.say(text);
    this.took(answer, id);
  }

  async read() {
    const turn = (this.turn += 1);
    const files = SIDES.map((side) => this.files[side]).filter(Boolean);
    if (!files.length) return this.show("none", "");
    if (files.length === 1 && !PAIRS.test(files[0].name)) {
      const lacking = SIDES.find((side) => !this.files[side]);
      return this.show("half", `Choose the points on the scan ${lacking} as well.`);
    }
    this.show("reading", "Reading the landmarks …");
    try {
      const id = await upload(files.map((file) => ({ file, name: file.name })));
      const answer = await asked(this.ask, {
        method: "POST", body: new URLSearchParams({ landmarks: id, landmarks_frame: this.frame.value }),
        headers: { "X-CSRF-Token": document.querySelector("meta[name=csrf-token]").content },
      });
      return turn === this.turn ? this.show("there", "", answer, id) : undefined; // else others were chosen by now
    } catch (error) {
      return turn === this.turn ? this.show("refused", error.message) : undefined;
    }
  }
}
