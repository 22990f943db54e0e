// Cohort: one question at a time; what is asked meanwhile waits, and is then asked of what the answer before it left.

const queue = []; // {part} takes a condition away, {name, value} chooses, {fields} is the form with what its button says
let asking = null;

const shown = () => document.getElementById("cohort");
const formOf = (page) => page.querySelector("form.side");
const texts = (form) => [...form.querySelectorAll("input[id]")];
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

document.addEventListener("htmx:confirm", (event) => {
  const { elt, triggeringEvent } = event.detail;
  if (!shown()?.contains(elt) || elt === shown()) return;
  event.preventDefault();
  ask(actOf(elt, triggeringEvent));
});

function actOf(elt, event) {
  if (elt.matches("a")) return { part: elt.dataset.part };
  if (!elt.matches("form")) return { name: elt.name, value: elt.value };
  const fields = Object.fromEntries(new FormData(elt, event.submitter));
  const { where } = elt.elements;
  if (where?.value === where?.defaultValue) delete fields.where; // the latest counts
  return { fields };
}

function ask(act) {
  if (isSame(act, queue.at(-1) ?? asking?.act)) return;
  if (act.name === "column") withoutValue(formOf(shown()));
  const earlier = queue.findIndex((one) => act.name && one.name === act.name);
  if (earlier >= 0) queue.splice(earlier, 1);
  queue.push(act);
  if (!asking) next();
}

// What is asked of the column before is not put to this one.
function withoutValue(form) {
  form.querySelectorAll("#relation, #value, [name=add]").forEach((one) => {
    one.disabled = true;
    one.dataset.off = "";
  });
}

function valuesOf(act, page) {
  const values = Object.fromEntries(new FormData(formOf(page)));
  if (!act.part) return { ...values, ...act.fields };
  const link = [...page.querySelectorAll("a[data-part]")].find((one) => one.dataset.part === act.part);
  return link && Object.fromEntries(new URL(link.href).searchParams);
}

async function next() {
  const page = shown();
  asking = null;
  while (queue.length && !asking) {
    const act = queue.shift();
    const values = valuesOf(act, page);
    if (values) asking = { act, values, typed: texts(formOf(page)).map((one) => [one.id, one.value]) };
  }
  wait(page, asking !== null);
  if (!asking) return;
  const { where } = formOf(page).elements;
  if (where) where.defaultValue = where.value; // it is sent with this
  const how = { source: page, target: page, values: asking.values };
  await htmx.ajax("GET", "/cohort", how).catch(() => {});
  answered(page);
}

function answered(before) {
  const page = shown();
  if (page === before) takeBack(formOf(page));
  else keepTyped(formOf(before), formOf(page));
  if (page === before || page.querySelector(":scope > .failure")) queue.length = 0; // a refusal is read first
  queue.filter((one) => one.name).forEach((one) => show(formOf(page), one));
  next();
}

function show(form, { name, value }) {
  const field = form.elements[name];
  if (field) field.value = value;
  if (name === "column") withoutValue(form);
}

// Without an answer the page stays as it was, and what it shows as chosen is what it is made of.
function takeBack(form) {
  const names = [asking.act, ...queue].map((one) => one.name).filter(Boolean);
  for (const name of names) {
    const chosen = form.querySelector(`[name="${name}"] option[selected], [name="${name}"][checked]`);
    form.elements[name].value = chosen?.value ?? form.elements[name].defaultValue ?? "";
  }
  if (!names.includes("column")) return;
  form.querySelectorAll("#relation, #value, [name=add]").forEach((one) => {
    one.disabled = !form.querySelector("#relation");
    if (!one.disabled) delete one.dataset.off;
  });
}

function keepTyped(old, form) {
  const sent = new Map(asking.typed);
  for (const { id, value } of texts(old)) {
    const field = form.querySelector(`#${id}`);
    const isOther = id === "value" && old.elements.column.value !== form.elements.column.value;
    if (!field || isOther || value === sent.get(id)) continue;
    field.value = value;
    field.addEventListener("blur", () => field.dispatchEvent(new Event("change")), { once: true });
  }
}

// What the old answer offers to take away is not offered while a new one is on its way.
function wait(page, isWaiting) {
  page.setAttribute("aria-busy", isWaiting);
  page.querySelectorAll("section").forEach((one) => { one.inert = isWaiting; });
  const { where } = formOf(page).elements;
  if (where) where.readOnly = isWaiting;
}

window.addEventListener("popstate", () => {
  queue.length = 0;
  if (asking) htmx.trigger(shown(), "htmx:abort");
});
