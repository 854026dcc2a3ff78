// For those who decide: the times that run, the keys for cards, and a guard against a press meant for the last attempt.
(() => {
  "use strict";

  // ── Times that run ──────────────────────────────────────────────────────────────────────────────────
  // By the server's clock: a borrowed tablet's may be minutes off.
  let ahead = 0;
  const setClock = () => {
    const told = Date.parse(document.getElementById("poll")?.dataset.now ?? "");
    if (!Number.isNaN(told)) ahead = told - Date.now();
  };
  const tellLeft = () => {
    for (const time of document.querySelectorAll("time[data-until]")) {
      const left = Math.ceil((Date.parse(time.dateTime) - Date.now() - ahead) / 1000);
      const told = left > 0 ? `${left} s left` : "time is over";
      if (time.textContent !== told) time.textContent = told;
    }
  };
  setClock();
  tellLeft();
  setInterval(tellLeft, 500);

  // ── Keys ────────────────────────────────────────────────────────────────────────────────────────────
  const CARDS = { 2: "red", 3: "blue", 4: "yellow" };
  const typing = (target) => target.closest?.("select, textarea, [contenteditable], dialog, input:not([type=checkbox], [type=radio])");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key.toLowerCase() === "u") { document.getElementById("light-back")?.focus(); return; }
    const card = CARDS[event.key];
    // Before the light 2 is the red light itself.
    if (!card || (event.key === "2" && document.getElementById("light-red"))) return;
    const cause = document.querySelector(`[data-card=${card}]`);
    if (!cause) return;
    const folded = cause.closest("details");
    if (folded) folded.open = true;
    cause.focus();
  });

  // ── Another attempt under the finger ────────────────────────────────────────────────────────────────
  // A press that was on its way to the attempt before finds nothing to press for a moment.
  const GUARD_MS = 1200;
  let before = document.getElementById("lights")?.dataset.for ?? "";
  const guard = () => {
    const lights = document.getElementById("lights");
    const now = lights?.dataset.for ?? "";
    if (!lights || now === before) return;
    before = now;
    lights.inert = true;
    setTimeout(() => { lights.inert = false; }, GUARD_MS);
  };
  document.addEventListener("htmx:oobAfterSwap", () => { setClock(); guard(); tellLeft(); });
})();
