//! Kernels of a module with threads. A function table belongs to a thread, so an index means nothing in another one:
//! each thread makes an instance of its own from the same bytes when it first runs the kernel.

use std::cell::{Cell, RefCell};
use std::ffi::c_int;
use std::sync::atomic::{AtomicU32, Ordering};

use super::helpers::TableEntry;
use crate::back::fork_lock::ForkLock;
use crate::memory::{OutOfMemory, TryGrow};

/// A kernel, for all threads.
#[derive(Debug)]
pub struct Instances {
    module: Vec<u8>,
    number: Number,
}

/// What threads know a kernel by. Places are used again; the generation tells their kernels apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number {
    place: usize,
    generation: u32,
}

/// The generation of each place, and the places without a kernel.
#[derive(Default)]
struct Places {
    generations: Vec<u32>,
    free: Vec<usize>,
}

static PLACES: ForkLock<Places> = ForkLock::new(Places { generations: Vec::new(), free: Vec::new() });

/// Kernels freed so far: a change tells threads to look for instances of freed kernels.
static FREED: AtomicU32 = AtomicU32::new(0);

/// An instance in the function table of a thread; `None` if its host has refused the module.
struct Instance {
    generation: u32,
    entry: Option<TableEntry>,
}

thread_local! {
    /// The instances of the thread, by the places of their kernels.
    static INSTANCES: RefCell<Vec<Option<Instance>>> = const { RefCell::new(Vec::new()) };
    /// How many kernels had been freed when the thread last looked.
    static SEEN_FREED: Cell<u32> = const { Cell::new(0) };
}

impl Places {
    fn take(&mut self) -> Result<Number, OutOfMemory> {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                self.generations.try_push(0)?;
                // Room for all, so that giving a place back cannot fail.
                self.free.try_reserve(self.generations.len())?;
                self.generations.len() - 1
            }
        };
        Ok(Number { place, generation: self.generations[place] })
    }

    fn give_back(&mut self, place: usize) {
        self.generations[place] = self.generations[place].wrapping_add(1);
        self.free.push(place);
    }
}

impl Instances {
    /// A kernel with an instance in the calling thread; `None` if its host does not take the module.
    pub fn new(module: &[u8]) -> Option<Instances> {
        let module = Vec::try_copied(module).ok()?;
        let number = PLACES.lock()?.take().ok()?;
        let kernel = Instances { module, number };
        (kernel.index() != 0).then_some(kernel)
    }

    /// The index in the function table of the calling thread, 0 if its host does not take the module.
    pub fn index(&self) -> c_int {
        drop_freed();
        INSTANCES.with_borrow_mut(|instances| self.find_or_make(instances)).unwrap_or(0)
    }

    fn find_or_make(&self, instances: &mut Vec<Option<Instance>>) -> Option<c_int> {
        let Number { place, generation } = self.number;
        while instances.len() <= place {
            instances.try_push(None).ok()?;
        }
        let instance = &mut instances[place];
        if instance.as_ref().is_none_or(|instance| instance.generation != generation) {
            // The old one makes room in the table first.
            *instance = None;
            *instance = Some(Instance { generation, entry: TableEntry::new(&self.module) });
        }
        Some(instance.as_ref()?.entry.as_ref()?.index())
    }
}

impl Drop for Instances {
    fn drop(&mut self) {
        // Where others keep the lock for too long, the place is never used again.
        if let Some(mut places) = PLACES.lock() {
            places.give_back(self.number.place);
        }
        FREED.fetch_add(1, Ordering::Release);
        drop_freed();
    }
}

/// Takes the instances of freed kernels out of the calling thread's table.
fn drop_freed() {
    let freed = FREED.load(Ordering::Acquire);
    if SEEN_FREED.get() == freed {
        return;
    }
    let Some(places) = PLACES.lock() else { return };
    INSTANCES.with_borrow_mut(|instances| {
        for (instance, generation) in instances.iter_mut().zip(&places.generations) {
            if instance.as_ref().is_some_and(|instance| instance.generation != *generation) {
                *instance = None;
            }
        }
    });
    SEEN_FREED.set(freed);
}
