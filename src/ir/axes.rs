//! The axes that a reduction goes along.

use std::fmt;

use super::{AxesId, ExprKind, Kernel, Stmt, Tables};
use crate::memory::{OutOfMemory, TryGrow};

/// What `axis=` and `keepdims=` of a reduction say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Axes {
    /// The axes whose items are reduced, negative ones counted from the end, in any order; `None` for all of them.
    /// Without any, each item is reduced by itself.
    pub list: Option<Vec<i32>>,
    /// Whether the axes that are reduced stay, with an extent of one.
    pub keepdims: bool,
}

impl Axes {
    /// Most dimensions of an array.
    pub const MAX_DIMENSIONS: usize = 32;

    /// The axes of the list; all of them for `None`.
    pub fn new(list: Option<&[i32]>, keepdims: bool) -> Result<Axes, OutOfMemory> {
        let mut list = list.map(Vec::try_copied).transpose()?;
        // Their order means nothing, and equal reductions are to be found.
        list.iter_mut().for_each(|list| list.sort_unstable());
        Ok(Axes { list, keepdims })
    }

    /// A copy.
    pub fn try_clone(&self) -> Result<Axes, OutOfMemory> {
        Axes::new(self.list.as_deref(), self.keepdims)
    }

    /// For each of `ndim` dimensions, at most [`Axes::MAX_DIMENSIONS`], whether it is reduced: bit `d` stands for
    /// dimension `d`.
    pub fn reduced(&self, ndim: usize) -> Result<u32, AxesError> {
        let Some(list) = &self.list else { return Ok((0..ndim).fold(0, |all, d| all | 1 << d)) };
        let mut reduced = 0;
        for &axis in list {
            let from_start = if axis < 0 { i64::from(axis) + ndim as i64 } else { axis.into() };
            let d = usize::try_from(from_start).ok().filter(|d| *d < ndim);
            let d = d.ok_or(AxesError::OutOfRange { axis, ndim })?;
            if reduced >> d & 1 == 1 {
                return Err(AxesError::Repeated { axis });
            }
            reduced |= 1 << d;
        }
        Ok(reduced)
    }
}

/// As the keywords of a call.
impl fmt::Display for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.list {
            Some(list) => write!(f, "axis={list:?}")?,
            None => write!(f, "axis=None")?,
        }
        if self.keepdims { write!(f, " keepdims") } else { Ok(()) }
    }
}

/// Axes that an array of a number of dimensions does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxesError {
    OutOfRange { axis: i32, ndim: usize },
    Repeated { axis: i32 },
}

impl fmt::Display for AxesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AxesError::OutOfRange { axis, ndim } => {
                write!(f, "axis {axis} is out of range for {ndim} dimensions")
            }
            AxesError::Repeated { axis } => write!(f, "axis {axis} is given twice"),
        }
    }
}

impl Tables {
    /// The axes by number, those of equal reductions once; `None` for all items without `keepdims`.
    pub fn add_axes(&mut self, axes: Axes) -> Result<Option<AxesId>, OutOfMemory> {
        if axes == Axes::default() {
            return Ok(None);
        }
        let known = self.axes.iter().position(|known| *known == axes);
        let index = match known {
            Some(index) => index,
            None => {
                self.axes.try_push(axes)?;
                self.axes.len() - 1
            }
        };
        u32::try_from(index).map(Some).map_err(|_| OutOfMemory)
    }
}

impl Kernel {
    /// Gives axes to the reduction whose value the kernel returns; `false` if it returns anything else.
    pub fn reduce_along(&mut self, axes: Axes) -> Result<bool, OutOfMemory> {
        let [Stmt::Return(root)] = self.body[..] else { return Ok(false) };
        let value = match self.graph.expr(root).kind {
            ExprKind::Cast(value) => value,
            _ => root,
        };
        let ExprKind::Reduce(op, operand, _) = self.graph.expr(value).kind else { return Ok(false) };
        // Nothing else uses the value: it would come after the root.
        self.graph.exprs[value.index()].kind = ExprKind::Reduce(op, operand, self.tables.add_axes(axes)?);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(list: &[i32], ndim: usize) -> Result<u32, AxesError> {
        Axes::new(Some(list), false).unwrap().reduced(ndim)
    }

    #[test]
    fn axes_become_dimensions() {
        assert_eq!(reduced(&[0], 3), Ok(0b001));
        assert_eq!(reduced(&[-1, 0], 3), Ok(0b101));
        assert_eq!(reduced(&[], 3), Ok(0));
        assert_eq!(reduced(&[], 0), Ok(0));
        assert_eq!(Axes::default().reduced(0), Ok(0));
        assert_eq!(Axes::default().reduced(3), Ok(0b111));
        assert_eq!(Axes::default().reduced(32), Ok(u32::MAX));
        assert_eq!(reduced(&[31], 32), Ok(1 << 31));
    }

    #[test]
    fn axes_that_an_array_lacks_are_refused() {
        assert_eq!(reduced(&[3], 3), Err(AxesError::OutOfRange { axis: 3, ndim: 3 }));
        assert_eq!(reduced(&[-4], 3), Err(AxesError::OutOfRange { axis: -4, ndim: 3 }));
        assert_eq!(reduced(&[0], 0), Err(AxesError::OutOfRange { axis: 0, ndim: 0 }));
        assert_eq!(reduced(&[i32::MIN], 2), Err(AxesError::OutOfRange { axis: i32::MIN, ndim: 2 }));
        assert_eq!(reduced(&[1, -1], 2), Err(AxesError::Repeated { axis: 1 }));
        let message = reduced(&[2], 2).unwrap_err().to_string();
        assert_eq!(message, "axis 2 is out of range for 2 dimensions");
    }

    #[test]
    fn equal_axes_have_one_number() {
        let mut tables = Tables::default();
        let mut add = |list, keepdims| tables.add_axes(Axes::new(list, keepdims).unwrap()).unwrap();
        assert_eq!(add(None, false), None);
        assert_eq!(add(Some(&[2, 0]), false), Some(0));
        assert_eq!(add(Some(&[0, 2]), true), Some(1));
        assert_eq!(add(None, true), Some(2));
        assert_eq!(add(Some(&[0, 2]), false), Some(0));
    }
}
