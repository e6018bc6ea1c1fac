//! Random kernels that are well formed and end soon.

use arbitrary::Arbitrary;

use crate::data::{BINARY, REDUCTIONS, pick};

/// The body of a kernel over the numbers `x` and `y`, the strings `s` and `t` and the function `half`.
#[derive(Arbitrary)]
pub struct Program {
    first: [Statement; 2],
    statements: Vec<Statement>,
    result: Value,
    /// Every `return` gives this string instead of a number.
    text: Option<u8>,
    features: Features,
}

/// What a program may contain; machine code has none of it.
#[derive(Arbitrary, Clone, Copy)]
struct Features {
    strings: bool,
    reductions: bool,
    prints: bool,
}

#[derive(Arbitrary)]
enum Statement {
    Assign(u8, u8, Value),
    If(Value, Vec<Statement>, Option<Box<Statement>>, Vec<Statement>),
    /// With a counter of its own, or until the cap on passes.
    While(Option<u8>, Value, Vec<Statement>),
    For(Range, Vec<Statement>),
    Exit(u8, Value),
    Print(u8),
    Text(u8),
    Value(Value),
}

#[derive(Arbitrary)]
enum Range {
    To(Bound),
    Between(Bound, Bound),
    Steps(Bound, Bound, i8),
}

/// A bound that keeps a loop short.
#[derive(Arbitrary)]
enum Bound {
    Literal(i8),
    Clamped(u8),
    Branch(u8),
}

#[derive(Arbitrary)]
enum Value {
    Name(u8),
    Integer(i8),
    Large(i64),
    Fraction(f32),
    Symbol(u8),
    Unary(u8, Box<Value>),
    Binary(u8, Box<Value>, Box<Value>),
    Call1(u8, Box<Value>),
    Call2(u8, Box<Value>, Box<Value>),
    Where(Box<Value>, Box<Value>, Box<Value>),
    Reduction(u8, Box<Value>),
    TextTest(u8),
}

const LOCALS: [&str; 4] = ["a", "b", "c", "d"];
const ASSIGNMENTS: [&str; 6] = ["=", "+=", "-=", "*=", "/=", "//="];
const SYMBOLS: [&str; 6] = ["_flat_idx", "_i0", "_n0", "_ndim", "_i1", "_n3"];
const UNARY: [&str; 4] = ["-", "+", "~", "not "];
const ONE_ARGUMENT: [&str; 20] = [
    "int", "float", "bool", "abs", "sqrt", "sin", "exp", "log", "floor", "ceil", "round", "trunc", "sign",
    "tanh", "square", "cbrt", "half", "real", "imag", "conj",
];
const TWO_ARGUMENTS: [&str; 8] = ["atan2", "copysign", "fmax", "fmin", "fmod", "hypot", "pow", "nextafter"];
/// What is the same for all items.
const UNIFORM: [&str; 4] = ["1.5", "_n0", "300 / 7", "_ndim > 1"];
const TEXTS: [&str; 6] = ["s", "'ab'", "s + t", "upper(s)", "replace(s, 'a', 'bc')", "where(x > 1, s, t)"];
const TEXT_TESTS: [&str; 4] = ["contains(s, 'a')", "(s == t)", "(t < s)", "startswith(t, s)"];

/// Statements in all.
const MOST_STATEMENTS: usize = 40;
/// Blocks, and loops among them, inside one another.
const DEEPEST: usize = 5;
const MOST_OPEN_LOOPS: usize = 2;

impl Program {
    /// The statements of the kernel, indented once.
    pub fn body(&self) -> String {
        let mut writer = Writer::new(self.features, self.text);
        writer.block(&self.first);
        writer.block(&self.statements);
        writer.exit(&self.result);
        writer.source
    }
}

struct Writer {
    source: String,
    features: Features,
    text: Option<u8>,
    /// Numbers that may be read.
    names: Vec<String>,
    statements: usize,
    loops: usize,
    open_loops: usize,
    depth: usize,
}

/// Where a value stands, for what it may contain.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    WithReductions,
    Plain,
}

impl Writer {
    fn new(features: Features, text: Option<u8>) -> Writer {
        let text = text.filter(|_| features.strings);
        let names = ["x", "y"].map(str::to_string).to_vec();
        Writer {
            source: String::new(),
            features,
            text,
            names,
            statements: 0,
            loops: 0,
            open_loops: 0,
            depth: 1,
        }
    }

    fn line(&mut self, text: &str) {
        self.source.push_str(&"    ".repeat(self.depth));
        self.source.push_str(text);
        self.source.push('\n');
    }

    /// The statements, or one that does nothing where there are none.
    fn block(&mut self, statements: &[Statement]) {
        let before = self.source.len();
        statements.iter().for_each(|statement| self.statement(statement));
        if self.source.len() == before {
            self.line("1");
        }
    }

    fn inner_block(&mut self, statements: &[Statement]) {
        self.depth += 1;
        self.block(statements);
        self.depth -= 1;
    }

    fn body_of_loop(&mut self, statements: &[Statement]) {
        self.open_loops += 1;
        self.inner_block(statements);
        self.open_loops -= 1;
    }

    fn statement(&mut self, statement: &Statement) {
        self.statements += 1;
        let is_full = self.statements > MOST_STATEMENTS || self.depth > DEEPEST;
        let has_loops = self.open_loops == MOST_OPEN_LOOPS;
        match statement {
            Statement::Assign(name, operator, value) => self.assignment(*name, *operator, value),
            Statement::If(..) | Statement::While(..) | Statement::For(..) if is_full => {}
            Statement::While(..) | Statement::For(..) if has_loops => {}
            Statement::If(condition, body, other, otherwise) => {
                let condition = self.value(condition, Place::WithReductions);
                self.line(&format!("if {condition}:"));
                self.inner_block(body);
                if let Some(Statement::If(condition, body, ..)) = other.as_deref() {
                    let condition = self.value(condition, Place::WithReductions);
                    self.line(&format!("elif {condition}:"));
                    self.inner_block(body);
                }
                if !otherwise.is_empty() {
                    self.line("else:");
                    self.inner_block(otherwise);
                }
            }
            Statement::While(passes, condition, body) => self.while_loop(*passes, condition, body),
            Statement::For(range, body) => {
                let variable = format!("i{}", self.loops);
                self.loops += 1;
                let range = self.range(range);
                self.line(&format!("for {variable} in range({range}):"));
                self.names.push(variable);
                self.body_of_loop(body);
            }
            Statement::Exit(kind, value) => match kind % 4 {
                0 if self.open_loops > 0 => self.line("break"),
                1 if self.open_loops > 0 => self.line("continue"),
                _ => self.exit(value),
            },
            Statement::Print(value) if self.features.prints => {
                self.line(&format!("print('{{}} = ', {})", pick(&UNIFORM, *value)));
            }
            Statement::Print(_) => {}
            Statement::Text(_) if !self.features.strings => {}
            Statement::Text(text) => self.line(&format!("u = {}", pick(&TEXTS, *text))),
            Statement::Value(value) => {
                let value = self.value(value, self.place());
                self.line(&value);
            }
        }
    }

    fn assignment(&mut self, name: u8, operator: u8, value: &Value) {
        let name = pick(&LOCALS, name);
        let is_known = self.names.iter().any(|known| known == name);
        let operator = if is_known { pick(&ASSIGNMENTS, operator) } else { "=" };
        let value = self.value(value, self.place());
        self.line(&format!("{name} {operator} {value}"));
        if !is_known {
            self.names.push(name.to_string());
        }
    }

    fn while_loop(&mut self, passes: Option<u8>, condition: &Value, body: &[Statement]) {
        let condition = self.value(condition, Place::WithReductions);
        let counter = format!("n{}", self.loops);
        self.loops += 1;
        self.line(&format!("{counter} = 0"));
        match passes {
            Some(passes) => self.line(&format!("while {counter} < {} and {condition}:", passes % 5)),
            None => self.line(&format!("while {condition}:")),
        }
        self.depth += 1;
        self.line(&format!("{counter} += 1"));
        self.depth -= 1;
        self.names.push(counter);
        self.body_of_loop(body);
    }

    fn exit(&mut self, value: &Value) {
        let value = match self.text {
            Some(text) => pick(&TEXTS, text).to_string(),
            None => self.value(value, self.place()),
        };
        self.line(&format!("return {value}"));
    }

    /// Reductions stand in conditions and at the top.
    fn place(&self) -> Place {
        if self.depth == 1 { Place::WithReductions } else { Place::Plain }
    }

    fn range(&self, range: &Range) -> String {
        let bound = |bound: &Bound| match bound {
            Bound::Literal(number) => (number % 7).to_string(),
            // The remainder first: of the greatest int64, the function of floats makes the least one.
            Bound::Clamped(name) => format!("fmin(fmax({} % 7, -3), 5)", self.name(*name)),
            Bound::Branch(name) => format!("where({} > 0, 3, 1)", self.name(*name)),
        };
        match range {
            Range::To(stop) => bound(stop),
            Range::Between(start, stop) => format!("{}, {}", bound(start), bound(stop)),
            Range::Steps(start, stop, step) => format!("{}, {}, {}", bound(start), bound(stop), step % 4),
        }
    }

    fn name(&self, index: u8) -> &str {
        &self.names[usize::from(index) % self.names.len()]
    }

    fn value(&self, value: &Value, place: Place) -> String {
        let of = |value: &Value| self.value(value, place);
        match value {
            Value::Name(index) => self.name(*index).to_string(),
            Value::Integer(number) => number.to_string(),
            Value::Large(number) => number.to_string(),
            Value::Fraction(number) if number.is_finite() => format!("{number:?}"),
            Value::Fraction(_) => "1e999".to_string(),
            Value::Symbol(index) => pick(&SYMBOLS, *index).to_string(),
            Value::Unary(operator, a) => format!("({}{})", pick(&UNARY, *operator), of(a)),
            Value::Binary(operator, a, b) => format!("({}{}{})", of(a), pick(&BINARY, *operator), of(b)),
            Value::Call1(function, a) => format!("{}({})", pick(&ONE_ARGUMENT, *function), of(a)),
            Value::Call2(function, a, b) => {
                format!("{}({}, {})", pick(&TWO_ARGUMENTS, *function), of(a), of(b))
            }
            Value::Where(condition, a, b) => format!("where({}, {}, {})", of(condition), of(a), of(b)),
            Value::Reduction(function, a) if self.features.reductions && place == Place::WithReductions => {
                format!("{}({})", pick(&REDUCTIONS, *function), self.value(a, Place::Plain))
            }
            Value::Reduction(_, a) => of(a),
            Value::TextTest(index) if !self.features.strings => index.to_string(),
            Value::TextTest(index) => pick(&TEXT_TESTS, *index).to_string(),
        }
    }
}
