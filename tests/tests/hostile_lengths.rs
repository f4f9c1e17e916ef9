//! The lengths in the engine's layout of a file, against sums in 128 bits from FORMAT.md's words.

use mdn_infer::format::{
    Activation, Covariance, Head, Header, Layer, Layout, MAX_HIDDEN, ScaleMap, Storage,
};
use proptest::prelude::*;

/// Words of a blob that no file can have: its bytes twice over would leave 32 bits.
const TOO_LONG: u128 = (u32::MAX / 8) as u128;

/// Rounded up to a section of 16 words.
fn section(words: u128) -> u128 {
    words.div_ceil(16) * 16
}

/// Words of a layer: its outputs in panels of eight.
fn layer(storage: Storage, inputs: u128, outputs: u128) -> u128 {
    let panel = match storage {
        Storage::F32 => 8 * (inputs + 1),
        Storage::I8 => 16 + 8 * inputs.div_ceil(4),
        _ => 8 + 8 * inputs.div_ceil(2),
    };
    outputs.div_ceil(8) * panel
}

/// Words of one network, and of the whole blob.
fn expected(header: &Header<'_>) -> (u128, u128) {
    let inputs = u128::from(header.inputs);
    let dimensions = u128::from(header.head.dimensions);
    let factors = match header.head.covariance {
        Covariance::Isotropic => 1,
        Covariance::Diagonal => dimensions,
        _ => dimensions * (dimensions + 1) / 2,
    };
    let outputs = u128::from(header.head.components) * (1 + dimensions + factors);
    let (mut width, mut network) = (inputs, 0);
    let hidden = header
        .hidden_layers()
        .map(|Layer::Dense { units, .. }| u128::from(units));
    for units in hidden.chain([outputs]) {
        network += section(layer(header.storage, width, units));
        width = units;
    }
    let members = u128::from(header.members);
    let golden =
        u128::from(header.golden) * (inputs + dimensions + members * outputs + 1 + 2 * dimensions);
    let standardisation = section(2 * (inputs + dimensions));
    (
        network,
        standardisation + members * network + section(golden),
    )
}

/// Numbers near the ends of 16 bits, and any.
fn sizes() -> impl Strategy<Value = u16> {
    prop_oneof![1_u16..=40, 65_500_u16..=u16::MAX, 1_u16..=u16::MAX]
}

fn headers() -> impl Strategy<Value = Header<'static>> {
    let covariances = [
        Covariance::Isotropic,
        Covariance::Diagonal,
        Covariance::Full,
    ];
    let head = (sizes(), 1_u8.., prop::sample::select(covariances.to_vec()));
    let rest = (
        prop::sample::select(Storage::ALL.to_vec()),
        1_u8..,
        any::<u16>(),
    );
    let hidden = prop::collection::vec(sizes(), 0..=MAX_HIDDEN);
    (sizes(), hidden, head, rest).prop_map(|(inputs, units, head, (storage, members, golden))| {
        let mut hidden = [Layer::NONE; MAX_HIDDEN];
        for (slot, units) in hidden.iter_mut().zip(units) {
            let activation = Activation::Tanh;
            let units = units.into();
            *slot = Layer::Dense { units, activation };
        }
        let head = Head {
            components: head.0,
            dimensions: head.1,
            covariance: head.2,
            scale_map: ScaleMap::Exp,
            log_scale_min: -1.0,
            log_scale_max: 1.0,
        };
        Header {
            hidden,
            golden,
            storage,
            members,
            ..Header::new(inputs, head)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    /// Either both agree, or the layout refuses what no file can hold.
    #[test]
    fn lengths_agree(header in headers()) {
        let (network, words) = expected(&header);
        match Layout::of(&header) {
            Some(layout) => {
                prop_assert_eq!(layout.words as u128, words);
                prop_assert_eq!(layout.network_words as u128, network);
                prop_assert!(words < TOO_LONG);
            }
            None => prop_assert!(words >= TOO_LONG),
        }
    }
}
