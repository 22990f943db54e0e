// What can be chosen on the slots of Assess: the series and segments that came, by the server's listing of each upload.
// A slot without files of its own offers what came on the scans' slots: masks often lie in one folder with the scans.

import { asked } from "./answer.js";

const SCANS = ["before", "after"];
const SIDE = { before: "before", after: "after", tumor: "before", organ_before: "before", ablation: "after", organ_after: "after" };
const LIKELY = { tumor: /tumou?r|lesion|\bhcc\b|metast|\bgtv\b/i, ablation: /ablat|zone|necros|coagul/i, organ_before: /liver|lung|organ/i, organ_after: /liver|lung|organ/i };
const TYPED = "typed";

export class Choices {
  constructor(root, changed) {
    this.changed = changed;
    this.slots = new Map([...root.querySelectorAll("[data-slot]")].map((one) => [one.dataset.slot, one]));
    this.held = new Map(); // what came, by slot: { id, images, masks, notes }
    for (const [name, slot] of this.slots) this.part(slot, "choice").addEventListener("change", () => {
      delete slot.dataset.refused;
      this.take(name);
    });
  }

  part(slot, name) {
    return slot.querySelector(`[data-${name}]`);
  }

  // Ask what came as `id` on a slot; `path` tells.
  async list(name, id, path) {
    this.put(name, { id, ...(await asked(path)) });
  }

  put(name, held) {
    this.held.set(name, held);
    for (const one of this.slots.keys()) this.offer(one, one === name);
    this.changed();
  }

  forget(name) {
    this.held.delete(name);
    for (const one of this.slots.keys()) this.offer(one, one === name);
  }

  sideOf(name) {
    return SIDE[name];
  }

  // Files came that cannot be used: what was said of them stays until others come, or something is chosen.
  refuse(name, why) {
    const slot = this.slots.get(name);
    slot.dataset.refused = "yes";
    this.forget(name);
    this.clear(name);
    this.part(slot, "came").textContent = why;
    this.part(slot, "came").classList.add("failure");
    this.changed();
  }

  isScan(name) {
    return SCANS.includes(name);
  }

  // What is offered on a slot: of its own files; without any, of the scan of its side, then of the other one.
  offers(name) {
    const side = SIDE[name];
    const from = this.held.has(name) ? [name] : [side, ...SCANS.filter((one) => one !== side)].filter((one) => this.held.has(one));
    return from.flatMap((source) => {
      const { id, images, masks } = this.held.get(source);
      const words = source === name ? "" : `, with the scan ${source}`;
      return (this.isScan(name) ? images : masks).map(({ value, says }) => ({ id, value, says: says + words, near: source === name || source === side }));
    });
  }

  // Puts the list into the box; what was chosen stays, and what is plainly meant is chosen.
  offer(name, fresh) {
    const slot = this.slots.get(name);
    const select = this.part(slot, "choice");
    const label = slot.querySelector(`input[name="${name}_label"]`);
    const own = this.held.has(name);
    const offers = this.offers(name);
    const kept = fresh ? "" : select.value;
    const first = own ? "choose which one it is" : "none chosen: drop files, or choose";
    select.replaceChildren(new Option(first, ""), ...offers.map((one) => new Option(one.says, `${one.id}|${one.value}`)));
    if (own) select.append(new Option("another one, or several: type it", TYPED));
    const without = own && this.lacks(name, offers);
    this.notes(slot, own ? [...(without ? [without] : []), ...this.held.get(name).notes] : []);
    select.hidden = offers.length === 0;
    if (select.hidden) {
      if (without || (!own && select.dataset.took)) this.clear(name);
      if (own && select.dataset.took) {
        label.value = ""; // of what was offered before this file came
        delete select.dataset.took;
      }
      if (without) this.part(slot, "came").textContent = "nothing that can be used here";
      label.hidden = false;
      return;
    }
    select.value = [...select.options].some((one) => one.value === kept) ? kept : "";
    if (!select.value && !slot.dataset.refused) select.value = this.meant(name, offers, own);
    this.take(name);
  }

  // DICOM came, and nothing of it belongs here; of other files nothing is listed, and they may be what is meant.
  lacks(name, offers) {
    const { images, masks, notes } = this.held.get(name);
    if (offers.length || !(images.length + masks.length + notes.length)) return "";
    return this.isScan(name) ? "No scan that can be read is in these files." : "No SEG and no RTSTRUCT is in these files.";
  }

  meant(name, offers, own) {
    if (own && offers.length === 1) return `${offers[0].id}|${offers[0].value}`;
    if (this.isScan(name)) return "";
    const fitting = offers.filter((one) => one.near && LIKELY[name].test(one.says));
    return fitting.length === 1 ? `${fitting[0].id}|${fitting[0].value}` : "";
  }

  // What is chosen goes into the form: the number of the upload, and what is meant in it.
  take(name) {
    const slot = this.slots.get(name);
    const select = this.part(slot, "choice");
    const label = slot.querySelector(`input[name="${name}_label"]`);
    const typed = select.value === TYPED;
    label.hidden = !typed;
    if (!typed) {
      const at = select.value.indexOf("|");
      const own = this.held.get(name)?.id ?? "";
      slot.querySelector("input[type=hidden]").value = at < 0 ? own : select.value.slice(0, at);
      label.value = at < 0 ? "" : select.value.slice(at + 1);
      slot.classList.toggle("came", at >= 0 || own !== "");
      if (!own && !slot.dataset.refused) this.part(slot, "came").textContent = at < 0 ? "nothing chosen" : "from the files of a scan";
    }
    select.dataset.took = "yes";
    this.changed();
  }

  clear(name) {
    const slot = this.slots.get(name);
    delete this.part(slot, "choice").dataset.took;
    slot.querySelector("input[type=hidden]").value = "";
    slot.querySelector(`input[name="${name}_label"]`).value = "";
    slot.classList.remove("came");
    if (!slot.dataset.refused) this.part(slot, "came").textContent = "nothing chosen";
  }

  // Several were listed and none is chosen.
  isOpen(name) {
    const select = this.part(this.slots.get(name), "choice");
    return !select.hidden && select.value === "" && this.held.has(name);
  }

  notes(slot, notes) {
    const list = this.part(slot, "notes");
    list.hidden = notes.length === 0;
    list.replaceChildren(...notes.map((note) => {
      const item = document.createElement("li");
      item.textContent = note;
      return item;
    }));
  }
}
