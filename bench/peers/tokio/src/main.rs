//! The benchmark's peer from Rust: tokio.
//!
//!     worker tokio-ct|tokio-mt             answer requests, a JSON line each
//!     worker tokio-ct|tokio-mt --hello     run one task that says hello
//!     worker tokio-ct|tokio-mt --check     run every workload once, tiny
//!
//! tokio-ct is the runtime on the current thread, tokio-mt the one on a thread
//! for each core. What is measured is in workloads.rs.

mod workloads;

use std::env;
use std::io;
use std::process::ExitCode;
use workloads::{workloads, Answer, Flavor, Wanted};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (peer, flavor, mode) = match args[..] {
        [peer @ "tokio-ct", ref mode @ ..] => (peer, Flavor::CurrentThread, mode),
        [peer @ "tokio-mt", ref mode @ ..] => (peer, Flavor::MultiThread, mode),
        _ => ("", Flavor::CurrentThread, &["--help"][..]),
    };
    match mode {
        [] => serve(peer, flavor),
        ["--hello"] => say_hello(flavor),
        ["--check"] => return check(flavor),
        _ => {
            eprintln!("usage: worker tokio-ct|tokio-mt [--hello|--check]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn say_hello(flavor: Flavor) {
    flavor.runtime().block_on(async {
        let hello = tokio::spawn(async { println!("hello") });
        hello.await.unwrap();
    });
}

/// Answers the requests on standard input.
fn serve(peer: &str, flavor: Flavor) {
    let names: Vec<_> = workloads().iter().map(|w| w.name).collect();
    println!(
        r#"{{"peer":"{peer}","version":"{}","workloads":{names:?}}}"#,
        env!("VERSION")
    );
    for line in io::stdin().lines() {
        let line = line.unwrap();
        let answer = match field(&line, "workload") {
            Some(name) => measure(name, flavor, number(&line, "ops"), number(&line, "size")),
            None => Err("the request names no workload".to_string()),
        };
        match answer {
            Ok(json) => println!("{json}"),
            Err(error) => println!(r#"{{"error":{error:?}}}"#),
        }
    }
}

/// Runs every workload once, tiny.
fn check(flavor: Flavor) -> ExitCode {
    let (mut passed, mut failed) = (0, 0);
    for workload in workloads() {
        match measure(workload.name, flavor, 20, 20) {
            Ok(json) => {
                passed += 1;
                println!("ok {} {json}", workload.name);
            }
            Err(error) => {
                failed += 1;
                println!("FAILED {} {error}", workload.name);
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}

/// Runs a workload once, on a runtime of its own; returns what is to be
/// answered. A size of 0 means the workload's own.
fn measure(name: &str, flavor: Flavor, ops: usize, size: usize) -> Result<String, String> {
    let workloads = workloads();
    let workload = workloads
        .iter()
        .find(|w| w.name == name)
        .ok_or(format!("there is no workload {name}"))?;
    let wanted = Wanted {
        flavor,
        ops: ops.max(1),
        size: if size > 0 { size } else { workload.size },
    };
    let Answer { ns, ops, values } = (workload.run)(wanted)?;
    let values: Vec<_> = values.iter().map(|(k, v)| format!("{k:?}:{v}")).collect();
    Ok(if values.is_empty() {
        format!(r#"{{"ns":{ns},"ops":{ops}}}"#)
    } else {
        let values = values.join(",");
        format!(r#"{{"ns":{ns},"ops":{ops},"values":{{{values}}}}}"#)
    })
}

/// Returns the text of a field of a JSON object that has only plain strings and
/// numbers, as requests are.
fn field<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("\"{key}\""))?;
    let (_, value) = rest.split_once(':')?;
    let end = value.find([',', '}'])?;
    Some(value[..end].trim().trim_matches('"'))
}

fn number(line: &str, key: &str) -> usize {
    field(line, key).and_then(|n| n.parse().ok()).unwrap_or(0)
}
