//! The names that a text may use besides the builtins.

use super::entry::{Entry, EntryKind};
use super::names::index_symbol;
use super::tree::CastTo;
use crate::dtype::Dtype;
use crate::ir::{ExprKind, IndexSymbol, Type, UserFunction};
use crate::memory::{OutOfMemory, TryGrow};

/// Names in order of declaration; the first of equal names wins.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    symbols: Vec<Symbol<'a>>,
    pub variables: Vec<Variable>,
    pub functions: Vec<HostFunction<'a>>,
    /// Whether the text is a kernel, which has casts and index symbols.
    in_kernel: bool,
    /// How many of the variables are inputs.
    inputs: usize,
    /// Variables and locals declared, which is more than have their type while a kernel is parsed.
    declared: u32,
    /// The variables whose values are numbers of Python, in the NumPy dialect.
    weak: Vec<u32>,
    /// The index symbols that the text mentions.
    pub index_symbols: Vec<IndexSymbol>,
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
    Index(IndexSymbol),
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
    /// The scope of a text over `entries`. A variable without dtype has that of the output.
    pub fn of_entries(
        entries: &[Entry<'a>],
        output: Option<Dtype>,
        in_kernel: bool,
    ) -> Result<Scope<'a>, OutOfMemory> {
        let mut scope = Scope { in_kernel, ..Scope::default() };
        for entry in entries {
            match entry.kind {
                EntryKind::Variable => {
                    let dtype = entry.dtype.or(output).unwrap_or(Dtype::Float64);
                    let itemsize = if dtype.is_string() { entry.itemsize } else { dtype.size() };
                    let read = ExprKind::Param(scope.inputs as u32);
                    scope.add_input(entry.name, Variable { ty: Type { dtype, itemsize }, read })?;
                }
                EntryKind::Function { target, float_math } => {
                    let (name, returns) = (entry.name, entry.dtype);
                    scope.add_function(HostFunction { name, target, returns, float_math })?;
                }
            }
        }
        Ok(scope)
    }

    /// Declares an input.
    pub fn add_input(&mut self, name: &'a [u8], variable: Variable) -> Result<(), OutOfMemory> {
        self.variables.try_push(variable)?;
        self.inputs += 1;
        self.add_name(name).map(drop)
    }

    fn add_name(&mut self, name: &'a [u8]) -> Result<u32, OutOfMemory> {
        let index = self.declared;
        self.symbols.try_push(Symbol { name, meaning: SymbolMeaning::Variable(index) })?;
        self.declared += 1;
        Ok(index)
    }

    /// Declares a local, which hides a function of the same name, and returns its index. Its variable
    /// follows when its type is known.
    pub fn add_local(&mut self, name: &'a [u8]) -> Result<u32, OutOfMemory> {
        self.symbols.retain(|symbol| symbol.name != name);
        self.add_name(name)
    }

    /// The dtypes of all variables: inputs, index symbols, locals.
    pub fn dtypes(&self) -> impl Iterator<Item = Dtype> {
        let (inputs, locals) = self.variables.split_at(self.inputs);
        let index = (!self.index_symbols.is_empty()).then_some(Dtype::Int64);
        let dtype = |variable: &Variable| variable.ty.dtype;
        inputs.iter().map(dtype).chain(index).chain(locals.iter().map(dtype))
    }

    /// Says whether the values of a variable are numbers of Python.
    pub fn set_weak(&mut self, variable: u32, is_weak: bool) -> Result<(), OutOfMemory> {
        match self.weak.iter().position(|weak| *weak == variable) {
            Some(index) if !is_weak => drop(self.weak.swap_remove(index)),
            None if is_weak => self.weak.try_push(variable)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether the values of a variable are numbers of Python.
    pub fn is_weak(&self, variable: u32) -> bool {
        self.weak.contains(&variable)
    }

    /// Notes that the text mentions an index symbol.
    pub fn mention(&mut self, symbol: IndexSymbol) -> Result<(), OutOfMemory> {
        if self.index_symbols.contains(&symbol) { Ok(()) } else { self.index_symbols.try_push(symbol) }
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
        declared.map(|symbol| symbol.meaning).or_else(|| if self.in_kernel { of_kernels(name) } else { None })
    }

    /// The names of variables and functions, in order of declaration.
    pub fn names(&self) -> impl Iterator<Item = &'a [u8]> {
        self.symbols.iter().map(|symbol| symbol.name)
    }

    pub fn variable(&self, index: u32) -> Variable {
        self.variables[index as usize]
    }

    pub fn function(&self, index: u32) -> HostFunction<'a> {
        self.functions[index as usize]
    }
}

/// The names that kernels have besides those of plain expressions.
fn of_kernels(name: &[u8]) -> Option<SymbolMeaning> {
    let to = match name {
        b"int" => CastTo::Int,
        b"float" => CastTo::Float,
        b"bool" => CastTo::Bool,
        _ => return index_symbol(name).map(SymbolMeaning::Index),
    };
    Some(SymbolMeaning::Cast(to))
}
