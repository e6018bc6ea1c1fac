// What the bundled pages do with the package.

import { MiniexprError, alloc, backend, compile, evaluate, kernel, ready } from "miniexpr";

export async function run(options) {
  await ready(options);
  const a = Float64Array.of(3, 5);
  const b = Float64Array.of(4, 12);
  const hypot = await compile("sqrt(a*a + b*b)", { a: "float64", b: "float64" });
  const collatz = await compile(
    kernel`
      def steps(n):
          count = 0
          rest = n
          while rest > 1:
              if rest % 2 == 0:
                  rest = rest // 2
              else:
                  rest = 3 * rest + 1
              count += 1
          return count
    `,
    { n: "int64" },
  );
  const block = alloc("float64", 2);
  hypot({ a, b }, { out: block });
  const error = await evaluate("a +", { a }).catch((error) => error);
  return {
    backend: backend().name,
    sync: [...hypot({ a, b })],
    async: [...(await hypot.async({ a, b: 0 }, { onProgress() {} }))],
    block: [...block.data],
    kernel: [...collatz({ n: BigInt64Array.of(1n, 27n) })].map(Number),
    error: error instanceof MiniexprError && String(error),
  };
}
