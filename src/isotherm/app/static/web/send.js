// A form that sends files first: <form data-upload="ID of its file input">, whose hidden field `upload` then names them.

import { upload } from "./uploads.js";

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = form.querySelector("[data-told]");
    say(told, "", false);
    const files = [...document.getElementById(form.dataset.upload).files].map((file) => ({ file, name: file.name }));
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
