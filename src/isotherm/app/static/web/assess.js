// The page of a measured pair: the viewer, the list of strokes with undo and redo, and the margin after each.
// It computes nothing: margin, interval and outlines come from the server, for exactly the strokes that are listed.

import { asked } from "./answer.js";
import { Brush } from "./brush.js";
import { Look } from "./look.js";

const section = document.getElementById("viewer");
const job = section.dataset.job;
const token = document.querySelector('meta[name="csrf-token"]').content;
const one = (id) => document.getElementById(id);
const said = one("said");
const quick = one("quick");
const otherWay = section.querySelector('[data-switch="other way"]');
const choices = [...section.querySelectorAll("[data-does]")];

let lesion = 0;
let brush = null;
let done = []; // strokes with their masks, in the order in which they were painted
let undone = [];
let asking = null; // of the last question to the server
let keeping = Promise.resolve(); // strokes are kept on the server as they are made, one state after the other

function ask(path, body, signal) { // with all strokes each time, and nothing is kept of them: it may be asked again
  return asked(`/assess/${job}/${path}/${lesion}`, {
    method: "POST", signal, body: JSON.stringify(body), headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
  });
}

async function keep(list) {
  try {
    const answer = await fetch(`/assess/${job}/strokes`, {
      method: "POST", body: JSON.stringify(list), redirect: "error",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token, "HX-Request": "true" },
    });
    if (answer.status !== 204 || answer.headers.get("HX-Redirect")) throw new Error();
  } catch {
    said.textContent = "The strokes could not be kept: a reload of this page would lose them.";
  }
}

function corrections() {
  const masks = new Map();
  for (const { mask, stroke } of done) masks.set(mask, [...(masks.get(mask) ?? []), stroke]);
  return [...masks].map(([mask, strokes]) => {
    const [of, number] = mask.split(" ");
    return { of, number: Number(number), strokes };
  });
}

function show(finding, effect = "", changes = "") {
  one("quick-margin").textContent = finding ? finding.margin : "measuring …";
  one("quick-interval-name").textContent = finding ? finding.interval_name : "";
  one("quick-interval").textContent = finding ? finding.interval : "";
  one("quick-reads").textContent = finding?.reads ?? "";
  one("quick-effect").textContent = effect;
  one("quick-changed").textContent = changes;
  quick.setAttribute("aria-busy", String(!finding));
  quick.classList.toggle("busy", !finding);
}

function arrange() {
  const count = done.length;
  quick.hidden = count === 0;
  if (one("quick-none")) one("quick-none").hidden = count > 0;
  for (const link of document.querySelectorAll("[data-accept]")) link.hidden = count > 0; // what is shown is another mask
  one("quick-what").textContent = count === 1 ? "1 stroke." : `${count} strokes.`;
  one("corrections").value = JSON.stringify(corrections());
  one("undo").disabled = count === 0;
  one("redo").disabled = undone.length === 0;
  const list = { done: [...done], undone: [...undone] };
  keeping = keeping.then(() => keep(list));
}

// Takes out strokes that changed no voxel, by their numbers among those of their mask; the masks are the same without.
function withoutIdle(idle) {
  const out = new Map(idle.map(({ of, number, strokes }) => [`${of} ${number}`, strokes]));
  const met = new Map();
  const before = done.length;
  done = done.filter(({ mask }) => {
    const at = met.get(mask) ?? 0;
    met.set(mask, at + 1);
    return !out.get(mask)?.includes(at);
  });
  if (done.length < before) arrange();
  return done.length < before;
}

// Each change asks anew for the whole list; an answer that was overtaken is not shown.
async function changed(what) {
  arrange();
  show(null);
  look.found(look.thinnest, "");
  said.textContent = "Measuring …";
  asking?.abort();
  const mine = (asking = new AbortController());
  section.dataset.measured = "no";
  try {
    const list = { corrections: corrections() };
    const { margin, finding, effect, changed: changes, idle } = await ask("margin", list, mine.signal);
    const counts = !withoutIdle(idle);
    show(finding, effect, changes);
    said.textContent = counts ? `${what}: ${finding.margin} (${finding.interval})` : "No voxel changed: the stroke does not count.";
    const drawn = await ask("drawn", list, mine.signal);
    await look.viewer.replace(drawn.layers);
    look.found(drawn.start_ras, margin.thinnest_point_lps_mm ? finding.margin : "");
    section.dataset.measured = "yes";
  } catch (error) {
    if (error.name === "AbortError") return;
    said.textContent = error.message;
    show({ margin: "not measured", interval_name: "", interval: error.message });
    section.dataset.measured = "failed";
  }
  if (mine === asking) brush.clear();
}

function painted(stroke) {
  if (section.dataset.withheld === "yes") {
    said.textContent = "The registration failed, so that no margin is told; a corrected mask would have none either.";
    brush.clear();
    return;
  }
  done.push({ mask: one("mask").value, stroke });
  undone = [];
  changed(stroke.does === "add" ? "Added" : "Erased");
}

function undo() {
  if (!done.length) return;
  undone.push(done.pop());
  changed("Undone");
}

function redo() {
  if (!undone.length) return;
  done.push(undone.pop());
  changed("Done again");
}

function toggleBrush() {
  if (one("brush").disabled) return;
  const on = one("brush").getAttribute("aria-pressed") !== "true";
  one("brush").setAttribute("aria-pressed", String(on));
  section.querySelector(".stage").classList.toggle("brushing", on);
  if (!on) brush?.clear();
}

function setDoes(does) {
  brush.does = does;
  for (const button of choices) button.setAttribute("aria-pressed", String(button.dataset.does === does));
  said.textContent = does === "add" ? "The brush adds." : "The brush erases.";
}

function setRadius(mm) {
  const input = one("radius");
  input.value = String(Math.min(Number(input.max), Math.max(Number(input.min), mm)));
  brush.radius = Number(input.value);
  one("radius-mm").textContent = `${brush.radius.toFixed(1)} mm`;
}

const look = new Look(section, {
  p: toggleBrush, x: () => setDoes(brush.does === "add" ? "erase" : "add"), z: undo, y: redo, d: () => brush.dab(),
  "[": () => setRadius(brush.radius - 0.5), "]": () => setRadius(brush.radius + 0.5),
});

one("brush").addEventListener("click", toggleBrush);
for (const button of choices) button.addEventListener("click", () => setDoes(button.dataset.does));
one("undo").addEventListener("click", undo);
one("redo").addEventListener("click", redo);
one("radius").addEventListener("input", () => setRadius(Number(one("radius").value)));
one("slice").addEventListener("change", () => { brush.ball = !one("slice").checked; });
for (const button of document.querySelectorAll("[data-other-way]")) button.addEventListener("click", () => otherWay.click());
otherWay.addEventListener("change", () => {
  for (const button of document.querySelectorAll("[data-other-way]")) button.setAttribute("aria-pressed", String(otherWay.checked));
});
one("lesion")?.addEventListener("change", () => location.assign(`?lesion=${one("lesion").value}`));

async function start() {
  const wanted = Number(new URLSearchParams(location.search).get("lesion") ?? 0);
  lesion = Number.isInteger(wanted) && wanted > 0 ? wanted : 0;
  if (one("lesion")) {
    one("lesion").value = String(lesion);
    one("quick-lesion").textContent = one("lesion").selectedOptions[0]?.textContent ?? "";
  }
  if (!(await look.open(job, lesion, (viewer) => {
    brush = new Brush(one("paint"), viewer, painted);
    brush.ball = !one("slice").checked; // a browser keeps it over a reload
  }))) return;
  section.dataset.measured = "yes";
  const answer = await fetch(`/assess/${job}/strokes`);
  const kept = answer.ok ? await answer.json() : { done: [], undone: [] };
  if (done.length || !kept.done.length) return; // a stroke was faster
  ({ done, undone } = kept);
  changed("As you left it");
}

start();
