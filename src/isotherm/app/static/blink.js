// Blinks between both scans of a figure: by its button, by the key B, or once a second; nothing is fetched.
"use strict";
(() => {
  const figures = [...document.querySelectorAll("[data-blink]")].map((figure) => {
    const toggle = figure.querySelector("[data-blink-toggle]");
    const run = figure.querySelector("[data-blink-run]");
    const state = figure.querySelector("[data-blink-state]");
    let timer = 0;
    figure.classList.add("live");
    const show = (before) => {
      figure.classList.toggle("before", before);
      toggle.setAttribute("aria-pressed", String(before));
      toggle.textContent = before ? "Show the scan after" : "Show the scan before";
      // Said only where a person has pressed: a voice once a second helps nobody.
      if (!timer) state.textContent = before ? "Shown: before ablation, carried" : "Shown: after ablation";
    };
    const change = () => show(!figure.classList.contains("before"));
    const stop = () => {
      clearInterval(timer);
      timer = 0;
      run.setAttribute("aria-pressed", "false");
      show(figure.classList.contains("before"));
    };
    toggle.addEventListener("click", change);
    run.addEventListener("click", () => {
      if (timer) return stop();
      timer = setInterval(change, 1000);
      run.setAttribute("aria-pressed", "true");
      state.textContent = "Blinking once a second";
    });
    return { figure, change };
  });
  const seen = ({ figure }) => {
    const box = figure.getBoundingClientRect();
    return Math.max(0, Math.min(box.bottom, innerHeight) - Math.max(box.top, 0));
  };
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "b" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof HTMLElement && event.target.matches("input, textarea, select")) return;
    const best = figures.reduce((one, other) => (other && seen(other) > (one ? seen(one) : 0) ? other : one), null);
    if (best) best.change();
  });
})();
