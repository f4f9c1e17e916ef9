//! Answers as bits, for comparison.

use mdn_infer::PredictError;

/// Every answer in turn; two runs agree where these are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    all: Vec<Result<u32, PredictError>>,
    numbers_only: bool,
}

impl Answers {
    /// From now on NaN counts as an answer, or no longer; returns what held before.
    pub fn allow_nan(&mut self, allowed: bool) -> bool {
        !std::mem::replace(&mut self.numbers_only, !allowed)
    }

    /// Takes down a number.
    ///
    /// # Panics
    ///
    /// When it is NaN, unless that is allowed.
    #[track_caller]
    pub fn number(&mut self, number: f32) {
        let allowed = !self.numbers_only || !number.is_nan();
        assert!(allowed, "answer {} is NaN", self.all.len());
        // Payloads are not part of the promise.
        let number = if number.is_nan() { f32::NAN } else { number };
        self.all.push(Ok(number.to_bits()));
    }

    /// Takes down numbers.
    #[track_caller]
    pub fn numbers(&mut self, numbers: &[f32]) {
        for &number in numbers {
            self.number(number);
        }
    }

    /// Takes down a count or an index.
    pub fn count(&mut self, count: usize) {
        self.all.push(Ok(count as u32));
    }

    /// Takes down an error.
    pub fn error(&mut self, error: PredictError) {
        self.all.push(Err(error));
    }

    /// Takes down a number or the error in its place, and hands on the number.
    #[track_caller]
    pub fn answer(&mut self, answer: Result<f32, PredictError>) -> Option<f32> {
        match answer {
            Ok(number) => self.number(number),
            Err(error) => self.error(error),
        }
        answer.ok()
    }

    /// Takes down a probability or the error in its place.
    ///
    /// # Panics
    ///
    /// When it is not within 0 and 1.
    #[track_caller]
    pub fn probability(&mut self, answer: Result<f32, PredictError>) {
        if let Some(p) = self.answer(answer) {
            let right = (0.0..=1.0).contains(&p) || p.is_nan() && !self.numbers_only;
            assert!(right, "{p} is no probability");
        }
    }

    /// Takes down what a question wrote into `to`, or its error.
    #[track_caller]
    pub fn written(&mut self, answer: Result<(), PredictError>, to: &[f32]) {
        match answer {
            Ok(()) => self.numbers(to),
            Err(error) => self.error(error),
        }
    }
}
