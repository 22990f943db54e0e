// The form of a protocol: boxes that were open, and the place on the page, are as they were after it was saved.

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
