// Kernels, and each as the plain loop that a programmer would write: `loop(x, y, out)` fills `out`.
//
// They run over `count` items of two inputs. In some, items go the same way as their neighbours, in others each goes its own.

/** Numbers from 0 to below 1 that are always the same (Marsaglia, 2003). */
function randomNumbers(seed = 20_240_917) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The same items in another order. */
function shuffled([x, y]) {
  const random = randomNumbers();
  for (let i = x.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [x[i], x[j]] = [x[j], x[i]];
    [y[i], y[j]] = [y[j], y[i]];
  }
  return [x, y];
}

/** The points of a square region, row by row. */
const points = (left, top, width) => (count) => {
  const side = Math.ceil(Math.sqrt(count));
  const x = Float64Array.from({ length: count }, (_, i) => left + (width * (i % side)) / side);
  const y = Float64Array.from({ length: count }, (_, i) => top - (width * Math.floor(i / side)) / side);
  return [x, y];
};

/** Random numbers from 0 to below 1. */
function random(count) {
  const next = randomNumbers();
  return [Float64Array.from({ length: count }, next), Float64Array.from({ length: count }, next)];
}

const MANDELBROT = `
def mandelbrot(x, y):
    a = 0.0
    b = 0.0
    steps = 0.0
    for i in range(200):
        if a * a + b * b > 4.0:
            break
        t = a * a - b * b + x
        b = 2.0 * a * b + y
        a = t
        steps = steps + 1.0
    return steps
`;

function mandelbrot(x, y, out) {
  for (let item = 0; item < out.length; item++) {
    let a = 0;
    let b = 0;
    let steps = 0;
    for (let i = 0; i < 200; i++) {
      if (a * a + b * b > 4) {
        break;
      }
      const t = a * a - b * b + x[item];
      b = 2 * a * b + y[item];
      a = t;
      steps++;
    }
    out[item] = steps;
  }
}

/** A loop of a few operations that a part of the items leaves in the first pass, and the others after 50. */
const LEAVING = `
def leaving(x, y):
    s = y
    for i in range(50):
        if x < SHARE:
            break
        s = s * 0.9 + x
    return s
`;

const LEAVING_LOOP = `
for (let item = 0; item < out.length; item++) {
  let s = y[item];
  for (let i = 0; i < 50; i++) {
    if (x[item] < SHARE) {
      break;
    }
    s = s * 0.9 + x[item];
  }
  out[item] = s;
}
`;

const leaving = (share) => ({
  text: LEAVING.replace("SHARE", String(share)),
  loop: new Function("x", "y", "out", LEAVING_LOOP.replace("SHARE", String(share))),
});

export const KERNELS = [
  {
    name: "Mandelbrot, neighbours",
    count: 2 ** 14,
    items: points(-2.2, 1.5, 3),
    text: MANDELBROT,
    loop: mandelbrot,
  },
  {
    name: "Mandelbrot, shuffled",
    count: 2 ** 14,
    items: (count) => shuffled(points(-2.2, 1.5, 3)(count)),
    text: MANDELBROT,
    loop: mandelbrot,
  },
  {
    name: "Mandelbrot far out, shuffled",
    count: 2 ** 16,
    items: (count) => shuffled(points(-12, 10, 20)(count)),
    text: MANDELBROT,
    loop: mandelbrot,
  },
  { name: "19 of 20 leave at once", count: 2 ** 16, items: random, ...leaving(0.95) },
  { name: "a half leaves at once", count: 2 ** 15, items: random, ...leaving(0.5) },
  { name: "a quarter leaves at once", count: 2 ** 15, items: random, ...leaving(0.25) },
  {
    name: "each pass a quarter leaves",
    count: 2 ** 16,
    items: random,
    text: `
def thinning(x, y):
    s = x
    n = 0.0
    while s < 0.75 and n < 100.0:
        s = s * 1.3333333 + y * 0.1
        s = s - floor(s)
        n = n + 1.0
    return n + s
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let s = x[item];
        let n = 0;
        while (s < 0.75 && n < 100) {
          s = s * 1.3333333 + y[item] * 0.1;
          s = s - Math.floor(s);
          n++;
        }
        out[item] = n + s;
      }
    },
  },
  {
    name: "return from the loop",
    count: 2 ** 15,
    items: random,
    text: `
def first(x, y):
    s = x
    for i in range(64):
        s = s * s * 3.9 - y
        if s > 3.0:
            return s
        if s < -3.0:
            return -s
    return 0.5
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let s = x[item];
        let result = 0.5;
        for (let i = 0; i < 64; i++) {
          s = s * s * 3.9 - y[item];
          if (s > 3) {
            result = s;
            break;
          }
          if (s < -3) {
            result = -s;
            break;
          }
        }
        out[item] = result;
      }
    },
  },
  {
    name: "nested loops, the inner one leaves",
    count: 2 ** 13,
    items: random,
    text: `
def nested(x, y):
    s = 0.0
    for i in range(8):
        a = x
        n = 0.0
        while a < 4.0 and n < 40.0:
            a = a * 1.25 + y * 0.1
            n = n + 1.0
        s = s * 0.5 + n
    return s
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let s = 0;
        for (let i = 0; i < 8; i++) {
          let a = x[item];
          let n = 0;
          while (a < 4 && n < 40) {
            a = a * 1.25 + y[item] * 0.1;
            n++;
          }
          s = s * 0.5 + n;
        }
        out[item] = s;
      }
    },
  },
  {
    name: "nested loops, both leave",
    count: 2 ** 13,
    items: random,
    text: `
def both(x, y):
    s = x
    i = 0.0
    while s < 30.0 and i < 20.0:
        a = y
        n = 0.0
        while a < 1.0 and n < 40.0:
            a = a + x * 0.2 + 0.01
            n = n + 1.0
        s = s + n * x
        i = i + 1.0
    return s
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let s = x[item];
        let i = 0;
        while (s < 30 && i < 20) {
          let a = y[item];
          let n = 0;
          while (a < 1 && n < 40) {
            a = a + x[item] * 0.2 + 0.01;
            n++;
          }
          s = s + n * x[item];
          i++;
        }
        out[item] = s;
      }
    },
  },
  {
    name: "passes by the item",
    count: 2 ** 15,
    items: random,
    text: `
def passes(x, y):
    s = y
    for i in range(int(x * 60.0)):
        s = s * 0.9 + x
    return s
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let s = y[item];
        const passes = Math.trunc(x[item] * 60);
        for (let i = 0; i < passes; i++) {
          s = s * 0.9 + x[item];
        }
        out[item] = s;
      }
    },
  },
  {
    name: "Newton's method with exp",
    count: 2 ** 14,
    items: random,
    text: `
def newton(x, y):
    w = x
    step = 1.0
    n = 0.0
    while abs(step) > 0.0001 and n < 30.0:
        e = exp(w)
        step = (w * e - 20.0 * x) / (e * (w + 1.0))
        w = w - step
        n = n + 1.0
    return w + y
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let w = x[item];
        let step = 1;
        let n = 0;
        while (Math.abs(step) > 0.0001 && n < 30) {
          const e = Math.exp(w);
          step = (w * e - 20 * x[item]) / (e * (w + 1));
          w = w - step;
          n++;
        }
        out[item] = w + y[item];
      }
    },
  },
  {
    name: "a loop with sin that most leave at once",
    count: 2 ** 15,
    items: random,
    text: `
def waves(x, y):
    s = 0.0
    for i in range(20):
        if y * 20.0 > 1.5:
            break
        s = s * 0.5 + sin(x + s)
    return s
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let s = 0;
        for (let i = 0; i < 20; i++) {
          if (y[item] * 20 > 1.5) {
            break;
          }
          s = s * 0.5 + Math.sin(x[item] + s);
        }
        out[item] = s;
      }
    },
  },
  {
    name: "if and else in a loop",
    count: 2 ** 14,
    items: random,
    text: `
def choices(x, y):
    s = x
    for i in range(32):
        if s > y:
            s = s * 0.7
        else:
            s = s * 1.2 + 0.05
    return s
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let s = x[item];
        for (let i = 0; i < 32; i++) {
          if (s > y[item]) {
            s = s * 0.7;
          } else {
            s = s * 1.2 + 0.05;
          }
        }
        out[item] = s;
      }
    },
  },
  {
    name: "if and else without a loop",
    count: 2 ** 17,
    items: random,
    text: `
def pieces(x, y):
    if x < 0.3:
        return x * y
    elif x < 0.6:
        return sqrt(x) - y
    else:
        return x * x * x + y
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        const at = x[item];
        if (at < 0.3) {
          out[item] = at * y[item];
        } else if (at < 0.6) {
          out[item] = Math.sqrt(at) - y[item];
        } else {
          out[item] = at * at * at + y[item];
        }
      }
    },
  },
  {
    name: "a rare branch with exp and log",
    count: 2 ** 17,
    items: random,
    text: `
def rare(x, y):
    if x < 0.02:
        return exp(y) * log(x + 1.0)
    return x * y
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        const at = x[item];
        out[item] = at < 0.02 ? Math.exp(y[item]) * Math.log(at + 1) : at * y[item];
      }
    },
  },
  {
    name: "a tenth takes exp and log",
    count: 2 ** 16,
    items: random,
    text: `
def tenth(x, y):
    if x < 0.1:
        return exp(y) * log(x + 1.0)
    return x * y
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        const at = x[item];
        out[item] = at < 0.1 ? Math.exp(y[item]) * Math.log(at + 1) : at * y[item];
      }
    },
  },
  {
    name: "a branch with sin, for a half",
    count: 2 ** 16,
    items: random,
    text: `
def half(x, y):
    if x < 0.5:
        return sin(y)
    return x * y
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        out[item] = x[item] < 0.5 ? Math.sin(y[item]) : x[item] * y[item];
      }
    },
  },
  {
    name: "a long loop for one item of a hundred",
    count: 2 ** 15,
    items: random,
    text: `
def rare_loop(x, y):
    s = y
    if x < 0.01:
        for i in range(400):
            s = s * 0.99 + x
    return s
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let s = y[item];
        if (x[item] < 0.01) {
          for (let i = 0; i < 400; i++) {
            s = s * 0.99 + x[item];
          }
        }
        out[item] = s;
      }
    },
  },
  {
    name: "Collatz",
    count: 2 ** 13,
    items: (count) => [
      Float64Array.from({ length: count }, (_, i) => 1 + ((i * 7919) % count)),
      new Float64Array(count),
    ],
    text: `
def collatz(x, y):
    n = x
    steps = y
    while n > 1.0:
        h = n * 0.5
        if h == floor(h):
            n = h
        else:
            n = n * 3.0 + 1.0
        steps = steps + 1.0
    return steps
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let n = x[item];
        let steps = y[item];
        while (n > 1) {
          const h = n * 0.5;
          if (h === Math.floor(h)) {
            n = h;
          } else {
            n = n * 3 + 1;
          }
          steps++;
        }
        out[item] = steps;
      }
    },
  },
  {
    name: "two loops, one after the other",
    count: 2 ** 14,
    items: random,
    text: `
def twice(x, y):
    a = x
    n = 0.0
    while a < 2.0 and n < 60.0:
        a = a * 1.1 + y * 0.01
        n = n + 1.0
    while a > 0.5 and n < 120.0:
        a = a - x * 0.3
        n = n + 1.0
    return n
`,
    loop: (x, y, out) => {
      for (let item = 0; item < out.length; item++) {
        let a = x[item];
        let n = 0;
        while (a < 2 && n < 60) {
          a = a * 1.1 + y[item] * 0.01;
          n++;
        }
        while (a > 0.5 && n < 120) {
          a = a - x[item] * 0.3;
          n++;
        }
        out[item] = n;
      }
    },
  },
];
