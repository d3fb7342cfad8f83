/* What htmx leaves open. Every page works without this file and without htmx. */
"use strict";

const unreached = (isSo) => {
  const line = document.getElementById("unreached");
  if (line) line.hidden = !isSo;
};

document.addEventListener("htmx:beforeSend", () => unreached(false));
document.addEventListener("htmx:sendError", ({ target }) => {
  unreached(true);
  /* Half of a trial that cannot be fetched says so, and no longer that it is being played. */
  if (target.matches(".half")) for (const line of target.querySelectorAll("p")) line.hidden = !line.hidden;
});

/* An answer has taken the place of what was asked: go on with the next. What is to be put right or filled in comes first. */
const WHERE_TO_GO = "a[href], input:not([type=hidden]), select, textarea, button";

const findNext = (elt) => {
  const wrong = elt.querySelector("[aria-invalid=true]");
  if (wrong) return wrong;
  if (elt.matches(".opened")) return (elt.querySelector(".open, details") || elt).querySelector(WHERE_TO_GO);
  if (!elt.matches(".answered")) return null;
  let next = elt.nextElementSibling;
  while (next && !next.matches(".asking")) next = next.nextElementSibling;
  return next ? next.querySelector(WHERE_TO_GO) : elt;
};

/* What an answer has settled besides, as the milestones of a promise that is done, is asked no more. */
const dropSettled = ({ parentElement, dataset: { under, waiting } }) => {
  if (!under) return;
  const still = new Set(waiting.split(" "));
  for (const card of parentElement.querySelectorAll(`.asking[data-under="${under}"]`))
    if (!still.has(card.dataset.question)) card.remove();
};

document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  if (elt.matches(".answered")) dropSettled(elt);
  const next = elt === document.body ? null : findNext(elt);
  if (next) next.focus();
  // What came of the answer stands above what is next: on a phone going on there would carry it out of sight.
  if (next && elt.matches(".answered")) elt.scrollIntoView({ block: "nearest" });
});

/* A timeline that is wider than the screen begins where today shows, and keeps the names of its rows in sight. */
const keepInSight = (place) => {
  const picture = place.querySelector("svg");
  const today = picture.querySelector(".today");
  const scale = picture.getBoundingClientRect().width / picture.viewBox.baseVal.width;
  if (!today || !scale || place.scrollWidth <= place.clientWidth) return;
  const keep = () => {
    for (const name of picture.querySelectorAll("text.name")) name.setAttribute("x", String(place.scrollLeft / scale));
  };
  place.addEventListener("scroll", keep, { passive: true });
  place.scrollLeft = today.x1.baseVal.value * scale - (2 * place.clientWidth) / 3;
  keep();
};

const showToday = () => document.querySelectorAll(".scroll:has(> svg .today)").forEach(keepInSight);

if (document.readyState === "complete") showToday();
else window.addEventListener("load", showToday);
