//! Arrays of any numeric dtype, to and from little-endian bytes.

use miniexpr::{ArrayRef, Complex, Dtype, Error, Expression, Item, JitMode};

/// An item and its bytes.
trait Bytes: Item {
    fn read(bytes: &[u8]) -> Self;
    fn write(&self, bytes: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Bytes for $number {
            fn read(bytes: &[u8]) -> Self {
                <$number>::from_le_bytes(bytes.try_into().expect("as many bytes as the number has"))
            }

            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }
        })*
    };
}

numbers!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

impl Bytes for bool {
    fn read(bytes: &[u8]) -> bool {
        bytes[0] != 0
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push((*self).into());
    }
}

macro_rules! complex {
    ($($part:ty),*) => {
        $(impl Bytes for Complex<$part> {
            fn read(bytes: &[u8]) -> Self {
                let (re, im) = bytes.split_at(bytes.len() / 2);
                Complex::new(<$part>::read(re), <$part>::read(im))
            }

            fn write(&self, bytes: &mut Vec<u8>) {
                self.re.write(bytes);
                self.im.write(bytes);
            }
        })*
    };
}

complex!(f32, f64);

macro_rules! arrays {
    ($($dtype:ident: $item:ty,)*) => {
        /// An array of a numeric dtype.
        pub enum Array {
            $($dtype(Vec<$item>),)*
        }

        impl Array {
            /// The items that `bytes` hold one after the other.
            pub fn from_bytes(dtype: Dtype, bytes: &[u8]) -> Array {
                let items = bytes.chunks_exact(dtype.size());
                match dtype {
                    $(Dtype::$dtype => Array::$dtype(items.map(Bytes::read).collect()),)*
                    Dtype::String | Dtype::Bytes => panic!("strings are no numbers"),
                }
            }

            pub fn to_bytes(&self) -> Vec<u8> {
                let mut bytes = Vec::new();
                match self {
                    $(Array::$dtype(items) => items.iter().for_each(|item| item.write(&mut bytes)),)*
                }
                bytes
            }

            pub fn view(&self) -> ArrayRef<'_> {
                match self {
                    $(Array::$dtype(items) => items.into(),)*
                }
            }

            /// What the expression gives for these inputs.
            pub fn evaluate(
                expression: &Expression,
                inputs: &[ArrayRef<'_>],
                mode: JitMode,
            ) -> Result<Array, Error> {
                let evaluation = expression.evaluation().jit(mode);
                match expression.dtype() {
                    $(Dtype::$dtype => evaluation.run_to_vec(inputs).map(Array::$dtype),)*
                    Dtype::String | Dtype::Bytes => panic!("strings are no numbers"),
                }
            }
        }
    };
}

arrays! {
    Bool: bool,
    Int8: i8,
    Int16: i16,
    Int32: i32,
    Int64: i64,
    UInt8: u8,
    UInt16: u16,
    UInt32: u32,
    UInt64: u64,
    Float32: f32,
    Float64: f64,
    Complex64: Complex<f32>,
    Complex128: Complex<f64>,
}
