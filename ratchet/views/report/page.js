"use strict";
// Hover, focus and click in the figure. It shows only copies of elements that are already on the page.
(() => {
  const NEAR = 24; // pixels; the pointer selects a dot within this distance
  const $ = (id) => document.getElementById(id);
  const entryOf = (dot) => $(dot.getAttribute("href").slice(1));
  const figureOf = (event) => (event.target instanceof Element ? event.target.closest("svg.climb") : null);
  const dotsOf = (figure) =>
    [...figure.querySelectorAll("a.dot")].sort((a, b) => numberOf(a) - numberOf(b));
  const numberOf = (dot) => Number(dot.getAttribute("href").slice(2));
  let lit = null;

  function light(dot) {
    if (lit) lit.classList.remove("lit");
    lit = dot;
    const tip = $("tip");
    tip.hidden = !dot;
    if (!dot) return;
    dot.classList.add("lit");
    tip.replaceChildren(...entryOf(dot).querySelector("summary").cloneNode(true).childNodes);
    const frame = tip.parentElement.getBoundingClientRect(), place = dot.getBoundingClientRect();
    const x = place.x + place.width / 2 - frame.x, y = place.y - frame.y;
    tip.style.left = Math.max(0, Math.min(x - tip.offsetWidth / 2, frame.width - tip.offsetWidth)) + "px";
    const above = y - tip.offsetHeight - 8;
    tip.style.top = (above >= 0 ? above : y + place.height + 8) + "px";
  }

  function nearest(figure, event) {
    const here = new DOMPoint(event.clientX, event.clientY).matrixTransform(figure.getScreenCTM().inverse());
    let found = null, least = NEAR;
    for (const dot of figure.querySelectorAll("a.dot")) {
      const spot = dot.transform.baseVal[0].matrix;
      const away = Math.hypot(spot.e - here.x, spot.f - here.y);
      if (away <= least) [found, least] = [dot, away];
    }
    return found;
  }

  function choose(id) {
    const entry = /^e\d+$/.test(id) ? $(id) : null, box = $("chosen");
    if (!box) return;
    box.hidden = !entry;
    if (!entry) return;
    box.className = entry.className;
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "close";
    close.addEventListener("click", () => { history.replaceState(null, "", "#climb"); choose(""); });
    box.replaceChildren(close, ...entry.cloneNode(true).childNodes);
  }

  function pick(dot) {
    history.replaceState(null, "", dot.getAttribute("href"));
    choose(dot.getAttribute("href").slice(1));
    $("chosen").scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("pointermove", (event) => {
    const figure = figureOf(event);
    if (figure) light(nearest(figure, event));
    else if (lit && document.activeElement !== lit) light(null);
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("a.dot")) light(event.target);
    else if (lit) light(null);
  });
  document.addEventListener("click", (event) => {
    const figure = figureOf(event);
    const dot = figure && (event.detail ? nearest(figure, event) : event.target.closest("a.dot"));
    if (!figure || !dot) return;
    event.preventDefault();
    light(dot);
    pick(dot);
  });
  document.addEventListener("keydown", (event) => {
    const dot = event.target.closest("a.dot");
    if (event.key === "Escape") { light(null); choose(""); }
    if (!dot) return;
    const all = dotsOf(dot.closest("svg")), at = all.indexOf(dot);
    const to = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === " ") { event.preventDefault(); pick(dot); }
    if (to === undefined) return;
    event.preventDefault();
    const next = all[Math.max(0, Math.min(all.length - 1, to))];
    dot.tabIndex = -1;
    next.tabIndex = 0;
    next.focus({ preventScroll: true });
  });
  window.addEventListener("hashchange", () => choose(location.hash.slice(1)));
  choose(location.hash.slice(1));
})();
