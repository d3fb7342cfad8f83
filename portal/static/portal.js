/* What htmx leaves open. Every page works without this file and without htmx. */
"use strict";

const unreached = (isSo) => {
  const line = document.getElementById("unreached");
  if (line) line.hidden = !isSo;
};

document.addEventListener("htmx:beforeSend", () => unreached(false));
document.addEventListener("htmx:sendError", () => unreached(true));
