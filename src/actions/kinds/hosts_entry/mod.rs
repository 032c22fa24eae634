//! `hosts_entry`: names that a host finds without asking anybody.

mod action;
mod entry;
mod untangle;

pub use action::HostsEntry;
