//! One row: every level of the engine against every peer.

use std::hint::black_box;

use anyhow::Result;
use mdn_benches::{Table, compare, machine};
use mdn_infer::{Level, Mixture, Model};

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
    let levels: Vec<Level> = Level::available().collect();
    let mut peers = subject.peers(1)?;
    let mut calls: Vec<Box<dyn FnMut() + '_>> = Vec::new();
    for &level in &levels {
        calls.push(predict(&model, level, &x, |_| ()));
        calls.push(predict(
            &model,
            level,
            &x,
            log_density(model.target_shift()),
        ));
        calls.push(predict(&model, level, &x, read));
    }
    for peer in &mut peers {
        calls.push(Box::new(|| peer.run().expect("it ran before")));
    }
    let mut calls: Vec<&mut dyn FnMut()> = calls.iter_mut().map(|call| &mut **call as _).collect();
    let times = compare(&mut calls);
    let (ours, peers) = times.split_at(3 * levels.len());
    for (level, times) in levels.iter().zip(ours.chunks(3)) {
        let mut cells = vec![
            format!("{}, {}", subject.name, level.name()),
            format!("{:.0}", times[0]),
        ];
        let ratios = peers.iter().map(|peer| format!("{:.1} ×", peer / times[0]));
        let more = times[1..]
            .iter()
            .map(|more| format!("{:.2} ×", more / times[0]));
        cells.extend(ratios.chain(more));
        table.row(cells);
    }
    Ok(())
}

/// A prediction, and what `then` does with it.
fn predict<'m>(
    model: &'m Model<'m>,
    level: Level,
    x: &'m [f32],
    then: impl Fn(&Mixture<'_>) + 'm,
) -> Box<dyn FnMut() + 'm> {
    let mut working = vec![0.0; model.working_len()];
    Box::new(move || {
        let mixture = model.predict(level, black_box(x), &mut working);
        let mixture = mixture.expect("a finite input");
        then(&mixture);
        black_box(mixture.log_weights());
    })
}

fn log_density(target: &[f32]) -> impl Fn(&Mixture<'_>) {
    move |mixture| {
        let density = mixture.log_density(black_box(target));
        black_box(density.expect("a finite target"));
    }
}

/// Every parameter in raw units.
fn read(mixture: &Mixture<'_>) {
    parameters(mixture, |value| {
        black_box(value);
    });
}
