/* What the theme leaves out for those who use the keyboard or listen: levels of captions, focus for what scrolls. */
addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll('[role="heading"]:not([aria-level])').forEach((it) => it.setAttribute("aria-level", "2"));
  document.querySelectorAll("pre, .table-wrapper, .toctree-wrapper").forEach((it) => it.setAttribute("tabindex", "0"));
  document.querySelectorAll("aside").forEach((it, place) => it.setAttribute("aria-label", place ? "on this page" : "all pages"));
});
