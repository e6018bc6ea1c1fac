//! `if`: each branch for the lanes that take it.

use super::lanes;
use super::masks::Mask;
use super::state::Machine;
use super::{If, Node};
use crate::back::engine::RunError;

impl Machine<'_> {
    pub(super) fn choose(&mut self, choice: &If, mask: Mask) -> Result<Mask, RunError> {
        let left_before = self.frame().left;
        // Lanes that took a branch and go on to the next pass of the loop.
        let mut skipped = Mask::Nothing;
        // Lanes that no branch has taken yet; `mask` itself until one has.
        let mut rest = mask;
        let mut rest_is_own = false;
        for (index, (region, body)) in choice.branches.iter().enumerate() {
            self.compute(region, rest)?;
            let is_last = index + 1 == choice.branches.len() && choice.otherwise.is_empty();
            match self.select(region, rest)? {
                None => {
                    self.branch(choice, body, rest, &mut skipped)?;
                    if rest_is_own {
                        self.give(rest);
                    }
                    rest = Mask::Nothing;
                    rest_is_own = false;
                    break;
                }
                Some((taken, 0)) => self.work.pool.give(taken),
                Some((taken, count)) => {
                    if !is_last {
                        let (array, before) = self.own_mask(rest)?;
                        lanes::and_not(self.bytes(array), self.bytes(taken));
                        if rest_is_own {
                            self.give(rest);
                        }
                        rest = Mask::Some(array, before - count);
                        rest_is_own = true;
                    }
                    let taken = Mask::Some(taken, count);
                    self.branch(choice, body, taken, &mut skipped)?;
                    self.give(taken);
                }
            }
        }
        if !choice.otherwise.is_empty() && !matches!(rest, Mask::Nothing) {
            self.branch(choice, &choice.otherwise, rest, &mut skipped)?;
        }
        if rest_is_own {
            self.give(rest);
        }
        self.behind_choice(mask, skipped, left_before)
    }

    /// Runs one branch; `taken` stays the caller's.
    pub(super) fn branch(
        &mut self,
        choice: &If,
        body: &[Node],
        taken: Mask,
        skipped: &mut Mask,
    ) -> Result<(), RunError> {
        let inner = match taken {
            Mask::Some(..) => {
                let (array, count) = self.own_mask(taken)?;
                Mask::Some(array, count)
            }
            other => other,
        };
        let through = self.block(body, inner)?;
        if choice.continues {
            self.note_skipped(taken, through, skipped)?;
        }
        self.give(through);
        Ok(())
    }

    /// Adds the lanes of `taken` that are not in `through`.
    #[inline(never)]
    pub(super) fn note_skipped(
        &mut self,
        taken: Mask,
        through: Mask,
        skipped: &mut Mask,
    ) -> Result<(), RunError> {
        let (lost, count) = match (taken, through) {
            (_, Mask::All) => return Ok(()),
            (taken, through) => {
                let (array, _) = self.own_mask(taken)?;
                if let Mask::Some(through, _) = through {
                    lanes::and_not(self.bytes(array), self.bytes(through));
                }
                (array, lanes::count(self.bytes(array)))
            }
        };
        match *skipped {
            Mask::Some(known, _) => {
                lanes::or(self.bytes(known), self.bytes(lost));
                *skipped = Mask::Some(known, lanes::count(self.bytes(known)));
                self.work.pool.give(lost);
            }
            _ => *skipped = Mask::Some(lost, count),
        }
        Ok(())
    }

    /// The lanes that go on after a choice that `mask` entered.
    #[inline(never)]
    pub(super) fn behind_choice(
        &mut self,
        mask: Mask,
        skipped: Mask,
        left_before: usize,
    ) -> Result<Mask, RunError> {
        let mask = self.without_left(mask, left_before)?;
        let Mask::Some(skipped, _) = skipped else { return Ok(mask) };
        if matches!(mask, Mask::Nothing) {
            self.work.pool.give(skipped);
            return Ok(mask);
        }
        let (array, _) = self.own_mask(mask)?;
        self.give(mask);
        lanes::and_not(self.bytes(array), self.bytes(skipped));
        self.work.pool.give(skipped);
        Ok(self.counted(array))
    }
}
