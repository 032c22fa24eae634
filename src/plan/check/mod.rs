//! Everything that can be found out about a book without a host.

mod all;
mod calls;

pub(super) use all::check;
