// A link into the report brings the report's frame into view as well.

const report = document.querySelector("iframe[name=report]");
for (const link of document.querySelectorAll("a[target=report]")) {
  link.addEventListener("click", () => report.scrollIntoView());
}
