/* Sloppy code, old forms. */
"not strict"
var said = [], whole = this;
function keep(to, from) { for (var key in from) if (Object.prototype.hasOwnProperty.call(from, key)) to[key] = from[key]; return to; }
fetch("/api").then(function (answer) { return answer.json(); }).then(function (user) {
  var copy = keep({}, user);
  said.push(JSON.stringify(copy));
  var frozen = Object.freeze(keep({}, user));
  frozen[String("a")] = 2; // passed over in silence
  said.push(frozen.a);
  "abc"["le" + "ngth"] = 9;
  said.push((function () { return this === whole; })());
  said.push((function () { "use strict"; try { frozen["a"] = 1; } catch (error) { return error.name; } })());
  var { list, ...rest } = user
  ;[1].forEach(function () { said.push(JSON.stringify(rest)) })
  var document_ = document.createElement("p"), names = { title: user.deep.c };
  for (var name in names) document_[name] = names[name];
  said.push(document_.title);
  with (user) said.push(a);
  document.querySelector("#classic").textContent = said.join("\n");
});
