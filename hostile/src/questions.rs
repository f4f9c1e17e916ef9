//! Everything that a mixture can be asked, with arguments from a fuzzer's bytes.
//!
//! No answer may be NaN, and those to related questions must fit together.

use mdn_infer::format::{MAX_DIMENSIONS, Support};
use mdn_infer::{Component, Marginal, Mixture, Model, Temperature};
use rand_xoshiro::Xoshiro128PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use crate::{Answers, Source, order};

/// Components of mixtures that are asked for what costs most.
const FEW: usize = 4;
/// The choice of questions with which a region, the dearest of all, is asked for.
const REGION: u8 = 0x8d;

/// Asks `mixture`, which `model` gave, what the bytes of `source` say: what is cheap always, what is dear seldom.
///
/// # Panics
///
/// Where an answer is NaN or contradicts another.
pub fn ask(
    model: &Model<'_>,
    mixture: &Mixture<'_>,
    source: &mut Source<'_>,
    answers: &mut Answers,
) {
    let kinds = source.byte();
    let mut target = [0.0; MAX_DIMENSIONS];
    let target = &mut target[..mixture.dimensions()];
    target.iter_mut().for_each(|t| *t = source.float());
    answers.numbers(mixture.log_weights());
    at(mixture, target, answers);
    if kinds & 1 != 0 {
        moments(mixture, answers);
    }
    if kinds & 2 != 0 {
        draws(mixture, source, answers);
    }
    if kinds & 4 != 0 {
        mixture
            .components()
            .for_each(|component| of_component(&component, answers));
    }
    let d = source.below(mixture.dimensions());
    if let Some(marginal) = mixture.marginal(d) {
        if kinds & 8 != 0 {
            of_marginal(&marginal, source, answers);
        }
        if kinds & 16 != 0 {
            inverse(&marginal, source, answers);
            order::check(model, mixture, d, source);
        }
        if kinds & 0xf8 == 0xa0 && mixture.len() <= FEW {
            modes_of_marginal(&marginal, answers);
        }
        if kinds == REGION && mixture.len() <= FEW {
            region(&marginal, source, answers);
        }
    }
    if kinds & 0xf8 == 0x60 && mixture.len() <= FEW {
        modes(mixture, answers);
    }
    if kinds & 0xc0 == 0xc0 {
        conditional(mixture, source, answers);
    }
}

fn at(mixture: &Mixture<'_>, target: &[f32], answers: &mut Answers) {
    answers.answer(mixture.log_density(target));
    if let Err(error) = mixture.outputs(target, |output| answers.number(output)) {
        answers.error(error);
    }
    answers.answer(mixture.density(target));
    answers.answer(mixture.anomaly_score(target));
    match mixture.is_anomaly(target) {
        Ok(is) => answers.count(is.map_or(2, usize::from)),
        Err(error) => answers.error(error),
    }
    let mut shares = vec![0.0; mixture.len()];
    let answer = mixture.responsibilities(target, &mut shares);
    answers.written(answer, &shares);
}

fn moments(mixture: &Mixture<'_>, answers: &mut Answers) {
    answers.count(mixture.best_component());
    let mut to = [0.0; MAX_DIMENSIONS * MAX_DIMENSIONS];
    let (line, square) = (mixture.dimensions(), mixture.dimensions().pow(2));
    let to = &mut to[..square];
    let answer = mixture.mean(&mut to[..line]);
    answers.written(answer, &to[..line]);
    let answer = mixture.variance(&mut to[..line]);
    answers.written(answer, &to[..line]);
    let answer = mixture.standard_deviation(&mut to[..line]);
    answers.written(answer, &to[..line]);
    let answer = mixture.covariance_into(to);
    answers.written(answer, to);
}

fn draws(mixture: &Mixture<'_>, source: &mut Source<'_>, answers: &mut Answers) {
    let mut rng = Xoshiro128PlusPlus::seed_from_u64(source.byte().into());
    let mut to = [0.0; MAX_DIMENSIONS];
    let to = &mut to[..mixture.dimensions()];
    let temperature = Temperature {
        weights: source.float(),
        scale: source.float(),
    };
    match mixture.sample(&mut rng, to) {
        Ok(component) => {
            answers.count(component);
            answers.numbers(to);
        }
        Err(error) => answers.error(error),
    }
    match mixture.sample_at(&mut rng, temperature, to) {
        Ok(component) => {
            answers.count(component);
            answers.numbers(to);
        }
        Err(error) => answers.error(error),
    }
    let (mut two, mut components) = ([0.0; 2 * MAX_DIMENSIONS], [0; 2]);
    let two = &mut two[..2 * mixture.dimensions()];
    let drawn = mixture.samples(&mut rng, two, Some(&mut components));
    answers.written(drawn, two);
    components.iter().for_each(|&k| answers.count(k));
}

fn of_component(component: &Component<'_>, answers: &mut Answers) {
    answers.number(component.log_weight());
    answers.number(component.weight());
    let dimensions = component.dimensions();
    for i in 0..dimensions {
        answers.number(component.mean(i));
        answers.number(component.scale(i));
        for j in 0..dimensions {
            answers.number(component.precision_factor(i, j));
            answers.number(component.covariance(i, j));
        }
    }
}

fn of_marginal(marginal: &Marginal<'_>, source: &mut Source<'_>, answers: &mut Answers) {
    answers.number(marginal.mean());
    answers.number(marginal.standard_deviation());
    let (low, high) = (source.float(), source.float());
    answers.answer(marginal.log_density(low));
    answers.probability(marginal.cdf(low));
    answers.probability(marginal.survival(low));
    answers.probability(marginal.exceedance(high));
    answers.probability(marginal.pit(high));
    answers.probability(marginal.interval_probability(low, high));
    answers.answer(marginal.crps(low));
    answers.answer(marginal.lower_tail_mean(low));
    answers.answer(marginal.upper_tail_mean(high));
}

fn inverse(marginal: &Marginal<'_>, source: &mut Source<'_>, answers: &mut Answers) {
    answers.number(marginal.median());
    let p = if source.byte() < 64 {
        source.float()
    } else {
        (source.word() >> 8) as f32 / 16_777_216.0
    };
    answers.answer(marginal.quantile(p));
    answers.answer(marginal.upper_quantile(p));
    answers.answer(marginal.expected_shortfall(p));
    answers.answer(marginal.upper_expected_shortfall(p));
    match marginal.central_interval(p) {
        Ok((low, high)) => {
            assert_ordered(marginal, low, high);
            answers.numbers(&[low, high]);
        }
        Err(error) => answers.error(error),
    }
}

fn modes_of_marginal(marginal: &Marginal<'_>, answers: &mut Answers) {
    answers.number(marginal.mode());
    let mut to = [0.0; 8];
    match marginal.modes(&mut to) {
        Ok(count) => answers.numbers(assert_finite(&to[..count])),
        Err(error) => answers.error(error),
    }
}

/// Modes are finite or an error, whatever the model.
fn assert_finite(modes: &[f32]) -> &[f32] {
    assert!(modes.iter().all(|mode| mode.is_finite()), "{modes:?}");
    modes
}

fn region(marginal: &Marginal<'_>, source: &mut Source<'_>, answers: &mut Answers) {
    let probability = f32::from(source.byte()) / 256.0;
    let mut intervals = [(0.0, 0.0); 4];
    match marginal.highest_density_region(probability, &mut intervals) {
        Ok(count) => intervals[..count].iter().for_each(|&(low, high)| {
            assert_ordered(marginal, low, high);
            answers.numbers(&[low, high]);
        }),
        Err(error) => answers.error(error),
    }
}

fn modes(mixture: &Mixture<'_>, answers: &mut Answers) {
    let mut to = vec![0.0; 4 * mixture.dimensions()];
    match mixture.modes(&mut to) {
        Ok(count) => answers.numbers(assert_finite(&to[..count * mixture.dimensions()])),
        Err(error) => answers.error(error),
    }
}

/// What is left when some dimensions are given, and the questions that are cheap about it.
fn conditional(mixture: &Mixture<'_>, source: &mut Source<'_>, answers: &mut Answers) {
    let count = source.below(mixture.dimensions() + 2);
    let given: Vec<(usize, f32)> = (0..count)
        .map(|_| (source.below(mixture.dimensions() + 1), source.float()))
        .collect();
    let mut memory = vec![0.0; mixture.conditional_len(given.len())];
    match mixture.conditional(&given, &mut memory) {
        Ok(rest) => {
            answers.numbers(rest.log_weights());
            moments(&rest, answers);
            let mut target = [0.0; MAX_DIMENSIONS];
            let target = &mut target[..rest.dimensions()];
            target.iter_mut().for_each(|t| *t = source.float());
            at(&rest, target, answers);
            if let Some(marginal) = rest.marginal(0) {
                of_marginal(&marginal, source, answers);
            }
        }
        Err(error) => answers.error(error),
    }
}

/// The ends of an interval; on a circle it may go across the end of the values.
fn assert_ordered(marginal: &Marginal<'_>, low: f32, high: f32) {
    let circle = matches!(marginal.support(), Support::Circle { .. });
    let right = circle || low <= high || low.is_nan() || high.is_nan();
    assert!(right, "an interval from {low} to {high}");
}
