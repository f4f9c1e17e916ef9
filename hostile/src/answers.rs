//! Answers as bits, for comparison.

use mdn_infer::PredictError;

/// Every answer in turn; two runs agree where these are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    all: Vec<Result<u32, PredictError>>,
}

impl Answers {
    /// Takes down a number.
    ///
    /// # Panics
    ///
    /// When it is NaN.
    #[track_caller]
    pub fn number(&mut self, number: f32) {
        assert!(!number.is_nan(), "answer {} is NaN", self.all.len());
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
            assert!((0.0..=1.0).contains(&p), "{p} is no probability");
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
