/* The Mandelbrot set as an expression, for the page and for the demonstration under Node. */

/** How many steps each point takes to leave the circle of radius 2. */
export const KERNEL = `
def mandelbrot(x, y):
    a = 0.0
    b = 0.0
    steps = 0
    for i in range(500):
        if a * a + b * b > 4.0:
            break
        t = a * a - b * b + x
        b = 2.0 * a * b + y
        a = t
        steps = steps + 1
    return steps
`;

const MOST_STEPS = 500;

/** The coordinates of the pixels, row by row. */
export function pixels(width, height) {
  const scale = 3 / width;
  const x = Float64Array.from({ length: width * height }, (_, i) => -2.2 + scale * (i % width));
  const y = Float64Array.from(x, (_, i) => scale * (height / 2 - Math.floor(i / width)));
  return [x, y];
}

/** A colour for each number of steps, four bytes a pixel. */
export function colours(steps) {
  const bytes = new Uint8ClampedArray(4 * steps.length);
  steps.forEach((count, i) => {
    const t = Number(count) >= MOST_STEPS ? 0 : Math.sqrt(Number(count) / MOST_STEPS);
    bytes.set(
      [255 * Math.min(1, 3 * t), 255 * Math.min(1, 1.6 * t), 255 * Math.min(1, 0.15 + t), 255],
      4 * i,
    );
  });
  return bytes;
}

/**
 * Evaluates the picture a few times.
 *
 * @param {import("../../js/threads/threadpool.js").ThreadPool} pool
 * @returns {Promise<{steps: ArrayLike<number>, milliseconds: number}>} The best time counts.
 */
export async function evaluatePicture(pool, width, height, times = 5) {
  const inputs = pixels(width, height);
  const kernel = pool.compile(KERNEL, { x: "float64", y: "float64" }, { dtype: "int32" });
  let milliseconds = Infinity;
  let steps;
  try {
    for (let i = 0; i < times; i++) {
      const start = performance.now();
      steps = await pool.evaluate(kernel, inputs);
      milliseconds = Math.min(milliseconds, performance.now() - start);
    }
  } finally {
    kernel.free();
  }
  return { steps, milliseconds };
}
