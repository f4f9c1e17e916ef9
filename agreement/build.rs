//! Tells the binary which target it is built for.

fn main() {
    if let Ok(target) = std::env::var("TARGET") {
        println!("cargo::rustc-env=TARGET={target}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
