//! What a web server may answer.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|answer: &[u8]| runbook::actions::kinds::http::fuzzing::read(answer));
