// Text from users: what the sandbox refuses, how evaluations end that take too long, and what errors say.

import assert from "node:assert/strict";
import { test } from "node:test";

import { MiniexprError } from "../core/error.js";
import { backends } from "./backends.mjs";

// A `while` ends after ten million passes, which some machines do in the time that is asked for.
const FOREVER = "def f(x):\n    y = x\n    for i in range(1000000000000):\n        y = y + 1\n    return y\n";
const LOOP = "def f(x):\n    y = x\n    for i in range(100):\n        y = y + 1\n    return y\n";
const x = Float64Array.of(1, 2, 3);
const types = { x: "float64" };

/** Long enough for messages of other threads. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 50));

/** What a call throws. */
function thrownBy(call) {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof MiniexprError, String(error));
    return error;
  }
  return assert.fail("nothing is thrown");
}

for (const [name, { compileSync, compile, evaluateSync }] of backends) {
  const codeOf = (text, sandbox) => thrownBy(() => compileSync(text, types, { sandbox })).code;

  test(`${name}: the sandbox takes expressions`, () => {
    const f = compileSync("sqrt(x) * 2", types, { sandbox: true });
    assert.deepEqual(f({ x: Float64Array.of(4, 9) }), Float64Array.of(4, 6));
    assert.deepEqual(evaluateSync("x + 1", { x }, { sandbox: true }), Float64Array.of(2, 3, 4));
    assert.deepEqual(evaluateSync(LOOP, { x }, { sandbox: false }), Float64Array.of(101, 102, 103));
  });

  test(`${name}: the sandbox refuses kernels, unless they are allowed, and print`, () => {
    assert.equal(codeOf(LOOP, true), "ERR_REFUSED");
    assert.equal(codeOf(LOOP, {}), "ERR_REFUSED");
    const kernel = compileSync(LOOP, types, { sandbox: { kernels: true } });
    assert.deepEqual(kernel({ x }), Float64Array.of(101, 102, 103));
    assert.equal(
      codeOf('def f(x):\n    print("{}", max(x))\n    return x\n', { kernels: true }),
      "ERR_REFUSED",
    );
  });

  test(`${name}: the sandbox limits texts`, () => {
    assert.equal(codeOf("x" + " + x".repeat(3000), true), "ERR_LIMIT");
    assert.equal(codeOf("x" + " + x".repeat(10), { maxNodes: 20 }), "ERR_LIMIT");
    assert.equal(codeOf("x + 1", { maxTextBytes: 4 }), "ERR_LIMIT");
    assert.equal(codeOf("x + 123456789", { maxConstantBytes: 4 }), "ERR_LIMIT");
    assert.equal(codeOf("(((x)))", { maxNesting: 2 }), "ERR_LIMIT");
    compileSync("x" + " + x".repeat(1500), types, { sandbox: { maxNodes: 4000 } });
  });

  test(`${name}: the sandbox limits loops`, async () => {
    const within = compileSync(LOOP, types, { sandbox: { kernels: true, maxPasses: 100 } });
    assert.deepEqual(within({ x }), Float64Array.of(101, 102, 103));
    const beyond = compileSync(LOOP, types, { sandbox: { kernels: true, maxPasses: 99 } });
    assert.equal(thrownBy(() => beyond({ x })).code, "ERR_LIMIT");
    await assert.rejects(beyond.async({ x }), { code: "ERR_LIMIT" });
    const endless = compileSync(FOREVER, types, { sandbox: { kernels: true } });
    assert.equal(thrownBy(() => endless({ x })).code, "ERR_LIMIT");
  });

  test(`${name}: wrong limits`, () => {
    for (const sandbox of [
      1,
      "yes",
      null,
      { maxNodes: 0 },
      { maxPasses: 1.5 },
      { maxNesting: 2 ** 31 },
      { kernels: 1 },
    ]) {
      assert.equal(codeOf("x", sandbox), "ERR_ARGUMENT");
    }
    for (const timeout of [0, -1, NaN, Infinity, "1", null]) {
      assert.equal(thrownBy(() => evaluateSync("x", { x }, { timeout })).code, "ERR_ARGUMENT");
    }
  });

  test(`${name}: the time of an evaluation is limited`, async () => {
    const f = await compile(FOREVER, types);
    await assert.rejects(f.async({ x }, { timeout: 30 }), { code: "ERR_TIMEOUT" });
    const started = performance.now();
    assert.equal(thrownBy(() => f({ x }, { timeout: 30 })).code, "ERR_TIMEOUT");
    const took = performance.now() - started;
    assert.ok(took >= 30 && took < 5000, `${took} ms`);
    const out = new Float64Array(3);
    assert.equal(thrownBy(() => f({ x }, { timeout: 30, out })).code, "ERR_TIMEOUT");
    // So many items that other threads, where there are some, take their share.
    const many = new Float64Array(1_000_000).fill(1);
    const threads = { timeout: 30, threads: 0 };
    assert.equal(thrownBy(() => f({ x: many }, threads)).code, "ERR_TIMEOUT");
    assert.deepEqual(evaluateSync("x + 1", { x }, { timeout: 60_000 }), Float64Array.of(2, 3, 4));
    const sum = evaluateSync("x + 1", { x: many }, { timeout: 60_000, threads: 0 });
    assert.ok(sum.every((item) => item === 2));
    assert.deepEqual(
      await (await compile("x + 1", types)).async({ x }, { timeout: 60_000 }),
      Float64Array.of(2, 3, 4),
    );
  });

  test(`${name}: what a kernel prints goes where its host wants`, async () => {
    const text = 'def f(x):\n    print("at most {}, over 2: {}", max(x), max(x) > 2)\n    return x\n';
    const lines = [];
    const others = [];
    const f = await compile(text, types, { print: (line) => lines.push(line) });
    const g = await compile(text, types, { print: (line) => others.push(line) });
    const wanted = ["at most 3, over 2: true"];
    f({ x });
    assert.deepEqual(lines, [], "not while others run");
    await turn();
    assert.deepEqual([lines, others], [wanted, []]);
    await g.async({ x }, { threads: 0 });
    await turn();
    assert.deepEqual([lines, others], [wanted, wanted]);
    evaluateSync(text, { x: Float64Array.of(1 / 3) }, { print: (line) => others.push(line) });
    await turn();
    assert.deepEqual(others[1], "at most 0.33333333333333331, over 2: false");
    assert.equal(thrownBy(() => compileSync(text, types, { print: "yes" })).code, "ERR_ARGUMENT");
  });

  test(`${name}: errors have a place and a hint`, () => {
    const { code, line, column } = thrownBy(() => compileSync("def f(x):\n    return x + sqr(x)\n", types));
    assert.deepEqual({ code, line, column }, { code: "ERR_SYNTAX", line: 2, column: 16 });
    assert.match(thrownBy(() => compileSync("1,5 * x", types)).hint, /with a point: '1\.5'/);
    const without = thrownBy(() => evaluateSync("x + y", { x, y: new Float64Array(2) }));
    assert.deepEqual([without.line, without.column, without.hint], [undefined, undefined, undefined]);
  });
}
