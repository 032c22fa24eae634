//! What a host may send in place of a job's output and verdict, in any pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|pieces: Vec<Vec<u8>>| runbook::transport::job::fuzzing::follow(&pieces));
