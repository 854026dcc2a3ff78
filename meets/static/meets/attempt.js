// Layers over the photos and zoom, by keys and buttons. What is on stays on while photos come in.
(() => {
  "use strict";
  const KEYS = { s: "skeleton", l: "level", f: "surface", g: "gold", z: "zoom" };
  const shown = { skeleton: true, level: true, surface: true, gold: false, zoom: false };
  try { Object.assign(shown, JSON.parse(sessionStorage.getItem("layers") ?? "{}"), { zoom: false }); } catch { /* first visit */ }

  function apply() {
    const photos = document.getElementById("photos");
    if (!photos) return;
    for (const layer of ["skeleton", "level", "surface", "gold"]) photos.classList.toggle(`no-${layer}`, !shown[layer]);
    for (const button of photos.querySelectorAll("[data-layer]")) button.setAttribute("aria-pressed", String(shown[button.dataset.layer]));
    for (const still of photos.querySelectorAll("svg.still")) {
      const box = (shown.zoom && still.dataset.zoom) || still.dataset.full;
      if (still.getAttribute("viewBox") !== box) still.setAttribute("viewBox", box);
      // Words and joints have one size on the screen, whatever the photo's size and zoom.
      const [, , width, height] = box.split(" ").map(Number);
      const shownAt = still.getBoundingClientRect();
      if (!shownAt.width || !shownAt.height) continue;
      const px = Math.max(width / shownAt.width, height / shownAt.height);
      const small = shownAt.width < 480;
      for (const text of still.querySelectorAll("[data-size]")) text.setAttribute("font-size", ((small ? 11 : 13.5) * px).toFixed(1));
      for (const joint of still.querySelectorAll("[data-r]")) joint.setAttribute("r", ((small ? 3.2 : 5.5) * px).toFixed(1));
    }
  }

  function toggle(layer) {
    shown[layer] = !shown[layer];
    try { sessionStorage.setItem("layers", JSON.stringify(shown)); } catch { /* kept for this page only */ }
    apply();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-layer]");
    if (button) toggle(button.dataset.layer);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea, dialog")) return;
    const layer = KEYS[event.key.toLowerCase()];
    if (layer && document.querySelector("[data-layer]")) toggle(layer);
  });
  document.addEventListener("htmx:oobAfterSwap", apply);
  window.addEventListener("resize", apply);
  apply();
})();
