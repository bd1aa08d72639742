// Keeps the board fresh by server-sent events. Cells that did not change are left alone, and so is the cell in which a
// person is at work: an open list is never closed and the focus never moves. Without this script the page is reloaded.
"use strict";

(() => {
  const GATHER = 1000; // ms: changes of state that are announced in one sentence
  const RETRY = 5000;
  const board = document.getElementById("board");
  if (!board) return;
  const body = board.tBodies[0];
  const announcer = document.getElementById("announcer");
  const connection = document.getElementById("connection");
  const nobody = document.getElementById("nobody");
  const waiting = document.getElementById("waiting");
  const late = new Map(); // cells to renew when the person leaves them
  let says = [];
  let source = null;
  let retry = 0;

  function parsed(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content.querySelector("tr");
  }

  function announce(text) {
    if (says.push(text) > 1) return;
    setTimeout(() => {
      announcer.textContent = says.join(". ");
      says = [];
    }, GATHER);
  }

  function renewCell(cell, fresh) {
    late.delete(cell);
    if (cell.innerHTML === fresh.innerHTML) return;
    if (cell.contains(document.activeElement)) late.set(cell, fresh);
    else cell.replaceChildren(...fresh.childNodes);
  }

  function renew(html) {
    const fresh = parsed(html);
    const row = document.getElementById(fresh.id);
    if (!row && !nobody) return; // the page of one machine
    const asks = fresh.dataset.asks && (!row || row.dataset.asks !== fresh.dataset.asks);
    if (!row || row.dataset.state !== fresh.dataset.state || asks) announce(fresh.dataset.says);
    if (!row) {
      body.append(fresh);
      board.hidden = false;
      nobody.hidden = true;
      return;
    }
    row.dataset.state = fresh.dataset.state;
    row.dataset.asks = fresh.dataset.asks;
    const cells = [...fresh.cells];
    [...row.cells].forEach((cell, index) => renewCell(cell, cells[index]));
  }

  function remove(name) {
    const row = document.getElementById(`pc-${name.replaceAll(":", "-")}`);
    if (row && !row.contains(document.activeElement)) row.remove();
  }

  function showPending(html) {
    const place = document.getElementById("pending-choices");
    if (place && !place.contains(document.activeElement)) place.innerHTML = html;
  }

  // What is told of the batch is always true; the button that a person is about to press stays where it is.
  function showBatch(html) {
    const place = document.getElementById("batch");
    const template = document.createElement("template");
    template.innerHTML = html;
    const fresh = template.content.querySelector("section");
    const shown = place.querySelector("section");
    if (fresh && shown && fresh.dataset.says === shown.dataset.says) return;
    if (fresh && !shown && !nobody && fresh.classList.contains("over")) return; // past: told on the board only
    if (fresh) announce(fresh.dataset.says);
    if (!fresh || !shown || !shown.contains(document.activeElement)) {
      place.replaceChildren(...template.content.childNodes);
      return;
    }
    shown.className = fresh.className;
    shown.dataset.says = fresh.dataset.says;
    shown.querySelector(".batch-text").replaceWith(fresh.querySelector(".batch-text"));
  }

  function showWaiting(count) {
    if (!waiting) return;
    waiting.textContent = count;
    const form = document.getElementById("choose-all");
    if (form && !form.contains(document.activeElement)) form.hidden = count === "0";
  }

  function showTrouble(text) {
    const place = document.getElementById("trouble");
    if (!place) return;
    place.textContent = text;
    place.hidden = !text;
  }

  function showConflicts(html) {
    const place = document.getElementById("conflicts");
    const template = document.createElement("template");
    template.innerHTML = html;
    if (!place || place.textContent.trim() === template.content.textContent.trim()) return; // read out once
    place.replaceChildren(...template.content.childNodes);
  }

  // Whoever is about to say which line is the PC keeps the lines before them; the server checks the visit.
  function showContested(html) {
    const place = document.getElementById("contested-lines");
    if (!place || place.contains(document.activeElement)) return;
    const template = document.createElement("template");
    template.innerHTML = html;
    if (place.textContent.trim() === template.content.textContent.trim()) return; // read out once
    place.replaceChildren(...template.content.childNodes);
  }

  function lost() {
    connection.textContent = connection.dataset.lost;
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY);
  }

  function open() {
    close();
    source = new EventSource("/live");
    source.addEventListener("row", (event) => renew(JSON.parse(event.data).html));
    source.addEventListener("pending", (event) => showPending(JSON.parse(event.data).html));
    source.addEventListener("batch", (event) => showBatch(JSON.parse(event.data).html));
    source.addEventListener("gone", (event) => remove(event.data));
    source.addEventListener("waiting", (event) => showWaiting(event.data));
    source.addEventListener("trouble", (event) => showTrouble(event.data));
    source.addEventListener("conflicts", (event) => showConflicts(JSON.parse(event.data).html));
    source.addEventListener("contested", (event) => showContested(JSON.parse(event.data).html));
    source.addEventListener("error", lost);
    source.addEventListener("open", () => {
      if (connection.textContent) announce(connection.dataset.back);
      connection.textContent = "";
    });
  }

  function close() {
    clearTimeout(retry);
    if (source) source.close();
  }

  document.addEventListener("focusout", () => {
    setTimeout(() => {
      for (const [cell, fresh] of late) {
        if (cell.contains(document.activeElement)) continue;
        late.delete(cell);
        cell.replaceChildren(...fresh.childNodes);
      }
    });
  });
  // A browser opens few connections to one server: a page that nobody looks at gives its own back.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
})();
