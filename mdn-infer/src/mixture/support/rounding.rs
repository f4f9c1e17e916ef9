//! The nearest value of a support in binary32: whole numbers, steps of a lattice, reflections at bounds and
//! turns of a circle. What a value means is for `line` to say.

/// A value this near to one of the lattice, in steps, is that one.
const NEAR: f32 = 1.0 / 1024.0;

/// `latent`, reflected at the bounds until it lies between them.
pub(super) fn fold(latent: f32, low: f32, high: f32) -> f32 {
    let width = high - low;
    let folded = if !width.is_finite() {
        if latent < low {
            low + (low - latent)
        } else if high < latent {
            high - (latent - high)
        } else {
            latent
        }
    } else {
        let along = remainder(latent - low, 2.0 * width, latent);
        if along <= width {
            low + along
        } else {
            high - (along - width)
        }
    };
    clamp(folded, low, high)
}

/// `x` less whole periods, from 0 up to `period`; 0 where that is not known, as `of` is infinite or
/// far beyond.
pub(super) fn remainder(x: f32, period: f32, of: f32) -> f32 {
    let rest = x - period * floor(x / period);
    let rest = if rest < 0.0 { rest + period } else { rest };
    if of.is_finite() && 0.0 <= rest && rest < period {
        rest
    } else {
        0.0
    }
}

/// `origin` + `index` `step`; by a division where the steps are whole parts of 1, so that 1234
/// hundredths are 12.34.
pub(super) fn on_lattice(origin: f32, step: f32, index: f32) -> f32 {
    let parts = nearest(1.0 / step);
    let exact = step < 1.0 && (parts * step - 1.0).abs() < 1e-6;
    origin + if exact { index / parts } else { index * step }
}

/// The largest whole number up to `place`, or a little above it.
pub(super) fn index_up_to(place: f32) -> f32 {
    let near = nearest(place);
    if is_near(place, near) {
        near
    } else {
        floor(place)
    }
}

pub(super) fn is_near(place: f32, index: f32) -> bool {
    let distance = place - index;
    (-NEAR..=NEAR).contains(&distance)
}

/// The largest whole number up to `x`.
fn floor(x: f32) -> f32 {
    let whole = truncate(x);
    if whole > x { whole - 1.0 } else { whole }
}

/// The nearest whole number, the greater one of two.
pub(super) fn nearest(x: f32) -> f32 {
    let below = floor(x);
    if x - below < 0.5 { below } else { below + 1.0 }
}

/// Without what follows the point; from 2²³ on nothing does.
fn truncate(x: f32) -> f32 {
    if x.abs() < 8_388_608.0 {
        x as i32 as f32
    } else {
        x
    }
}

pub(super) fn clamp(x: f32, low: f32, high: f32) -> f32 {
    if x < low {
        low
    } else if high < x {
        high
    } else {
        x
    }
}
