//! What a command line asks for.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::CommandFactory;
use clap::error::ErrorKind;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use miniexpr::{Accuracy, ArrayMut, ArrayRef, Expression};

use crate::binding::Inputs;
use crate::inform;
use crate::options::{Format, Options};
use crate::output::{Output, interrupt_flag};
use crate::print::{self, Items};

pub fn run(options: &Options) -> Result<()> {
    if let Some(word) = &options.list {
        return inform::list(word, options.dialect.dialect());
    }
    let (text, arguments) = text_and_arguments(options)?;
    let inputs = Inputs::read(arguments, &text, options)?;
    let expression = inputs.compile(&text, options)?;
    if options.check {
        return Ok(());
    }
    if let Some(what) = options.explain {
        return inform::explain(&expression, what);
    }
    let job = Job { expression, inputs, options };
    match &options.output {
        None => job.print(),
        Some(path) => job.write(path).with_context(|| path.display().to_string()),
    }
}

/// The text that is compiled, and the arguments that are inputs.
fn text_and_arguments(options: &Options) -> Result<(String, &[String])> {
    if let Some(path) = &options.file {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        return Ok((text, &options.arguments));
    }
    match options.arguments.split_first() {
        Some((text, inputs)) => Ok((text.clone(), inputs)),
        None => {
            let message = "an expression is missing; `miniexpr --help` shows examples";
            Options::command().error(ErrorKind::MissingRequiredArgument, message).exit()
        }
    }
}

/// An expression with what it is evaluated over.
struct Job<'a> {
    expression: Expression,
    inputs: Inputs,
    options: &'a Options,
}

impl Job<'_> {
    fn print(&self) -> Result<()> {
        let views = self.inputs.views()?;
        let shape = self.expression.result_shape(&views)?;
        let bytes = self.in_memory(&views, &shape, None)?;
        Ok(print::print(&mut io::stdout().lock(), &shape, &self.items(&bytes))?)
    }

    fn write(&self, path: &Path) -> Result<()> {
        let format = self.options.to.or_else(|| Format::of_path(path)).context(
            "its name does not tell a format; name it .npy, .csv, .tsv, .raw, .png or .ppm, or use --to",
        )?;
        let table = self.inputs.table.as_ref().filter(|_| self.options.append);
        if self.options.append && (table.is_none() || !matches!(format, Format::Csv | Format::Tsv)) {
            bail!("--append takes a table as the input, and one as the output");
        }
        let views = self.inputs.views()?;
        let shape = self.expression.result_shape(&views)?;
        let interrupt = interrupt_flag()?;
        let mut output = Output::create(path)?;
        let size = self.size(&shape)?;
        let start = Instant::now();
        let header = format.header(&shape, &self.items(&[]));
        let seconds = match header.and_then(|header| output.map(&header, size)) {
            Some(mut mapped) => {
                self.evaluate(&views, &shape, mapped.items(), Some(&interrupt))?;
                start.elapsed()
            }
            None => {
                let bytes = self.in_memory(&views, &shape, Some(&interrupt))?;
                let seconds = start.elapsed();
                output
                    .write(|writer| format.write(writer, self.options, table, &shape, &self.items(&bytes)))?;
                seconds
            }
        };
        output.finish()?;
        if self.options.verbose {
            let items = size / self.expression.itemsize();
            let milliseconds = seconds.as_secs_f64() * 1e3;
            writeln!(io::stderr(), "{}: {items} items in {milliseconds:.3} ms", path.display())?;
        }
        Ok(())
    }

    fn items<'b>(&self, bytes: &'b [u8]) -> Items<'b> {
        Items { dtype: self.expression.dtype(), itemsize: self.expression.itemsize(), bytes }
    }

    /// Bytes of a result.
    fn size(&self, shape: &[usize]) -> Result<usize> {
        let items = shape.iter().try_fold(1usize, |items, extent| items.checked_mul(*extent));
        items
            .and_then(|items| items.checked_mul(self.expression.itemsize()))
            .context("the result is too large")
    }

    fn in_memory(
        &self,
        views: &[ArrayRef<'_>],
        shape: &[usize],
        interrupt: Option<&AtomicBool>,
    ) -> Result<Vec<u8>> {
        let size = self.size(shape)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).context("there is not enough memory for the result")?;
        bytes.resize(size, 0);
        self.evaluate(views, shape, &mut bytes, interrupt)?;
        Ok(bytes)
    }

    fn evaluate(
        &self,
        views: &[ArrayRef<'_>],
        shape: &[usize],
        bytes: &mut [u8],
        interrupt: Option<&AtomicBool>,
    ) -> Result<(), miniexpr::Error> {
        let expression = &self.expression;
        let output = ArrayMut::from_bytes(bytes, expression.dtype(), expression.itemsize(), shape)?;
        let mut evaluation = expression.evaluation().threads(self.options.threads.into());
        if let Some(interrupt) = interrupt {
            evaluation = evaluation.cancel(interrupt);
        }
        if self.options.precise {
            evaluation = evaluation.accuracy(Accuracy::Precise);
        }
        if !self.options.quiet {
            evaluation = evaluation.progress(bar());
        }
        evaluation.run(views, output)
    }
}

/// A bar on the terminal, for work that takes long.
fn bar() -> impl FnMut(usize, usize) {
    const PATIENCE: Duration = Duration::from_millis(500);
    let start = Instant::now();
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    let style = ProgressStyle::with_template("[{bar:40}] {percent:>3} % {eta:>4}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    let mut is_shown = false;
    move |done, all| {
        if !is_shown && start.elapsed() > PATIENCE {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar.set_length(all as u64);
            is_shown = true;
        }
        bar.set_position(done as u64);
        if done == all {
            bar.finish_and_clear();
        }
    }
}
