"use strict";
// Only in a page that `ratchet watch --web` serves: ask every second what is new, and put it in the place of the old.
(() => {
  let version = document.documentElement.dataset.version;
  const $ = (id) => document.getElementById(id);

  async function renew() {
    const text = await (await fetch("/", { cache: "no-store" })).text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const open = [...document.querySelectorAll("details[open][id]")].map((entry) => entry.id);
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    for (const id of open) if ($(id)) $(id).open = true;
    version = fresh.documentElement.dataset.version;
    window.dispatchEvent(new Event("hashchange"));
  }

  async function look() {
    try {
      const told = await (await fetch("/version", { cache: "no-store" })).json();
      if (told.version !== version) await renew();
      $("now").textContent = told.now;
    } catch {
      $("now").textContent = "nobody serves this page any more; it stays as it is";
    }
    setTimeout(look, 1000);
  }
  look();
})();
