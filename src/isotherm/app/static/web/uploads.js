// Sends files to the server, one after the other; a page's own script says which, and what comes next.

import { asked } from "./answer.js";

const token = () => document.querySelector("meta[name=csrf-token]").content;

// Send files as one upload; `told(done, all)` hears how many bytes have come. Returns the id of the upload.
export async function upload(files, told = () => {}) {
  const all = files.reduce((sum, one) => sum + one.file.size, 0);
  let id = "", done = 0;
  for (const { file, name } of files) {
    const query = new URLSearchParams(id ? { name, into: id } : { name });
    ({ id } = await asked(`/uploads?${query}`, {
      method: "POST", body: file, redirect: "error",
      headers: { "X-CSRF-Token": token(), "Content-Type": "application/octet-stream" },
    }));
    done += file.size;
    told(done, all);
  }
  return id;
}

// Return the files that were dropped, those of folders too, with their names in them.
export async function dropped(transfer) {
  // At once: what was dropped is gone after the first wait.
  const things = [...transfer.items].filter((one) => one.kind === "file")
    .map((one) => one.webkitGetAsEntry?.() ?? one.getAsFile());
  const found = [];
  for (const one of things) {
    if (one instanceof File) found.push({ file: one, name: one.name });
    else if (one) await walk(one, found);
  }
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    found.push({ file, name: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}
