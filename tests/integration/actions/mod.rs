//! Actions on hosts that are folders: they look, change, are taken back, and meet what a link can do to them.

mod clusters;
mod compare;
mod copy;
mod cron;
mod dns;
mod durable;
mod edits;
mod file;
mod files;
mod hosts_entry;
mod http;
mod moves;
mod named;
mod names;
mod postgres;
mod run;
mod server;
mod service;
mod show;
mod sql;
mod stream;
mod sync;
mod tcp;
mod template;
mod world;
