//! What the tool costs beside raw multiplexed ssh, on this machine's own sshd, in one run: `cargo bench --bench cost`.
//!
//! Absolute times are the machine's; the ratios are what to look at. Each pair is measured one after the other, five times, and the medians
//! are printed.

#![expect(clippy::disallowed_methods, reason = "a benchmark starts whole processes and reads their times")]
#![expect(clippy::print_stdout, reason = "its table is what it is for")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

#[path = "../integration/transport/sshd.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod sshd;

mod cpu;
mod work;

use work::Work;

/// The tool.
const TOOL: &str = env!("CARGO_BIN_EXE_runbook");

/// How often each pair is measured.
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let Some(work) = Work::new() else { return };
    println!("{:<44} {:>9} {:>9} {:>7} {:>6}", "50 on one host over loopback", "tool, ms", "ssh, ms", "ratio", "goal");
    work.compare("checks that find all as asked", 0.7, &work.checks());
    work.compare("durable, journalled run steps", 2.0, &Work::runs());
    println!();
    println!("{:<44} {:>9} {:>24}", "CPU", "ms", "goal");
    let check = cpu::of_children(10, || work.check_of(1000));
    println!("{:<44} {check:>9.2} {:>24}", "check of a runbook with 1,000 steps", 50);
    println!("{:<44} {:>9.2} {:>24}", "start-up, runbook --version", cpu::of_children(20, start), 20);
    let append = cpu::of_appends();
    println!("{:<44} {append:>9.3} {:>24}", "journal append, synced", 1);
    println!();
    let kib = u32::try_from(std::fs::metadata(TOOL).unwrap().len() / 1024).unwrap();
    println!("{:<44} {:>9.1} MiB", "the tool, as it is built here", f64::from(kib) / 1024.0);
}

/// The tool starts, and says which version it is.
fn start() {
    let said = std::process::Command::new(TOOL).arg("--version").output().unwrap();
    assert!(said.status.success());
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
