// Accepting: ablation and scans follow the lesion that is chosen, unless somebody has chosen them.

const lesion = document.getElementById("lesion");
const followers = ["ablation", "after", "before"].map((id) => document.getElementById(id));
const touched = new Set();

for (const one of followers) one.addEventListener("input", () => touched.add(one));
lesion.addEventListener("change", () => {
  const fits = lesion.selectedOptions[0].dataset;
  for (const one of followers) if (!touched.has(one)) one.value = fits[one.id] ?? "";
});
