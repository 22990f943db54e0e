// Keyboard on every page: ? help, g and a letter goes to a page, j and k walk through rows, Enter opens one, / searches.

const help = document.getElementById("help");
const WAITS_MS = 1500;
let wentG = -Infinity;

function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=range], [type=checkbox]), select, textarea, [contenteditable], dialog[open]");
}

// A viewer has letters of its own; the list of all keys is asked for there, too.
function isViewers(event) {
  return event.key !== "?" && event.target instanceof Element && event.target.closest("canvas");
}

function rows() {
  return [...document.querySelectorAll("tr[data-row]")];
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(document.activeElement?.closest?.("tr[data-row]"));
  const next = all[here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, here + by))];
  next.tabIndex = -1;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function openRow() {
  const row = document.activeElement?.closest?.("tr[data-row]");
  if (row === document.activeElement) row?.querySelector("a[href]")?.click();
}

function go(letter) {
  document.querySelector(`a[data-go="${CSS.escape(letter)}"]`)?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isViewers(event)) return;
  if (event.timeStamp - wentG < WAITS_MS) {
    wentG = -Infinity;
    go(event.key);
    return;
  }
  const keys = {
    "?": () => help?.showModal(),
    g: () => { wentG = event.timeStamp; },
    j: () => step(1),
    k: () => step(-1),
    Enter: openRow,
    "/": () => document.querySelector("input[type=search]")?.focus(),
  };
  if (!(event.key in keys)) return;
  if (event.key === "/" || event.key === "?") event.preventDefault();
  keys[event.key]();
});

document.getElementById("help-button")?.addEventListener("click", () => help?.showModal());

// Whoever goes back sends the same form again, and no new one: its number stays with its place in the history.
const numbers = [...document.querySelectorAll("input[name=form_number]")];
if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") {
  history.state?.numbers?.forEach((number, place) => { if (numbers[place]) numbers[place].value = number; });
}
if (numbers.length) history.replaceState({ ...history.state, numbers: numbers.map((one) => one.value) }, "");

// A form is sent once.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.target.method !== "dialog" && button instanceof HTMLButtonElement) setTimeout(() => { button.disabled = true; });
});
function enable() {
  document.querySelectorAll("button:disabled:not([data-off])").forEach((one) => { one.disabled = false; });
}
window.addEventListener("pageshow", enable);

// What went wrong last is over when something else is asked for.
document.addEventListener("htmx:beforeRequest", () => document.getElementById("message").replaceChildren());
document.addEventListener("htmx:afterRequest", (event) => { if (!event.detail.successful) enable(); });

// Whoever waits is told so, and told too that nobody answers.
const LONG_MS = 4000;
const LONG = "Still waiting. If another program is writing to the registry, this takes up to a minute.";
const NOBODY = "The server does not answer, and what was sent may not have come; see whether isotherm serve still runs.";

function told(className, text) {
  const line = Object.assign(document.createElement("p"), { className, textContent: text });
  document.getElementById("message").replaceChildren(line);
  return line;
}
document.addEventListener("htmx:beforeSend", (event) => {
  let line = null;
  const timer = setTimeout(() => { line = told("note", LONG); }, LONG_MS);
  event.detail.xhr.addEventListener("loadend", () => { // comes in any case; events of htmx not, once its element is gone
    clearTimeout(timer);
    line?.remove();
  });
});
document.addEventListener("htmx:sendError", () => told("failure", NOBODY));
