//! Whole runs on fake hosts: steps, gates, troubles, resumes, rollbacks, and what a dying controller leaves.

mod by_hand;
mod clean;
mod crash;
mod flow;
mod link;
mod rollback;
mod waits;
mod watch;
mod world;
