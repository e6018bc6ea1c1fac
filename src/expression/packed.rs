//! String results of their own lengths, packed one after the other.

use super::Expression;
use crate::error::{Error, ErrorKind};
use crate::ir::Type;
use crate::kernel::string::{Column, utf8};

impl Expression {
    /// Packs string results, slots of the output's type one after the other, as Arrow's large_string and
    /// large_binary do: value `i` goes to `data[starts[i]..starts[i + 1]]`, text as UTF-8. `starts` has room for
    /// one number more than there are items. Gives the bytes written.
    ///
    /// An error where the data do not fit.
    pub(crate) fn pack(&self, slots: &[u8], starts: &mut [i64], data: &mut [u8]) -> Result<usize, Error> {
        let Type { dtype, itemsize } = self.program.kernel.output;
        let column = Column { bytes: slots, itemsize, scalar: false };
        let used = utf8::pack(dtype, column, &mut starts[1..], data, 0).map_err(|_| {
            let message = format_args!("the strings take more than {} bytes", data.len());
            Error::new(ErrorKind::Shape, message)
        })?;
        starts[0] = 0;
        Ok(used)
    }
}
