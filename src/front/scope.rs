//! The names that a text may use besides the builtins.

use super::tree::CastTo;
use crate::dtype::Dtype;
use crate::ir::{ExprKind, Type, UserFunction};
use crate::memory::{OutOfMemory, TryGrow};

/// Names in order of declaration; the first of equal names wins.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    symbols: Vec<Symbol<'a>>,
    pub variables: Vec<Variable>,
    pub functions: Vec<HostFunction<'a>>,
    /// Whether `int`, `float` and `bool` are casts.
    has_casts: bool,
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
    Cast(CastTo),
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
    /// The scope of a kernel, in which `int`, `float` and `bool` are casts.
    pub fn of_kernel() -> Scope<'a> {
        Scope { has_casts: true, ..Scope::default() }
    }

    /// Declares a variable and returns its index.
    pub fn add_variable(&mut self, name: &'a [u8], variable: Variable) -> Result<u32, OutOfMemory> {
        let index = self.variables.len() as u32;
        self.variables.try_push(variable)?;
        self.symbols.try_push(Symbol { name, meaning: SymbolMeaning::Variable(index) })?;
        Ok(index)
    }

    /// Declares a variable that hides a function of the same name, and returns its index.
    pub fn add_local(&mut self, name: &'a [u8], variable: Variable) -> Result<u32, OutOfMemory> {
        self.symbols.retain(|symbol| symbol.name != name);
        self.add_variable(name, variable)
    }

    /// Declares a function of the host.
    pub fn add_function(&mut self, function: HostFunction<'a>) -> Result<(), OutOfMemory> {
        let meaning = SymbolMeaning::Function(self.functions.len() as u32);
        self.functions.try_push(function)?;
        self.symbols.try_push(Symbol { name: function.name, meaning })
    }

    /// The meaning of the first symbol called `name`.
    pub fn find(&self, name: &[u8]) -> Option<SymbolMeaning> {
        let declared = self.symbols.iter().find(|symbol| symbol.name == name);
        declared.map(|symbol| symbol.meaning).or_else(|| self.cast(name))
    }

    fn cast(&self, name: &[u8]) -> Option<SymbolMeaning> {
        let to = match name {
            b"int" => CastTo::Int,
            b"float" => CastTo::Float,
            b"bool" => CastTo::Bool,
            _ => return None,
        };
        self.has_casts.then_some(SymbolMeaning::Cast(to))
    }

    pub fn variable(&self, index: u32) -> Variable {
        self.variables[index as usize]
    }

    pub fn function(&self, index: u32) -> HostFunction<'a> {
        self.functions[index as usize]
    }
}
