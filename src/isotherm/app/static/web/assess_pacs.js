// The PACS on Assess: finds studies, has one fetched in the background, and puts what it holds onto the boxes of a side.

import { asked } from "./answer.js";

const WAITS_MS = 700;

export function pacsInto(choices, token) {
  const root = document.getElementById("pacs");
  if (!root) return;
  const one = (name) => root.querySelector(`[data-pacs="${name}"]`);
  const say = (text) => { one("said").textContent = text; };

  function ask(path, fields) {
    const headers = { "X-CSRF-Token": token };
    return asked(path, fields ? { method: "POST", body: new URLSearchParams(fields), headers } : { headers });
  }

  async function find() {
    const fields = Object.fromEntries(["patient_id", "first", "last", "modality"].map((name) => [name, one(name).value]));
    one("list").hidden = true;
    say("Asking the PACS …");
    one("find").disabled = true;
    try {
      const { studies, more } = await ask("/assess/pacs/find", fields);
      one("list").tBodies[0].replaceChildren(...studies.map(row));
      one("list").hidden = studies.length === 0;
      say(studies.length ? `${studies.length} studies${more ? "; there are more: narrow the search" : ""}. Choose the one before and the one after.` : "No study fits.");
    } catch (error) {
      say(error.message);
    }
    one("find").disabled = false;
  }

  function row(study) {
    const line = document.createElement("tr");
    for (const text of [study.day, study.modalities, study.series, study.objects, study.description]) line.insertCell().textContent = text || "–";
    const cell = line.insertCell();
    for (const side of ["before", "after"]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = side === "before" ? "Before" : "After";
      button.setAttribute("aria-label", `Fetch the study of ${study.day || "an unknown day"}${study.description ? `, ${study.description},` : ""} as the scan ${side}`);
      button.addEventListener("click", () => fetchStudy(side, study, button));
      cell.append(button, " ");
    }
    return line;
  }

  // Fetched once, a study serves both sides.
  const fetched = new Map();

  async function fetchStudy(side, study, button) {
    button.disabled = true;
    const slot = choices.slots.get(side);
    const came = slot.querySelector("[data-came]");
    try {
      came.textContent = "being fetched …";
      const { job, called } = fetched.get(study.uid) ?? (await ask("/assess/pacs/pull", { study: study.uid }));
      fetched.set(study.uid, { job, called });
      for (;;) {
        const { state, told } = await ask(`/assess/pacs/pull/${job}`);
        came.textContent = told || state;
        if (state === "done") break;
        if (state === "failed" || state === "cancelled") throw new Error(told || "It was cancelled.");
        await new Promise((done) => setTimeout(done, WAITS_MS));
      }
      slot.querySelector("input[type=hidden]").value = called;
      await choices.list(side, called, `/assess/pacs/pull/${job}/holds`);
      came.textContent = `study of ${study.day || "an unknown day"}`;
      say(`The study is here; the boxes of the scan ${side} list what it holds.`);
    } catch (error) {
      fetched.delete(study.uid);
      slot.querySelector("input[type=hidden]").value = "";
      came.textContent = "nothing chosen";
      say(error.message);
    }
    choices.changed();
    button.disabled = false;
  }

  one("find").addEventListener("click", find);
  for (const field of root.querySelectorAll("input[data-pacs]")) {
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // the form around it measures
      find();
    });
  }
}
