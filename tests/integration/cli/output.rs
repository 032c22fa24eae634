//! Steps that say more than anybody wants to read.

use crate::support::Test;

/// 100 MiB without an end of line, and noise.
#[test]
fn a_step_that_says_too_much_is_kept_whole_and_costs_no_memory() {
    keeps("head -c 99614720 /dev/zero; head -c 5242880 /dev/urandom", 100 << 20);
}

/// 1 GiB in lines, as of a log that has much to say in each: a million of them.
#[test]
#[ignore = "takes minutes: a part of tests/faults/all"]
fn a_step_that_says_a_gibibyte_is_kept_whole_and_costs_no_memory() {
    keeps(r#"yes "a line of a long log, $(printf "\303\251\377\033[2J%01000d")" | head -c 1073741824"#, 1 << 30);
}

/// Memory stays small, the screen clean, and the journal has it all.
fn keeps(script: &str, bytes: i64) {
    let test = Test::new().runbook(&format!(
        "
        name: Much
        steps:
          - {{id: much, on: local, run: '{script}', undo: nothing}}
        "
    ));
    let mut going = test.start("run book.yaml");
    let mut most = 0;
    while let Some(memory) = going.memory() {
        most = most.max(memory);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let (code, said) = going.bytes();
    assert_eq!(code, Some(0));
    assert!((1..100 << 20).contains(&most), "{most} bytes of memory");
    let odd = said.iter().find(|byte| byte.is_ascii_control() && **byte != b'\n');
    assert!(odd.is_none() && std::str::from_utf8(&said).is_ok(), "{odd:?} gets through");
    assert_eq!(super::journal::Other::open(&test.journal()).number("SELECT sum(length(bytes)) FROM output"), bytes);
}
