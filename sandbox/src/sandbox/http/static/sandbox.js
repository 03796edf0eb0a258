// Pages work without this. With it they follow by themselves and ask before forgetting.
"use strict";

const EVERY = 1500;

function keepOpen(from, to) {
  for (const open of from.querySelectorAll("details[open][data-key]")) {
    const same = to.querySelector(`details[data-key="${CSS.escape(open.dataset.key)}"]`);
    if (same) same.open = true;
  }
}

async function follow() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || part.dataset.seen === next.innerHTML) continue;
    const seen = next.innerHTML;
    keepOpen(part, next);
    if (part.innerHTML !== next.innerHTML) part.replaceChildren(...next.childNodes);
    part.dataset.seen = seen;
  }
}

async function leaveWhenConnected(popup) {
  const answer = await fetch(popup.dataset.untilConnected);
  if (answer.ok && (await answer.json()).connected) location.assign(popup.dataset.then);
}

function repeat(work) {
  setInterval(() => {
    if (!document.hidden) work().catch(() => {});
  }, EVERY);
}

const popup = document.querySelector("[data-until-connected]");
if (popup) repeat(() => leaveWhenConnected(popup));
if (document.querySelector("[data-live]")) repeat(follow);

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
