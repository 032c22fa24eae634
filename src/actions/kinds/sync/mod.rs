//! `sync`: a tree of one host brought to another by rsync, and taken back byte for byte.

mod action;
mod back;
mod codes;
mod decode;
mod direct;
mod end;
mod hear;
mod inventory;
mod item;
mod keep;
mod meter;
mod options;
mod plan;
mod relay;
mod room;
mod seen;
mod shards;
mod survey;
mod transfer;
mod way;

pub use action::Sync;
pub use back::Undo;
pub use item::Tally;
pub use seen::Seen;
