"use strict";
// Only in a page served by `ratchet watch --web`: ask every second for a new version, and replace the content.
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
      const state = await (await fetch("/version", { cache: "no-store" })).json();
      if (state.version !== version) await renew();
      $("now").textContent = state.now;
    } catch {
      $("now").textContent = "The server has stopped. This page is no longer updated.";
    }
    setTimeout(look, 1000);
  }
  look();
})();
