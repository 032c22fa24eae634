//! Plans of whole books.

mod books;
mod files;
mod inputs;
mod left;
mod speed;
mod support;

pub(super) use support::{plan, plan_with, wrong, wrong_with};
