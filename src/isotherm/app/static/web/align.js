// Align by hand: pairs of points in two viewers, and a nudge that is seen at once.
// It registers nothing and measures nothing: a job does, with the landmark file and the nudge that are sent.

import { asked } from "./answer.js";
import { lps } from "./brush.js";
import { LandmarkFiles } from "./landmark_files.js";

const SIDES = ["before", "after"];
const MARK_MM = 3; // farther from a plane than this, a mark is not drawn on it
const NEAREST_MM = 0.5; // two points of one scan nearer than this are one place, as the server holds it
const COLOR = "#7fe07f";

const root = document.getElementById("align");
const one = (id) => document.getElementById(id);
const token = document.querySelector('meta[name="csrf-token"]').content;
const fields = [...document.querySelectorAll("[data-nudge]")];
const start = JSON.parse(document.querySelector(".six").dataset.moved); // what was nudged already in what is shown
const panes = Object.fromEntries(SIDES.map((side) => [side, one(`pane-${side}`)]));

const SHOWN_AFTER = panes.after.querySelector("h2 .soft").textContent;

let scene = null;
const viewers = {};
let linked = true;
let following = false; // a pair is being shown: both crosshairs are where it says
let blinking = false;
let pairs = JSON.parse(one("pairs").value);
let undone = [];
let keeping = Promise.resolve(); // kept on the server as they are made, one state after the other
let done = []; // states before each change, the last one last

const say = (text) => { one("said").textContent = text; };
const nudge = () => fields.map((field) => Number(field.value) || 0);
const ras = lps; // the same two signs, there and back

// Matrices, RAS mm.
const times = (a, b) => a.map((row) => b[0].map((_, at) => row.reduce((sum, value, k) => sum + value * b[k][at], 0)));

function turned([x, y, z]) { // degrees about the axes to the left, back and head, one after the other; in LPS
  const [a, b, c] = [x, y, z].map((degrees) => (degrees * Math.PI) / 180);
  const about = [
    [[1, 0, 0], [0, Math.cos(a), -Math.sin(a)], [0, Math.sin(a), Math.cos(a)]],
    [[Math.cos(b), 0, Math.sin(b)], [0, 1, 0], [-Math.sin(b), 0, Math.cos(b)]],
    [[Math.cos(c), -Math.sin(c), 0], [Math.sin(c), Math.cos(c), 0], [0, 0, 1]],
  ];
  return times(about[2], times(about[1], about[0]));
}

// Where a nudge takes a place of the scan after: about + shift + turn (place - about).
function motion(six) {
  const sign = [-1, -1, 1];
  const turn = turned(six.slice(3)).map((row, i) => row.map((value, j) => value * sign[i] * sign[j]));
  const shift = ras(six.slice(0, 3));
  const rows = turn.map((row, i) => [...row, scene.about[i] + shift[i] - row.reduce((sum, value, k) => sum + value * scene.about[k], 0)]);
  return [...rows, [0, 0, 0, 1]];
}

function inverse(matrix) { // of a rigid motion
  const rows = [0, 1, 2].map((i) => [0, 1, 2].map((j) => matrix[j][i]));
  return [...rows.map((row) => [...row, -row.reduce((sum, value, k) => sum + value * matrix[k][3], 0)]), [0, 0, 0, 1]];
}

const carried = (matrix, place) => [0, 1, 2].map((i) => matrix[i][3] + [0, 1, 2].reduce((sum, k) => sum + matrix[i][k] * place[k], 0));

const moved = () => times(motion(nudge()), inverse(motion(start)));

function toBefore() {
  const { rotation, translation } = scene.link;
  return times([...rotation.map((row, i) => [...row, translation[i]]), [0, 0, 0, 1]], inverse(moved()));
}

// The scan after leads: the crosshair on the scan before follows, and is then put right by itself.
function follow(side) {
  draw();
  if (side !== "after" || !linked || following || root.dataset.state !== "ready") return;
  viewers.before.moveTo(carried(toBefore(), viewers.after.crosshair()));
}

function draw() {
  for (const side of SIDES) {
    if (!viewers[side]?.niivue() || root.dataset.state !== "ready") continue;
    const canvas = panes[side].querySelector(".marks");
    canvas.width = canvas.clientWidth * devicePixelRatio;
    canvas.height = canvas.clientHeight * devicePixelRatio;
    const pen = canvas.getContext("2d");
    pen.scale(devicePixelRatio, devicePixelRatio);
    pen.font = "600 13px system-ui, sans-serif";
    for (const pair of pairs) {
      for (const { x, y, away } of viewers[side].seen(ras(pair[side]))) {
        if (away > MARK_MM) continue;
        pen.globalAlpha = away < 1 ? 1 : 0.5;
        pen.strokeStyle = pen.fillStyle = COLOR;
        pen.lineWidth = 2;
        pen.beginPath();
        pen.arc(x, y, 5, 0, 2 * Math.PI);
        pen.stroke();
        pen.fillText(pair.name, x + 8, y - 5);
      }
    }
  }
}

const place = ([l, p, s]) => [`${Math.abs(l).toFixed(1)} ${l < 0 ? "R" : "L"}`, `${Math.abs(p).toFixed(1)} ${p < 0 ? "A" : "P"}`, `${Math.abs(s).toFixed(1)} ${s < 0 ? "I" : "S"}`].join("  ");

function row(pair, at) {
  const line = document.createElement("tr");
  const name = document.createElement("th");
  name.scope = "row";
  name.textContent = pair.name;
  line.append(name);
  for (const side of SIDES) {
    const cell = line.insertCell();
    cell.textContent = place(pair[side]);
  }
  const cell = line.insertCell();
  for (const [label, act] of [["Show", () => show(pair)], ["Remove", () => remove(at)]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.setAttribute("aria-label", `${label} pair ${pair.name}`);
    button.addEventListener("click", act);
    cell.append(button, " ");
  }
  return line;
}

function enough() {
  const count = pairs.length;
  const use = one("use").value;
  if (!count) return nudge().some(Boolean) && use !== "landmarks" ? "" : "Set a pair, or nudge the tumor.";
  if (use === "landmarks" && count < 3) return "Three pairs that do not lie on a line are needed.";
  if (use === "check") return "";
  return count < 3 ? "One or two pairs only shift." : count < 4 ? "Three pairs shift and turn." : "";
}

function arrange() {
  one("none").hidden = pairs.length > 0;
  one("list").hidden = pairs.length === 0;
  one("list").tBodies[0].replaceChildren(...pairs.map(row));
  one("undo").disabled = !done.length;
  one("redo").disabled = !undone.length;
  one("pairs").value = JSON.stringify(pairs);
  one("nudge-value").value = nudge().some(Boolean) ? nudge().join(",") : "";
  const told = enough();
  one("enough").textContent = told;
  one("go").disabled = (!pairs.length && !nudge().some(Boolean)) || (one("use").value === "landmarks" && pairs.length < 3);
  draw();
}

const state = () => JSON.stringify({ pairs, nudge: fields.map((field) => field.value) });

function restore(kept) {
  const told = JSON.parse(kept);
  pairs = told.pairs;
  fields.forEach((field, at) => { field.value = told.nudge[at]; });
  lay();
}

let last = state();

// After each change: what was before can be had again.
function changed(what) {
  if (state() !== last) {
    done.push(last);
    undone = [];
    last = state();
  }
  say(what);
  arrange();
  keep();
}

const posted = (body) => ({
  method: "POST", body, redirect: "error", headers: { "Content-Type": "application/json", "X-CSRF-Token": token, "HX-Request": "true" },
});
const address = (what) => `/assess/${root.dataset.job}/align/${what}`;

function keep() {
  const body = JSON.stringify({ pairs, nudge: nudge().join(",") });
  root.dataset.kept = "no";
  const mine = keeping.then(async () => {
    try {
      const answer = await fetch(address("kept"), posted(body));
      if (answer.status !== 204 || answer.headers.get("HX-Redirect")) throw new Error();
    } catch {
      say("The pairs could not be kept: a reload of this page would lose them.");
    }
    if (mine === keeping) root.dataset.kept = "yes";
  });
  keeping = mine;
}

function step(from, to, what) {
  if (!from.length) return;
  to.push(last);
  last = from.pop();
  restore(last);
  say(what);
  arrange();
  keep();
}

const undo = () => step(done, undone, "Undone.");
const redo = () => step(undone, done, "Done again.");

function lay() {
  if (root.dataset.state === "ready") viewers.after.lay(["carried", "tumor"], moved());
}

let asking = false; // whether a pair says anything of its own, the server knows

async function set() {
  if (root.dataset.state !== "ready" || asking) return;
  const numbers = new Set(pairs.map((pair) => pair.name));
  let number = 1;
  while (numbers.has(String(number))) number += 1;
  const rounded = (side) => lps(viewers[side].crosshair()).map((mm) => Math.round(mm * 1000) / 1000);
  const pair = { name: String(number), after: rounded("after"), before: rounded("before") };
  for (const side of SIDES) {
    const near = pairs.find((other) => Math.hypot(...other[side].map((mm, axis) => mm - pair[side][axis])) < NEAREST_MM);
    if (near) return say(`On the scan ${side} pair ${near.name} is here already; move the crosshair first.`);
  }
  asking = true;
  root.dataset.asking = "yes";
  try {
    await asked(address("pair"), posted(JSON.stringify({ pair, nudge: nudge().join(",") })));
    pairs = [...pairs, pair];
    changed(`Pair ${number} set: ${pairs.length} in all.`);
  } catch (error) {
    say(error.message);
  } finally {
    asking = false;
    root.dataset.asking = "no";
  }
}

function remove(at) {
  const { name } = pairs[at];
  pairs = pairs.filter((_, number) => number !== at);
  changed(`Pair ${name} removed.`);
  one("set").focus();
}

function show(pair) {
  following = true;
  for (const side of SIDES) viewers[side].moveTo(ras(pair[side]));
  following = false;
  say(`Pair ${pair.name}.`);
}

function toggleLink() {
  linked = !linked;
  one("link").setAttribute("aria-pressed", String(linked));
  one("link").firstChild.textContent = linked ? "Linked " : "Not linked ";
  say(linked ? "The crosshair on the scan before follows the one on the scan after." : "Each crosshair moves by itself.");
}

function blink() {
  blinking = !blinking;
  one("blink").setAttribute("aria-pressed", String(blinking));
  viewers.after.only("carried", blinking);
  panes.after.querySelector("h2 .soft").textContent = blinking ? "shown: the scan before, carried" : SHOWN_AFTER;
  say(blinking ? "On the right: the scan before, carried." : "On the right: the scan after.");
}

function toggleNudge() {
  const on = !root.classList.contains("nudging");
  root.classList.toggle("nudging", on);
  one("nudge").setAttribute("aria-pressed", String(on));
  say(on ? "Arrows, Page Up and Page Down move the tumor by 1 mm; with Shift they turn it by 1 degree." : "Arrows move the crosshair.");
}

// What each key adds, as fields: left, back, head. The screen's left is the patient's right.
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, -1], ArrowDown: [1, 1], PageUp: [2, 1], PageDown: [2, -1] };

function nudgeBy(key, turns) {
  const [axis, by] = MOVES[key];
  const field = fields[axis + (turns ? 3 : 0)];
  field.value = String(Math.min(Number(field.max), Math.max(Number(field.min), (Number(field.value) || 0) + by)));
  lay();
  changed(`Nudged: ${nudge().slice(0, 3).join(", ")} mm; ${nudge().slice(3).join(", ")} degrees.`);
}

const KEYS = { s: set, l: toggleLink, z: undo, y: redo, b: blink, n: toggleNudge };

const isTyping = (target) => target instanceof Element && target.closest("input, select, textarea, dialog[open]");

// In the capture phase: the viewers keep keys from NiiVue, and would keep them from us.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || root.dataset.state !== "ready") return;
  if (event.key in MOVES && root.classList.contains("nudging") && event.target.closest(".stage")) {
    event.preventDefault();
    event.stopPropagation();
    nudgeBy(event.key, event.shiftKey);
  } else if (event.key in KEYS) {
    event.preventDefault();
    KEYS[event.key]();
  }
}, true);

for (const [id, act] of Object.entries({ set, link: toggleLink, undo, redo, blink, nudge: toggleNudge })) one(id).addEventListener("click", act);
for (const field of fields) {
  field.addEventListener("input", () => { lay(); arrange(); });
  field.addEventListener("change", () => changed("Nudged."));
}
one("use").addEventListener("change", arrange);
one("still").addEventListener("click", () => {
  for (const field of fields) field.value = "0";
  lay();
  changed("No nudge.");
});
one("lesion")?.addEventListener("change", () => keeping.then(() => location.assign(`?lesion=${one("lesion").value}`)));
addEventListener("resize", draw);

const marks = new LandmarkFiles(one("marks"), address("file"), (answer) => {
  if (!answer) return;
  pairs = answer.pairs;
  marks.say(`${pairs.length} pairs of the files are in place of those that were here.`);
  changed(`${pairs.length} pairs of the files, in place of those that were here.`);
});

async function open() {
  const wanted = Number(new URLSearchParams(location.search).get("lesion") ?? 0);
  const lesion = Number.isInteger(wanted) && wanted > 0 ? wanted : 0;
  if (one("lesion")) one("lesion").value = String(lesion);
  root.dataset.state = "loading";
  const told = SIDES.map((side) => panes[side].querySelector("[data-viewer=message]"));
  for (const message of told) {
    message.textContent = "Reading both scans …";
    message.hidden = false;
  }
  try {
    scene = await asked(address(`scene/${lesion}`));
    for (const side of SIDES) {
      viewers[side] = globalThis.isothermViewerIn(panes[side], scene[side], { planes: true, moved: () => follow(side) });
      await viewers[side].goTo(0);
    }
    viewers.after.only("carried", blinking);
  } catch (error) {
    for (const message of told) {
      message.textContent = error.message;
      message.hidden = false;
    }
    root.dataset.state = "failed";
    return;
  }
  root.dataset.state = "ready";
  follow("after");
  lay();
  arrange();
}

globalThis.isothermAlign = viewers;
arrange();
open();
