//! Stored rows in the units that training sees.

use super::{BLOCK, StoredTable, numbers, unreadable};
use crate::data::error::DataError;
use crate::data::preparation::Preparation;
use crate::data::standardise::Standardiser;
use crate::data::wild::Ordinary;

/// Rows of a stored table in the units that training sees.
#[derive(Clone, Copy, Debug)]
pub struct StoredRows<'a> {
    /// The rows.
    pub table: &'a StoredTable,
    /// What is ordinary for inputs and for targets; wild values become the nearest ordinary one.
    pub ordinary: &'a [Ordinary; 2],
    /// What is done to the inputs first.
    pub preparation: &'a Preparation,
    /// How they are standardised then.
    pub inputs: &'a Standardiser,
    /// What is done to the targets.
    pub targets: &'a Standardiser,
}

impl StoredRows<'_> {
    /// Reads the rows `rows`, in that order, as inputs `[rows][width]`, prepared, and targets `[rows][D]`; both
    /// are replaced. `memory` is grown as needed and best used again.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn read(
        &self,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
        [inputs, targets]: [&mut Vec<f32>; 2],
        memory: &mut Vec<u8>,
    ) -> Result<(), DataError> {
        let width = 4 * self.table.input_names.len();
        inputs.clear();
        targets.clear();
        let [x_ordinary, t_ordinary] = self.ordinary;
        let (mut raw, mut prepared) = (Vec::new(), Vec::new());
        let visit = |values: &[u8], _| {
            let (x, t) = values.split_at(width);
            raw.clear();
            prepared.clear();
            raw.extend(x_ordinary.clamped(numbers(x)));
            self.preparation.push(&raw, &mut prepared);
            inputs.extend(self.inputs.standardised(prepared.iter().copied()));
            let t = t_ordinary.clamped(numbers(t));
            targets.extend(self.targets.standardised(t));
        };
        let records = rows.map(|row| self.table.record(row));
        let read = self.table.file.visit(records, memory, visit);
        read.map_err(unreadable)
    }

    /// The targets `[count][D]` of the rows 0, `step`, 2 `step` …
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub fn every(&self, step: usize) -> Result<Vec<f32>, DataError> {
        let mut all = Vec::new();
        let (mut inputs, mut targets, mut memory) = (Vec::new(), Vec::new(), Vec::new());
        let wanted = self.table.rows().div_ceil(step);
        for start in (0..wanted).step_by(BLOCK) {
            let rows = (start..(start + BLOCK).min(wanted)).map(|row| row * step);
            self.read(rows, [&mut inputs, &mut targets], &mut memory)?;
            all.extend_from_slice(&targets);
        }
        Ok(all)
    }
}
