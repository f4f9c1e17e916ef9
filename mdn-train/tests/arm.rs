//! The two-link arm: a model with full covariance finds both solutions and nears the floor.

use std::ops::ControlFlow;

use mdn_infer::format::Covariance;
use mdn_train::data::Dataset;
use mdn_train::data::generators::{Pose, two_link_arm, two_link_arm_entropy};
use mdn_train::fit::{FitConfig, Fitted, fit};
use mdn_train::metrics::nll;
use mdn_train::pictures::arm;
use mdn_train::plot::{Arm, Picture};
use mdn_train::recovery::Recovery;
use mdn_train::train::Length;

fn data(rows: usize, seed: u64) -> Dataset {
    Dataset::from_numeric(two_link_arm(rows, seed), 2).unwrap()
}

fn fitted(covariance: Covariance) -> Fitted {
    let mut config = FitConfig {
        covariance,
        ..FitConfig::default()
    };
    config.options.length = Length::Steps(2000);
    fit(&data(3000, 1), &config, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn full_covariance_recovers_both_solutions_and_earns_its_keep() {
    let fresh = data(20_000, 2);
    let full = fitted(Covariance::Full);
    let model = full.file.model();
    let recovery = Recovery::new(&model).unwrap();
    assert!(recovery.errors.len() > 700);
    assert!(recovery.share() > 0.94, "{}", recovery.share());
    assert!(
        recovery.median_error() < 0.03,
        "{}",
        recovery.median_error()
    );
    let score = nll(&model, &fresh).unwrap();
    // Of 20,000 rows the surprise has a standard error of about 1.3/√20000 nats.
    let floor = two_link_arm_entropy();
    assert!(
        score > floor - 0.04 && score < floor + 0.5,
        "{score}, floor {floor}"
    );
    let diagonal = nll(&fitted(Covariance::Diagonal).file.model(), &fresh).unwrap();
    // Ten standard errors of either.
    assert!(diagonal > score + 0.1, "{diagonal} against {score}");
    check_pictures(&full);
}

fn check_pictures(fitted: &Fitted) {
    let model = fitted.file.model();
    let picture = arm(&model, [0.7, 0.2], 5).unwrap();
    assert_eq!((picture.solutions.len(), picture.modes.len()), (2, 2));
    assert_ne!(picture.modes[0].label, picture.modes[1].label);
    for mode in &picture.modes {
        // Where the arm's tip is in the mode's pose, by the cosines and sines of its angles.
        let [_, elbow, tip] = mode.joints;
        let (shoulder, bend) = (f64::from(mode.angles.0), f64::from(mode.angles.1));
        let expected = Pose {
            shoulder,
            elbow: bend,
        }
        .tip();
        assert!((f64::from(tip.0) - expected[0]).abs() < 1e-6);
        let off = (tip.0 - 0.7).hypot(tip.1 - 0.2);
        assert!(off < 0.04, "the tip is off by {off} m");
        let side = if mode.label.ends_with("up") {
            1.0
        } else {
            -1.0
        };
        // The side of the line from shoulder to tip on which the elbow lies.
        assert!(
            side * (0.7 * elbow.1 - 0.2 * elbow.0) > 0.0,
            "{}",
            mode.label
        );
    }
    let pixels = pixels(&picture);
    for colour in [[86, 180, 233], [213, 94, 0], [68, 1, 84], [40, 40, 40]] {
        let count = pixels
            .chunks_exact(3)
            .filter(|pixel| *pixel == colour)
            .count();
        assert!(count > 1000, "{colour:?}: {count}");
    }
    // Out of reach there is no solution, and still a picture.
    let out = arm(&model, [1.0, 0.0], 5).unwrap();
    assert!(out.solutions.is_empty() && !out.modes.is_empty());
    assert!(!out.to_svg().unwrap().contains("NaN"));
    let nothing = Arm {
        modes: Vec::new(),
        draws: Vec::new(),
        ..picture
    };
    assert!(!nothing.to_svg().unwrap().contains("NaN"));
}

fn pixels(picture: &Arm) -> Vec<u8> {
    let png = picture.to_png().unwrap();
    let decoder = png::Decoder::new(png.as_slice());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

#[test]
fn the_picture_refuses_other_models() {
    let file = mdn_infer::include_model!("../../mdn-infer/samples/classic.mdn");
    let model = mdn_infer::Model::parse(file).unwrap();
    assert!(arm(&model, [0.7, 0.2], 0).is_err());
}
