// What changes while a page is open: the countdown of decisions, who else looks at a case, new cases in the queue.
const EVERY = 15000; // milliseconds between two looks

async function ask(path) {
  try {
    const answer = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null; // the line is cut: the page stays as it is, and the next look may succeed
  }
}

function countdown() {
  let over = false;
  for (const one of document.querySelectorAll("[data-due]")) {
    const left = Math.ceil((Date.parse(one.dataset.due) - Date.now()) / 1000);
    one.textContent = left > 0 ? `done in ${left} s` : "being done, as soon as the bot runs";
    over ||= left <= 0 && !one.closest("[hidden]");
  }
  if (over) lookAtPending();
}

let asking = false;
async function lookAtPending() {
  if (asking) return;
  asking = true;
  const now = await ask("/now");
  for (const one of document.querySelectorAll("[data-pending]")) {
    if (now && !now.pending.includes(one.dataset.pending)) one.hidden = true;
  }
  window.setTimeout(() => (asking = false), 2000);
}

async function lookAtCase(page) {
  const now = await ask(`/case/${page.dataset.case}/now`);
  if (!now) return;
  const others = document.querySelector("[data-others]");
  others.hidden = now.others.length === 0;
  others.textContent = `${now.others.join(", ")} ${now.others.length === 1 ? "looks" : "look"} at this case too`;
  if (String(now.version) !== page.dataset.version) {
    const changed = document.querySelector("[data-changed]");
    changed.hidden = false;
    changed.textContent = `This case has changed since you opened it: it is ${now.state}${now.by ? ` by ${now.by}` : ""}. Read it again before you decide.`;
  }
}

async function lookAtQueue(news) {
  const now = await ask("/now");
  if (!now) return;
  if (now.newest > Number(news.dataset.newest)) news.hidden = false;
  const waiting = document.querySelector("[data-waiting]");
  if (waiting) waiting.textContent = now.waiting;
}

const page = document.querySelector("[data-case]");
const news = document.querySelector("[data-newest]");
const look = () => document.visibilityState === "visible" && (page ? lookAtCase(page) : news && lookAtQueue(news));
if (page || news) window.setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);
if (document.querySelector("[data-due]")) {
  countdown();
  window.setInterval(countdown, 500);
}
