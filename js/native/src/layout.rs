//! How the items of the arrays of a call lie: numbers that the front writes into one array.
//!
//! First the number of threads; then for each array, the output before the inputs, the number of its dimensions, the
//! byte at which it begins, its extents, and its strides in bytes.

use miniexpr::{ArrayMut, ArrayRef, Dtype, Error, ErrorKind};

/// The layouts of a call, read from the front's numbers.
pub struct Layouts {
    /// Threads; 0 for as many as there are.
    pub threads: usize,
    arrays: Vec<Layout>,
    shapes: Vec<usize>,
    strides: Vec<isize>,
}

struct Layout {
    first: usize,
    /// Where the extents and strides begin.
    start: usize,
    ndim: usize,
}

/// Numbers beyond this are not exact in JavaScript.
const LARGEST: f64 = 9_007_199_254_740_991.0;

impl Layouts {
    /// Reads the layouts of `count` arrays.
    pub fn read(numbers: &[f64], count: usize) -> Result<Layouts, Error> {
        let mut numbers = numbers.iter().copied();
        let mut next = || numbers.next().ok_or_else(malformed);
        let threads = index(next()?)?;
        let mut layouts = Layouts {
            threads,
            arrays: Vec::with_capacity(count),
            shapes: Vec::with_capacity(count),
            strides: Vec::with_capacity(count),
        };
        for _ in 0..count {
            let (ndim, first) = (index(next()?)?, index(next()?)?);
            layouts.arrays.push(Layout { first, start: layouts.shapes.len(), ndim });
            for _ in 0..ndim {
                layouts.shapes.push(index(next()?)?);
            }
            for _ in 0..ndim {
                layouts.strides.push(stride(next()?)?);
            }
        }
        Ok(layouts)
    }

    /// Array number `array` over `bytes`.
    pub fn view<'a>(
        &'a self,
        array: usize,
        bytes: &'a [u8],
        dtype: Dtype,
        itemsize: usize,
    ) -> Result<ArrayRef<'a>, Error> {
        let (first, shape, strides) = self.parts(array)?;
        ArrayRef::from_strided_bytes(bytes, first, dtype, itemsize, shape, strides)
    }

    /// The output over `bytes`.
    pub fn output<'a>(
        &'a self,
        bytes: &'a mut [u8],
        dtype: Dtype,
        itemsize: usize,
    ) -> Result<ArrayMut<'a>, Error> {
        let (first, shape, strides) = self.parts(0)?;
        ArrayMut::from_strided_bytes(bytes, first, dtype, itemsize, shape, strides)
    }

    fn parts(&self, array: usize) -> Result<(usize, &[usize], &[isize]), Error> {
        let Layout { first, start, ndim } = *self.arrays.get(array).ok_or_else(malformed)?;
        let dimensions = start..start + ndim;
        Ok((first, &self.shapes[dimensions.clone()], &self.strides[dimensions]))
    }
}

fn malformed() -> Error {
    Error::new(ErrorKind::InvalidArgument, format_args!("the layouts of the arrays are malformed"))
}

fn index(number: f64) -> Result<usize, Error> {
    match number.fract() == 0.0 && (0.0..=LARGEST).contains(&number) {
        true => Ok(number as usize),
        false => Err(malformed()),
    }
}

fn stride(number: f64) -> Result<isize, Error> {
    match number.fract() == 0.0 && number.abs() <= LARGEST {
        true => Ok(number as isize),
        false => Err(malformed()),
    }
}
