// Shows how far the making of a master is, by server-sent events. The button that a person is about to press stays where
// it is; the rest of the page is theirs to reload. Without this script the page reloads by itself while one is made.
"use strict";

(() => {
  const RETRY = 5000; // ms
  const place = document.getElementById("making");
  const announcer = document.getElementById("announcer");
  const connection = document.getElementById("connection");
  if (!place) return;
  let source = null;
  let retry = 0;
  let state = (place.querySelector("section") || place).dataset.state;

  function show(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const fresh = template.content.querySelector("section");
    const shown = place.querySelector("section");
    if (!fresh) return;
    if (fresh.dataset.state !== state) announcer.textContent = fresh.dataset.says;
    state = fresh.dataset.state;
    if (shown && shown.contains(document.activeElement) && state === shown.dataset.state) {
      shown.querySelector(".making-text").replaceWith(fresh.querySelector(".making-text"));
      return;
    }
    const held = place.contains(document.activeElement);
    place.replaceChildren(fresh);
    if (held) place.focus(); // the button is gone: the next Tab goes on from here
  }

  function lost() {
    connection.textContent = connection.dataset.lost;
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY);
  }

  function open() {
    close();
    source = new EventSource("/masters/live");
    source.addEventListener("making", (event) => show(JSON.parse(event.data).html));
    source.addEventListener("error", lost);
    source.addEventListener("open", () => {
      connection.textContent = "";
    });
  }

  function close() {
    clearTimeout(retry);
    if (source) source.close();
  }

  // A file whose name is taken is not sent: the server's refusal would come at the beginning of a long way.
  const upload = document.getElementById("upload");
  if (upload) {
    upload.addEventListener("change", () => {
      const chosen = upload.files[0];
      const listed = [...document.querySelectorAll("[data-file]")].map((row) => row.dataset.file);
      upload.setCustomValidity(chosen && listed.includes(chosen.name) ? upload.dataset.taken : "");
      upload.reportValidity();
    });
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
})();
