//! What the starts of a network differ in, and what comes next.
//!
//! No noise, no decay of the kernels and no number of steps suits all tables: where targets are nearly certain
//! any decay costs a nat, where many inputs say little the lack of it does. So a search lets the first starts try
//! one choice after another, a few thousand steps each, and the rows held back say which is best. As long as the best one
//! was still learning when it ended, a start of four times its steps follows.
//!
//! What comes next depends on the options and on the starts before alone, so that a run goes on as if it had
//! never been interrupted.

use serde::{Deserialize, Serialize};

use super::TrainOptions;
use super::options::{Length, NoiseUse};

/// What a start has of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Whether it trains on rows with noise.
    pub noise: bool,
    /// The decay of the kernels.
    pub weight_decay: f32,
    /// Its steps, as planned.
    pub steps: usize,
}

/// How a start went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(super) recipe: Recipe,
    /// The validation loss; none where it diverged.
    pub(super) loss: Option<f64>,
    pub(super) best_step: usize,
}

/// The steps of a start that tries something.
const TRIAL: usize = 4000;
/// Each further start is so many times as long as the best before.
const LONGER: usize = 4;
/// The most passes through the rows that a start makes, where that is more than [`TRIAL`] steps.
const PASSES: usize = 800;
/// The most steps of a start, where that is enough for [`FEWEST_PASSES`].
const MOST: usize = 64_000;
/// Passes through the rows that the longest start may make in any case.
const FEWEST_PASSES: usize = 20;
/// Decays of the kernels that are tried beside the weakest.
const STRONG: [f32; 2] = [1.0, 0.3];
/// Those after them where the first is best, and the last one where the second of these is.
const STRONGER: [f32; 2] = [3.0, 10.0];
const STRONGEST: f32 = 30.0;

impl Recipe {
    /// `options` of start number `start`, from 0.
    pub(super) fn apply(self, options: &TrainOptions, start: usize) -> TrainOptions {
        let of_noise = |deviation: f32| if self.noise { deviation } else { 0.0 };
        TrainOptions {
            // Far from the seeds that people choose one after the other.
            seed: options.seed ^ (start as u64) << 48,
            input_noise: of_noise(options.input_noise),
            target_noise: of_noise(options.target_noise),
            weight_decay: Some(self.weight_decay),
            length: Length::Steps(self.steps),
            ..options.clone()
        }
    }
}

/// The starts of one network.
#[derive(Debug)]
pub(super) struct Course<'a> {
    options: &'a TrainOptions,
    /// Batches in a pass through the rows.
    batches: usize,
    /// How many starts there are, where that is fixed.
    count: Option<usize>,
}

impl<'a> Course<'a> {
    pub(super) fn new(options: &'a TrainOptions, batches: usize, count: Option<usize>) -> Self {
        Course {
            options,
            batches,
            count,
        }
    }

    /// The recipes of the next starts, from number `start` on, after those in `done`; none where these are enough.
    /// They ask nothing of each other, so that they may run side by side. Where the number of starts is fixed,
    /// nothing is asked of those before either.
    pub(super) fn next(&self, start: usize, done: &[Outcome]) -> Vec<Recipe> {
        if let Some(count) = self.count {
            return (start..count).map(|start| self.plain(start)).collect();
        }
        match self.trials(done).get(start..) {
            Some(rest) if !rest.is_empty() => rest.to_vec(),
            _ => self.longer(done).into_iter().collect(),
        }
    }

    /// Whether what comes next depends on the starts before.
    pub(super) fn is_open(&self) -> bool {
        self.count.is_none()
    }

    /// The steps planned of the first `starts` starts.
    pub(super) fn steps(&self, starts: usize, done: &[Outcome]) -> usize {
        match self.count {
            Some(_) => starts * self.first(),
            None => done.iter().map(|one| one.recipe.steps).sum(),
        }
    }

    /// The fewest steps of all starts together, after these.
    pub(super) fn planned(&self, start: usize, done: &[Outcome]) -> usize {
        let next = self.next(start, done);
        let next = next.iter().map(|next| next.steps).sum::<usize>();
        let fewest = self.fewest().saturating_sub(start);
        self.steps(start, done) + next.max(self.first() * fewest)
    }

    /// The starts that there are in any case.
    fn fewest(&self) -> usize {
        match (self.count, self.options.weight_decay) {
            (Some(count), _) => count,
            (None, Some(_)) => 2,
            (None, None) => 2 + STRONG.len(),
        }
    }

    /// Start number `start`, from 0, with the weakest decay.
    fn plain(&self, start: usize) -> Recipe {
        Recipe {
            noise: self.options.noise.at(start),
            weight_decay: self.options.decay(),
            steps: self.first(),
        }
    }

    /// The first starts, as far as those in `done` tell: stronger decay as long as the strongest is best.
    fn trials(&self, done: &[Outcome]) -> Vec<Recipe> {
        let mut all = vec![self.plain(0), self.plain(1)];
        if self.options.weight_decay.is_some() {
            return all;
        }
        let strong = |weight_decay| Recipe {
            noise: self.options.noise != NoiseUse::Never,
            weight_decay,
            steps: self.first(),
        };
        let is_best = |start: usize, of: usize| done.get(..of).and_then(best) == Some(start);
        all.extend(STRONG.map(strong));
        if is_best(2, 4) {
            all.extend(STRONGER.map(strong));
            all.extend(is_best(5, 6).then(|| strong(STRONGEST)));
        }
        all
    }

    /// The best recipe again with more steps, where it was still learning: its best step is in the last two
    /// thirds, and if it is a longer one already, that was better than those before.
    fn longer(&self, done: &[Outcome]) -> Option<Recipe> {
        let best = best(done)?;
        let Outcome {
            recipe, best_step, ..
        } = done[best];
        let last = done.len() - 1;
        let has_lost = done[last].recipe.steps > self.first() && best != last;
        let is_learning = 3 * best_step > recipe.steps && recipe.steps < self.longest();
        (is_learning && !has_lost).then(|| Recipe {
            steps: (LONGER * recipe.steps).min(self.longest()),
            ..recipe
        })
    }

    fn first(&self) -> usize {
        match (self.count, self.options.length) {
            (Some(_), length) => length.steps(self.batches),
            (None, _) => self.longest().min(TRIAL),
        }
    }

    fn longest(&self) -> usize {
        let passes = |passes: usize| self.batches.saturating_mul(passes);
        match self.options.length {
            Length::Automatic => passes(PASSES).clamp(TRIAL, MOST).max(passes(FEWEST_PASSES)),
            chosen => chosen.steps(self.batches),
        }
    }
}

/// The number of the start with the lowest loss, the first of several.
fn best(done: &[Outcome]) -> Option<usize> {
    let losses = done.iter().enumerate();
    let sound = losses.filter_map(|(start, one)| Some((start, one.loss?)));
    let lowest = sound.min_by(|a, b| a.1.total_cmp(&b.1));
    lowest.map(|(start, _)| start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdn_infer::format::{Covariance, Head, ScaleMap};

    use crate::network::Architecture;
    use crate::train::{NoiseUse, StartCount};

    #[test]
    fn correlations_are_not_searched_unless_the_table_is_wide() {
        let of = |dimensions, covariance| Architecture {
            inputs: 10,
            hidden: Vec::new(),
            head: Head {
                components: 1,
                dimensions,
                covariance,
                scale_map: ScaleMap::Exp,
                log_scale_min: -5.0,
                log_scale_max: 5.0,
            },
        };
        let full = of(2, Covariance::Full);
        let automatic = |rows, network: &_| StartCount::Automatic.on(rows, network);
        assert_eq!(
            [automatic(399, &full), automatic(400, &full)],
            [None, Some(2)]
        );
        for searched in [of(1, Covariance::Full), of(2, Covariance::Diagonal)] {
            assert_eq!(automatic(400, &searched), None);
        }
        assert_eq!(StartCount::Search.on(400, &full), None);
        assert_eq!(StartCount::Fixed(3).on(1, &full), Some(3));
    }

    /// The starts of a table of `batches` batches where `run` says validation loss and best step.
    fn course(
        options: &TrainOptions,
        batches: usize,
        run: impl Fn(Recipe) -> (f64, usize),
    ) -> Vec<Recipe> {
        let count = match options.starts {
            StartCount::Fixed(count) => Some(count),
            StartCount::Search | StartCount::Automatic => None,
        };
        let course = Course::new(options, batches, count);
        let mut done: Vec<Outcome> = Vec::new();
        loop {
            let next = course.next(done.len(), &done);
            let Some(&recipe) = next.first() else { break };
            assert!(course.planned(done.len(), &done) >= recipe.steps);
            let (loss, best_step) = run(recipe);
            done.push(Outcome {
                recipe,
                loss: Some(loss),
                best_step,
            });
            // What else was to come still comes, whichever way this one went.
            assert!(course.next(done.len(), &done).starts_with(&next[1..]));
            assert!(done.len() < 20, "no end");
        }
        assert_eq!(
            course.planned(done.len(), &done),
            done.iter().map(|one| one.recipe.steps).sum::<usize>()
        );
        done.iter().map(|one| one.recipe).collect()
    }

    fn recipe(noise: bool, weight_decay: f32, steps: usize) -> Recipe {
        Recipe {
            noise,
            weight_decay,
            steps,
        }
    }

    #[test]
    fn decay_follows_the_rows_held_back() {
        let options = TrainOptions::default();
        let decays = |best: f32| -> Vec<f32> {
            let run = |recipe: Recipe| (f64::from((recipe.weight_decay / best).ln().abs()), 1);
            let all = course(&options, 16, run);
            assert_eq!(
                all[..2],
                [recipe(false, 0.01, 4000), recipe(true, 0.01, 4000)]
            );
            assert!(all[2..].iter().all(|one| one.noise && one.steps == 4000));
            all[2..].iter().map(|one| one.weight_decay).collect()
        };
        assert_eq!(decays(0.01), [1.0, 0.3]);
        assert_eq!(decays(0.3), [1.0, 0.3]);
        assert_eq!(decays(1.0), [1.0, 0.3, 3.0, 10.0]);
        assert_eq!(decays(3.0), [1.0, 0.3, 3.0, 10.0]);
        assert_eq!(decays(100.0), [1.0, 0.3, 3.0, 10.0, 30.0]);
    }

    #[test]
    fn steps_go_on_as_long_as_they_gain() {
        let options = TrainOptions::default();
        // Without noise best, still learning at its end, up to so many steps.
        let steps = |batches: usize, enough: usize| -> Vec<usize> {
            let run = |one: Recipe| {
                let loss = 1.0 / one.steps.min(enough) as f64;
                let worse = f64::from(one.weight_decay) + f64::from(u8::from(one.noise));
                (loss + worse, one.steps.min(enough))
            };
            let all = course(&options, batches, run);
            assert!(
                all[4..]
                    .iter()
                    .all(|one| !one.noise && one.weight_decay == 0.01)
            );
            all[4..].iter().map(|one| one.steps).collect()
        };
        assert_eq!(steps(16, 100), [0; 0]);
        assert_eq!(steps(16, 1 << 40), [12_800]);
        assert_eq!(steps(100, 1 << 40), [16_000, 64_000]);
        assert_eq!(steps(100, 9000), [16_000, 64_000]);
        // The longer one learnt no more, and is worse.
        assert_eq!(steps(100, 4000), [16_000]);
        assert_eq!(steps(10_000, 1 << 40), [16_000, 64_000, 200_000]);
    }

    #[test]
    fn what_is_chosen_is_kept() {
        let run = |one: Recipe| (1.0 / one.steps as f64, one.steps);
        let of = |options: &TrainOptions| course(options, 100, run);
        let fixed = TrainOptions {
            starts: StartCount::Fixed(3),
            length: Length::Steps(9000),
            ..TrainOptions::default()
        };
        let long = [false, true, false].map(|noise| recipe(noise, 0.01, 9000));
        assert_eq!(of(&fixed), long);
        let quiet = TrainOptions {
            noise: NoiseUse::Never,
            ..TrainOptions::default()
        };
        assert!(of(&quiet).iter().all(|one| !one.noise));
        let decay = TrainOptions {
            weight_decay: Some(0.5),
            noise: NoiseUse::Never,
            length: Length::Steps(9000),
            ..TrainOptions::default()
        };
        assert_eq!(
            of(&decay),
            [4000, 4000, 9000].map(|steps| recipe(false, 0.5, steps))
        );
        // The number of steps that was reached gives the same starts.
        let reached = TrainOptions {
            length: Length::Steps(64_000),
            ..TrainOptions::default()
        };
        assert_eq!(of(&reached), of(&TrainOptions::default()));
    }

    #[test]
    fn a_start_that_diverged_is_never_the_best() {
        let outcome = |loss| Outcome {
            recipe: recipe(false, 0.01, 10),
            loss,
            best_step: 10,
        };
        assert_eq!(
            best(&[outcome(None), outcome(Some(2.0)), outcome(Some(2.0))]),
            Some(1)
        );
        assert_eq!(best(&[outcome(None)]), None);
    }
}
