//! A file with all that it includes becomes a book. Everything that is wrong is reported, not only the first thing.

mod declared;
mod files;
mod hosts;
mod ids;
mod phase;
mod references;
mod step;
mod substep;
mod top;

pub use declared::{DECLARED, Declared};
pub use files::{Loaded, load, load_with};
pub use hosts::{host_argument, hosts_file};
pub use ids::slug;

#[cfg(test)]
mod tests;
