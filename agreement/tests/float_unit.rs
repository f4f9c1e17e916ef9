//! Every wrong mode of this machine's float unit, at every instruction set.

use mdn_agreement::float_unit;
use mdn_infer::{FloatFault, FloatUnit, Level};

#[test]
fn every_wrong_mode_is_named_and_guarded_against() {
    let mut hashes = Vec::new();
    for level in Level::available() {
        let mut modes = Vec::new();
        let hash = float_unit(level, |mode, hash| modes.push((mode.to_owned(), hash)));
        hashes.push(hash.unwrap_or_else(|failure| panic!("{}: {failure}", level.name())));
        let wrong = modes
            .iter()
            .filter(|(_, hash)| Ok(*hash) != float_unit(level, |_, _| {}));
        assert_eq!(wrong.count() >= 4, FloatUnit::CONTROL_REGISTER.is_some());
    }
    assert!(
        hashes.windows(2).all(|pair| pair[0] == pair[1]),
        "{hashes:x?}"
    );
}

#[test]
fn names_and_words_are_distinct() {
    for (i, a) in FloatFault::ALL.iter().enumerate() {
        for b in &FloatFault::ALL[..i] {
            assert_ne!(a.name(), b.name());
            assert_ne!(a.to_string(), b.to_string());
        }
    }
    let found = FloatUnit::check(Level::scalar());
    assert_eq!(found.to_string(), "as IEEE 754 says");
}
