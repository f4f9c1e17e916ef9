//! The networks of an ensemble: the same rows and options, each from a start of its own.
//!
//! All networks leave out the same rows, so that no network knows them: what the ensemble scores
//! there is as honest as the score of one network. Source: Lakshminarayanan, Pritzel and Blundell
//! 2017, who found that other starts and another order of the rows suffice.

mod together;

use mdn_infer::format::MAX_COMPONENTS;

use super::plan::Plan;
use super::{FitConfig, FitError};
use crate::train::{Control, Keeper, Kept, Progress, TrainError, Trained};

/// Far apart for neighbouring seeds: 2⁶⁴ / φ.
const SEED_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The seed of network `member`: that of the whole for the first.
pub(super) fn seed(config: &FitConfig, member: u8) -> u64 {
    config
        .seed
        .wrapping_add(SEED_STEP.wrapping_mul(member.into()))
}

/// The mixture of all networks is one that the format knows.
pub(super) fn check(config: &FitConfig) -> Result<(), FitError> {
    let (networks, components) = (config.ensemble, config.components);
    let all = usize::from(networks) * usize::from(components);
    if (1..=MAX_COMPONENTS).contains(&all) {
        return Ok(());
    }
    Err(FitError::Components {
        networks,
        components,
        max: MAX_COMPONENTS,
    })
}

/// Trains all networks; the observer sees the steps of all as one long training. Each network has the
/// same bits whether others are trained at the same time or not.
///
/// Several are trained at a time where there are threads for them; one after the other where the
/// state is kept, and where the caller has shared out the threads: within a pool.
///
/// Where the observer asks for the end, the networks that are finished make the ensemble: one that was
/// cut short would count as much as they do. Where none is, the first stands as it is.
pub(super) fn train(plan: &Plan<'_>, control: Control<'_>) -> Result<Vec<Trained>, TrainError> {
    let is_kept = control.keeper.is_some() || control.resume.is_some();
    let in_pool = rayon::current_thread_index().is_some();
    let threads = rayon::current_num_threads();
    let at_once = threads.min(plan.config.ensemble.into());
    if is_kept || in_pool || at_once < 2 {
        return one_by_one(plan, control);
    }
    together::train(plan, control, at_once, threads / at_once)
}

fn one_by_one(plan: &Plan<'_>, control: Control<'_>) -> Result<Vec<Trained>, TrainError> {
    let Control {
        observer,
        stop,
        mut keeper,
        resume,
        ..
    } = control;
    let count = plan.config.ensemble;
    let (mut networks, mut current) = match resume {
        Some(kept) => (kept.finished, Some((kept.starts, kept.current))),
        None => (Vec::new(), None),
    };
    for member in networks.len() as u8..count {
        let planned: Vec<usize> = networks.iter().map(|one: &Trained| one.planned).collect();
        let to_come = usize::from(count - member);
        let mut watch = |progress: &Progress| {
            // Where all starts have the same steps, so have all networks.
            let steps = |one: &usize| if *one > 0 { *one } else { progress.total };
            let before: usize = planned.iter().map(steps).sum();
            observer(&Progress {
                step: before + progress.step,
                total: before + to_come * progress.total,
                ..*progress
            })
        };
        let control = Control {
            stop,
            keeper: keeper
                .as_mut()
                .map(|keeper| &mut **keeper as &mut dyn Keeper),
            finished: &networks,
            resume: current.take().map(|(starts, current)| Kept {
                finished: Vec::new(),
                starts,
                current,
            }),
            ..Control::new(&mut watch)
        };
        let trained = plan.train(seed(&plan.config, member), control)?;
        let interrupted = trained.interruption().is_some();
        if !interrupted || member == 0 {
            networks.push(trained);
        }
        if interrupted {
            break;
        }
    }
    Ok(networks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_far_apart_and_the_first_is_the_given_one() {
        let of = |seed, member| {
            let config = FitConfig {
                seed,
                ..FitConfig::default()
            };
            super::seed(&config, member)
        };
        assert_eq!(of(7, 0), 7);
        let mut seeds: Vec<u64> = (0..50)
            .flat_map(|s| (0..=255).map(move |m| of(s, m)))
            .collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), 50 * 256);
    }
}
