// Files onto the slots of Assess: sent one after the other as they are chosen, under the number of their upload.

import { Choices } from "./assess_choices.js";
import { pacsInto } from "./assess_pacs.js";
import { LandmarkFiles, isMarks } from "./landmark_files.js";
import { dropped, upload } from "./uploads.js";

const token = document.querySelector('meta[name="csrf-token"]').content;
const NEEDED = { before: "the scan before", after: "the scan after", tumor: "the tumor", ablation: "the ablation zone" };

const measure = document.getElementById("measure");
const missing = document.getElementById("missing");
const demo = document.querySelector('form[action="/assess/demo"] button');
const demoIsNext = demo.classList.contains("main"); // until something else has come
let sending = 0;

const valueOf = (name) => document.querySelector(`input[name="${name}"]`)?.value.trim() ?? "";
const choices = new Choices(document, tell);
const marks = new LandmarkFiles(document.getElementById("marks"), "/assess/landmarks", (answer, id) => {
  document.querySelector('input[name="landmarks"]').value = id;
  if (answer) marks.say(`${answer.count} pairs came.`);
  tell();
});

function tell() {
  // A scan may be all of its study; a mask in a PACS has to be named.
  const inPacs = (name) => valueOf("study_before") && (name === "before" || name === "after" || valueOf(`${name}_label`));
  const absent = Object.keys(NEEDED).filter((name) => !valueOf(name) && !inPacs(name));
  const open = Object.keys(NEEDED).filter((name) => !absent.includes(name) && choices.isOpen(name));
  const unread = !["none", "there"].includes(marks.state); // without them it would be another measurement
  measure.disabled = absent.length + open.length > 0 || sending > 0 || unread;
  const told = [absent.length ? `Still missing: ${absent.map((name) => NEEDED[name]).join(", ")}.` : "",
    open.length ? `Choose which one it is: ${open.map((name) => NEEDED[name]).join(", ")}.` : "",
    unread ? "The landmark files cannot be used yet." : ""];
  demo.classList.toggle("main", demoIsNext && !document.querySelector(".slot.came"));
  missing.textContent = sending ? "Files are being sent, or looked at …" : told.filter(Boolean).join(" ");
}

const named = (files) => [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

// Lists of landmarks that lie with the files of a scan are of that scan.
function withoutMarks(slot, files) {
  const found = files.filter((one) => isMarks(one.name));
  const side = choices.sideOf(slot.dataset.slot);
  if (found.length === 1) marks.put(side, found[0].file);
  if (found.length > 1) marks.point(`${found.length} landmark files lay with the scan ${side}; choose the one that is meant here.`);
  return files.filter((one) => !isMarks(one.name));
}

async function take(slot, every) {
  const came = slot.querySelector("[data-came]");
  if (slot.closest("fieldset:disabled")) {
    came.textContent = "not sent: say first who is working";
    return;
  }
  const files = withoutMarks(slot, every);
  const number = slot.querySelector("input[type=hidden]");
  if (!files.length) return;
  number.value = "";
  slot.classList.remove("came");
  delete slot.dataset.refused;
  came.classList.remove("failure");
  choices.forget(slot.dataset.slot);
  sending += 1;
  tell();
  try {
    came.textContent = "sending …";
    const into = await upload(files, (done, all) => {
      came.textContent = `sending, ${Math.round((100 * done) / Math.max(all, 1))} % …`;
    });
    number.value = into;
    came.textContent = "looking at what came …";
    await choices.list(slot.dataset.slot, into, `/uploads/${into}/holds`);
    if (number.value) {
      slot.classList.add("came");
      came.textContent = files.length === 1 ? files[0].file.name : `${files.length} files`;
    }
  } catch (error) {
    choices.refuse(slot.dataset.slot, error.message);
  } finally {
    sending -= 1;
    tell();
  }
}

for (const slot of document.querySelectorAll("[data-slot]")) {
  for (const input of slot.querySelectorAll("[data-files]")) input.addEventListener("change", () => take(slot, named(input.files)));
  slot.addEventListener("dragover", (event) => {
    event.preventDefault();
    slot.classList.add("over");
  });
  slot.addEventListener("dragleave", () => slot.classList.remove("over"));
  slot.addEventListener("drop", async (event) => {
    event.preventDefault();
    slot.classList.remove("over");
    take(slot, await dropped(event.dataTransfer));
  });
}
document.getElementById("begin").addEventListener("input", tell);
pacsInto(choices, token);
tell();
