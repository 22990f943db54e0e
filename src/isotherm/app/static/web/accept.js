// Accepting: ablation and scans follow the lesion that is chosen, unless somebody has chosen them; so do a doubt of its size and what is not carried over. A new scan is named only where none of the list is chosen.

const lesion = document.getElementById("lesion");
const followers = ["ablation", "after", "before"].map((id) => document.getElementById(id));
const touched = new Set();
const size = document.getElementById("size");
const seen = size?.querySelector("input");

const nameNew = () => {
  for (const one of document.querySelectorAll("[data-scan]")) {
    const fields = one.querySelector("fieldset");
    fields.disabled = fields.hidden = Boolean(one.querySelector("select").value);
  }
};

nameNew();
addEventListener("pageshow", nameNew);

for (const one of followers) one?.addEventListener("input", () => {
  touched.add(one);
  nameNew();
});
lesion?.addEventListener("change", () => {
  const fits = lesion.selectedOptions[0].dataset;
  for (const one of followers) if (!touched.has(one)) one.value = fits[one.id] ?? "";
  nameNew();
  for (const one of document.querySelectorAll("[data-of]")) one.hidden = Boolean(lesion.value) && one.dataset.of !== lesion.value;
  document.getElementById("doubt").textContent = fits.doubt ?? "";
  document.getElementById("doubt").parentElement.hidden = false;
  size.hidden = !fits.doubt;
  seen.required = Boolean(fits.doubt);
  seen.checked = false;
});
