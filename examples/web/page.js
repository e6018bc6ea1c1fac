/* Draws the picture with as many threads as the reader asks for, and says how long it took. */

import { ThreadPool } from "../../js/threads/threadpool.js";
import { KERNEL, colours, evaluatePicture } from "./mandelbrot.mjs";

const form = document.querySelector("form");
const { threads } = form.elements;
const [button, output] = [form.querySelector("button"), form.querySelector("output")];
const canvas = document.querySelector("canvas");

/** Draws with a pool of so many threads, this page's own among them. */
async function draw(count) {
  // The thread that evaluates works too.
  const pool = await ThreadPool.create(count - 1, { fallback: true });
  try {
    const { width, height } = canvas;
    const { steps, milliseconds } = await evaluatePicture(pool, width, height);
    canvas.getContext("2d").putImageData(new ImageData(colours(steps), width, height), 0, 0);
    const used = pool.size + 1;
    const text = `${used} ${used === 1 ? "thread" : "threads"}: ${milliseconds.toFixed(1)} ms`;
    return pool.reason === null ? text : `${text} (${pool.reason})`;
  } finally {
    await pool.shutdown();
  }
}

async function update() {
  button.disabled = true;
  output.value = "drawing";
  try {
    output.value = await draw(Number(threads.value));
  } catch (error) {
    output.value = String(error);
  }
  button.disabled = false;
}

document.querySelector("pre").textContent = KERNEL.trim();
const most = Math.max(4, navigator.hardwareConcurrency);
for (let count = 1; count <= most; count++) {
  threads.add(new Option(count, count, false, count === Math.min(most, navigator.hardwareConcurrency)));
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  update();
});
update();
