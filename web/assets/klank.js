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

  // What is under way is followed: the part of the page that tells of it is
  // asked for again, until it says that nothing is.
  function follow() {
    var live = document.querySelector('[data-live="true"]');
    if (!live) return;
    window.setTimeout(function () {
      if (document.hidden) return follow();
      fetch(location.href, { credentials: "same-origin" }).then(function (answer) {
        return answer.ok ? answer.text() : Promise.reject(new Error(answer.statusText));
      }).then(function (text) {
        var fresh = new DOMParser().parseFromString(text, "text/html").getElementById(live.id);
        if (fresh) {
          live.replaceWith(document.importNode(fresh, true));
          if (fresh.dataset.live !== "true") {
            document.querySelectorAll(".liveline").forEach(function (line) { line.remove(); });
          }
        }
        follow();
      }, follow);
    }, 2000);
  }
  follow();

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
