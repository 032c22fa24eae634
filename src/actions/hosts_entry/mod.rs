//! `hosts_entry`: names that a host finds without asking anybody.

mod action;
mod entry;

pub use action::HostsEntry;
