/*
 * The functions of the package, over an engine that is loaded when it is first needed.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { alloc as allocIn } from "./arrays.js";
import { MiniexprError, reading } from "./error.js";
import { Expression } from "./expression.js";
import { capture } from "./inputs.js";
import { readOptions } from "./options.js";
import { Cache, Programs } from "./programs.js";
import { readDtype, readEntries, signatureOf } from "./signature.js";

/** Expressions that `evaluate` keeps. */
const MOST_KEPT = 128;
const DISPOSE = Symbol.dispose ?? Symbol.for("Symbol.dispose");

/** An engine with what it has compiled. */
class Session {
  #programs;
  #kept = new Cache(MOST_KEPT, (expression) => expression.dispose());

  constructor(engine) {
    this.engine = engine;
    this.#programs = new Programs(engine);
  }

  compile(text, types, options) {
    const entries = readEntries(types, "the dtypes");
    const names = entries.map(([name]) => name);
    const dtypes = entries.map(([name, dtype]) => readDtype(dtype, `'${name}'`));
    return new Expression(this.engine, this.#programs, signatureOf(text, names, dtypes, options));
  }

  /** The expression for a text and the dtypes of inputs, and these, captured. */
  prepare(text, inputs, options) {
    const entries = readEntries(inputs, "the inputs");
    const names = entries.map(([name]) => name);
    const operands = entries.map(([name, value]) => {
      const what = `input '${name}'`;
      return reading(() => capture(value, undefined, what, this.engine), what);
    });
    const signature = signatureOf(
      text,
      names,
      operands.map(({ dtype }) => dtype),
      options,
    );
    let expression = this.#kept.get(signature.key);
    if (expression === undefined) {
      expression = new Expression(this.engine, this.#programs, signature);
      this.#kept.set(signature.key, expression);
    }
    return { expression, operands };
  }
}

/** An expression as the function that callers get. */
function callable(expression) {
  const { names, dtypes } = expression.signature;
  const inputs = Object.freeze(Object.fromEntries(names.map((name, i) => [name, dtypes[i].name])));
  const call = (values, options) => expression.evaluate(values, options);
  call.async = (values, options) => expression.evaluateAsync(values, options);
  call.dispose = () => expression.dispose();
  call[DISPOSE] = call.dispose;
  const fixed = {
    dtype: { value: expression.dtype.name, enumerable: true },
    inputs: { value: inputs, enumerable: true },
    text: { value: expression.signature.text, enumerable: true },
  };
  return Object.defineProperties(call, fixed);
}

const isPlainOptions = (options) =>
  reading(() => options.signal === undefined && options.onProgress === undefined);

/**
 * The functions of the package.
 *
 * @param {{load: (options: object) => Promise<object>, loadNow?: () => object | undefined}} loader `loadNow` where an
 *   engine may be had without waiting.
 */
export function createApi({ load, loadNow }) {
  let session = null;
  let loading = null;

  const start = (engine) => (session ??= new Session(engine));

  /** Loads an engine, if one is to be had at once. */
  function startNow() {
    const engine = session === null ? loadNow?.() : undefined;
    if (engine) {
      start(engine);
    }
  }

  /** The session, at once. */
  function current() {
    startNow();
    if (session === null) {
      throw new MiniexprError("ERR_BACKEND", "the engine is not loaded yet: await ready() first");
    }
    return session;
  }

  async function loaded(options) {
    if (session === null && loading === null && options === undefined) {
      startNow();
    }
    if (session === null) {
      loading ??= load(options ?? {}).then(start);
      try {
        await loading;
      } catch (error) {
        loading = null;
        throw error;
      }
    }
    return session;
  }

  return {
    async ready(options) {
      if (options !== undefined && (session ?? loading) !== null) {
        throw new MiniexprError(
          "ERR_BACKEND",
          "the engine has been loaded: options of ready() come too late",
        );
      }
      const { engine } = await loaded(options);
      return engine.description;
    },

    backend() {
      startNow();
      return (
        session?.engine.description ?? { name: null, reason: "not loaded yet: await ready()", threads: 0 }
      );
    },

    async compile(text, types, options) {
      return callable((await loaded()).compile(text, types, options));
    },

    compileSync(text, types, options) {
      return callable(current().compile(text, types, options));
    },

    async evaluate(text, inputs, options) {
      // Inputs are those of the moment of the call, where the engine is there.
      const { expression, operands } = (session ?? (await loaded())).prepare(text, inputs, options);
      const given = readOptions(options);
      return isPlainOptions(given)
        ? expression.evaluateOperands(operands, given)
        : expression.evaluateOperandsAsync(operands, given);
    },

    /** As `evaluate`, without blocking this thread. */
    async evaluateInBackground(text, inputs, options) {
      const { expression, operands } = (session ?? (await loaded())).prepare(text, inputs, options);
      return expression.evaluateOperandsAsync(operands, readOptions(options));
    },

    evaluateSync(text, inputs, options) {
      const { expression, operands } = current().prepare(text, inputs, options);
      return expression.evaluateOperands(operands, readOptions(options));
    },

    alloc: (dtype, shape) => allocIn(current().engine, dtype, shape),
  };
}
