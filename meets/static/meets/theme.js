// Runs before the first paint: the theme the reader chose here last, else the system's.
(() => {
  "use strict";
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch { /* storage is closed to us: the system's theme stays */ }
})();
