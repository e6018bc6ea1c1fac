//! Random kernels over the inputs `x` and `y` that always end and always return.

use super::random::Random;

pub struct Generator<'r> {
    random: &'r mut Random,
    source: String,
    /// Names that may be read.
    names: Vec<String>,
    loops: usize,
    /// Loops around the statement at hand.
    open_loops: usize,
    /// Whether items are reduced: mostly where statements of the outermost block begin, rarely inside them.
    pub reduces: bool,
}

const LITERALS: [&str; 12] = ["0", "1", "2", "3", "-1", "7", "100", "0.5", "1.25", "-2.5", "300", "1e3"];

impl Generator<'_> {
    pub fn new(random: &mut Random) -> Generator<'_> {
        let names = ["x", "y", "_i0", "_flat_idx", "_n0", "_ndim"].map(str::to_string).to_vec();
        Generator { random, source: String::new(), names, loops: 0, open_loops: 0, reduces: false }
    }

    pub fn kernel(mut self) -> String {
        self.source.push_str("def k(x, y):\n");
        self.statements(1);
        if self.reduces {
            self.statements(1);
            self.reduced_assignment();
            self.statements(1);
        }
        let value = if self.reduces && self.random.below(3) == 0 {
            format!("{} + {}", self.reduction(), self.expression(2))
        } else {
            self.expression(3)
        };
        self.line(1, &format!("return {value}"));
        self.source
    }

    fn line(&mut self, depth: usize, text: &str) {
        self.source.push_str(&"    ".repeat(depth));
        self.source.push_str(text);
        self.source.push('\n');
    }

    fn statements(&mut self, depth: usize) {
        for _ in 0..=self.random.below(3) {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: usize) {
        match self.random.below(12) {
            _ if self.reduces && depth == 1 && self.random.below(4) == 0 => self.reduced_assignment(),
            _ if depth > 4 => self.assignment(depth),
            0 | 1 => self.branches(depth),
            2 | 3 => self.counted_loop(depth),
            4 => self.bounded_while(depth),
            5 => self.exit(depth),
            _ => self.assignment(depth),
        }
    }

    fn assignment(&mut self, depth: usize) {
        let name = self.random.pick(&["a", "b", "c", "d"]).to_string();
        let is_known = self.names.contains(&name);
        let operator = match self.random.below(3) {
            0 if is_known => *self.random.pick(&["+=", "-=", "*=", "/=", "//="]),
            _ => "=",
        };
        let value = self.expression(2);
        self.line(depth, &format!("{name} {operator} {value}"));
        if !is_known {
            self.names.push(name);
        }
    }

    fn reduced_assignment(&mut self) {
        let name = self.random.pick(&["a", "b", "c", "d"]).to_string();
        let value = match self.random.below(3) {
            0 => self.reduction(),
            1 => format!("{} + {}", self.reduction(), self.name()),
            _ => format!(
                "where({} > {}, {}, {})",
                self.name(),
                self.reduction(),
                self.name(),
                self.reduction()
            ),
        };
        self.line(1, &format!("{name} = {value}"));
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// A reduction of numbers to a number.
    fn reduction(&mut self) -> String {
        let function = *self.random.pick(&["sum", "mean", "min", "max", "prod"]);
        let argument = if self.random.below(2) == 0 { self.name() } else { self.expression(2) };
        format!("{function}({argument})")
    }

    /// A condition that may reduce if the statement is one of the outermost block, or else rarely.
    fn reduced_condition(&mut self, depth: usize) -> String {
        let bound = if depth == 1 { 3 } else { 40 };
        if !self.reduces || self.random.below(bound) > 0 {
            return self.condition();
        }
        match self.random.below(3) {
            0 => format!("any({})", self.comparison()),
            1 => format!("all({}) or {}", self.comparison(), self.comparison()),
            _ => format!("{} > {}", self.name(), self.reduction()),
        }
    }

    fn branches(&mut self, depth: usize) {
        let condition = self.reduced_condition(depth);
        self.line(depth, &format!("if {condition}:"));
        self.statements(depth + 1);
        if self.random.below(3) == 0 {
            let condition = self.reduced_condition(depth + 1);
            self.line(depth, &format!("elif {condition}:"));
            self.statements(depth + 1);
        }
        if self.random.below(2) == 0 {
            self.line(depth, "else:");
            self.statements(depth + 1);
        }
    }

    fn counted_loop(&mut self, depth: usize) {
        let variable = format!("i{}", self.loops);
        self.loops += 1;
        let range = match self.random.below(4) {
            0 if !self.reduces || depth > 1 => format!("{}", self.random.below(5)),
            0 => format!("where({} > 0, 4, 2)", self.reduction()),
            1 => format!("{}, {}, -1", self.random.below(5), self.random.below(3)),
            2 => format!("0, {}, {}", self.random.below(9), 1 + self.random.below(3)),
            _ => {
                let name = self.name();
                format!("where({name} > 0, 3, 1)")
            }
        };
        self.line(depth, &format!("for {variable} in range({range}):"));
        self.names.push(variable);
        self.body(depth);
    }

    fn bounded_while(&mut self, depth: usize) {
        let counter = format!("n{}", self.loops);
        self.loops += 1;
        self.line(depth, &format!("{counter} = 0"));
        let condition = self.reduced_condition(depth + 1);
        let passes = 1 + self.random.below(4);
        self.line(depth, &format!("while {counter} < {passes} and ({condition}):"));
        self.line(depth + 1, &format!("{counter} += 1"));
        self.body(depth);
    }

    fn body(&mut self, depth: usize) {
        self.open_loops += 1;
        self.statements(depth + 1);
        self.open_loops -= 1;
    }

    /// A conditional `break`, `continue` or `return`.
    fn exit(&mut self, depth: usize) {
        let condition = self.condition();
        self.line(depth, &format!("if {condition}:"));
        match self.random.below(3) {
            0 if self.open_loops > 0 => self.line(depth + 1, "break"),
            1 if self.open_loops > 0 => self.line(depth + 1, "continue"),
            _ => {
                let value = self.expression(2);
                self.line(depth + 1, &format!("return {value}"));
            }
        }
    }

    fn condition(&mut self) -> String {
        match self.random.below(5) {
            0 => self.name(),
            1 => format!("not ({})", self.comparison()),
            2 => format!("{} and {}", self.comparison(), self.comparison()),
            3 => format!("{} or {}", self.comparison(), self.comparison()),
            _ => self.comparison(),
        }
    }

    fn comparison(&mut self) -> String {
        let operator = *self.random.pick(&["<", "<=", ">", ">=", "==", "!="]);
        format!("{} {operator} {}", self.expression(1), self.expression(1))
    }

    fn name(&mut self) -> String {
        self.random.pick(&self.names).clone()
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 || self.random.below(5) == 0 {
            return match self.random.below(3) {
                0 => self.random.pick(&LITERALS).to_string(),
                _ => self.name(),
            };
        }
        let depth = depth - 1;
        match self.random.below(12) {
            0 => format!("int({})", self.expression(depth)),
            1 => format!("float({})", self.expression(depth)),
            2 => format!("bool({})", self.expression(depth)),
            3 => format!(
                "where({}, {}, {})",
                self.comparison(),
                self.expression(depth),
                self.expression(depth)
            ),
            4 => {
                let operator = *self.random.pick(&["&", "|", "^", "<<", ">>"]);
                format!("(int({}) {operator} int({}))", self.expression(depth), self.expression(depth))
            }
            5 => format!("-({})", self.expression(depth)),
            6 => format!("abs({})", self.expression(depth)),
            7 => format!("({}) ** 2", self.expression(depth)),
            _ => {
                let operator = *self.random.pick(&["+", "-", "*", "/", "%"]);
                format!("({} {operator} {})", self.expression(depth), self.expression(depth))
            }
        }
    }
}
