// What every page shares: theme, help, keys, the lost-connection banner, and lists that grow without jumping.
(() => {
  "use strict";
  const root = document.documentElement;

  // ── Theme and help ──────────────────────────────────────────────────────────────────────────────────
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : !matchMedia("(prefers-color-scheme: light)").matches);
  document.getElementById("theme")?.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* kept for this page only */ }
  });
  const help = document.getElementById("help");
  document.getElementById("help-open")?.addEventListener("click", () => help.showModal());
  const menu = document.querySelector("details.me");
  document.addEventListener("click", (event) => { if (menu?.open && !menu.contains(event.target)) menu.open = false; });
  menu?.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
  });

  // ── Keys ────────────────────────────────────────────────────────────────────────────────────────────
  const typing = (target) => target.closest?.("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]");
  const follow = { "[": "previous", "]": "next", b: "board-link" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || help.open) return;
    if (event.key === "?") { event.preventDefault(); help.showModal(); return; }
    const link = document.getElementById(follow[event.key.toLowerCase()] ?? "");
    if (link) { event.preventDefault(); link.click(); return; }
    const light = { 1: "light-white", 2: "light-red" }[event.key];
    if (light) document.getElementById(light)?.focus();
  });

  // ── Ages ────────────────────────────────────────────────────────────────────────────────────────────
  const age = (seconds) =>
    seconds < 60 ? "now"
      : seconds < 3600 ? `${Math.floor(seconds / 60)} min`
        : seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} days`;
  const tellAges = () => {
    for (const time of document.querySelectorAll(".rows time")) {
      const told = age(Math.max(0, (Date.now() - Date.parse(time.dateTime)) / 1000));
      if (time.textContent !== told) time.textContent = told;
    }
  };
  setInterval(tellAges, 10000);
  // The list beside an attempt opens where the attempt stands in it.
  document.querySelector(".queue .row.here")?.scrollIntoView({ block: "nearest" });

  // ── Connection ──────────────────────────────────────────────────────────────────────────────────────
  const lost = document.getElementById("lost");
  let misses = 0;
  const heard = (ok) => {
    misses = ok ? 0 : misses + 1;
    // One miss may be a hiccup of the hall's network; two in a row are told.
    if (lost) lost.hidden = misses < 2;
  };
  document.addEventListener("htmx:sendError", () => heard(false));
  document.addEventListener("htmx:timeout", () => heard(false));
  document.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr?.status ?? 0;
    if (status === 0) return;
    heard(status < 500);
    // Signed out elsewhere, or no longer a member: the page says so itself.
    if (status === 403 || status === 404 || event.detail.xhr.responseURL.includes("/login/")) location.reload();
  });
  window.addEventListener("offline", () => { misses = 2; if (lost) lost.hidden = false; });

  // ── Live pieces ─────────────────────────────────────────────────────────────────────────────────────
  // A piece that comes back the same is left alone: no photo loads twice, no focus is lost.
  const plain = (node) => {
    const copy = node.cloneNode(true);
    for (const time of copy.querySelectorAll("time")) time.textContent = "";
    // What was opened within a piece is the reader's own.
    for (const lazy of copy.querySelectorAll("[data-lazy]")) lazy.textContent = "";
    for (const folded of copy.querySelectorAll("details[open]")) folded.removeAttribute("open");
    for (const token of copy.querySelectorAll("[name=csrfmiddlewaretoken]")) token.setAttribute("value", "");
    for (const live of [copy, ...copy.querySelectorAll(".arrived, .htmx-added, .htmx-settling, .htmx-swapping")]) {
      live.classList.remove("arrived", "htmx-added", "htmx-settling", "htmx-swapping");
    }
    copy.removeAttribute("hx-swap-oob");
    return `${copy.className}\n${copy.innerHTML}`.replace(/\s+/g, " ");
  };
  const known = new Map();
  for (const piece of document.querySelectorAll("[data-live]:not([data-live=list])")) known.set(piece.id, plain(piece));

  /** Brings the list's rows to those of ``incoming``; rows that did not change stay the very same elements. */
  function patch(list, incoming) {
    const had = new Map([...list.children].map((row) => [row.id, row]));
    const focused = list.contains(document.activeElement) ? document.activeElement.id : "";
    const arrived = [];
    let place = list.firstElementChild;
    for (const next of [...incoming.children]) {
      const old = had.get(next.id);
      had.delete(next.id);
      const row = old && plain(old) === plain(next) ? old : next;
      if (row === next && next.classList.contains("row")) { next.classList.add("arrived"); arrived.push(next); }
      if (old && row !== old) {
        if (place === old) place = old.nextElementSibling;
        old.remove();
      }
      if (row === place) place = place.nextElementSibling;
      else list.insertBefore(row, place);
      if (row === next) window.htmx?.process(row);
    }
    for (const gone of had.values()) gone.remove();
    if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus({ preventScroll: true });
    return arrived;
  }

  const scrollerOf = (node) => {
    for (let up = node.parentElement; up && up !== document.body; up = up.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(up).overflowY) && up.scrollHeight > up.clientHeight) return up;
    }
    return document.scrollingElement;
  };
  const topOf = (scroller) => (scroller === document.scrollingElement ? 0 : scroller.getBoundingClientRect().top);

  /** The row that must not move: under the pointer, focused, or the first one in sight of a list that was scrolled. */
  function anchorOf(list, scroller) {
    const held = list.querySelector(".row:hover") ?? document.activeElement?.closest?.(".rows .row");
    if (held && list.contains(held)) return held;
    if (scroller.scrollTop < 4) return null;
    return [...list.children].find((row) => row.getBoundingClientRect().bottom > topOf(scroller) + 1) ?? null;
  }

  const above = document.getElementById("new-above");
  above?.addEventListener("click", () => {
    const list = document.getElementById("rows");
    scrollerOf(list).scrollTo({ top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    above.hidden = true;
  });

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const incoming = fragment.querySelector?.("[data-live]") ?? fragment.firstElementChild;
    if (!target?.dataset?.live && target?.dataset?.live !== "") return;
    if (target.dataset.live !== "list") {
      const text = plain(incoming);
      if (known.get(target.id) === text) event.detail.shouldSwap = false;
      else known.set(target.id, text);
      return;
    }
    event.detail.shouldSwap = false;
    const scroller = scrollerOf(target);
    const anchor = anchorOf(target, scroller);
    const id = anchor?.id;
    const before = anchor?.getBoundingClientRect().top ?? 0;
    const arrived = patch(target, incoming);
    const kept = id && document.getElementById(id);
    if (kept) scroller.scrollTop += kept.getBoundingClientRect().top - before;
    // Out of sight, or the better half of it.
    const hidden = arrived.some((row) => { const box = row.getBoundingClientRect(); return (box.top + box.bottom) / 2 < topOf(scroller); });
    if (above && hidden) above.hidden = false;
    if (kept) for (const row of arrived) if (row === kept) row.classList.remove("arrived");
  });
  document.addEventListener("scroll", (event) => {
    const scroller = event.target === document ? document.scrollingElement : event.target;
    if (above && scroller.scrollTop < 4) above.hidden = true;
  }, { capture: true, passive: true });
})();
