// Keys: every element that has one says so itself (data-key presses it, data-also too, data-focus goes to it), and `?`
// lists them.
const PAUSE = 900; // milliseconds between two keys of one word such as "g q"
let begun = "";
let timer = 0;

const typing = (target) => target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
const keyed = () => [...document.querySelectorAll("[data-key], [data-focus]")].filter((one) => !one.closest("[hidden]"));
const keyOf = (one) => one.dataset.key || one.dataset.focus;
const keysOf = (one) => (one.dataset.also ? [keyOf(one), one.dataset.also] : [keyOf(one)]);

// Each person may press other keys than ours: two keys that changed places. What the page says follows.
const own = JSON.parse(document.body.dataset.ownKeys || "{}");
const mine = Object.fromEntries(Object.entries(own).map(([pressed, meant]) => [meant, pressed]));
const pressedFor = (word) => [...word].map((sign) => mine[sign] || sign).join("");
for (const cap of document.querySelectorAll("kbd")) {
  if (cap.textContent !== "enter") cap.textContent = pressedFor(cap.textContent);
}

function press(one) {
  if (one.dataset.focus || one.matches("input:not([type=checkbox])")) {
    one.scrollIntoView({ block: "center" });
    one.focus();
  } else if (one.matches("[data-help]")) {
    help();
  } else {
    one.click();
  }
}

function rows(step) {
  const all = [...document.querySelectorAll("[data-row]")];
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function help() {
  const dialog = document.getElementById("keys");
  const list = dialog.querySelector("dl");
  const told = keyed().flatMap((one) => keysOf(one).map((key) => [key, one.dataset.does || one.textContent.trim()]));
  if (document.querySelector("[data-row]")) told.unshift(["j", "Next row"], ["k", "Row before"], ["enter", "Open the row"]);
  list.replaceChildren(
    ...told.flatMap(([key, does]) => {
      const name = document.createElement("dt");
      const what = document.createElement("dd");
      const cap = document.createElement("kbd");
      cap.textContent = key === "enter" ? key : pressedFor(key);
      name.append(cap);
      what.textContent = does;
      return [name, what];
    }),
  );
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  if (typing(event.target) || event.key.length > 1 || document.querySelector("dialog[open]")) return;
  const key = own[event.key] || event.key;
  const word = begun ? `${begun} ${key}` : key;
  const found = keyed().find((one) => keysOf(one).includes(word));
  window.clearTimeout(timer);
  begun = "";
  if (found) {
    event.preventDefault();
    press(found);
  } else if (keyed().some((one) => keyOf(one).startsWith(`${word} `))) {
    begun = word;
    timer = window.setTimeout(() => (begun = ""), PAUSE);
  } else if (word === "j" || word === "k") {
    event.preventDefault();
    rows(word === "j" ? 1 : -1);
  }
});

// A menu closes when something else is meant.
for (const menu of document.querySelectorAll("[data-menu]")) {
  document.addEventListener("click", (event) => menu.contains(event.target) || (menu.open = false));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

for (const button of document.querySelectorAll("[data-help]")) {
  button.hidden = false;
  button.addEventListener("click", help);
}
