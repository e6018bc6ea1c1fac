//! Files of items alone: `FILE:DTYPE` and `FILE:DTYPE:SHAPE`.

use anyhow::{Result, anyhow, bail};
use miniexpr::Dtype;

use crate::array::{Array, Order, shape_text, swap_bytes, unit_of};
use crate::options::parse_dtype;
use crate::source::Source;

/// The array of a file; `details` are its dtype, and its shape, if there is more than one dimension.
pub fn read(source: &Source, details: &str) -> Result<Array> {
    let (code, shape) = match details.split_once(':') {
        Some((code, shape)) => (code, Some(parse_shape(shape)?)),
        None => (details, None),
    };
    let name = code.trim_start_matches(['<', '>']);
    let dtype = parse_dtype(name).map_err(|message| anyhow!(message))?;
    let whole = source.len() / dtype.size();
    let shape = shape.unwrap_or_else(|| vec![whole]);
    let items = shape.iter().try_fold(1usize, |items, extent| items.checked_mul(*extent));
    if items.and_then(|items| items.checked_mul(dtype.size())) != Some(source.len()) {
        let (bytes, shape) = (source.len(), shape_text(&shape));
        bail!("has {bytes} bytes, which are not {dtype} items of the shape {shape}");
    }
    let is_native = !code.starts_with(['<', '>']) || code.starts_with('<') == cfg!(target_endian = "little");
    if is_native {
        return Array::new(source.clone(), 0, (dtype, dtype.size()), shape, Order::C);
    }
    let mut bytes = source.to_vec();
    swap_bytes(&mut bytes, unit_of(dtype));
    Array::of_bytes(bytes, (dtype, dtype.size()), shape)
}

/// Whether details are those of a raw file: they begin with a dtype.
pub fn is_raw(details: &str) -> bool {
    let name = details.split(':').next().unwrap_or_default().trim_start_matches(['<', '>']);
    Dtype::NUMERIC.iter().any(|dtype| dtype.name() == name)
}

/// Extents with `x` between them.
fn parse_shape(text: &str) -> Result<Vec<usize>> {
    let extents = text.split('x').map(str::parse);
    extents.collect::<Result<_, _>>().map_err(|_| anyhow!("'{text}' is no shape; write 480x640"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_a_dtype_and_a_shape() {
        let source = Source::from(vec![0; 24]);
        let shape = |details| read(&source, details).map(|array| (array.dtype, array.shape));
        assert_eq!(shape("float32").unwrap(), (Dtype::Float32, vec![6]));
        assert_eq!(shape(">int16:3x4").unwrap(), (Dtype::Int16, vec![3, 4]));
        let refused = |details| shape(details).unwrap_err().to_string();
        assert_eq!(refused("float32:7"), "has 24 bytes, which are not float32 items of the shape (7,)");
        assert_eq!(refused("complex128"), "has 24 bytes, which are not complex128 items of the shape (1,)");
        assert_eq!(refused("uint8:4*6"), "'4*6' is no shape; write 480x640");
        assert!(refused("f4").starts_with("there is no dtype 'f4'"));
        assert!(is_raw("<uint8:2x2") && is_raw("bool") && !is_raw("price") && !is_raw(""));
    }

    #[test]
    fn bytes_are_turned() {
        let array = read(&Source::from(vec![1, 0, 0, 2]), ">uint16").unwrap();
        let copy = miniexpr::Expression::builder("x").variable("x", Dtype::UInt16).compile().unwrap();
        assert_eq!(copy.evaluate_to_vec::<u16>(&[array.view().unwrap()]).unwrap(), [256, 2]);
    }
}
