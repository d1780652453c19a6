// Looking: waits until all sheets are there, covers it again, and leaves no picture behind when its page is left.
const EVERY = 600; // milliseconds between two questions whether it is there
const waiting = document.querySelector("[data-look]");
const covering = document.querySelector("[data-cover]");
let again = false; // the page is only made anew, and its look goes on

function cover() {
  for (const sheet of document.querySelectorAll("[data-sheet]")) {
    for (const picture of sheet.querySelectorAll("img")) picture.removeAttribute("src");
    sheet.remove();
    document.querySelector("[data-covered]").hidden = false;
  }
}

async function stateOf(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
    return answer.ok ? (await answer.json()).state : "";
  } catch {
    return "waiting"; // the line is cut: the next question may succeed
  }
}

async function ask() {
  const states = await Promise.all(waiting.dataset.look.split(" ").map(stateOf));
  if (states.some((state) => state === "waiting" || state === "fetching")) {
    window.setTimeout(ask, EVERY);
  } else {
    again = true;
    window.location.reload();
  }
}

if (waiting) window.setTimeout(ask, EVERY / 3);
for (const link of document.querySelectorAll("[data-again]")) link.addEventListener("click", () => (again = true));
if (covering) {
  covering.addEventListener("submit", cover);
  window.addEventListener("pagehide", () => {
    if (again) return;
    cover();
    // what is not fetched yet is dropped at once, not only when its time is over
    const body = new URLSearchParams(new FormData(covering));
    fetch(covering.action, { method: "POST", body, keepalive: true, redirect: "manual" }).catch(() => {});
  });
  window.addEventListener("pageshow", (event) => event.persisted && cover());
}
