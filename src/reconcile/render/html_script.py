"""The little script of a page: finds and folds among many changes. Without it everything is there, unfiltered."""

from __future__ import annotations

SCRIPT = """\
"use strict";
(() => {
  const bar = document.getElementById("bar");
  const told = document.getElementById("told"), words = document.getElementById("words");
  const sort = document.getElementById("sort");
  if (!bar) return;
  const rows = [...document.querySelectorAll(".c")];
  const texts = rows.map((row) => row.querySelector("summary").textContent.toLowerCase());
  const show = () => {
    const wanted = words.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, at) => {
      const on = (!sort.value || row.dataset.a === sort.value) && wanted.every((word) => texts[at].includes(word));
      row.hidden = !on;
      count += on;
    });
    told.textContent = count === rows.length ? "" : `${count} of ${rows.length} changes shown`;
  };
  const fold = (open) => () => rows.forEach((row) => { if (!row.hidden) row.open = open; });
  const arrive = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!row || !row.matches(".c")) return;
    if (row.hidden) { words.value = sort.value = ""; show(); }
    row.open = true;
    row.querySelector("summary").focus({ preventScroll: true });
    row.scrollIntoView();
  };
  words.addEventListener("input", show);
  sort.addEventListener("change", show);
  document.getElementById("open").addEventListener("click", fold(true));
  document.getElementById("shut").addEventListener("click", fold(false));
  document.querySelectorAll("a[data-a]").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    words.value = "";
    sort.value = link.dataset.a;
    show();
    const title = document.getElementById("changes");
    title.scrollIntoView();
    title.focus({ preventScroll: true });
  }));
  addEventListener("hashchange", arrive);
  bar.hidden = false;
  show();
  if (location.hash) arrive();
})();
"""
