//! `# me:` comments at the top of a source, and the environment that overrules them.

use crate::environment;
use crate::front::error::{CompileError, Quoted};
use crate::front::lexer::{Grammar, Lexer};
use crate::front::place::refuse;
use crate::ir::{Compiler, FpMode};

/// What the pragmas of a source say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pragmas {
    pub fp_mode: Option<FpMode>,
    pub compiler: Option<Compiler>,
}

/// Reads the pragmas in the comments before the first line of code.
pub fn read(source: &[u8]) -> Result<Pragmas, CompileError> {
    let mut lexer = Lexer::new(source, Grammar::Reference);
    let mut pragmas = Pragmas::default();
    loop {
        lexer.skip_space();
        if lexer.peek() != Some(b'#') {
            return Ok(pragmas);
        }
        read_comment(&mut lexer, &mut pragmas)?;
    }
}

/// Reads the comment that starts here, up to the end of its line.
fn read_comment(lexer: &mut Lexer<'_>, pragmas: &mut Pragmas) -> Result<(), CompileError> {
    let start = lexer.offset;
    let source = lexer.source;
    lexer.offset += 1;
    lexer.skip_blanks();
    if !lexer.take(b"me:") {
        lexer.offset = start;
        lexer.skip_comment();
        return Ok(());
    }
    if lexer.take(b"fp") {
        set_once(&mut pragmas.fp_mode, value(lexer, fp_mode)?, source, start)
    } else if lexer.take(b"compiler") {
        set_once(&mut pragmas.compiler, value(lexer, compiler)?, source, start)
    } else {
        Err(refuse(source, start, format_args!("unknown pragma: expected me:fp or me:compiler")))
    }
}

fn set_once<T>(slot: &mut Option<T>, value: T, source: &[u8], start: usize) -> Result<(), CompileError> {
    if slot.replace(value).is_some() {
        return Err(refuse(source, start, format_args!("this pragma is given twice")));
    }
    Ok(())
}

/// `= word` up to the end of the line.
fn value<T>(lexer: &mut Lexer<'_>, meaning: fn(&[u8]) -> Option<T>) -> Result<T, CompileError> {
    let source = lexer.source;
    lexer.skip_blanks();
    if !lexer.take(b"=") {
        return Err(refuse(source, lexer.offset, format_args!("expected '='")));
    }
    lexer.skip_blanks();
    let start = lexer.offset;
    let word = lexer.name();
    let Some(value) = meaning(word) else {
        return Err(refuse(source, start, format_args!("unknown pragma value {}", Quoted(word))));
    };
    lexer.skip_blanks();
    match lexer.peek() {
        None | Some(b'\n') => Ok(value),
        _ => Err(refuse(source, lexer.offset, format_args!("expected the end of the line after the pragma"))),
    }
}

fn fp_mode(word: &[u8]) -> Option<FpMode> {
    match word {
        b"strict" => Some(FpMode::Strict),
        b"contract" => Some(FpMode::Contract),
        b"fast" => Some(FpMode::Fast),
        _ => None,
    }
}

fn compiler(word: &[u8]) -> Option<Compiler> {
    Compiler::ALL.into_iter().find(|compiler| compiler.name().as_bytes() == word)
}

/// The floating-point mode: the pragma's, else that of `ME_DSL_FP_MODE`, else strict.
pub fn chosen_fp_mode(pragma: Option<FpMode>) -> FpMode {
    pragma.unwrap_or_else(|| {
        environment::with(c"ME_DSL_FP_MODE", |word| match word {
            Some(b"relaxed") => FpMode::Fast,
            Some(word) => fp_mode(word).unwrap_or_default(),
            None => FpMode::default(),
        })
    })
}

/// The compiled engine: that of `ME_DSL_JIT_COMPILER`, else the pragma's, else the in-process one.
pub fn chosen_compiler(pragma: Option<Compiler>) -> Compiler {
    let wanted = environment::with(c"ME_DSL_JIT_COMPILER", |word| compiler(word?));
    wanted.or(pragma).unwrap_or_default()
}
