"use strict";
(() => {
  const told = document.getElementById("told");
  if (!told || !document.getElementById("slider")) return;
  const lines = JSON.parse(told.textContent);
  const frames = document.querySelectorAll(".step");
  const slider = document.getElementById("slider");
  const say = document.getElementById("say");
  const play = document.getElementById("play");
  const chart = document.querySelector("svg[data-x0]");
  const cursor = chart && chart.querySelector(".cursor");
  let timer = null;

  function show(step) {
    const now = Math.max(0, Math.min(frames.length - 1, step));
    slider.value = now;
    slider.setAttribute("aria-valuetext", lines[now].join(". "));
    frames.forEach((frame, i) => frame.classList.toggle("on", i === now));
    say.replaceChildren(...lines[now].map((line, i) => {
      const part = document.createElement(i ? "span" : "b");
      part.textContent = line;
      return part;
    }));
    if (cursor) {
      const x = Number(chart.dataset.x0) + now * Number(chart.dataset.dx);
      cursor.setAttribute("transform", `translate(${x} 0)`);
    }
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶ Play";
  }
  function start() {
    if (Number(slider.value) >= frames.length - 1) show(0);
    play.textContent = "❚❚ Pause";
    timer = setInterval(() => {
      if (Number(slider.value) >= frames.length - 1) stop();
      else show(Number(slider.value) + 1);
    }, 700);
  }
  play.addEventListener("click", () => (timer ? stop() : start()));
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  document.querySelectorAll("[data-move]").forEach((button) => button.addEventListener("click", () => {
    stop();
    show(Number(slider.value) + Number(button.dataset.move));
  }));
  document.querySelectorAll("[data-step]").forEach((button) => button.addEventListener("click", () => {
    stop();
    show(Number(button.dataset.step));
    document.getElementById("stepper").scrollIntoView({ block: "nearest" });
  }));
  show(0);
})();
