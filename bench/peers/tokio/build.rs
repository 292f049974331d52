//! Tells main.rs the versions of tokio and of the compiler.

use std::{env, fs, process::Command};

fn main() {
    let rustc = Command::new(env::var("RUSTC").unwrap())
        .arg("--version")
        .output()
        .unwrap();
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let rustc = rustc.split(' ').nth(1).unwrap().trim();

    let lock = fs::read_to_string("Cargo.lock").unwrap();
    let (_, tokio) = lock.split_once("name = \"tokio\"\nversion = \"").unwrap();
    let (tokio, _) = tokio.split_once('"').unwrap();

    println!("cargo:rustc-env=VERSION=tokio {tokio}, rustc {rustc}");
    println!("cargo:rerun-if-changed=Cargo.lock");
}
