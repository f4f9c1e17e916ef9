//! One row: every level of the engine against every peer.

use std::hint::black_box;

use anyhow::Result;
use mdn_benches::{Table, compare, machine};
use mdn_infer::{Level, Model};

use crate::network::parameters;
use crate::peer::PEERS;
use crate::subject::Subject;

/// Prints the table.
pub fn print(subjects: &[Subject]) -> Result<()> {
    let mut heads = vec!["model, level", "one prediction, ns"];
    heads.extend(PEERS.iter().map(|(name, _)| *name));
    heads.extend(["with log-density", "with all parameters read"]);
    let mut table = Table::new(&heads);
    for subject in subjects {
        rows(subject, &mut table)?;
    }
    println!("{table}\n{}, one thread.", machine::name());
    Ok(())
}

/// All levels and peers take turns, so that each ratio is of figures from the same moments.
fn rows(subject: &Subject, table: &mut Table) -> Result<()> {
    let model = subject.model();
    let x = subject.inputs(1);
    let mut peers = subject.peers(1)?;
    let levels: Vec<Level> = Level::available().collect();
    let mut ours: Vec<Box<dyn FnMut() + '_>> = Vec::new();
    for &level in &levels {
        ours.push(Box::new(predict(&model, level, &x, |mixture| {
            black_box(mixture.log_weights());
        })));
        let target = model.target_shift();
        ours.push(Box::new(predict(&model, level, &x, move |mixture| {
            black_box(
                mixture
                    .log_density(black_box(target))
                    .expect("a finite target"),
            );
        })));
        ours.push(Box::new(predict(&model, level, &x, |mixture| {
            parameters(mixture, |value| {
                black_box(value);
            });
        })));
    }
    for peer in &mut peers {
        ours.push(Box::new(|| peer.run().expect("it ran before")));
    }
    let mut functions: Vec<&mut dyn FnMut()> = ours.iter_mut().map(|f| &mut **f as _).collect();
    let times = compare(&mut functions);
    let (ours, peers) = times.split_at(3 * levels.len());
    for (level, times) in levels.iter().zip(ours.chunks(3)) {
        let mut cells = vec![
            format!("{}, {}", subject.name, level.name()),
            format!("{:.0}", times[0]),
        ];
        cells.extend(peers.iter().map(|peer| format!("{:.1} ×", peer / times[0])));
        cells.extend(
            times[1..]
                .iter()
                .map(|more| format!("{:.2} ×", more / times[0])),
        );
        table.row(cells);
    }
    Ok(())
}

fn predict<'m>(
    model: &'m Model<'m>,
    level: Level,
    x: &'m [f32],
    mut then: impl FnMut(&mdn_infer::Mixture<'_>) + 'm,
) -> impl FnMut() + 'm {
    let mut working = vec![0.0; model.working_len()];
    move || {
        let mixture = model.predict(level, black_box(x), &mut working);
        then(&mixture.expect("a finite input"));
    }
}
