//! Tells the crate whether the target is an Armv7E-M with FPU, whose DSP instructions stable Rust
//! does not show as a feature.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(armv7em)");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("TARGET").is_ok_and(|target| target == "thumbv7em-none-eabihf") {
        println!("cargo::rustc-cfg=armv7em");
    }
}
