//! A checkpoint's file: 8 bytes of magic, the length of the rest and its CRC-64/XZ as u64 in
//! little-endian order, then postcard: the [`Identity`], the reports and what is [`Kept`], and where starts differ
//! [`Courses`].

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crc::{CRC_64_XZ, Crc, Digest, Table};
use serde::{Deserialize, Serialize};

use crate::data::{DataError, Dataset, TableRows};
use crate::draft::PRODUCER;
use crate::files::{WriteError, write_atomically};
use crate::train::{Kept, Outcome, Progress, Recipe, Snapshot, Starts, Trained};

const MAGIC: [u8; 8] = *b"\x89MDNRUN\n";
const PREAMBLE: usize = 24;

static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);

/// What a state belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The program and its version.
    pub(super) producer: String,
    /// The checksum of the table's names and numbers, and of what a hold-out knows of its rows.
    pub(super) table: u64,
    /// The checksum of the configuration.
    pub(super) config: u64,
}

impl Identity {
    pub(crate) fn new(data: TableRows<'_>, config: &impl Serialize) -> Result<Self, DataError> {
        // No field of a configuration can fail to be written to memory.
        let config = postcard::to_stdvec(config).unwrap_or_default();
        Ok(Identity {
            producer: PRODUCER.to_owned(),
            table: table_checksum(data)?,
            config: CRC.checksum(&config),
        })
    }
}

fn table_checksum(data: TableRows<'_>) -> Result<u64, DataError> {
    let mut digest = CRC.digest();
    let names = [data.input_names(), data.target_names()];
    for names in names {
        number(&mut digest, names.len());
        for name in names {
            number(&mut digest, name.len());
            digest.update(name.as_bytes());
        }
    }
    let values: [fn(&Dataset) -> &[f32]; 2] = [|data| &data.inputs, |data| &data.targets];
    for (values, names) in values.into_iter().zip(names) {
        number(&mut digest, data.count() * names.len());
        data.visit(|block| {
            for values in values(block).chunks(1024) {
                let bits = values.iter().flat_map(|value| value.to_le_bytes());
                digest.update(&bits.collect::<Vec<u8>>());
            }
            Ok::<_, DataError>(())
        })?;
    }
    let arrangement = data.arrangement();
    // Or a run that began before there was any could not go on.
    if !arrangement.is_plain() {
        for values in [&arrangement.order, &arrangement.groups] {
            number(&mut digest, values.len());
            values
                .iter()
                .for_each(|value| digest.update(&value.to_le_bytes()));
        }
        let weights = arrangement.weights.iter();
        weights.for_each(|weight| digest.update(&weight.to_le_bytes()));
    }
    Ok(digest.finalize())
}

fn number(digest: &mut Digest<'_, u64, Table<16>>, value: usize) {
    digest.update(&(value as u64).to_le_bytes());
}

/// What a checkpoint holds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) identity: Identity,
    /// Every report so far, as the observer saw it.
    pub(super) reports: Vec<Progress>,
    pub(super) kept: Kept,
}

/// How starts differ, where what comes next depends on how those before went: at the end of the file, so that
/// others are as ever.
#[derive(Debug, Serialize, Deserialize)]
struct Courses {
    /// The recipe and the steps planned of each network that is finished.
    finished: Vec<(Option<Recipe>, usize)>,
    /// The recipe of the best start of the next one.
    best: Option<Recipe>,
    outcomes: Vec<Outcome>,
}

impl Courses {
    fn of(finished: &[Trained], starts: &Starts) -> Option<Self> {
        let (best, outcomes) = starts.seen();
        let differ = !outcomes.is_empty() || finished.iter().any(|one| one.planned > 0);
        differ.then(|| Courses {
            finished: finished
                .iter()
                .map(|one| (one.recipe, one.planned))
                .collect(),
            best: best.and_then(|best| best.recipe),
            outcomes: outcomes.to_vec(),
        })
    }

    fn restore(self, kept: &mut Kept) -> Result<(), Fault> {
        let Kept {
            finished, starts, ..
        } = kept;
        let done = starts.done();
        let (best, outcomes) = starts.parts();
        let fits = self.finished.len() == finished.len()
            && best.is_some() == self.best.is_some()
            && self.outcomes.len() == done;
        if !fits {
            return Err(Fault::Contents);
        }
        for (one, known) in finished.iter_mut().zip(self.finished) {
            (one.recipe, one.planned) = known;
        }
        for (best, recipe) in best.into_iter().zip(self.best) {
            best.recipe = Some(recipe);
        }
        *outcomes = self.outcomes;
        Ok(())
    }
}

/// Why a checkpoint is of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("cannot be read: {0}")]
    Io(io::Error),
    #[error("is no checkpoint")]
    Foreign,
    #[error("is cut off")]
    Truncated,
    #[error("is damaged: its checksum is wrong")]
    Checksum,
    #[error("is of another version")]
    Contents,
}

impl Checkpoint {
    /// How far it is: networks finished, starts of the next that are done, and steps of this one.
    pub(super) fn progress(&self) -> (usize, usize, usize) {
        let Kept {
            finished,
            starts,
            current,
        } = &self.kept;
        (finished.len(), starts.done(), current.tried())
    }

    /// Writes the whole file or leaves the old one.
    pub(super) fn write(
        path: &Path,
        identity: &Identity,
        reports: &[Progress],
        (finished, starts, current): (&[Trained], &Starts, &Snapshot),
    ) -> Result<(), WriteError> {
        write_atomically(path, |out| {
            // The fields in the order of `Checkpoint`, which borrows nothing.
            let mut body = postcard::to_stdvec(&(identity, reports, finished, starts, current))
                .map_err(io::Error::other)?;
            if let Some(courses) = Courses::of(finished, starts) {
                body.extend(postcard::to_stdvec(&courses).map_err(io::Error::other)?);
            }
            out.write_all(&MAGIC)?;
            out.write_all(&(body.len() as u64).to_le_bytes())?;
            out.write_all(&CRC.checksum(&body).to_le_bytes())?;
            out.write_all(&body)
        })
    }

    /// `None` where there is no file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Fault> {
        let read = match fs::metadata(path) {
            // A device might never end.
            Ok(found) if !found.is_file() => Err(io::Error::other("not a file")),
            _ => fs::read(path),
        };
        match read {
            Ok(bytes) => Self::parse(&bytes).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Fault::Io(error)),
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let Some((preamble, body)) = bytes.split_at_checked(PREAMBLE) else {
            return Err(match MAGIC.starts_with(&bytes[..bytes.len().min(8)]) {
                true => Fault::Truncated,
                false => Fault::Foreign,
            });
        };
        let (magic, numbers) = preamble.split_at(8);
        if magic != MAGIC {
            return Err(Fault::Foreign);
        }
        let (length, checksum) = numbers.split_at(8);
        if length != (body.len() as u64).to_le_bytes() {
            return Err(Fault::Truncated);
        }
        if checksum != CRC.checksum(body).to_le_bytes() {
            return Err(Fault::Checksum);
        }
        let (mut checkpoint, rest): (Self, _) =
            postcard::take_from_bytes(body).map_err(|_| Fault::Contents)?;
        if !rest.is_empty() {
            let courses: Courses = postcard::from_bytes(rest).map_err(|_| Fault::Contents)?;
            courses.restore(&mut checkpoint.kept)?;
        }
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use mdn_infer::format::Activation::{Gelu, Relu, Tanh};

    use super::*;
    use crate::data::InputChoice;
    use crate::fit::{FitConfig, SupportRule};
    use crate::network::{Activations, HiddenLayer};
    use crate::train::{Averaging, Length, NoiseUse, StartCount, TrainOptions};

    /// Written when an architecture had one activation for all hidden layers, by
    ///
    /// ```sh
    /// mdn-train generate inverse-sine -n 12 --seed 1 --out tiny.csv
    /// mdn-train fit tiny.csv --target y --hidden 3,2 --activation gelu -k 1 --steps 6 --starts 1 \
    ///     --ensemble 2 --averaging 0 --validation 0 --noise never --run tiny --checkpoint-interval 1e-6
    /// ```
    const UNIFORM: &[u8] = include_bytes!("../../tests/checkpoints/uniform");

    fn written(checkpoint: &Checkpoint) -> Vec<u8> {
        let Checkpoint {
            identity,
            reports,
            kept,
        } = checkpoint;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint");
        let state = (&*kept.finished, &kept.starts, &kept.current);
        Checkpoint::write(&path, identity, reports, state).unwrap();
        fs::read(path).unwrap()
    }

    #[test]
    fn one_activation_for_all_layers_is_written_as_ever() {
        let found = Checkpoint::parse(UNIFORM).unwrap();
        assert_eq!(found.kept.finished.len(), 1);
        let architecture = &found.kept.finished[0].network.architecture;
        assert_eq!(architecture.hidden, HiddenLayer::dense(&[3, 2], Gelu));
        assert!(written(&found) == UNIFORM);
    }

    /// Or a run that began before could not go on.
    #[test]
    fn a_configuration_with_one_activation_has_the_checksum_as_ever() {
        let mut config = FitConfig {
            ensemble: 2,
            hidden: vec![3, 2],
            activation: Gelu.into(),
            components: 1,
            validation: 0.0,
            supports: vec![(None, SupportRule::Continuous)],
            input_transforms: vec![(None, InputChoice::Identity)],
            saturation: None,
            options: TrainOptions {
                moments: 0.0,
                length: Length::Steps(6),
                starts: StartCount::Fixed(1),
                weight_decay: Some(0.01),
                polish: 0.0,
                averaging: Averaging::Off,
                noise: NoiseUse::Never,
                patience: Some(100),
                ..TrainOptions::default()
            },
            ..FitConfig::default()
        };
        let checksum = |config: &FitConfig| CRC.checksum(&postcard::to_stdvec(config).unwrap());
        let begun = Checkpoint::parse(UNIFORM).unwrap().identity.config;
        assert_eq!(checksum(&config), begun);
        config.activation = Activations::Each(vec![Gelu, Relu]);
        assert_ne!(checksum(&config), begun);
    }

    #[test]
    fn an_activation_for_each_layer_comes_back() {
        let mut kept = Checkpoint::parse(UNIFORM).unwrap();
        let network = &mut kept.kept.finished[0].network;
        let mixed = Activations::Each(vec![Relu, Tanh]);
        network.architecture.hidden = mixed.layers(&[3, 2]).unwrap();
        assert_eq!(Checkpoint::parse(&written(&kept)).unwrap(), kept);
    }
}
