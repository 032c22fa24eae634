//! `sql`: a query that only reads and is held to what is expected, or a script that changes a database.

mod action;
mod decode;
mod expect;
mod number;
mod psql;
mod statement;

pub use action::Sql;
