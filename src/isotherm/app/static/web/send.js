// A form that sends files first: <form data-upload="ID of its file input">, whose hidden field `upload` then names them.
// Files may be dropped anywhere on it.

import { dropped, upload } from "./uploads.js";

const MOST_NAMED = 8;

function tellNames(told, files) {
  const more = files.length > MOST_NAMED ? ` and ${files.length - MOST_NAMED} more` : "";
  told.textContent = [...files].slice(0, MOST_NAMED).map((file) => file.name).join(", ") + more;
}

function take(input, files) {
  const held = new DataTransfer();
  for (const file of input.multiple ? files : files.slice(0, 1)) held.items.add(file);
  input.files = held.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = document.getElementById(form.dataset.upload);
  const told = form.querySelector("[data-told]");
  input.addEventListener("change", () => tellNames(told, input.files));
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", async (event) => {
    event.preventDefault();
    form.classList.remove("over");
    if (input.matches(":disabled")) return;
    const files = await dropped(event.dataTransfer);
    if (files.length) take(input, files.map((one) => one.file));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say(told, "", false);
    const files = [...input.files].map((file) => ({ file, name: file.name }));
    try {
      form.elements.upload.value = await upload(files, (done, all) => {
        told.textContent = `${Math.round((100 * done) / Math.max(all, 1))} % sent`;
      });
      form.submit();
    } catch (error) {
      say(told, error.message, true);
      form.querySelectorAll("button").forEach((one) => { one.disabled = false; });
    }
  });
}

// What went wrong is no small print: it is marked, and read aloud at once.
function say(told, words, isFailure) {
  told.className = isFailure ? "failure" : "remark";
  told.setAttribute("role", isFailure ? "alert" : "status");
  told.textContent = words;
}
