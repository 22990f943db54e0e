// The form of a protocol: boxes that were open, and the place on the page, are as they were after it was saved; a run,
// which takes the protocol as it was saved, does not begin while something that was typed is not. Where the audit says that
// a run would be refused, its button is no longer the main one.

const form = document.querySelector("form.protocol");
const key = `protocol:${location.pathname}`;
const boxes = () => [...form.querySelectorAll("details[data-box]")];

function keep() {
  const open = boxes().filter((one) => one.open).map((one) => one.dataset.box);
  sessionStorage.setItem(key, JSON.stringify({ open, y: window.scrollY }));
}

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
  sessionStorage.removeItem(key);
  if (!kept) return;
  for (const one of boxes()) one.open = kept.open.includes(one.dataset.box);
  window.scrollTo(0, kept.y);
}

if (form) {
  form.addEventListener("submit", keep);
  restore();
}

const NOT_SAVED = "Something that you typed is not saved, and a run would go without it: save it, or load the page anew to drop it.";
let typed = false;
for (const one of document.querySelectorAll("form.protocol, form[data-text]")) one.addEventListener("input", () => { typed = true; });
document.querySelector("form[data-run]").addEventListener("submit", (event) => {
  if (!typed) return;
  event.preventDefault();
  event.stopPropagation(); // it is not sent, so that its button stays
  const line = Object.assign(document.createElement("p"), { className: "failure", textContent: NOT_SAVED });
  document.getElementById("message").replaceChildren(line);
  window.scrollTo(0, 0);
});

document.addEventListener("htmx:oobAfterSwap", () => {
  document.querySelector("form[data-run] button").classList.toggle("main", !document.querySelector("#stops[data-refused]"));
});
