/* What htmx leaves open. Every page works without this file and without htmx. */
"use strict";

const unreached = (isSo) => {
  const line = document.getElementById("unreached");
  if (line) line.hidden = !isSo;
};

document.addEventListener("htmx:beforeSend", () => unreached(false));
document.addEventListener("htmx:sendError", () => unreached(true));

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

document.addEventListener("htmx:load", ({ detail: { elt } }) => {
  const next = elt === document.body ? null : findNext(elt);
  if (next) next.focus();
});
