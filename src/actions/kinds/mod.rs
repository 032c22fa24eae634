//! The actions: a file each, or a folder where one has more to it.

pub mod compare;
pub mod copy;
pub mod cron;
pub mod dns;
pub mod file;
pub mod hosts_entry;
pub mod http;
pub mod line;
pub mod lookup;
pub mod manual;
pub mod moves;
pub mod package;
pub mod postgres;
pub mod reboot;
pub mod run;
pub mod service;
pub mod show;
pub mod sql;
pub mod stream;
pub mod sync;
pub mod tcp;
pub mod template;
pub mod wait;
