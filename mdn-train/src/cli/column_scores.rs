//! Scores of the columns themselves, where targets were transformed.

use std::io;

use mdn_train::data::Transform;
use mdn_train::metrics::{ColumnScores, Scores};
use serde::Serialize;

use super::options::count;
use super::output::{Output, figure};

/// The scores of one column.
#[derive(Serialize)]
pub struct ColumnEvaluation {
    name: String,
    crps: Option<f64>,
    rmse: Option<f64>,
    tail_rows: usize,
}

impl ColumnEvaluation {
    /// Of the column of the target `name`.
    pub fn new(scores: &ColumnScores, name: &str) -> Self {
        // JSON has no infinity.
        let finite = |score: f64| score.is_finite().then_some(score);
        ColumnEvaluation {
            name: Transform::split(name).1.to_owned(),
            crps: finite(scores.crps),
            rmse: finite(scores.rmse),
            tail_rows: scores.tail_rows,
        }
    }

    /// Of all columns whose targets, called `names`, were transformed.
    pub fn all(scores: &Scores, names: &[String]) -> Vec<Self> {
        let pairs = scores.columns.iter().zip(names);
        let one = |(column, name): (&Option<ColumnScores>, &String)| {
            column.as_ref().map(|column| Self::new(column, name))
        };
        pairs.filter_map(one).collect()
    }

    /// Two lines, and a note where the second says little.
    pub fn say(&self, output: &mut Output) -> io::Result<()> {
        let words = |score: Option<f64>| score.map_or("inf".to_owned(), figure);
        let name = &self.name;
        output.say(format_args!(
            "CRPS           {} of {name} itself\n\
             RMSE of mean   {} of {name} itself",
            words(self.crps),
            words(self.rmse)
        ))?;
        if let Some(words) = tail_words(name, self.tail_rows) {
            output.note(format_args!("note: {words}"));
        }
        Ok(())
    }
}

/// What is to be said of `rows` where the moments of `column` rest on the tail
/// ([`BackTransformed::moments_rest_on_the_tail`](mdn_train::back_transformed::BackTransformed)).
pub fn tail_words(column: &str, rows: usize) -> Option<String> {
    let rows = (rows > 0).then(|| count(rows, "row"))?;
    Some(format!(
        "in {rows} more than half of E {column}² comes from values that one outcome in 10000 exceeds, \
         which a wide component says and the table hardly can: there mean, standard deviation, RMSE and \
         CRPS of {column} itself say little, and may be inf; quantiles and the scores of the transformed \
         target do not depend on those values"
    ))
}
