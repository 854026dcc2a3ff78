// Many photos, one after another: a bar, a sentence and a way to try again for each. Without this script the form
// still sends one photo.
(() => {
  "use strict";
  const form = document.getElementById("upload");
  if (!form) return;
  const [input, list, drop, send, note] = ["id_photo", "files", "drop", "send", "send-note"].map((id) => document.getElementById(id));
  const all = document.getElementById("id_attempt");
  const fixed = all.tagName === "INPUT";
  const maxBytes = Number(form.dataset.maxBytes);
  const rows = [];
  input.multiple = true;
  input.required = false;
  send.textContent = "Send all";

  const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1048576).toFixed(1)} MB`);
  const say = (row, sentence, state = "") => {
    row.meta.textContent = sentence;
    row.li.className = `file ${state}`.trim();
    row.state = state;
  };

  function add(file) {
    const li = document.getElementById("file-row").content.firstElementChild.cloneNode(true);
    const row = { file, li, key: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, state: "" };
    [row.meta, row.bar, row.act] = [".meta", "progress", ".act"].map((part) => li.querySelector(part));
    li.querySelector(".name").textContent = file.name;
    const img = li.querySelector("img");
    img.src = URL.createObjectURL(file);
    img.addEventListener("load", () => URL.revokeObjectURL(img.src));
    img.addEventListener("error", () => { img.hidden = true; });
    if (!fixed) {
      row.attempt = all.cloneNode(true);
      row.attempt.removeAttribute("id");
      row.attempt.removeAttribute("name");
      row.attempt.setAttribute("aria-label", `Attempt of ${file.name}`);
      row.attempt.options[0].textContent = "choose the attempt";
      row.attempt.value = all.value;
      row.act.append(row.attempt);
    }
    row.again = document.createElement("button");
    Object.assign(row.again, { type: "button", className: "plain", textContent: "Try again", hidden: true });
    row.again.addEventListener("click", () => { row.again.hidden = true; say(row, "Waiting"); run(); });
    row.drop = document.createElement("button");
    Object.assign(row.drop, { type: "button", className: "quiet", textContent: "Leave out" });
    row.drop.addEventListener("click", () => { rows.splice(rows.indexOf(row), 1); li.remove(); tell(); });
    row.act.append(row.again, row.drop);
    list.append(li);
    rows.push(row);
    if (file.size > maxBytes) refuse(row, `This file is too large: ${size(file.size)}. At most ${form.dataset.maxWords}.`, false);
    else if (!file.size) refuse(row, "This file is empty. Choose the photo again.", false);
    else say(row, size(file.size));
  }

  function refuse(row, sentence, again) {
    say(row, sentence, "refused");
    row.bar.hidden = true;
    row.again.hidden = !again;
    row.drop.hidden = false;
  }

  function tell() {
    const count = (state) => rows.filter((row) => row.state === state).length;
    const parts = [[count("sent"), "received"], [count("refused"), "not accepted"], [rows.length - count("sent") - count("refused"), "to send"]];
    note.textContent = rows.length ? parts.filter(([n]) => n).map(([n, word]) => `${n} ${word}`).join(" · ") : "";
  }

  function post(row, attempt) {
    return new Promise((resolve) => {
      const body = new FormData();
      body.append("photo", row.file);
      for (const name of ["view", "phase", "camera"]) if (form.elements[name]) body.append(name, form.elements[name].value);
      const request = new XMLHttpRequest();
      request.open("POST", `/attempts/${attempt}/upload/`);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
      request.setRequestHeader("Idempotency-Key", row.key);
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) row.bar.value = (100 * event.loaded) / event.total;
      });
      request.addEventListener("load", () => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { /* a proxy's page, not ours */ }
        resolve({ status: request.status, ...answer });
      });
      request.addEventListener("error", () => resolve({ status: 0 }));
      request.addEventListener("timeout", () => resolve({ status: 0 }));
      request.timeout = 120000;
      request.send(body);
    });
  }

  const SENTENCES = {
    0: "The connection was lost. The photo is still here: try again.",
    403: "You are signed out, or photos are not yours to send. Open the page anew and try again.",
    413: `This file is too large. At most ${form.dataset.maxWords}.`,
  };

  let running = false;
  async function run() {
    if (running) return;
    running = true;
    for (let row; (row = rows.find((item) => item.state === "" && !item.asked)); ) {
      const attempt = fixed ? all.value : row.attempt.value;
      if (!attempt) { row.asked = true; row.meta.textContent = "Choose the attempt that this photo shows."; row.attempt.focus(); continue; }
      row.drop.hidden = true;
      row.bar.hidden = false;
      row.bar.value = 0;
      say(row, "Sending", "sending");
      const answer = await post(row, attempt);
      row.bar.hidden = true;
      if (answer.status === 200 || answer.status === 202) {
        say(row, answer.sentence, "sent");
        if (row.attempt) row.attempt.disabled = true;
        const link = document.createElement("a");
        Object.assign(link, { className: "plain", href: answer.url, textContent: "Open" });
        row.act.append(link);
      } else {
        // What the server will refuse again is not worth another try; a lost connection or a busy server is.
        const again = answer.status === 0 || answer.status === 403 || answer.status >= 500;
        refuse(row, answer.sentence ?? SENTENCES[answer.status] ?? "The server did not take the photo. Try again.", again || !answer.sentence);
        // Another attempt or moment is another request and needs another key.
        row.key = answer.status === 0 ? row.key : crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
      }
      tell();
    }
    for (const row of rows) row.asked = false;
    running = false;
    tell();
  }

  const take = (files) => { for (const file of files) add(file); tell(); };
  input.addEventListener("change", () => { take(input.files); input.value = ""; });
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
  drop.addEventListener("drop", (event) => take(event.dataTransfer.files));
  if (!fixed) all.addEventListener("change", () => { for (const row of rows) if (row.state === "" && all.value) row.attempt.value = all.value; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!rows.length) { note.textContent = "Choose photos first."; input.focus(); return; }
    run();
  });
  window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
})();
