//! Everything that can be found out about a book without a host.

mod advice;
mod all;
mod calls;
mod fields;
mod files;
mod given;
pub(super) mod parts;
mod places;
mod rows;
mod site;
mod steps;
mod templates;
mod watch;

pub(super) use all::check;
pub(super) use files::path;
pub(super) use places::named_within;

#[cfg(test)]
mod tests;
