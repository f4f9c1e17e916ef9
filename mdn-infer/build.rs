//! Tells the crate what stable Rust does not show as a target feature: Armv7E-M with FPU, whose DSP
//! instructions are used, and RISC-V with FPU, whose rounding mode is. Refuses Helium.

use std::env;

/// Processors for which the compiler turns loops into Helium's floating-point instructions.
const WITH_HELIUM: [&str; 4] = ["cortex-m52", "cortex-m55", "cortex-m85", "star-mc3"];

fn main() {
    println!("cargo::rustc-check-cfg=cfg(armv7em)");
    println!("cargo::rustc-check-cfg=cfg(riscv_fpu)");
    println!("cargo::rerun-if-changed=build.rs");
    let target = env::var("TARGET").unwrap_or_default();
    if target == "thumbv7em-none-eabihf" {
        println!("cargo::rustc-cfg=armv7em");
    }
    if riscv_extensions(&target).contains(['f', 'g']) {
        println!("cargo::rustc-cfg=riscv_fpu");
    }
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    if target.starts_with("thumbv8m.main") && has_helium(&flags) {
        println!(
            "cargo::error=this build uses Helium, whose vectors flush subnormal numbers to zero: \
             results would not have the bits of other targets, and no self-test could be sure to \
             notice. Leave out `target-cpu`, or add `-C target-feature=-mve.fp` to the rustflags"
        );
    }
}

/// The single-letter extensions in the name of a RISC-V target, such as `imafc`.
fn riscv_extensions(target: &str) -> &str {
    let architecture = target.split('-').next().unwrap_or_default();
    let riscv = ["riscv32", "riscv64"];
    riscv
        .iter()
        .find_map(|width| architecture.strip_prefix(width))
        .unwrap_or_default()
}

/// Whether these flags of the compiler, as cargo encodes them, let it use floating-point Helium; of
/// several that say it the last holds, and a feature holds against the processor.
fn has_helium(flags: &str) -> bool {
    let values = |key: &'static str| {
        let flags = flags.split('\u{1f}');
        flags.filter_map(move |flag| Some(flag.split_once(key)?.1))
    };
    let cpu = values("target-cpu=").next_back().unwrap_or_default();
    let features = values("target-feature=").flat_map(|list| list.split(','));
    features
        .filter_map(|feature| match feature {
            "+mve.fp" => Some(true),
            "-mve.fp" | "-mve" => Some(false),
            _ => None,
        })
        .next_back()
        .unwrap_or(WITH_HELIUM.contains(&cpu))
}
