//! Images: their shapes, and PNG files.

use std::io::{Cursor, Write};

use anyhow::{Result, bail};
use miniexpr::Dtype;
use png::{BitDepth, ColorType, Transformations};

use crate::array::{Array, shape_text, swap_bytes};
use crate::print::Items;
use crate::source::Source;

pub const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The extents of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extents {
    pub height: u32,
    pub width: u32,
    pub channels: u32,
}

impl Extents {
    /// Height and width, and the channels if there are several.
    pub fn shape(self) -> Vec<usize> {
        let mut shape = vec![self.height as usize, self.width as usize];
        if self.channels > 1 {
            shape.push(self.channels as usize);
        }
        shape
    }

    /// The image that an array of a shape is, of at most `most` channels.
    fn of(shape: &[usize], most: u32) -> Option<Extents> {
        let extent = |extent: usize| u32::try_from(extent).ok().filter(|extent| *extent > 0);
        match *shape {
            [height, width] => Some(Extents { height: extent(height)?, width: extent(width)?, channels: 1 }),
            [height, width, channels] => {
                let channels = extent(channels).filter(|channels| *channels <= most)?;
                Some(Extents { height: extent(height)?, width: extent(width)?, channels })
            }
            _ => None,
        }
    }
}

/// The channel of a name, or of a number from 0.
pub fn channel(image: &Array, name: &str) -> Result<Array> {
    let number = match name {
        "r" => Some(0),
        "g" => Some(1),
        "b" => Some(2),
        // The last of two or of four.
        "a" => image.shape.get(2).filter(|channels| channels.is_multiple_of(2)).map(|channels| channels - 1),
        _ => name.parse().ok(),
    };
    let found = match image.shape.len() {
        3 => number.and_then(|number| image.at_last(number)),
        // A grey image is its only channel.
        _ => (number == Some(0)).then(|| image.clone()),
    };
    let channels = image.shape.get(2).unwrap_or(&1);
    found.ok_or_else(|| anyhow::anyhow!("has no channel '{name}'; there are {channels}, numbered from 0"))
}

/// An image as files hold it: numbers of 16 bits with the high byte first.
pub struct Pixels {
    pub extents: Extents,
    pub is_16_bit: bool,
    pub bytes: Vec<u8>,
}

/// The pixels of a result; bools become black and white.
pub fn pixels(shape: &[usize], items: &Items, most_channels: u32) -> Result<Pixels> {
    let Some(extents) = Extents::of(shape, most_channels) else {
        let shape = shape_text(shape);
        bail!(
            "an image has the shape (height, width), or (height, width, channels) with at most {most_channels} \
             channels; the result has {shape}"
        );
    };
    let bytes = items.bytes;
    let (is_16_bit, bytes) = match items.dtype {
        Dtype::Bool => (false, bytes.iter().map(|byte| if *byte == 0 { 0 } else { 255 }).collect()),
        Dtype::UInt8 => (false, bytes.to_vec()),
        Dtype::UInt16 => (true, big_endian(bytes.to_vec())),
        dtype => bail!(
            "images take uint8, uint16 and bool, and the result is {dtype}; convert it by --dtype uint8"
        ),
    };
    Ok(Pixels { extents, is_16_bit, bytes })
}

/// Numbers of 16 bits from the byte order of the machine to that of image files, or back.
pub fn big_endian(mut bytes: Vec<u8>) -> Vec<u8> {
    if cfg!(target_endian = "little") {
        swap_bytes(&mut bytes, 2);
    }
    bytes
}

/// The image of a PNG file, colours instead of a palette, and at least 8 bits for a value.
pub fn read(source: &Source) -> Result<Array> {
    let mut decoder = png::Decoder::new(Cursor::new(&source[..]));
    decoder.set_transformations(Transformations::EXPAND);
    let mut reader = decoder.read_info()?;
    let mut bytes = Vec::new();
    match reader.output_buffer_size() {
        Some(size) if bytes.try_reserve_exact(size).is_ok() => bytes.resize(size, 0),
        _ => bail!("is larger than the memory"),
    }
    let frame = reader.next_frame(&mut bytes)?;
    bytes.truncate(frame.buffer_size());
    let channels = frame.color_type.samples() as u32;
    let shape = Extents { height: frame.height, width: frame.width, channels }.shape();
    match frame.bit_depth {
        BitDepth::Sixteen => Array::of_bytes(big_endian(bytes), (Dtype::UInt16, 2), shape),
        _ => Array::of_bytes(bytes, (Dtype::UInt8, 1), shape),
    }
}

/// Writes a PNG file.
pub fn write(mut writer: impl Write, shape: &[usize], items: &Items) -> Result<()> {
    let Pixels { extents, is_16_bit, bytes } = pixels(shape, items, 4)?;
    // In memory first: errors of files keep their kind.
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, extents.width, extents.height);
    encoder.set_color(match extents.channels {
        1 => ColorType::Grayscale,
        2 => ColorType::GrayscaleAlpha,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    });
    encoder.set_depth(if is_16_bit { BitDepth::Sixteen } else { BitDepth::Eight });
    let mut image = encoder.write_header()?;
    image.write_image_data(&bytes)?;
    image.finish()?;
    Ok(writer.write_all(&file)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_come_back() {
        for (dtype, itemsize) in [(Dtype::UInt8, 1), (Dtype::UInt16, 2)] {
            for shape in [vec![2, 3], vec![2, 3, 2], vec![2, 3, 3], vec![1, 1, 4]] {
                let size = shape.iter().product::<usize>() * itemsize;
                let bytes: Vec<u8> = (0..size as u8).map(|byte| byte.wrapping_mul(37)).collect();
                let mut file = Vec::new();
                write(&mut file, &shape, &Items { dtype, itemsize, bytes: &bytes }).unwrap();
                let array = read(&Source::from(file)).unwrap();
                assert_eq!((array.dtype, &array.shape), (dtype, &shape));
                let copy = miniexpr::Expression::builder("x").variable("x", dtype).compile().unwrap();
                let mut out = vec![0; size];
                let view = miniexpr::ArrayMut::from_bytes(&mut out, dtype, itemsize, &shape).unwrap();
                copy.evaluate(&[array.view().unwrap()], view).unwrap();
                assert_eq!(out, bytes);
            }
        }
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let refused = |shape: &[usize], dtype: Dtype| {
            let bytes = vec![0; shape.iter().product::<usize>() * dtype.size()];
            write(Vec::new(), shape, &Items { dtype, itemsize: dtype.size(), bytes: &bytes })
                .unwrap_err()
                .to_string()
        };
        assert!(refused(&[4], Dtype::UInt8).ends_with("at most 4 channels; the result has (4,)"));
        assert!(refused(&[1, 1, 5], Dtype::UInt8).ends_with("the result has (1, 1, 5)"));
        assert!(refused(&[0, 3], Dtype::UInt8).ends_with("the result has (0, 3)"));
        let message =
            "images take uint8, uint16 and bool, and the result is float64; convert it by --dtype uint8";
        assert_eq!(refused(&[1, 1], Dtype::Float64), message);
        assert!(read(&Source::from(MAGIC.to_vec())).is_err());
    }

    #[test]
    fn channels_have_names_and_numbers() {
        let grey = Array::of_bytes(vec![0; 6], (Dtype::UInt8, 1), vec![2, 3]).unwrap();
        assert_eq!(channel(&grey, "0").unwrap().shape, [2, 3]);
        assert!(channel(&grey, "1").is_err());
        let image = Array::of_bytes(vec![0; 8], (Dtype::UInt8, 1), vec![2, 1, 4]).unwrap();
        assert!(["r", "g", "b", "a", "3"].iter().all(|name| channel(&image, name).unwrap().shape == [2, 1]));
        let error = channel(&image, "4").unwrap_err().to_string();
        assert_eq!(error, "has no channel '4'; there are 4, numbered from 0");
        let rgb = Array::of_bytes(vec![0; 6], (Dtype::UInt8, 1), vec![2, 1, 3]).unwrap();
        assert!(channel(&rgb, "a").is_err());
    }
}
