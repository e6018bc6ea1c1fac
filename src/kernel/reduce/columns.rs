//! Reductions of the columns of a table: items that lie side by side belong to different results.
//!
//! Rows are added a few at a time to states that lie as the columns do, so the loops go along the memory. A
//! floating-point sum or product of a column has the tree of `pairwise` over its items: of a chunk of [`GRAIN`] rows,
//! those 32 rows apart come together, in the order in which the tree needs their results. So a few states are open at
//! a time, however many rows there are.

use std::ops::Range;

use super::column_loop::{
    Best, ColumnFold, Extremum, Facts, GROUP, Halves, Line, OverColumns, PLANE, Pairwise, States, Task,
    Truths, Work, Wrapping, state, state_bytes, write_neutral, write_result, write_results,
};
use super::extremum::{Greatest, Least};
use super::integer::BoolByte;
use super::level_dispatch::{loop_at_level, loop_at_level_of_rare_loops};
use super::pairwise::{Combine, Product, Sum};
use super::{GRAIN, Level, ReduceOp};
use crate::dtype::{Complex, Dtype, Scalar};
use crate::memory::{OutOfMemory, TryGrow};

/// Groups of a whole chunk.
const GROUPS: usize = GRAIN / GROUP;
/// Most states of a chunk that wait for their right neighbours.
const OPEN: usize = GROUPS.ilog2() as usize;
/// Columns that are reduced together: the states that are open stay in the first-level cache.
const TILE: usize = 512;
/// Columns that are reduced together where they lie apart: so do the items of a few of them, which share lines.
const TILE_APART: usize = 64;
/// Bytes of a row of columns that are computed and reduced together, where a column has one state alone.
const TILE_COMPUTED: usize = 8192;
/// Rows after which 64 bits might not hold the total of integers of 32 bits.
const ROWS_OF_TOTAL: usize = 1 << 30;

/// A few rows by their numbers, at equal distances: `first`, `first + step`, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowSet {
    pub first: usize,
    pub step: usize,
    pub count: usize,
}

impl RowSet {
    /// What `row` gives for each row; NULL for those that are not there.
    pub fn map(&self, row: impl Fn(usize) -> *const u8) -> [*const u8; GROUP] {
        std::array::from_fn(
            |k| if k < self.count { row(self.first + k * self.step) } else { std::ptr::null() },
        )
    }
}

/// Where the items of rows come from, on which depends how many columns are best reduced together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// From memory, where they lie side by side.
    SideBySide,
    /// From memory, with gaps between them.
    Apart,
    /// They are computed: few long rows cost less than many short ones.
    Computed,
}

/// Where a few rows lie in memory.
#[derive(Clone, Copy, Debug)]
pub struct RowsInMemory {
    /// The first item of each row.
    pub rows: [*const u8; GROUP],
    /// Bytes from one column to the next.
    pub column: isize,
}

/// A reduction of the columns of tables with items of one dtype. What it gives is what [`Reducer`](super::Reducer)
/// gives for the items of a column.
#[derive(Clone, Copy, Debug)]
pub struct ColumnReducer {
    op: ReduceOp,
    itemsize: usize,
    is_ordered: bool,
    /// Whether it is the mean of integers, whose total may be too large for a state.
    is_total: bool,
    state_bytes: usize,
    run: unsafe fn(&Work),
    write: unsafe fn(States, usize, Facts, *mut u8, Dtype),
    /// The state of a column, as a result.
    state: unsafe fn(States, usize) -> Scalar,
    write_neutral: unsafe fn(*mut u8, usize),
}

impl ColumnReducer {
    /// The reduction of columns of `dtype`. `None` where the operation is not defined, as for
    /// [`Reducer::new`](super::Reducer::new), and for counts, deviations and positions, which only lines have. On
    /// WebAssembly none has columns: they would take a quarter of the module.
    pub fn new(op: ReduceOp, dtype: Dtype, level: Level) -> Option<ColumnReducer> {
        if cfg!(target_family = "wasm") {
            return None;
        }
        let is_exact = !dtype.is_float() && !dtype.is_complex();
        let reducer = match op {
            ReduceOp::Any => truth::<false>(dtype, level)?,
            ReduceOp::All => truth::<true>(dtype, level)?,
            ReduceOp::Min => smallest_or_largest::<false>(dtype, level)?,
            ReduceOp::Max => smallest_or_largest::<true>(dtype, level)?,
            ReduceOp::Mean if is_exact => ColumnReducer { is_total: true, ..integer_total(dtype, level)? },
            ReduceOp::Sum if is_exact => wrapping::<false>(dtype, level)?,
            ReduceOp::Prod if is_exact => wrapping::<true>(dtype, level)?,
            ReduceOp::Mean | ReduceOp::Sum => pairwise::<Sum>(dtype, level)?,
            ReduceOp::Prod => pairwise::<Product>(dtype, level)?,
            ReduceOp::Count | ReduceOp::Deviations | ReduceOp::ArgMin | ReduceOp::ArgMax => return None,
        };
        Some(ColumnReducer { op, itemsize: dtype.size(), ..reducer })
    }

    fn of<F: ColumnFold>(run: unsafe fn(&Work)) -> ColumnReducer {
        ColumnReducer {
            op: ReduceOp::Sum,
            itemsize: 0,
            is_ordered: F::IS_ORDERED,
            is_total: false,
            state_bytes: state_bytes::<F>(),
            run,
            write: write_results::<F>,
            state: state::<F>,
            write_neutral: write_neutral::<F>,
        }
    }

    fn at_level<F: ColumnFold>(level: Level) -> Option<ColumnReducer> {
        Some(ColumnReducer::of::<F>(loop_at_level::<OverColumns<F>>(level)))
    }

    fn rare<F: ColumnFold>(level: Level) -> Option<ColumnReducer> {
        Some(ColumnReducer::of::<F>(loop_at_level_of_rare_loops::<OverColumns<F>>(level)))
    }
}

/// Sums or products of floating-point numbers.
fn pairwise<C>(dtype: Dtype, level: Level) -> Option<ColumnReducer>
where
    C: Combine<f64> + Combine<Complex<f64>>,
{
    match dtype {
        Dtype::Float32 => ColumnReducer::at_level::<Pairwise<f32, C>>(level),
        Dtype::Float64 => ColumnReducer::at_level::<Pairwise<f64, C>>(level),
        Dtype::Complex64 => ColumnReducer::rare::<Pairwise<Complex<f32>, C>>(level),
        Dtype::Complex128 => ColumnReducer::rare::<Pairwise<Complex<f64>, C>>(level),
        _ => None,
    }
}

/// Sums or products of bool and integers.
fn wrapping<const PRODUCT: bool>(dtype: Dtype, level: Level) -> Option<ColumnReducer> {
    match dtype {
        Dtype::Bool => ColumnReducer::rare::<Wrapping<BoolByte, PRODUCT>>(level),
        Dtype::Int8 => ColumnReducer::rare::<Wrapping<i8, PRODUCT>>(level),
        Dtype::Int16 => ColumnReducer::rare::<Wrapping<i16, PRODUCT>>(level),
        Dtype::Int32 => ColumnReducer::rare::<Wrapping<i32, PRODUCT>>(level),
        Dtype::Int64 => ColumnReducer::rare::<Wrapping<i64, PRODUCT>>(level),
        Dtype::UInt8 => ColumnReducer::rare::<Wrapping<u8, PRODUCT>>(level),
        Dtype::UInt16 => ColumnReducer::rare::<Wrapping<u16, PRODUCT>>(level),
        Dtype::UInt32 => ColumnReducer::rare::<Wrapping<u32, PRODUCT>>(level),
        Dtype::UInt64 => ColumnReducer::rare::<Wrapping<u64, PRODUCT>>(level),
        _ => None,
    }
}

/// Exact totals of bool and integers: sums that 64 bits hold, or halves.
fn integer_total(dtype: Dtype, level: Level) -> Option<ColumnReducer> {
    match dtype {
        Dtype::Int64 => ColumnReducer::rare::<Halves<i64>>(level),
        Dtype::UInt64 => ColumnReducer::rare::<Halves<u64>>(level),
        _ => wrapping::<false>(dtype, level),
    }
}

/// Smallest or, with `MAX`, largest items.
fn smallest_or_largest<const MAX: bool>(dtype: Dtype, level: Level) -> Option<ColumnReducer> {
    match dtype {
        Dtype::Bool => ColumnReducer::rare::<Best<BoolByte, MAX>>(level),
        Dtype::Int8 => ColumnReducer::rare::<Best<i8, MAX>>(level),
        Dtype::Int16 => ColumnReducer::rare::<Best<i16, MAX>>(level),
        Dtype::Int32 => ColumnReducer::rare::<Best<i32, MAX>>(level),
        Dtype::Int64 => ColumnReducer::rare::<Best<i64, MAX>>(level),
        Dtype::UInt8 => ColumnReducer::rare::<Best<u8, MAX>>(level),
        Dtype::UInt16 => ColumnReducer::rare::<Best<u16, MAX>>(level),
        Dtype::UInt32 => ColumnReducer::rare::<Best<u32, MAX>>(level),
        Dtype::UInt64 => ColumnReducer::rare::<Best<u64, MAX>>(level),
        Dtype::Float32 if MAX => ColumnReducer::at_level::<Extremum<f32, Greatest>>(level),
        Dtype::Float32 => ColumnReducer::at_level::<Extremum<f32, Least>>(level),
        Dtype::Float64 if MAX => ColumnReducer::at_level::<Extremum<f64, Greatest>>(level),
        Dtype::Float64 => ColumnReducer::at_level::<Extremum<f64, Least>>(level),
        Dtype::Complex64 | Dtype::Complex128 | Dtype::String | Dtype::Bytes => None,
    }
}

/// Truth of any item or, with `ALL`, of all.
fn truth<const ALL: bool>(dtype: Dtype, level: Level) -> Option<ColumnReducer> {
    match dtype {
        Dtype::Bool | Dtype::Int8 | Dtype::UInt8 => ColumnReducer::rare::<Truths<u8, ALL>>(level),
        Dtype::Int16 | Dtype::UInt16 => ColumnReducer::rare::<Truths<u16, ALL>>(level),
        Dtype::Int32 | Dtype::UInt32 => ColumnReducer::rare::<Truths<u32, ALL>>(level),
        Dtype::Int64 | Dtype::UInt64 => ColumnReducer::rare::<Truths<u64, ALL>>(level),
        Dtype::Float32 => ColumnReducer::rare::<Truths<f32, ALL>>(level),
        Dtype::Float64 => ColumnReducer::rare::<Truths<f64, ALL>>(level),
        Dtype::Complex64 => ColumnReducer::rare::<Truths<Complex<f32>, ALL>>(level),
        Dtype::Complex128 => ColumnReducer::rare::<Truths<Complex<f64>, ALL>>(level),
        Dtype::String | Dtype::Bytes => None,
    }
}

/// The reduction of the columns of a table in progress.
#[derive(Debug)]
pub struct ColumnAccumulator {
    reducer: ColumnReducer,
    columns: usize,
    /// Columns that there is room for.
    capacity: usize,
    rows: usize,
    /// Rows since the totals were brought up to date.
    rows_of_states: usize,
    /// The results of chunks so far, by the levels of a binary counter; of reductions that need no tree, the first
    /// level has all.
    levels: Vec<Area>,
    /// The states of a tile that wait for their right neighbours.
    open: [Area; OPEN],
    /// Items of a tile that change nothing.
    neutral: Area,
    /// Copies of rows that cannot be read where they are.
    copies: Area,
    /// What totals of integers have grown to; empty before they are needed.
    totals: Vec<i128>,
}

/// Memory.
#[derive(Default)]
struct Area(Vec<Line>);

impl std::fmt::Debug for Area {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} lines", self.0.len())
    }
}

impl Area {
    /// Makes room for this many columns, unless there is some.
    fn reserve(&mut self, columns: usize, bytes: usize) -> Result<(), OutOfMemory> {
        let bytes = columns.checked_mul(bytes).ok_or(OutOfMemory)?;
        let lines = bytes.div_ceil(size_of::<Line>());
        if self.0.len() < lines {
            self.0 = Vec::try_filled(Line::EMPTY, lines)?;
        }
        Ok(())
    }

    fn as_ptr(&self) -> *mut Line {
        self.0.as_ptr().cast_mut()
    }
}

impl ColumnAccumulator {
    /// A reduction of this many columns that has seen no rows. Small numbers are best, such as a few thousand: the states
    /// of the columns take a few times 8 bytes each.
    pub fn new(reducer: ColumnReducer, columns: usize) -> Result<ColumnAccumulator, OutOfMemory> {
        Ok(ColumnAccumulator {
            reducer,
            columns,
            capacity: columns.checked_next_multiple_of(PLANE).ok_or(OutOfMemory)?,
            rows: 0,
            rows_of_states: 0,
            levels: Vec::new(),
            open: [const { Area(Vec::new()) }; OPEN],
            neutral: Area::default(),
            copies: Area::default(),
            totals: Vec::new(),
        })
    }

    /// Rows so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Becomes a reduction of this many columns that has seen no rows. The memory is kept if it is large enough.
    pub fn restart(&mut self, columns: usize) -> Result<(), OutOfMemory> {
        if columns > self.capacity {
            *self = ColumnAccumulator::new(self.reducer, columns)?;
        }
        self.columns = columns;
        (self.rows, self.rows_of_states) = (0, 0);
        self.totals.clear();
        Ok(())
    }

    /// Adds rows that lie `row_stride` bytes apart, with columns `column_stride` bytes apart; they follow those of the
    /// calls before, which were multiples of [`GRAIN`] rows.
    ///
    /// # Safety
    /// The rows can be read: as many items as there are columns, of the reduction's dtype, at any alignment.
    pub unsafe fn update(
        &mut self,
        first: *const u8,
        rows: usize,
        row_stride: isize,
        column_stride: isize,
    ) -> Result<(), OutOfMemory> {
        let begin = self.rows;
        let columns = match column_stride == self.reducer.itemsize as isize {
            true => Columns::SideBySide,
            false => Columns::Apart,
        };
        let fetch = |columns: Range<usize>, set: RowSet| {
            let first = first.wrapping_offset((columns.start as isize).wrapping_mul(column_stride));
            let row = |row: usize| first.wrapping_offset(((row - begin) as isize).wrapping_mul(row_stride));
            Ok(RowsInMemory { rows: set.map(row), column: column_stride })
        };
        // SAFETY: as the caller promises.
        unsafe { self.update_with(rows, columns, fetch) }
    }

    /// Adds rows, as [`ColumnAccumulator::update`] does, that `fetch` gives when they are needed: for a range of
    /// columns, and a few rows by their numbers since the accumulator was started. Each item is asked for once. How many
    /// columns are asked for depends on where they come from. After an error of `fetch` the accumulator must be started
    /// again.
    ///
    /// # Safety
    /// What `fetch` gives can be read until it is called again.
    pub unsafe fn update_with<E: From<OutOfMemory>>(
        &mut self,
        rows: usize,
        columns: Columns,
        mut fetch: impl FnMut(Range<usize>, RowSet) -> Result<RowsInMemory, E>,
    ) -> Result<(), E> {
        let tile = match columns {
            Columns::SideBySide => TILE,
            Columns::Apart => TILE_APART,
            Columns::Computed => self.longest_tile(),
        };
        self.prepare()?;
        let mut done = 0;
        while done < rows {
            let part = (rows - done).min(GRAIN);
            let chunks = self.rows / GRAIN;
            let full = if self.reducer.is_ordered { chunks.trailing_ones() as usize } else { 0 };
            self.reserve_levels(full + 1)?;
            if self.reducer.is_total && self.rows_of_states >= ROWS_OF_TOTAL {
                self.bring_totals_up_to_date()?;
            }
            for start in (0..self.columns).step_by(tile) {
                let columns = start..self.columns.min(start + tile);
                // SAFETY: as the caller promises.
                unsafe {
                    match self.reducer.is_ordered {
                        true => self.add_chunk(full, part, columns, &mut fetch)?,
                        false => self.add_rows(part, columns, &mut fetch)?,
                    }
                }
            }
            if full > 0 {
                self.levels.swap(full, full - 1);
            }
            self.rows += part;
            self.rows_of_states += part;
            done += part;
        }
        Ok(())
    }

    /// Makes room for what a tile needs.
    fn prepare(&mut self) -> Result<(), OutOfMemory> {
        let ColumnReducer { itemsize, state_bytes, is_ordered, write_neutral, .. } = self.reducer;
        if self.neutral.0.is_empty() {
            let items = self.tile().capacity;
            self.neutral.reserve(items, itemsize)?;
            // SAFETY: there is room for the items.
            unsafe { write_neutral(self.neutral.as_ptr().cast(), items) };
        }
        if is_ordered {
            let columns = self.tile().capacity;
            self.open.iter_mut().try_for_each(|states| states.reserve(columns, state_bytes))?;
        }
        Ok(())
    }

    /// Adds some rows to some columns, which make a tile, in any order.
    ///
    /// # Safety
    /// As [`ColumnAccumulator::update_with`].
    unsafe fn add_rows<E: From<OutOfMemory>>(
        &mut self,
        rows: usize,
        columns: Range<usize>,
        fetch: &mut impl FnMut(Range<usize>, RowSet) -> Result<RowsInMemory, E>,
    ) -> Result<(), E> {
        let states = self.states(0, columns.start);
        for group in (0..rows).step_by(GROUP) {
            let set = RowSet { first: self.rows + group, step: 1, count: GROUP.min(rows - group) };
            let rows = fetch(columns.clone(), set)?;
            let is_first = self.rows_of_states + group == 0;
            // SAFETY: as the caller promises.
            unsafe { self.add_group(states, is_first, rows, set.count, columns.len())? };
        }
        Ok(())
    }

    /// Adds a chunk of some columns, which make a tile. The results of `full` levels become one with it.
    ///
    /// # Safety
    /// As [`ColumnAccumulator::update_with`].
    unsafe fn add_chunk<E: From<OutOfMemory>>(
        &mut self,
        full: usize,
        rows: usize,
        columns: Range<usize>,
        fetch: &mut impl FnMut(Range<usize>, RowSet) -> Result<RowsInMemory, E>,
    ) -> Result<(), E> {
        let count = columns.len();
        let mut slots = [self.states(full, columns.start); OPEN + 1];
        slots[1..]
            .iter_mut()
            .zip(&self.open)
            .for_each(|(slot, open)| *slot = States { first: open.as_ptr(), ..self.tile() });
        let mut open = 0;
        for group in (0..GROUPS).filter(|group| first_row(*group) < rows) {
            let row = first_row(group);
            let in_group = (rows - row).div_ceil(GROUPS).min(GROUP);
            let set = RowSet { first: self.rows + row, step: GROUPS, count: in_group };
            let fetched = fetch(columns.clone(), set)?;
            let joined = joined_by(group, rows);
            if joined == 0 {
                open += 1;
            }
            // SAFETY: as the caller promises.
            unsafe { self.add_group(slots[open - 1], joined == 0, fetched, in_group, count)? };
            for _ in 1..joined {
                self.join(slots[open - 2], slots[open - 1], count);
                open -= 1;
            }
        }
        if rows < GRAIN {
            // Items that are missing count as neutral.
            let rows = [self.neutral.as_ptr().cast::<u8>().cast_const(); GROUP];
            let work = Work { task: Task::AddRow, states: slots[0], rows, columns: count };
            // SAFETY: the states are those of the tile, which is not longer than the row.
            unsafe { (self.reducer.run)(&work) };
        }
        // As one is added to a binary counter.
        let mut result = slots[0];
        for level in 0..full {
            let left = self.states(level, columns.start);
            self.join(left, result, count);
            result = left;
        }
        Ok(())
    }

    /// Sets states to those of a group of rows, or joins these to them.
    ///
    /// # Safety
    /// The states are those of `columns` columns; the rows can be read.
    unsafe fn add_group(
        &mut self,
        states: States,
        is_first: bool,
        rows: RowsInMemory,
        count: usize,
        columns: usize,
    ) -> Result<(), OutOfMemory> {
        let task = match (count, is_first) {
            (1, true) => Task::SetRow,
            (1, false) => Task::AddRow,
            (_, true) => Task::SetGroup,
            (_, false) => Task::AddGroup,
        };
        // SAFETY: as the caller promises.
        unsafe {
            let rows = self.row_pointers(rows, count, columns)?;
            (self.reducer.run)(&Work { task, states, rows, columns });
        }
        Ok(())
    }

    /// The rows as loops take them: side by side, aligned, and those that are missing neutral.
    ///
    /// # Safety
    /// The rows can be read.
    unsafe fn row_pointers(
        &mut self,
        rows: RowsInMemory,
        count: usize,
        columns: usize,
    ) -> Result<[*const u8; GROUP], OutOfMemory> {
        let RowsInMemory { mut rows, column } = rows;
        let itemsize = self.reducer.itemsize;
        rows[count..].fill(self.neutral.as_ptr().cast::<u8>().cast_const());
        let is_aligned = |row: &*const u8| row.addr().is_multiple_of(itemsize.min(align_of::<f64>()));
        if column == itemsize as isize && rows.iter().all(is_aligned) {
            return Ok(rows);
        }
        let length = self.tile().capacity * itemsize;
        self.copies.reserve(GROUP, length)?;
        for (k, row) in rows[..count].iter_mut().enumerate() {
            let copy = self.copies.as_ptr().cast::<u8>().wrapping_add(k * length);
            // SAFETY: the caller vouches for the row; there is room for the items of a tile.
            unsafe { gather(*row, column, itemsize, columns, copy) };
            *row = copy;
        }
        Ok(rows)
    }

    /// Most columns that are reduced together.
    fn longest_tile(&self) -> usize {
        let ColumnReducer { is_ordered, itemsize, .. } = self.reducer;
        if is_ordered { TILE } else { TILE_COMPUTED / itemsize }
    }

    /// States of a tile, somewhere.
    fn tile(&self) -> States {
        States { first: std::ptr::null_mut(), capacity: self.capacity.min(self.longest_tile()), column: 0 }
    }

    /// The states of a level from a column on.
    fn states(&self, level: usize, column: usize) -> States {
        States { first: self.levels[level].as_ptr(), capacity: self.capacity, column }
    }

    /// Joins later states to others.
    fn join(&self, states: States, later: States, columns: usize) {
        let rows = [std::ptr::null(); GROUP];
        // SAFETY: there are states of that many columns, and no rows.
        unsafe { (self.reducer.run)(&Work { task: Task::Join(later), states, rows, columns }) };
    }

    /// Adds the rows of `later`, which follow those of this accumulator, and has the same reduction and columns. The
    /// result has the same bits as if this one had seen them, if the rows of each piece of a table are `GRAIN · 2^k`
    /// (the last may have fewer) for one `k`. After this `later` must be started again.
    pub fn merge(&mut self, later: &mut ColumnAccumulator) -> Result<(), OutOfMemory> {
        debug_assert!(
            self.columns == later.columns && self.capacity == later.capacity,
            "pieces of one table"
        );
        if later.rows == 0 {
            return Ok(());
        }
        if self.reducer.is_ordered {
            self.merge_trees(later)?;
        } else if self.reducer.is_total {
            // Their sum may be too much for a state.
            self.bring_totals_up_to_date()?;
            later.bring_totals_up_to_date()?;
            self.totals.iter_mut().zip(&later.totals).for_each(|(total, other)| *total += other);
        } else if self.rows == 0 {
            std::mem::swap(&mut self.levels, &mut later.levels);
        } else {
            self.join(self.states(0, 0), later.states(0, 0), self.columns);
        }
        self.rows_of_states += if self.reducer.is_total { 0 } else { later.rows };
        self.rows += later.rows;
        Ok(())
    }

    fn merge_trees(&mut self, later: &mut ColumnAccumulator) -> Result<(), OutOfMemory> {
        let (chunks, others) = (self.rows / GRAIN, later.rows.div_ceil(GRAIN));
        let highest = others.ilog2() as usize;
        debug_assert!(self.rows.is_multiple_of(GRAIN), "an incomplete chunk is the last one");
        debug_assert!(chunks.is_multiple_of(others.next_power_of_two()), "pieces are alike");
        // The levels of the later piece are free here, but for the one of a piece as long as all others.
        let full = if others.is_power_of_two() { (chunks >> highest).trailing_ones() as usize } else { 0 };
        self.reserve_levels(highest + full + 1)?;
        if full == 0 {
            for level in (0..=highest).filter(|level| others >> level & 1 == 1) {
                std::mem::swap(&mut self.levels[level], &mut later.levels[level]);
            }
            return Ok(());
        }
        let mut result = later.states(highest, 0);
        for level in highest..highest + full {
            let left = self.states(level, 0);
            self.join(left, result, self.columns);
            result = left;
        }
        self.levels.swap(highest + full, highest + full - 1);
        Ok(())
    }

    /// Writes the results of the columns, side by side, as items of `dtype`. What they are without rows is what
    /// [`Accumulator::finish`](super::Accumulator::finish) says. After this the accumulator must be started again.
    ///
    /// # Safety
    /// At `to` is room for as many items as there are columns, at any alignment.
    pub unsafe fn finish(&mut self, to: *mut u8, dtype: Dtype) -> Result<(), OutOfMemory> {
        if self.reducer.is_total {
            self.bring_totals_up_to_date()?;
            for (column, total) in self.totals.iter().enumerate() {
                let mean = Scalar::Float(*total as f64 / self.rows as f64);
                // SAFETY: as the caller promises.
                unsafe { write_result(mean, column, to, dtype) };
            }
            return Ok(());
        }
        let facts = Facts { op: self.reducer.op, rows: self.rows };
        let level = if self.reducer.is_ordered { self.join_levels() } else { 0 };
        if self.rows == 0 {
            self.begin_with_neutral()?;
        }
        // SAFETY: the states are those of the columns; the caller vouches for the room.
        unsafe { (self.reducer.write)(self.states(level, 0), self.columns, facts, to, dtype) };
        Ok(())
    }

    /// Joins the results of all chunks; the level where they are.
    fn join_levels(&mut self) -> usize {
        let chunks = self.rows.div_ceil(GRAIN);
        let mut used = (0..usize::BITS as usize).filter(|level| chunks >> level & 1 == 1);
        let mut last = used.next().unwrap_or(0);
        for level in used {
            self.join(self.states(level, 0), self.states(last, 0), self.columns);
            last = level;
        }
        last
    }

    /// Sets the states to those of an item that changes nothing.
    fn begin_with_neutral(&mut self) -> Result<(), OutOfMemory> {
        self.prepare()?;
        self.reserve_levels(1)?;
        let rows = [self.neutral.as_ptr().cast::<u8>().cast_const(); GROUP];
        for start in (0..self.columns).step_by(TILE) {
            let (states, columns) = (self.states(0, start), TILE.min(self.columns - start));
            // SAFETY: the states are those of a tile, which is not longer than the row.
            unsafe { (self.reducer.run)(&Work { task: Task::SetRow, states, rows, columns }) };
        }
        Ok(())
    }

    /// Makes room for the states of this many levels.
    fn reserve_levels(&mut self, levels: usize) -> Result<(), OutOfMemory> {
        while self.levels.len() < levels {
            self.levels.try_push(Area::default())?;
        }
        let ColumnReducer { state_bytes, .. } = self.reducer;
        self.levels[..levels].iter_mut().try_for_each(|level| level.reserve(self.capacity, state_bytes))
    }

    fn bring_totals_up_to_date(&mut self) -> Result<(), OutOfMemory> {
        if self.totals.is_empty() {
            self.totals = Vec::try_filled(0, self.columns)?;
        }
        if self.rows_of_states > 0 {
            let states = self.states(0, 0);
            for (column, total) in self.totals.iter_mut().enumerate() {
                // SAFETY: there are states of as many columns.
                if let Scalar::Int(state) = unsafe { (self.reducer.state)(states, column) } {
                    *total += state;
                }
            }
            self.rows_of_states = 0;
        }
        Ok(())
    }
}

/// Copies items from equal distances to side by side.
///
/// # Safety
/// The items can be read, and there is room for them, aligned for integers of their size.
unsafe fn gather(from: *const u8, distance: isize, itemsize: usize, items: usize, to: *mut u8) {
    /// # Safety
    /// As for the whole.
    unsafe fn of<T>(from: *const u8, distance: isize, items: usize, to: *mut u8) {
        let to = to.cast::<T>();
        for i in 0..items {
            // SAFETY: as the caller promises.
            unsafe {
                let item = from.wrapping_offset((i as isize).wrapping_mul(distance)).cast::<T>();
                to.add(i).write(item.read_unaligned());
            }
        }
    }
    // SAFETY: as the caller promises.
    unsafe {
        match itemsize {
            1 => of::<u8>(from, distance, items, to),
            2 => of::<u16>(from, distance, items, to),
            4 => of::<u32>(from, distance, items, to),
            8 => of::<u64>(from, distance, items, to),
            _ => of::<[u64; 2]>(from, distance, items, to),
        }
    }
}

/// The first row of a group: groups are numbered in the order in which the tree needs them.
fn first_row(group: usize) -> usize {
    group.reverse_bits() >> (usize::BITS - GROUPS.ilog2())
}

/// How many results a group of a chunk of `rows` rows is joined to, of those that wait when it is there. Where nothing
/// is to the right, a result goes up as it is.
fn joined_by(group: usize, rows: usize) -> usize {
    let mut joined = 0;
    for level in 0..GROUPS.ilog2() {
        let branch = group >> level;
        if branch & 1 == 1 {
            joined += 1;
        } else if first_row((branch + 1) << level) < rows {
            break;
        }
    }
    joined
}
