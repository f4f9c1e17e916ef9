//! Models that own their bytes: checked as borrowed ones are, shared by clones, replaced while many
//! threads predict.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use mdn_hostile::samples;
use mdn_infer::{Level, Model, OwnedModel, OwnedPredictor, ParseError, PredictError, Predictor};
use mdn_tests::benchmark::{model_file, models};
use mdn_train::model_file::ModelFile;
use proptest::prelude::*;

const CLASSIC: &[u8] = include_bytes!("../../mdn-infer/samples/classic.mdn");

const fn threads_may_share_and_pass<T: Send + Sync + Clone + 'static>() {}
const _: () = threads_may_share_and_pass::<OwnedModel>();
const _: () = threads_may_share_and_pass::<OwnedPredictor>();

/// What a borrowed copy of `bytes` says, at an address of its own.
fn borrowed(bytes: &[u8]) -> Result<(), ParseError> {
    let mut numbers = vec![0.0; Model::words_needed(bytes)?];
    Model::parse_into(bytes, &mut numbers).map(drop)
}

/// The bits of all outputs at the golden inputs.
fn bits(predictor: &mut OwnedPredictor) -> Vec<u32> {
    let model = predictor.model().clone();
    let mut bits = Vec::new();
    for golden in model.model().golden() {
        let mixture = predictor.predict(golden.input).expect("a sound question");
        let outputs = mixture.outputs(golden.target, |output| bits.push(output.to_bits()));
        outputs.expect("finite");
    }
    bits
}

#[test]
fn bytes_may_lie_at_any_address() {
    for sample in samples() {
        let mut room = vec![0xa5; sample.file.len() + 9];
        for offset in 0..9 {
            let bytes = &mut room[offset..][..sample.file.len()];
            bytes.copy_from_slice(sample.file);
            let model = OwnedModel::parse(bytes).expect(sample.name);
            assert_eq!(model.bytes(), sample.file);
            assert_eq!(model.bytes().as_ptr().addr() % 64, 0, "{}", sample.name);
            let tested = model
                .predictor(Level::detect())
                .self_test()
                .expect("finite");
            assert!(tested.passed(), "{}: {tested}", sample.name);
        }
    }
}

/// Both kinds of predictors, at every level, have the bits that the file expects.
#[test]
fn predictors_own_or_borrow() {
    const N: usize = mdn_infer::working_len(mdn_infer::include_model!(
        "../../mdn-infer/samples/classic.mdn"
    ));
    let model = OwnedModel::parse(CLASSIC).unwrap();
    for level in Level::available() {
        let mut owning = model.predictor(level);
        let mut borrowing = Predictor::<N>::new(model.model(), level).unwrap();
        let tested = owning.self_test().unwrap();
        assert!(tested.passed());
        assert_eq!(tested, borrowing.self_test().unwrap());
        assert_eq!(
            owning.self_test_short().unwrap(),
            borrowing.self_test_short().unwrap()
        );
        let wrong = PredictError::WrongLength {
            expected: 1,
            found: 2,
        };
        assert_eq!(owning.predict(&[0.0; 2]).err(), Some(wrong));
    }
}

/// A predictor keeps its model for as long as it lives, and its clones have memory of their own.
#[test]
fn a_predictor_outlives_the_names_of_its_model() {
    let model = OwnedModel::parse(CLASSIC).unwrap();
    let (clone, other) = (model.clone(), OwnedModel::parse(CLASSIC).unwrap());
    assert!(model.ptr_eq(&clone) && !model.ptr_eq(&other));
    assert_eq!(model.bytes().as_ptr(), clone.bytes().as_ptr());
    let mut predictor = model.predictor(Level::detect());
    let expected = bits(&mut predictor);
    drop((model, clone));
    let mut twin = predictor.clone();
    let far = twin.predict(&[9.0]).unwrap();
    let near = predictor.predict(&[0.5]).unwrap();
    assert_ne!(far.density(&[0.5]).unwrap(), near.density(&[0.5]).unwrap());
    assert!(twin.model().ptr_eq(predictor.model()));
    drop(predictor);
    assert_eq!(bits(&mut twin), expected);
}

#[test]
fn every_cut_and_every_damaged_byte_has_the_error_of_a_borrowed_model() {
    for len in 0..CLASSIC.len() {
        let cut = &CLASSIC[..len];
        assert_eq!(OwnedModel::parse(cut).err(), borrowed(cut).err(), "{len}");
    }
    let smallest = samples().min_by_key(|sample| sample.file.len()).unwrap();
    for at in 0..smallest.file.len() {
        let mut damaged = smallest.file.to_vec();
        damaged[at] ^= 0x10;
        let found = OwnedModel::parse(&damaged).err();
        assert!(found.is_some(), "byte {at}");
        assert_eq!(found, borrowed(&damaged).err(), "byte {at}");
    }
}

proptest! {
    #[test]
    fn hostile_bytes_have_the_error_of_a_borrowed_model(
        front in 0..CLASSIC.len(),
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        repair in any::<bool>(),
    ) {
        let mut file = [&CLASSIC[..front], &bytes].concat();
        if repair {
            mdn_hostile::file::repair(&mut file);
        }
        prop_assert_eq!(OwnedModel::parse(&file).err(), borrowed(&file).err());
    }
}

/// Threads that take the current model for each prediction, while another replaces it without pause,
/// have the bits that one thread has from either model.
#[test]
fn threads_have_the_bits_of_one_while_models_are_replaced() {
    const THREADS: usize = 8;
    const RELOADS: usize = 300;
    let [small, medium, _] = models().map(|(_, shape)| model_file(&shape, 3));
    let files = [small, medium];
    let owned = |file: &ModelFile| OwnedModel::parse(file.bytes()).unwrap();
    let level = Level::detect();
    let expected = files
        .each_ref()
        .map(|file| bits(&mut owned(file).predictor(level)));
    assert_ne!(expected[0], expected[1]);

    let current = RwLock::new(owned(&files[0]));
    let (done, seen) = (AtomicBool::new(false), [const { AtomicUsize::new(0) }; 2]);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let model = current.read().unwrap().clone();
                    let which = usize::from(model.model().inputs() != files[0].model().inputs());
                    assert_eq!(bits(&mut model.predictor(level)), expected[which]);
                    seen[which].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for reload in 0..RELOADS {
            *current.write().unwrap() = owned(&files[reload % 2]);
            thread::yield_now();
        }
        done.store(true, Ordering::Relaxed);
    });
    for (which, seen) in seen.iter().enumerate() {
        assert!(seen.load(Ordering::Relaxed) > THREADS, "model {which}");
    }
}
