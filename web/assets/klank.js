// Small comforts on pages that work without them: "/" goes to the search box,
// j and k walk through the hits, and a changed choice is shown at once.
"use strict";
(function () {
  document.documentElement.classList.add("js");

  document.addEventListener("change", function (event) {
    var choice = event.target;
    if (choice.matches("select[data-submit]") && choice.form) {
      choice.form.requestSubmit();
    }
  });

  function walk(step) {
    var links = Array.prototype.slice.call(document.querySelectorAll(".hit h3 a"));
    if (!links.length) return;
    var hit = document.activeElement.closest(".hit");
    var at = hit ? links.indexOf(hit.querySelector("h3 a")) : -1;
    var next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
    if (next < 0 || next >= links.length) return;
    links[next].focus({ preventScroll: true });
    links[next].closest(".hit").scrollIntoView({ block: "nearest" });
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    var on = event.target;
    var typing = on.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName);
    if (typing) {
      if (event.key === "Escape" && on.type === "search") on.blur();
      return;
    }
    if (event.key === "/") {
      var box = document.getElementById("find");
      if (box) {
        event.preventDefault();
        box.focus();
        box.select();
      }
    } else if (event.key === "j") {
      walk(1);
    } else if (event.key === "k") {
      walk(-1);
    }
  });
})();
