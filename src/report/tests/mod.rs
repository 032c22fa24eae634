//! Reports of runs that never were.

mod contrast;
mod page;
mod tale;
mod wiki;
