//! Targets whose values are not all the numbers of a line.
//!
//! A draw of the mixture lies on the mixture's own line, the latent one. The [`Support`] of a
//! target says what becomes of it: it is rounded to a lattice, held at point masses, folded at
//! bounds or wound about a circle. So {t ≤ y}, {t = y} and any other event is one stretch of the latent
//! line, or one and its images, and every answer is a sum over components of normal
//! probabilities, or of densities, of those.
//!
//! [`Line`] is the map of one dimension and knows no mixture; `mass` has the probabilities, `density` the
//! densities, `moments` what is integrated, `direction` the moments of a circle, `quantile` the way back
//! from a probability. A mixture without supports never comes here.

mod density;
mod direction;
mod line;
mod mass;
mod moments;
mod quantile;
mod region;
mod rounding;

pub(in crate::mixture) use line::Line;
pub(in crate::mixture) use mass::Law;

use super::Mixture;
use crate::format::{MAX_DIMENSIONS, Support, Supports};

/// The supports of the dimensions that a mixture has, of those of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Targets<'a> {
    supports: Supports<'a>,
    /// One bit for each dimension of the file.
    dimensions: u16,
}

impl<'a> Targets<'a> {
    /// All dimensions of the file; `None` where each is continuous.
    pub(crate) fn new(supports: Supports<'a>) -> Option<Self> {
        const { assert!(MAX_DIMENSIONS <= 16) }
        let smooth = supports
            .iter()
            .all(|support| support == Support::Continuous);
        (!smooth).then_some(Targets {
            supports,
            dimensions: u16::MAX,
        })
    }

    /// Those of `dimensions`, which ascend.
    pub(super) fn only(self, dimensions: &[usize]) -> Self {
        let bits = dimensions.iter().filter_map(|&d| self.places().nth(d));
        Targets {
            dimensions: bits.fold(0, |bits, place| bits | 1 << place),
            ..self
        }
    }

    fn get(&self, d: usize) -> Support {
        let place = self.places().nth(d);
        place.map_or(Support::Continuous, |place| self.supports.get(place))
    }

    /// The dimensions of the file that are left.
    fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let dimensions = self.dimensions;
        (0..MAX_DIMENSIONS).filter(move |place| dimensions >> place & 1 > 0)
    }
}

impl<'a> Mixture<'a> {
    /// The supports, where one is not the whole line; none, and no code for them, without the feature.
    #[inline(always)]
    pub(super) const fn targets(&self) -> Option<Targets<'a>> {
        match cfg!(feature = "supports") {
            true => self.targets,
            false => None,
        }
    }

    /// The support of dimension `d`, in raw units; every number where there is no such dimension.
    pub fn support(&self, d: usize) -> Support {
        match self.targets() {
            Some(targets) => targets.get(d),
            None => Support::Continuous,
        }
    }

    /// The map of dimension `d`; `None` where it is the identity.
    #[inline]
    pub(super) fn line(&self, d: usize) -> Option<Line> {
        self.targets().and_then(|_| self.some_line(d))
    }

    #[cold]
    fn some_line(&self, d: usize) -> Option<Line> {
        let support = self.support(d);
        (support != Support::Continuous).then(|| self.line_of(d, support))
    }

    /// The map of dimension `d` with this support.
    pub(super) fn line_of(&self, d: usize, support: Support) -> Line {
        let (shift, scale) = self.affine(d);
        Line::new(support, shift, scale)
    }
}
