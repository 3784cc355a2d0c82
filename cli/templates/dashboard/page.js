// Puts each part that has changed in its place, and hangs up while nobody sees the page: then nothing is read either.
"use strict";

const pipeline = document.body.dataset.pipeline;
const connection = document.getElementById("connection");
let source = null;

function say(text) {
  if (connection.textContent !== text) connection.textContent = text;
  connection.hidden = text === "";
}

function show(parts) {
  for (const [id, html] of Object.entries(parts)) {
    const place = document.getElementById(id);
    if (place) place.innerHTML = html;
  }
}

function listen() {
  if (source) return;
  source = new EventSource(`${pipeline}/live`);
  source.onmessage = (event) => {
    show(JSON.parse(event.data));
    say("");
  };
  source.onerror = () => {
    say(`The dashboard has ended, or cannot be reached: what is shown is old. Start it again with “${document.body.dataset.again}” and open the address that it prints.`);
    // A browser asks again by itself, unless it was refused.
    if (source && source.readyState === EventSource.CLOSED) hangUp();
  };
}

function hangUp() {
  if (source) source.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) hangUp();
  else listen();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  button.disabled = true;
  button.textContent = "Reading …";
  await fetch(`${pipeline}/${button.dataset.act}`, { method: "POST" });
});

if (!document.hidden) listen();
