// A plate whose edges are kept cold: the heat equation by finite differences, over views of typed arrays.
// Usage: make js && node examples/node/heat.mjs [native | wasm | wasm-threads]
//
// SPDX-License-Identifier: BSD-3-Clause

// In a project of your own: from "miniexpr".
import { compile, kernel, ready } from "../../js/index.node.js";

/** Points along a side of the plate, which is one metre long. */
const POINTS = 101;
const SPACING = 1 / (POINTS - 1);
/** Seconds of a step; from a quarter of SPACING² on the scheme is unstable. The diffusivity is 1 m²/s. */
const STEP = SPACING ** 2 / 5;
const SECONDS = 0.05;

const [, , backend] = process.argv;
const { name } = await ready(backend && { backend });

/** The points inside the edges, moved by so many rows and columns: a view, no copy. */
const inside = (data, row = 0, column = 0) => ({
  data,
  shape: [POINTS - 2, POINTS - 2],
  strides: [POINTS, 1],
  offset: (1 + row) * POINTS + 1 + column,
});

const line = { data: Float64Array.from({ length: POINTS }, (_, i) => i * SPACING), shape: [POINTS] };
const column = { ...line, shape: [POINTS, 1] };
const wave = await compile("sin(pi * x) * sin(pi * y)", { x: "float64", y: "float64", pi: "float64" });
const advance = await compile("u + r * (north + south + west + east - 4 * u)", {
  ...{ u: "float64", north: "float64", south: "float64", west: "float64", east: "float64" },
  r: "float64",
});
const colour = await compile(
  kernel`
    def colour(u):
        if u > 0.3:
            return 2
        if u > 0.1:
            return 1
        return 0
  `,
  { u: "float64" },
  { dtype: "uint8" },
);

let { data: plate } = wave({ x: line, y: column, pi: Math.PI });
let next = new Float64Array(plate.length);
const steps = Math.round(SECONDS / STEP);
for (let i = 0; i < steps; i++) {
  const neighbours = {
    north: inside(plate, -1),
    south: inside(plate, 1),
    west: inside(plate, 0, -1),
    east: inside(plate, 0, 1),
  };
  advance({ u: inside(plate), ...neighbours, r: STEP / SPACING ** 2 }, { out: inside(next) });
  [plate, next] = [next, plate];
}

// The wave keeps its form and decays, which is how to see that the steps are right.
const middle = plate[(plate.length - 1) / 2];
const exact = Math.exp(-2 * Math.PI ** 2 * SECONDS);
console.log(`after ${steps} steps: ${middle.toFixed(4)} in the middle; exactly ${exact.toFixed(4)}`);

const colours = colour({
  u: { data: plate, shape: [5, 11], strides: [20 * POINTS, 10], offset: 10 * POINTS },
});
for (let row = 0; row < 5; row++) {
  console.log(Array.from(colours.data.subarray(11 * row, 11 * row + 11), (i) => " ░█"[i]).join(""));
}
console.log(`computed by ${name}`);
