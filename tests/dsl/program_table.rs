//! One short program for each rule: accepted, or refused at an offset.

use miniexpr::Dtype::{self, Complex128, Float64};

use crate::{compile, kernel, message, refusal};

/// What happens to a program over `x` of dtype float64 with that output dtype.
#[derive(Clone, Copy)]
enum Outcome {
    Accepted,
    /// Refused at this offset; -1 for none.
    At(i64),
    /// Refused at this offset or after it.
    From(i64),
}
use Outcome::*;

fn check(source: &str, outcome: Outcome) {
    check_typed(source, Float64, Some(Float64), outcome);
}

fn check_typed(source: &str, x: Dtype, output: Option<Dtype>, outcome: Outcome) {
    let result = compile(source, &[("x", x)], output);
    match outcome {
        Accepted => {
            let problem = result.err().map(|error| message(&error).to_string());
            assert_eq!(problem, None, "{source}");
        }
        At(position) => assert_eq!(refusal(result, source), position, "{source}"),
        From(least) => {
            let position = refusal(result, source);
            assert!(position >= least, "{position}: {source}");
        }
    }
}

fn check_all(rows: &[(&str, Outcome)]) {
    rows.iter().for_each(|(source, outcome)| check(source, *outcome));
}

fn check_bodies(rows: &[(&str, Outcome)]) {
    rows.iter().for_each(|(body, outcome)| check(&kernel(body), *outcome));
}

#[test]
fn headers_and_shape() {
    check_all(&[
        ("def k(x):\n    return x", Accepted),
        ("\n  \n# c\n\ndef k(x):\n    return x\n# c\n\n  # d", Accepted),
        (" def k(x):\n return x", Accepted),
        ("def k (x) :\n\treturn x", Accepted),
        (";def k(x):\n    return x", Accepted),
        ("def k(x): return x", At(9)),
        ("def k(x):\n", At(9)),
        ("def k(x):", At(-1)),
        ("def k(x):\n    # c\n", At(9)),
        ("def k(x):\nreturn x", At(9)),
        ("def k(x)\n    return x", At(0)),
        ("def k(x) -> float:\n    return x", At(0)),
        ("def k x:\n    return x", At(0)),
        ("def (x):\n    return x", At(0)),
        ("def 1k(x):\n    return x", At(0)),
        ("def k(,x):\n    return x", At(0)),
        ("def k(*x):\n    return x", At(0)),
        ("def k(x,,):\n    return x", At(0)),
        ("def k(x x):\n    return x", At(0)),
        ("def k(x=1):\n    return x", At(0)),
        ("def k(x: float):\n    return x", At(0)),
        ("def k(x, x):\n    return x", At(0)),
        ("def k(x):\n    return x\ny = 1", At(23)),
        ("def k(x):\n    return x\ndef j(x):\n    return x", At(23)),
        ("def k(x):\n    return x\n;\n", Accepted),
        ("def k(x):\n    return x ;", Accepted),
        ("def k(x):\n    return x;;", At(23)),
        ("def k(x):\r\n    y = x\r\n\r\n    return y\r\n", Accepted),
        ("\u{feff}def k(x):\n    return x", At(0)),
        ("def def(x):\n    return x", Accepted),
        ("def if(x):\n    return x", Accepted),
    ]);
    for text in [
        "x = 1",
        "return x",
        "x;",
        "x\n+1",
        "print(x)",
        "if x",
        "DEF k(x):\n    return x",
        "@d\ndef k(x):\n    return x",
        "import m\ndef k(x):\n    return x",
        "async def k(x):\n    return x",
    ] {
        check(text, At(0));
    }
    check_all(&[("# c\nx;", At(4)), ("\n", At(-1)), ("# me:fp=fast", At(-1))]);
}

#[test]
fn parameters_may_stand_on_several_lines() {
    check("def k(x,):\n    return x", Accepted);
    check("def k(\n    x\n):\n    return x", Accepted);
}

#[test]
fn only_a_comment_may_follow_a_header() {
    check_bodies(&[
        ("if x > 0:; junk\n    return 1\nreturn 2", At(25)),
        ("if x > 0: # c\n    return 1\nreturn 2", Accepted),
        ("for i in range(3): # c\n    y = i\nreturn x", Accepted),
        ("for i in range(3):; y = i\n    y = i\nreturn x", At(32)),
    ]);
    check("def k(x): junk\n    return x", At(9));
    check("def k(x): # c\n    return x", Accepted);
}

#[test]
fn pragmas() {
    let with = |pragma: &str| format!("{pragma}def k(x):\n    return x");
    for pragma in [
        "# me:fp = strict  \n",
        "#me:fp=contract\n",
        "\t# me:fp=fast\n",
        "# me:compiler=cc\n",
        "# me:compiler=tcc\r\n",
        "# me\n",
        "## me:fp=x\n",
        "# ME:fp=x\n",
        "# c\n\n# me:fp=fast\n",
    ] {
        check(&with(pragma), Accepted);
    }
    for (pragma, position) in [
        ("# me:fp=relaxed\n", 8),
        ("# me:fp=STRICT\n", 8),
        ("# me:fp='fast'\n", 8),
        ("# me:fp=\n", 8),
        ("# me:fp\n", 7),
        ("# me:fp:strict\n", 7),
        ("# me:fpx=strict\n", 7),
        ("# me:fp=strict x\n", 15),
        ("# me:fp=strict # c\n", 15),
        ("# me:compiler=libtcc\n", 14),
        ("# me:compiler=gcc\n", 14),
        ("# me:compiler=\n", 14),
        ("# me:compiler\n", 13),
        ("# me:fp=fast\n# me:fp=fast\n", 13),
        ("# me:foo=1\n", 0),
        ("# me:\n", 0),
    ] {
        check(&with(pragma), At(position));
    }
    check("def k(x):\n    # me:fp=bad\n    return x", Accepted);
}

#[test]
fn blocks() {
    check_bodies(&[
        ("y = x\n  z = y\nreturn z", Accepted),
        ("if x > 0:\n    y = 1\n  z = 2\nreturn z", Accepted),
        ("    y = x\nreturn x", At(28)),
        ("if x > 0:\ny = 1\nreturn y", At(23)),
        ("if x > 0:\n    y = 1234\n else:\n    return x", At(46)),
        ("if x > 0:\n    y = 1\n\n# c\n  # d\nelse:\n    y = 2\nreturn y", Accepted),
        ("y = (x +\n 1)\nreturn y", Accepted),
        ("if (x > 0\n and x < 2):\n    return 1\nreturn 2", Accepted),
        ("for i in range(0,\n 3):\n    y = i\nreturn x", Accepted),
        ("y = (x + # c\n 1)\nreturn y", At(19)),
        ("y = x; z = 1\nreturn y", At(21)),
        ("y = x ; # c\nreturn y", Accepted),
        (";y = x\nreturn y", Accepted),
        ("; ;\n;# c\nreturn x", Accepted),
        ("if x > 0: return 1\nreturn 2", At(14)),
        ("if x > 0\n    return 1\nreturn 2", At(14)),
        ("if :\n    return 1\nreturn 2", At(14)),
        ("if\n    return 1\nreturn 2", At(14)),
        ("while:\n    return 1\nreturn 2", At(14)),
        ("if(x > 0):\n    return 1\nreturn 2", Accepted),
        ("if x > 0:\n    return 1\nelse :\n    return 2", Accepted),
        ("elif x > 0:\n    return 1\nreturn 2", At(14)),
        ("else:\n    return 1\nreturn 2", At(14)),
        ("if x > 0:\n    return 1\nelse:\n    return 2\nelse:\n    return 3", At(72)),
        ("if x > 0:\n    return 1\nelse:\n    return 2\nelif x:\n    return 3", At(72)),
        ("if x > 0:\n    return 1\nelse x:\n    return 2", At(45)),
        ("if x > 0:\n    return 1\nelse if x < 1:\n    return 2", At(45)),
        ("if x > 0:\n    return 1\nelse: return 2", At(45)),
        ("if x > 0:\n    return 1\nelse\n    return 2", At(45)),
        ("if x > 0:\n    return 1\nelif:\n    return 2", At(45)),
        ("def j(y):\n    return y\nreturn x", At(14)),
    ]);
    check("def k(x):\n    y = x + \\\n 1\n    return y", At(25));
    let nested = |depth: usize| {
        let mut body: String = (0..depth).map(|level| format!("{}if x > 0:\n", "  ".repeat(level))).collect();
        body.push_str(&format!("{}y = 1\nreturn x", "  ".repeat(depth)));
        kernel(&body)
    };
    check(&nested(30), Accepted);
    check(&nested(31), From(14));
}

#[test]
fn statements() {
    check_bodies(&[
        ("pass\nreturn x", At(17)),
        ("del x\nreturn x", At(16)),
        ("global y\nreturn x", At(19)),
        ("import math\nreturn x", At(19)),
        ("return", At(14)),
        ("return ;", At(14)),
        ("return (x", At(14)),
        ("return x)", At(22)),
        ("return x +", At(16)),
        ("return x x", At(16)),
        ("return x,", At(15)),
        ("return (x, x)", Accepted),
        ("return(x)", Accepted),
        ("return 'abc", At(14)),
        ("return x if x > 0 else 0", At(17)),
        ("\"doc\"\nreturn x", Accepted),
        ("\"\"\"doc\"\"\"\nreturn x", From(14)),
        ("y == x\nreturn x", At(14)),
        ("y, z = x, x\nreturn x", At(14)),
        ("y = z = x\nreturn x", At(14)),
        ("y[0] = x\nreturn x", At(14)),
        ("y.a = x\nreturn x", At(14)),
        ("y: float = 1\nreturn x", At(14)),
        ("y := 3\nreturn x", At(14)),
        ("y =\nreturn x", At(17)),
        ("y =+ x\nreturn y", Accepted),
        ("y = x", At(-1)),
        ("return y", At(14)),
        ("y = y + 1\nreturn y", At(14)),
        ("y += 1\nreturn y", At(14)),
        ("return x\ny = z", At(27)),
        ("x = 1\nreturn x", At(14)),
        ("x += 1\nreturn x", At(14)),
        ("_i = 1\nreturn _i", Accepted),
        ("sum = x\nreturn sum", Accepted),
        ("pi = 3\nreturn pi", Accepted),
        ("in = 1\nreturn in", Accepted),
        ("breaky = 1\nif_ = 3\nreturn_ = 3\nreturn if_", Accepted),
        ("sum = 3\nreturn sum(x)", At(29)),
        ("y = x\ny %= 2\nreturn y", At(27)),
        ("y = x\ny **= 2\nreturn y", At(28)),
        ("y = x\ny &= 2\nreturn y", At(27)),
        ("y = x\ny <<= 2\nreturn y", At(28)),
        ("y = x\ny += 1 if x > 0 else 2\nreturn y", At(32)),
    ]);
    for name in ["int", "print", "_i0", "_i8", "_i9x", "_ndim", "_flat_idx"] {
        check(&kernel(&format!("{name} = 1\nreturn x")), At(14));
    }
    for name in ["if", "for", "while", "else", "def", "return"] {
        check(&kernel(&format!("{name} = 1\nreturn x")), At(14));
    }
}

#[test]
fn loops() {
    check_bodies(&[
        ("break\nreturn x", At(14)),
        ("continue\nreturn x", At(14)),
        ("if x > 0:\n    break\nreturn x", At(32)),
        ("for i in range(3):\n    break if i == 1\nreturn x", At(41)),
        ("for i in range(3):\n    continue if i == 1\nreturn x", At(41)),
        ("for i in range(3):\n    break x\nreturn x", At(47)),
        ("for i in range(3):\n    break = 1\nreturn x", At(47)),
        ("for i in range(3):\n    break\n    y = 1\nreturn x", Accepted),
        ("for i in range(3):\n    break;\nreturn x", Accepted),
        ("for i in range (3) :\n    y = i\nreturn x", Accepted),
        ("for i in range(3): y = i\nreturn x", At(32)),
        ("for x in range(3):\n    y = 1\nreturn x", At(14)),
        ("for print in range(3):\n    y = 1\nreturn x", At(14)),
        ("for _i0 in range(3):\n    y = 1\nreturn x", At(14)),
        ("i = 0\nfor i in range(3):\n    y = i\nreturn x", At(24)),
        ("for i in range(3):\n    i = 5\nreturn x", Accepted),
        ("for i in range(3):\n    for i in range(3):\n        y = i\nreturn x", At(41)),
        ("for i in range(i):\n    y = i\nreturn x", At(14)),
        ("for i in range(3):\n    y = 1\nelse:\n    y = 2\nreturn x", At(51)),
        ("while x > 3:\n    break\nelse:\n    y = 2\nreturn x", At(45)),
        ("for i in range(fmin(x, 3)):\n    y = 1\nreturn x", Accepted),
        ("for i in range(0, 3, 0):\n    y = 1\nreturn x", Accepted),
        ("for i in range('a'):\n    y = 1\nreturn x", Accepted),
    ]);
    for range in ["()", "( )", "(1,2,3,4)", "(1,)", "(,1)", "(3", " 3"] {
        check(&kernel(&format!("for i in range{range}:\n    y = 1\nreturn x")), At(14));
    }
    for header in [
        "for i in x:",
        "for i in xrange(3):",
        "for i range(3):",
        "for in range(3):",
        "for (i) in range(3):",
        "for i, j in range(3):",
        "for i in range(3)",
    ] {
        check(&kernel(&format!("{header}\n    y = 1\nreturn x")), At(14));
    }
}

#[test]
fn finished_loops_leave_their_variable_to_others() {
    check(&kernel("for i in range(3):\n    y = i\nfor i in range(3):\n    y = i\nreturn y"), Accepted);
}

#[test]
fn expressions() {
    for value in ["x // 2", "x @ x", "x[0]", "x.real", "[x]", "True", "1_000", "1j"] {
        check(&kernel(&format!("return {value}")), From(14));
    }
    for value in ["np.sin(x)", "sin(x=x)", "sin()", "pow(x)", "maximum(x, 0)", "str(x)", "floaty(x)"] {
        check(&kernel(&format!("return {value}")), From(14));
    }
    check_bodies(&[
        ("return float()", At(14)),
        ("return float( )", At(14)),
        ("return float(x, x)", At(14)),
        ("return float((x, x))", Accepted),
        ("return int (x)", Accepted),
        ("return int(int(x))", Accepted),
        ("return int x", Accepted),
        ("return float('a')", From(14)),
        ("return _i7", Accepted),
        ("return _ndim", Accepted),
        ("return _flat_idx", Accepted),
        ("return _i8", At(16)),
        ("return _n8", At(16)),
        ("return _i00", At(17)),
        ("y = sum(sum(x))\nreturn y", At(14)),
    ]);
    check_typed(&kernel("if x > 1:\n    return x\nreturn x > 2"), Float64, None, At(45));
    check_typed(&kernel("if x > 0:\n    return x\nreturn x"), Complex128, Some(Complex128), At(14));
    check_typed(&kernel("if x:\n    return x\nreturn x"), Complex128, Some(Complex128), Accepted);
}

#[test]
fn prints() {
    for print in [
        "print()",
        "print 1",
        "print",
        "print(1) + 1",
        "print(, 1)",
        "print(\"{}\")",
        "print(\"{} {}\", 1)",
        "print(\"{}\", 1, 2)",
        "print(\"{0}\", 1)",
        "print(\"{:d}\", 1)",
        "print(\"{x}\", 1)",
        "print(\"}\")",
        "print(\"{\")",
        "print(\"{}}\", 1)",
        "print(\"\\x41\")",
        "print(\"a\" \"b\")",
        "print(x)",
        "print(x - x)",
        "print(_i0)",
        "print(_flat_idx)",
        "print(\"x\", sum(x) * x)",
    ] {
        check(&kernel(&format!("{print}\nreturn x")), At(14));
    }
    for print in [
        "print(\"a\")",
        "print(\"a\", 1)",
        "print(\"{{}}\", 1)",
        "print (1)",
        "print(sum(x) + 1)",
        "print(_n0)",
        "print(1 + 2)",
    ] {
        check(&kernel(&format!("{print}\nreturn x")), Accepted);
    }
    check_bodies(&[
        ("y = x\nprint(y)\nreturn x", At(24)),
        ("y = x\ny = 1\nprint(y)\nreturn x", Accepted),
        ("for i in range(3):\n    print(i)\nreturn x", Accepted),
    ]);
}

#[test]
fn reductions_stand_in_the_body_or_in_conditions() {
    check_bodies(&[
        ("if x > 0:\n    print(sum(x))\nreturn x", At(32)),
        ("if x > 0:\n    return sum(x)\nreturn x", At(-1)),
        ("if any(x > 0):\n    y = x - mean(x)\nreturn x", At(-1)),
        ("while x > 0:\n    sum(x)\nreturn x", At(-1)),
        ("if x > 2:\n    y = sum(x)\nreturn x", At(-1)),
        ("for i in range(3):\n    y = max(x)\nreturn x", At(-1)),
        ("for j in range(2):\n    for i in range(sum(x)):\n        y = 1\nreturn x", At(-1)),
        ("if x > 0:\n    while sum(x) > 0:\n        break\nreturn x", Accepted),
        ("if x > 0:\n    y = 1\nelif any(x > 3):\n    y = 2\nreturn x", Accepted),
        ("y = sum(x)\nreturn y", Accepted),
        ("for i in range(sum(x)):\n    y = i\nreturn x", Accepted),
    ]);
}

#[test]
fn at_most_128_names() {
    let inputs = |count: usize| {
        let names: Vec<String> = (0..count).map(|index| format!("x{index}")).collect();
        let variables: Vec<(&str, Dtype)> = names.iter().map(|name| (name.as_str(), Float64)).collect();
        let source = format!("def k({}):\n    return x0", names.join(", "));
        compile(&source, &variables, Some(Float64)).map_err(|error| error.position)
    };
    assert!(inputs(128).is_ok());
    assert_eq!(inputs(129).err(), Some(None));
    let locals = |count: usize| {
        let lines: String = (0..count).map(|index| format!("y{index} = x\n")).collect();
        kernel(&format!("{lines}return x"))
    };
    check(&locals(127), Accepted);
    check(&locals(128), At(-1));
}

#[test]
fn long_programs() {
    check(&kernel(&format!("{}return x", "y = x + 1\n".repeat(5000))), Accepted);
    let branches = "elif x > 1:\n    y = 1\n".repeat(1000);
    check(&kernel(&format!("if x > 0:\n    y = 0\n{branches}return x")), Accepted);
    check(&kernel(&format!("return x{}", " + 1".repeat(25_000))), Accepted);
    check(&kernel(&format!("return {}x{}", "(".repeat(50_000), ")".repeat(50_000))), Accepted);
}
