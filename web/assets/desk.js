// Comforts of the desk: suggestions in the search box and the keys of the
// queue. Every key presses a button or reaches a field that is there anyway;
// without this file the pages work the same.
"use strict";
(function () {
  var box = document.querySelector("input[data-suggest]");
  var found = document.getElementById("suggestions");
  if (!box || !found) return;
  var asked = "";
  var timer = 0;
  box.addEventListener("input", function () {
    window.clearTimeout(timer);
    timer = window.setTimeout(function () {
      asked = box.value;
      var want = asked;
      if (!want) return found.replaceChildren();
      fetch(box.dataset.suggest + "?q=" + encodeURIComponent(want), { credentials: "same-origin" }).then(function (answer) {
        return answer.ok ? answer.json() : [];
      }).then(function (list) {
        if (want !== asked) return;
        found.replaceChildren.apply(found, list.map(function (one) {
          var option = document.createElement("option");
          option.value = one.query;
          option.label = one.label;
          return option;
        }));
      }, function () {});
    }, 150);
  });
})();
(function () {
  var list = document.querySelector("ol.queue");
  if (!list) return;

  // A form that was sent leads to the next mention, or to the last one where
  // there is none. Browsers take the focus away when they go to a fragment, so
  // that it is given afterwards.
  if (location.hash.indexOf("#q-") === 0) {
    var at = document.getElementById(location.hash.slice(1));
    if (!at || !list.contains(at)) at = list.lastElementChild;
    window.addEventListener("load", function () {
      window.setTimeout(function () { at.querySelector("h3 a").focus(); });
    });
  }

  function current() {
    var item = document.activeElement.closest("ol.queue > li");
    return item || list.querySelector("li");
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    var on = event.target;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(on.tagName) || on.isContentEditable) {
      if (event.key === "Escape" && on.closest(".casework")) current().querySelector("h3 a").focus();
      if (event.key === "Enter" && on.tagName === "TEXTAREA" && !event.shiftKey && on.closest(".casework")) {
        event.preventDefault();
        on.form.requestSubmit(on.form.querySelector("button"));
      }
      return;
    }
    var press = { e: "answered", i: "ignored" }[event.key];
    var reach = { a: "input[name=assignee]", n: "textarea[name=note]" }[event.key];
    var target;
    if (event.key === "o") target = current().querySelector("h3 a");
    else if (press) target = current().querySelector("button[value=" + press + "]");
    else if (reach) target = current().querySelector(reach);
    if (!target) return;
    event.preventDefault();
    if (reach) target.focus();
    else target.click();
  });
})();
