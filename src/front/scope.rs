//! The names that a text may use besides the builtins.

use crate::dtype::Dtype;
use crate::ir::{ExprKind, Type, UserFunction};
use crate::memory::{OutOfMemory, TryGrow};

/// Names in order of declaration; the first of equal names wins.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    symbols: Vec<Symbol<'a>>,
    pub variables: Vec<Variable>,
    pub functions: Vec<HostFunction<'a>>,
}

#[derive(Debug)]
struct Symbol<'a> {
    name: &'a [u8],
    meaning: SymbolMeaning,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub enum SymbolMeaning {
    /// Index in [`Scope::variables`].
    Variable(u32),
    /// Index in [`Scope::functions`].
    Function(u32),
}

/// A value: its type, and the expression that reads it.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    pub ty: Type,
    pub read: ExprKind,
}

/// A function of the host. Without a return dtype it has that of its promoted arguments;
/// `float_math` then makes it behave as `sin` does.
#[derive(Clone, Copy, Debug)]
pub struct HostFunction<'a> {
    pub name: &'a [u8],
    pub target: UserFunction,
    pub returns: Option<Dtype>,
    pub float_math: bool,
}

impl<'a> Scope<'a> {
    /// Declares a variable and returns its index.
    pub fn add_variable(&mut self, name: &'a [u8], variable: Variable) -> Result<u32, OutOfMemory> {
        let index = self.variables.len() as u32;
        self.variables.try_push(variable)?;
        self.symbols.try_push(Symbol { name, meaning: SymbolMeaning::Variable(index) })?;
        Ok(index)
    }

    /// Declares a function of the host.
    pub fn add_function(&mut self, function: HostFunction<'a>) -> Result<(), OutOfMemory> {
        let meaning = SymbolMeaning::Function(self.functions.len() as u32);
        self.functions.try_push(function)?;
        self.symbols.try_push(Symbol { name: function.name, meaning })
    }

    /// The meaning of the first symbol called `name`.
    pub fn find(&self, name: &[u8]) -> Option<SymbolMeaning> {
        self.symbols.iter().find(|symbol| symbol.name == name).map(|symbol| symbol.meaning)
    }

    pub fn variable(&self, index: u32) -> Variable {
        self.variables[index as usize]
    }

    pub fn function(&self, index: u32) -> HostFunction<'a> {
        self.functions[index as usize]
    }
}
