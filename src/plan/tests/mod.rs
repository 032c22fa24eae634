//! Plans of whole books.

mod books;
mod inputs;
mod left;
mod speed;
mod support;

pub(super) use support::{plan, plan_with, wrong, wrong_with};
