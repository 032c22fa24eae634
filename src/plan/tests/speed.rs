//! Work grows with the book, not with its square.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::support::book;
use crate::plan::{Inputs, resolve};

/// A book of so many steps, each with a few templates and a reference to the step before.
fn steps(count: usize) -> String {
    let mut text = "vars: {site: www.example.org, data: /srv}\nhosts: {old: old, new: new}\nsteps:\n".to_owned();
    for at in 0..count {
        let before = at.checked_sub(1).map_or("'0'".to_owned(), |before| format!("'{{{{ steps.s{before}.stdout }}}}'"));
        let _ = writeln!(
            text,
            "- {{id: s{at}, on: new, run: {{script: 'test -e {{{{ data | quote }}}}/{at} || touch {{{{ site | quote }}}}', env: {{A: {before}}}}}, undo: nothing}}"
        );
    }
    text
}

fn taken(count: usize) -> Duration {
    let book = book(&steps(count));
    let before = Instant::now();
    let (plan, diagnostics) = resolve(book, &Inputs::default());
    let taken = before.elapsed();
    assert_eq!(diagnostics.as_slice(), []);
    assert_eq!(plan.unwrap().steps().count(), count);
    taken
}

#[test]
fn ten_times_the_steps_take_about_ten_times_as_long() {
    // The best of three: other tests run beside this one.
    let best = |count| (0..3).map(|_| taken(count)).min().unwrap_or_default();
    let (few, many) = (best(300), best(3000));
    assert!(many < few * 40, "300 steps took {few:?}, 3000 took {many:?}");
}
