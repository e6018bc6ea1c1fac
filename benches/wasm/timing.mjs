// Times of computations that take turns, so that all of them meet the same machine.

/** Milliseconds of the quickest round of each. */
export function best(computations, milliseconds = 1200, least = 5) {
  const names = Object.keys(computations);
  const times = Object.fromEntries(names.map((name) => [name, Infinity]));
  const end = performance.now() + milliseconds;
  for (let round = 0; round < least || performance.now() < end; round++) {
    for (const name of names) {
      const start = performance.now();
      computations[name]();
      times[name] = Math.min(times[name], performance.now() - start);
    }
  }
  return times;
}

/** A row of a table in Markdown. */
export const row = (...cells) => `| ${cells.join(" | ")} |`;

/** The head of a table: one column of texts, and columns of numbers. */
export const head = (first, ...others) => `${row(first, ...others)}\n|---|${"---:|".repeat(others.length)}`;
